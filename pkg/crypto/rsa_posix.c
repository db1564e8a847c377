#include "base/base.h"
#include "crypto/rsa.h"

#include "crypto/secret.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

enum { RSA_BYTES_MAX = 2048 }; /* 16384 bits, as much as OpenSSH makes */

struct numbers {
	BIGNUM *n, *e, *d;
	OSSL_PARAM_BLD *builder;
	OSSL_PARAM *params;
	EVP_PKEY_CTX *ctx;
};

static void numbers_clear(struct numbers *x)
{
	EVP_PKEY_CTX_free(x->ctx);
	OSSL_PARAM_free(x->params);
	OSSL_PARAM_BLD_free(x->builder);
	BN_free(x->n);
	BN_free(x->e);
	BN_clear_free(x->d);
	ERR_clear_error();
}

static BIGNUM *number(struct view bytes)
{
	if (bytes.len == 0 || bytes.len > RSA_BYTES_MAX)
		return NULL;
	return BN_bin2bn((const uint8_t *)bytes.ptr, (int)bytes.len, NULL);
}

static EVP_PKEY *build(struct numbers *x, const struct rsa_key *key)
{
	EVP_PKEY *pkey = NULL;
	bool is_private = key->d.len > 0;
	x->n = number(key->n);
	x->e = number(key->e);
	x->d = is_private ? number(key->d) : NULL;
	x->builder = OSSL_PARAM_BLD_new();
	if (!x->n || !x->e || (is_private && !x->d) || !x->builder ||
	    !OSSL_PARAM_BLD_push_BN(x->builder, OSSL_PKEY_PARAM_RSA_N, x->n) ||
	    !OSSL_PARAM_BLD_push_BN(x->builder, OSSL_PKEY_PARAM_RSA_E, x->e) ||
	    (is_private && !OSSL_PARAM_BLD_push_BN(x->builder, OSSL_PKEY_PARAM_RSA_D, x->d)))
		return NULL;
	x->params = OSSL_PARAM_BLD_to_param(x->builder);
	x->ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	int selection = is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
	if (!x->params || !x->ctx || EVP_PKEY_fromdata_init(x->ctx) != 1 ||
	    EVP_PKEY_fromdata(x->ctx, &pkey, selection, x->params) != 1)
		return NULL;
	return pkey;
}

static err *key_open(const struct rsa_key *key, EVP_PKEY **ret_pkey)
{
	__attribute__((cleanup(numbers_clear))) struct numbers x = { 0 };

	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT |
	                            OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS,
	                    NULL);
	*ret_pkey = build(&x, key);
	return *ret_pkey ? NULL : err_new(ERR_INVALID, "not an RSA key");
}

static bool use_oaep(EVP_PKEY_CTX *ctx, struct view label)
{
	if (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) != 1)
		return false;
	void *copy = OPENSSL_memdup(label.ptr, label.len); /* ctx takes it */
	if (copy && EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, copy, (int)label.len) == 1)
		return true;
	OPENSSL_free(copy);
	return false;
}

err *rsa_oaep_seal(const struct rsa_key *key, struct view label, struct view plain, struct str *out)
{
	EVP_PKEY *pkey;
	uint8_t sealed[RSA_BYTES_MAX];
	size_t len = sizeof(sealed);
	TRY(key_open(key, &pkey));
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	bool is_done =
		ctx && EVP_PKEY_encrypt_init(ctx) == 1 && use_oaep(ctx, label) &&
		EVP_PKEY_encrypt(ctx, sealed, &len, (const uint8_t *)plain.ptr, plain.len) == 1;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	if (!is_done)
		return err_new(ERR_INVALID, "cannot encrypt to this RSA key");
	str_add(out, sealed, len);
	return NULL;
}

err *rsa_oaep_open(const struct rsa_key *key, struct view label, struct view sealed, uint8_t *buf,
                   size_t cap, size_t *ret_len, bool *ret_is_genuine)
{
	EVP_PKEY *pkey;
	uint8_t plain[RSA_BYTES_MAX];
	size_t len = sizeof(plain);
	TRY(key_open(key, &pkey));
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	*ret_is_genuine =
		ctx && EVP_PKEY_decrypt_init(ctx) == 1 && use_oaep(ctx, label) &&
		EVP_PKEY_decrypt(ctx, plain, &len, (const uint8_t *)sealed.ptr, sealed.len) == 1 &&
		len <= cap;
	if (*ret_is_genuine) {
		memcpy(buf, plain, len);
		*ret_len = len;
	}
	secret_wipe(plain, sizeof(plain));
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return NULL;
}
