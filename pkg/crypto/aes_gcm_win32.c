/* There is no OpenSSL on Windows, and the system's own GCM takes nonces of 12 bytes only. */
#include "base/base.h"
#include "crypto/aes_gcm.h"
#include "crypto/aes_soft.h"
#include "crypto/secret.h"

struct aes_gcm {
	struct aes_soft soft;
};

err *aes_gcm_new(const uint8_t key[AES_GCM_KEY_BYTES], struct aes_gcm **ret_gcm)
{
	struct aes_gcm *gcm = MEM_NEW(struct aes_gcm);
	aes_soft_start(&gcm->soft, key);
	*ret_gcm = gcm;
	return NULL;
}

void aes_gcm_free(struct aes_gcm *gcm)
{
	if (!gcm)
		return;
	secret_wipe(gcm, sizeof(*gcm));
	mem_free(gcm);
}

static err *check(struct view nonce)
{
	if (nonce.len > 0 && nonce.len <= AES_GCM_NONCE_MAX)
		return NULL;
	return err_new(ERR_INVALID, "a nonce of %zu bytes; 1 to %d are possible", nonce.len,
	               AES_GCM_NONCE_MAX);
}

err *aes_gcm_seal(struct aes_gcm *gcm, struct view nonce, struct view aad, struct view plain,
                  uint8_t *ret_cipher, uint8_t ret_tag[AES_GCM_TAG_BYTES])
{
	TRY(check(nonce));
	aes_soft_seal(&gcm->soft, nonce, aad, plain, ret_cipher, ret_tag);
	return NULL;
}

err *aes_gcm_open(struct aes_gcm *gcm, struct view nonce, struct view aad, struct view cipher,
                  const uint8_t tag[AES_GCM_TAG_BYTES], uint8_t *ret_plain, bool *ret_is_genuine)
{
	TRY(check(nonce));
	*ret_is_genuine = aes_soft_open(&gcm->soft, nonce, aad, cipher, tag, ret_plain);
	return NULL;
}
