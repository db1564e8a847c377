/*
 * Shamir's secret sharing over GF(2^8), byte by byte, as SOPS key groups use it: a share is the bytes
 * followed by the one byte that tells it apart.
 */
#ifndef VAULT_SOPS_SHAMIR_H
#define VAULT_SOPS_SHAMIR_H

#include "base/base.h"
#include "crypto/secret.h"

/* `count` shares of which any `threshold` give the secret back. 2 <= threshold <= count <= 255. */
NODISCARD err *shamir_split(const struct secret *secret, size_t count, size_t threshold,
                            struct secret *ret_shares);
/* Put shares together; wrong or too few ones give a wrong secret, not an error. */
NODISCARD err *shamir_combine(const struct secret *shares, size_t count, struct secret *ret_secret);

#endif
