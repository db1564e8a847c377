/*
 * On Windows TLS is the system's and there is no OpenSSL: libsodium's portable SHA-256.
 */
#include "base/base.h"
#include "crypto/hash.h"

#include <sodium.h>

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(((struct sha256 *)NULL)->state),
               "state fits");

void sha256_start(struct sha256 *hash)
{
	crypto_hash_sha256_init((crypto_hash_sha256_state *)(void *)hash->state);
}

void sha256_add(struct sha256 *hash, const void *ptr, size_t len)
{
	crypto_hash_sha256_update((crypto_hash_sha256_state *)(void *)hash->state, ptr, len);
}

void sha256_end(struct sha256 *hash, uint8_t ret_digest[SHA256_BYTES])
{
	crypto_hash_sha256_final((crypto_hash_sha256_state *)(void *)hash->state, ret_digest);
}
