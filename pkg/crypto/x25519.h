/*
 * Key agreement: X25519 (RFC 7748), Ed25519 keys used for it, and X-Wing, the hybrid of X25519 and
 * ML-KEM-768 that stays secret when one of the two is broken.
 */
#ifndef CRYPTO_X25519_H
#define CRYPTO_X25519_H

#include "base/base.h"

#define X25519_BYTES      32
#define XWING_SEED_BYTES  32
#define XWING_PUB_BYTES   1216
#define XWING_ENC_BYTES   1120
#define XWING_SHARE_BYTES 32

void x25519_public(const uint8_t secret[X25519_BYTES], uint8_t ret_public[X25519_BYTES]);
/* INVALID when the result would be zero: a point of low order, which no honest side sends. */
NODISCARD err *x25519_shared(const uint8_t secret[X25519_BYTES], const uint8_t point[X25519_BYTES],
                             uint8_t ret_shared[X25519_BYTES]);

/* The X25519 public key of an Ed25519 one; INVALID for what is no point, or none of its group. */
NODISCARD err *ed25519_public_to_x25519(const uint8_t key[32], uint8_t ret_public[X25519_BYTES]);
/* The X25519 secret of an Ed25519 seed. */
void ed25519_seed_to_x25519(const uint8_t seed[32], uint8_t ret_secret[X25519_BYTES]);

/* The public key of a secret seed. */
NODISCARD err *xwing_public(const uint8_t seed[XWING_SEED_BYTES],
                            uint8_t ret_public[XWING_PUB_BYTES]);
/* INVALID for a public key that is none. */
NODISCARD err *xwing_seal(const uint8_t public_key[XWING_PUB_BYTES],
                          uint8_t ret_enc[XWING_ENC_BYTES], uint8_t ret_shared[XWING_SHARE_BYTES]);
/* A wrong key gives another secret, not an error; INVALID for a point of low order. */
NODISCARD err *xwing_open(const uint8_t seed[XWING_SEED_BYTES], const uint8_t enc[XWING_ENC_BYTES],
                          uint8_t ret_shared[XWING_SHARE_BYTES]);

#endif
