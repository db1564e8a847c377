/*
 * ChaCha20-Poly1305 (RFC 8439) without associated data. The one-shot calls are for the 16
 * or 32 bytes of a wrapped key; `struct aead` is for many large pieces under one key, with the
 * fastest code of the build.
 */
#ifndef CRYPTO_AEAD_H
#define CRYPTO_AEAD_H

#include "base/base.h"

#define AEAD_KEY_BYTES   32
#define AEAD_NONCE_BYTES 12
#define AEAD_TAG_BYTES   16

/* Encrypt `len` bytes in `buf`; the tag follows them. */
void aead_seal(const uint8_t key[AEAD_KEY_BYTES], const uint8_t nonce[AEAD_NONCE_BYTES],
               uint8_t *buf, size_t len);
/* Decrypt `len` bytes, tag included; false: not genuine, and `buf` holds nothing of use. */
bool aead_open(const uint8_t key[AEAD_KEY_BYTES], const uint8_t nonce[AEAD_NONCE_BYTES],
               uint8_t *buf, size_t len);

/* A prepared key; not for use by two threads at once. */
struct aead;
NODISCARD err *aead_new(const uint8_t key[AEAD_KEY_BYTES], struct aead **ret_aead);
void aead_free(struct aead *aead); /* wipes; NULL is fine */
/*
 * From one place to another, which must not overlap: `out` has room for the tag when sealing. At most 1
 * GiB each.
 */
NODISCARD err *aead_seal_piece(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES],
                               struct view plain, uint8_t *out);
NODISCARD err *aead_open_piece(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES],
                               struct view sealed, uint8_t *out, bool *ret_is_genuine);

#endif
