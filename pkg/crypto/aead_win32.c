/* There is no OpenSSL on Windows: libsodium does the large pieces too. */
#include "base/base.h"
#include "crypto/aead.h"

#include "crypto/secret.h"

struct aead {
	uint8_t key[AEAD_KEY_BYTES];
};

err *aead_new(const uint8_t key[AEAD_KEY_BYTES], struct aead **ret_aead)
{
	struct aead *aead = MEM_NEW(struct aead);

	memcpy(aead->key, key, AEAD_KEY_BYTES);
	*ret_aead = aead;
	return NULL;
}

void aead_free(struct aead *aead)
{
	if (!aead)
		return;
	secret_wipe(aead, sizeof(*aead));
	mem_free(aead);
}

err *aead_seal_piece(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES], struct view plain,
                     uint8_t *out)
{
	memcpy(out, plain.ptr, plain.len);
	aead_seal(aead->key, nonce, out, plain.len);
	return NULL;
}

err *aead_open_piece(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES], struct view sealed,
                     uint8_t *out, bool *ret_is_genuine)
{
	uint8_t *copy = mem_dup(sealed.ptr, sealed.len);

	*ret_is_genuine = aead_open(aead->key, nonce, copy, sealed.len);
	if (*ret_is_genuine)
		memcpy(out, copy, sealed.len - AEAD_TAG_BYTES);
	secret_wipe(copy, sealed.len);
	mem_free(copy);
	return NULL;
}
