/*
 * RSA-OAEP with SHA-256, for keys given as big-endian numbers, as OpenSSH has them. Where the build
 * has no OpenSSL (Windows) both calls fail with UNSUPPORTED.
 */
#ifndef CRYPTO_RSA_H
#define CRYPTO_RSA_H

#include "base/base.h"

struct rsa_key {
	struct view n, e;
	struct view d; /* empty: a public key */
};

/* Append the ciphertext, as long as the modulus. INVALID for numbers that are no key. */
NODISCARD err *rsa_oaep_seal(const struct rsa_key *key, struct view label, struct view plain,
                             struct str *out);
/* At most `cap` bytes; *ret_is_genuine false: it is not for this key. */
NODISCARD err *rsa_oaep_open(const struct rsa_key *key, struct view label, struct view sealed,
                             uint8_t *buf, size_t cap, size_t *ret_len, bool *ret_is_genuine);

#endif
