/* AES-256-GCM by OpenSSL, with the CPU's own instructions where it has them. */
#include "base/base.h"
#include "crypto/aes_gcm.h"
#include "crypto/secret.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

struct aes_gcm {
	EVP_CIPHER_CTX *ctx;
	size_t nonce_len;
};

static err *failed(const char *what)
{
	return err_new(ERR_INTERNAL, "cannot %s with AES-256-GCM: OpenSSL refuses", what);
}

err *aes_gcm_new(const uint8_t key[AES_GCM_KEY_BYTES], struct aes_gcm **ret_gcm)
{
	/* Its configuration file is not ours to follow. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT |
	                            OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS,
	                    NULL);
	struct aes_gcm *gcm = MEM_NEW(struct aes_gcm);
	gcm->ctx = EVP_CIPHER_CTX_new();
	if (!gcm->ctx || EVP_CipherInit_ex(gcm->ctx, EVP_aes_256_gcm(), NULL, key, NULL, 1) != 1) {
		aes_gcm_free(gcm);
		return failed("prepare a key");
	}
	*ret_gcm = gcm;
	return NULL;
}

void aes_gcm_free(struct aes_gcm *gcm)
{
	if (!gcm)
		return;
	EVP_CIPHER_CTX_free(gcm->ctx);
	mem_free(gcm);
}

static err *start(struct aes_gcm *gcm, struct view nonce, struct view aad, int is_seal)
{
	int len;
	if (nonce.len == 0 || nonce.len > AES_GCM_NONCE_MAX)
		return err_new(ERR_INVALID, "a nonce of %zu bytes; 1 to %d are possible", nonce.len,
		               AES_GCM_NONCE_MAX);
	if (nonce.len != gcm->nonce_len &&
	    EVP_CIPHER_CTX_ctrl(gcm->ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)nonce.len, NULL) != 1)
		return failed("set a nonce");
	gcm->nonce_len = nonce.len;
	if (EVP_CipherInit_ex(gcm->ctx, NULL, NULL, NULL, (const uint8_t *)nonce.ptr, is_seal) != 1)
		return failed("start");
	if (aad.len > INT_MAX)
		return err_new(ERR_LIMIT, "a name of more than 2 GiB");
	if (aad.len > 0 &&
	    EVP_CipherUpdate(gcm->ctx, NULL, &len, (const uint8_t *)aad.ptr, (int)aad.len) != 1)
		return failed("read a name");
	return NULL;
}

static err *run(struct aes_gcm *gcm, struct view in, uint8_t *out)
{
	for (size_t at = 0; at < in.len;) {
		int part = (int)MIN(in.len - at, (size_t)1 << 30), len = 0;
		if (EVP_CipherUpdate(gcm->ctx, out + at, &len, (const uint8_t *)in.ptr + at,
		                     part) != 1 ||
		    len != part)
			return failed("go on");
		at += (size_t)part;
	}
	return NULL;
}

err *aes_gcm_seal(struct aes_gcm *gcm, struct view nonce, struct view aad, struct view plain,
                  uint8_t *ret_cipher, uint8_t ret_tag[AES_GCM_TAG_BYTES])
{
	uint8_t none[AES_GCM_TAG_BYTES];
	int len;
	TRY(start(gcm, nonce, aad, 1));
	TRY(run(gcm, plain, ret_cipher));
	if (EVP_CipherFinal_ex(gcm->ctx, none, &len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(gcm->ctx, EVP_CTRL_AEAD_GET_TAG, AES_GCM_TAG_BYTES, ret_tag) != 1)
		return failed("encrypt");
	return NULL;
}

err *aes_gcm_open(struct aes_gcm *gcm, struct view nonce, struct view aad, struct view cipher,
                  const uint8_t tag[AES_GCM_TAG_BYTES], uint8_t *ret_plain, bool *ret_is_genuine)
{
	uint8_t expected[AES_GCM_TAG_BYTES], none[AES_GCM_TAG_BYTES];
	int len;
	memcpy(expected, tag, sizeof(expected));
	TRY(start(gcm, nonce, aad, 0));
	TRY(run(gcm, cipher, ret_plain));
	if (EVP_CIPHER_CTX_ctrl(gcm->ctx, EVP_CTRL_AEAD_SET_TAG, AES_GCM_TAG_BYTES, expected) != 1)
		return failed("decrypt");
	*ret_is_genuine = EVP_CipherFinal_ex(gcm->ctx, none, &len) == 1;
	if (!*ret_is_genuine && cipher.len > 0)
		secret_wipe(ret_plain, cipher.len);
	return NULL;
}
