#include "base/base.h"
#include "crypto/hash.h"

#include "crypto/encode.h"

#include <sodium.h>

#define TAG_BYTES 6 /* two of a million values share a tag with a chance of 1 in 560 */

void sha256(const void *ptr, size_t len, uint8_t ret_digest[SHA256_BYTES])
{
	struct sha256 hash;

	sha256_start(&hash);
	sha256_add(&hash, ptr, len);
	sha256_end(&hash, ret_digest);
}

void sha256_hex(const void *ptr, size_t len, char ret_hex[SHA256_HEX_SIZE])
{
	uint8_t digest[SHA256_BYTES];

	sha256(ptr, len, digest);
	sodium_bin2hex(ret_hex, SHA256_HEX_SIZE, digest, sizeof(digest));
}

void hmac_sha256(struct view key, struct view data, uint8_t ret_digest[SHA256_BYTES])
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, (const uint8_t *)key.ptr, key.len);
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)data.ptr, data.len);
	crypto_auth_hmacsha256_final(&state, ret_digest);
	sodium_memzero(&state, sizeof(state));
}

void crypto_tag(const uint8_t key[CRYPTO_TAG_KEY_BYTES], struct view value, struct str *tag)
{
	uint8_t digest[crypto_generichash_BYTES_MIN];

	crypto_generichash(digest, sizeof(digest), (const uint8_t *)value.ptr, value.len, key,
	                   CRYPTO_TAG_KEY_BYTES);
	hex_add(tag, digest, TAG_BYTES);
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}
