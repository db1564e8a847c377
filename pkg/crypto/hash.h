/*
 * Fingerprints: SHA-256, at once or in pieces, HMAC-SHA-256, the short keyed tags that stand in
 * for secrets in plans, and comparison that takes the same time wherever the difference is.
 * Nothing here costs anything before its first use.
 */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include "base/base.h"

#define SHA256_BYTES         32
#define SHA256_HEX_SIZE      65 /* with the NUL */
#define CRYPTO_TAG_KEY_BYTES 32

void sha256(const void *ptr, size_t len, uint8_t ret_digest[SHA256_BYTES]);
/* Lower-case hex with a NUL. */
void sha256_hex(const void *ptr, size_t len, char ret_hex[SHA256_HEX_SIZE]);

/* In pieces. Holds no memory of its own: dropping it half-way is fine. */
struct sha256 {
	_Alignas(8) uint8_t state[128];
};
void sha256_start(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *ptr, size_t len);
void sha256_end(struct sha256 *hash, uint8_t ret_digest[SHA256_BYTES]);

void hmac_sha256(struct view key, struct view data, uint8_t ret_digest[SHA256_BYTES]);
/* Only where a protocol has it. */
#define SHA1_BYTES 20
void hmac_sha1(struct view key, struct view data, uint8_t ret_digest[SHA1_BYTES]);

/*
 * Appends 12 hex digits that tell whether two values are the same, but not what they are: a
 * BLAKE2b of the value under `key`, which must be random and stay on this machine.
 */
void crypto_tag(const uint8_t key[CRYPTO_TAG_KEY_BYTES], struct view value, struct str *tag);

/* Equal? Takes the same time for all values of the same length. */
bool crypto_equal(const void *a, const void *b, size_t len);

#endif
