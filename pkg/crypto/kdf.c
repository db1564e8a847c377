#include "base/base.h"
#include "crypto/kdf.h"

#include <sodium.h>

void hkdf_extract(struct view salt, struct view ikm, uint8_t ret_prk[HKDF_KEY_BYTES])
{
	static const uint8_t nothing[1];

	crypto_kdf_hkdf_sha256_extract(ret_prk, salt.len ? (const uint8_t *)salt.ptr : nothing,
	                               salt.len, ikm.len ? (const uint8_t *)ikm.ptr : nothing,
	                               ikm.len);
}

void hkdf_expand(const uint8_t prk[HKDF_KEY_BYTES], struct view info, uint8_t *ret_key, size_t len)
{
	assert(len <= crypto_kdf_hkdf_sha256_BYTES_MAX);
	crypto_kdf_hkdf_sha256_expand(ret_key, len, info.len ? info.ptr : "", info.len, prk);
}

void hkdf_sha256(struct view ikm, struct view salt, struct view info, uint8_t *ret_key, size_t len)
{
	uint8_t prk[HKDF_KEY_BYTES];

	hkdf_extract(salt, ikm, prk);
	hkdf_expand(prk, info, ret_key, len);
	sodium_memzero(prk, sizeof(prk));
}

err *scrypt_derive(struct view passphrase, struct view salt, unsigned log_n, uint8_t *ret_key,
                   size_t len)
{
	assert(log_n > 0 && log_n < 40);
	int code = crypto_pwhash_scryptsalsa208sha256_ll(
		(const uint8_t *)passphrase.ptr, passphrase.len, (const uint8_t *)salt.ptr,
		salt.len, (uint64_t)1 << log_n, 8, 1, ret_key, len);
	if (code == 0)
		return NULL;
	return err_new(ERR_LIMIT,
	               "cannot derive a key from the passphrase: it takes %" PRIu64
	               " MiB of memory",
	               ((uint64_t)1 << log_n) >> 10);
}
