/*
 * OpenSSL's SHA-256 for its use of the CPU's own instructions (four times libsodium's speed). Its
 * low-level calls on purpose, deprecated though they are: EVP would first load the providers and the
 * configuration file, which costs more than hashing a small file.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/base.h"
#include "crypto/hash.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(((struct sha256 *)NULL)->state), "state fits");
_Static_assert(_Alignof(SHA256_CTX) <= 8, "state is aligned");

void sha256_start(struct sha256 *hash)
{
	/*
	 * Finds out what the CPU can do, once and safe from any thread. Our build of the library does
	 * not do it at program start; without it this is three times slower.
	 */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT |
	                            OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS,
	                    NULL);
	SHA256_Init((SHA256_CTX *)(void *)hash->state);
}

void sha256_add(struct sha256 *hash, const void *ptr, size_t len)
{
	SHA256_Update((SHA256_CTX *)(void *)hash->state, ptr, len);
}

void sha256_end(struct sha256 *hash, uint8_t ret_digest[SHA256_BYTES])
{
	SHA256_Final(ret_digest, (SHA256_CTX *)(void *)hash->state);
}
