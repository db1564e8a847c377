/*
 * SHA-512, at once or in pieces; what the integrity check of SOPS documents is made of.
 */
#ifndef CRYPTO_SHA512_H
#define CRYPTO_SHA512_H

#include "base/base.h"

#define SHA512_BYTES 64

/* In pieces. Holds no memory of its own: dropping it half-way is fine. */
struct sha512 {
	_Alignas(8) uint8_t state[216];
};

void sha512_start(struct sha512 *hash);
void sha512_add(struct sha512 *hash, const void *ptr, size_t len);
void sha512_end(struct sha512 *hash, uint8_t ret_digest[SHA512_BYTES]);

#endif
