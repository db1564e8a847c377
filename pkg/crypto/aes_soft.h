/*
 * AES-256-GCM in portable C: for systems without OpenSSL, and to check the other one against. No
 * table and no branch depends on a secret, so its timing tells nothing; some MB a second.
 */
#ifndef CRYPTO_AES_SOFT_H
#define CRYPTO_AES_SOFT_H

#include "base/base.h"

struct aes_soft {
	uint64_t round_keys[15][2];
	uint64_t hash_key[2];
};

void aes_soft_start(struct aes_soft *aes, const uint8_t key[32]);
void aes_soft_block(const struct aes_soft *aes, const uint8_t in[16], uint8_t out[16]);

void aes_soft_seal(const struct aes_soft *aes, struct view nonce, struct view aad,
                   struct view plain, uint8_t *ret_cipher, uint8_t ret_tag[16]);
/* False, and nothing written, when it is not genuine. */
bool aes_soft_open(const struct aes_soft *aes, struct view nonce, struct view aad,
                   struct view cipher, const uint8_t tag[16], uint8_t *ret_plain);

/* Product in GF(2^8) with the polynomial of AES; constant time. Shamir's shares use it too. */
uint8_t gf256_mul(uint8_t a, uint8_t b);
/* 1 / a; 0 for 0. */
uint8_t gf256_inverse(uint8_t a);

#endif
