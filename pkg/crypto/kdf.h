/*
 * Keys from other keys and from passphrases: HKDF-SHA256 (RFC 5869), scrypt (RFC 7914), and the
 * bcrypt-pbkdf of OpenBSD that protects OpenSSH keys.
 */
#ifndef CRYPTO_KDF_H
#define CRYPTO_KDF_H

#include "base/base.h"

#define HKDF_KEY_BYTES 32

/* HKDF-SHA256 with an output of `len` bytes, at most 8160. */
void hkdf_sha256(struct view ikm, struct view salt, struct view info, uint8_t *ret_key, size_t len);
/* Its two halves, for protocols (HPKE) that need them apart. */
void hkdf_extract(struct view salt, struct view ikm, uint8_t ret_prk[HKDF_KEY_BYTES]);
void hkdf_expand(const uint8_t prk[HKDF_KEY_BYTES], struct view info, uint8_t *ret_key, size_t len);

/* scrypt with N = 2^log_n, r = 8, p = 1; takes 2^(log_n + 10) bytes. LIMIT when they cannot be had. */
NODISCARD err *scrypt_derive(struct view passphrase, struct view salt, unsigned log_n,
                             uint8_t *ret_key, size_t len);

/* INVALID unless the passphrase, salt and result have bytes and 1 <= rounds. */
NODISCARD err *bcrypt_pbkdf(struct view passphrase, struct view salt, unsigned rounds,
                            uint8_t *ret_key, size_t len);

#endif
