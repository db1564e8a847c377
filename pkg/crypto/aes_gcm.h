/*
 * AES-256-GCM with nonces of any length, as SOPS documents need it (theirs have 32 bytes). One key is
 * prepared once and then used for many values. OpenSSL does the work where there is one; on Windows
 * the portable code of aes_soft.h does.
 */
#ifndef CRYPTO_AES_GCM_H
#define CRYPTO_AES_GCM_H

#include "base/base.h"

#define AES_GCM_KEY_BYTES 32
#define AES_GCM_TAG_BYTES 16
#define AES_GCM_NONCE_MAX 128 /* the longest every implementation takes */

/* A prepared key; not for use by two threads at once. */
struct aes_gcm;

NODISCARD err *aes_gcm_new(const uint8_t key[AES_GCM_KEY_BYTES], struct aes_gcm **ret_gcm);
/* Wipes the key; NULL is fine. */
void aes_gcm_free(struct aes_gcm *gcm);
AUTOPTR_DEFINE(aes_gcm)

/*
 * Encrypt `plain` into `ret_cipher`, which has room for as many bytes (and may be the same memory).
 * INVALID for a nonce that is empty or longer than AES_GCM_NONCE_MAX. A nonce serves once.
 */
NODISCARD err *aes_gcm_seal(struct aes_gcm *gcm, struct view nonce, struct view aad,
                            struct view plain, uint8_t *ret_cipher,
                            uint8_t ret_tag[AES_GCM_TAG_BYTES]);

/* The reverse. *ret_is_genuine false: key, nonce, aad, bytes or tag are wrong; nothing is given out. */
NODISCARD err *aes_gcm_open(struct aes_gcm *gcm, struct view nonce, struct view aad,
                            struct view cipher, const uint8_t tag[AES_GCM_TAG_BYTES],
                            uint8_t *ret_plain, bool *ret_is_genuine);

#endif
