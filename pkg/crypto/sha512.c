#include "base/base.h"
#include "crypto/sha512.h"

#include <sodium.h>

_Static_assert(sizeof(crypto_hash_sha512_state) <= sizeof(((struct sha512 *)NULL)->state),
               "state fits");

void sha512_start(struct sha512 *hash)
{
	crypto_hash_sha512_init((crypto_hash_sha512_state *)(void *)hash->state);
}

void sha512_add(struct sha512 *hash, const void *ptr, size_t len)
{
	if (len > 0)
		crypto_hash_sha512_update((crypto_hash_sha512_state *)(void *)hash->state, ptr,
		                          len);
}

void sha512_end(struct sha512 *hash, uint8_t ret_digest[SHA512_BYTES])
{
	crypto_hash_sha512_final((crypto_hash_sha512_state *)(void *)hash->state, ret_digest);
	sodium_memzero(hash, sizeof(*hash));
}
