/* Large pieces by OpenSSL, which is three times as fast as libsodium here. */
#include "base/base.h"
#include "crypto/aead.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

struct aead {
	EVP_CIPHER_CTX *ctx;
};

err *aead_new(const uint8_t key[AEAD_KEY_BYTES], struct aead **ret_aead)
{
	/* Its configuration file is not ours to follow. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT |
	                            OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS,
	                    NULL);
	struct aead *aead = MEM_NEW(struct aead);
	aead->ctx = EVP_CIPHER_CTX_new();
	if (!aead->ctx ||
	    EVP_CipherInit_ex(aead->ctx, EVP_chacha20_poly1305(), NULL, key, NULL, 1) != 1) {
		aead_free(aead);
		return err_new(ERR_INTERNAL, "cannot prepare a key for ChaCha20-Poly1305");
	}
	*ret_aead = aead;
	return NULL;
}

void aead_free(struct aead *aead)
{
	if (!aead)
		return;
	EVP_CIPHER_CTX_free(aead->ctx);
	mem_free(aead);
}

err *aead_seal_piece(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES], struct view plain,
                     uint8_t *out)
{
	int len = 0, rest = 0;

	if (EVP_CipherInit_ex(aead->ctx, NULL, NULL, NULL, nonce, 1) != 1 ||
	    (plain.len > 0 && EVP_CipherUpdate(aead->ctx, out, &len, (const uint8_t *)plain.ptr,
	                                       (int)plain.len) != 1) ||
	    EVP_CipherFinal_ex(aead->ctx, out + len, &rest) != 1 ||
	    EVP_CIPHER_CTX_ctrl(aead->ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_BYTES,
	                        out + plain.len) != 1)
		return err_new(ERR_INTERNAL, "cannot encrypt with ChaCha20-Poly1305");
	return NULL;
}

err *aead_open_piece(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES], struct view sealed,
                     uint8_t *out, bool *ret_is_genuine)
{
	uint8_t tag[AEAD_TAG_BYTES];
	int len = 0, rest = 0;

	*ret_is_genuine = false;
	if (sealed.len < AEAD_TAG_BYTES)
		return NULL;
	size_t plain_len = sealed.len - AEAD_TAG_BYTES;
	memcpy(tag, sealed.ptr + plain_len, AEAD_TAG_BYTES);
	if (EVP_CipherInit_ex(aead->ctx, NULL, NULL, NULL, nonce, 0) != 1 ||
	    EVP_CIPHER_CTX_ctrl(aead->ctx, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_BYTES, tag) != 1)
		return err_new(ERR_INTERNAL, "cannot decrypt with ChaCha20-Poly1305");
	if (plain_len > 0 && EVP_CipherUpdate(aead->ctx, out, &len, (const uint8_t *)sealed.ptr,
	                                      (int)plain_len) != 1)
		return NULL;
	*ret_is_genuine = EVP_CipherFinal_ex(aead->ctx, out + len, &rest) == 1;
	return NULL;
}
