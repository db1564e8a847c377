/* X25519, post-quantum and passphrase stanzas. */
#include "base/base.h"

#include "vault/age_keys.h"

#include "base/num.h"
#include "crypto/aead.h"
#include "crypto/encode.h"
#include "crypto/kdf.h"
#include "crypto/x25519.h"
#include "pal/random.h"

#define X25519_INFO "age-encryption.org/v1/X25519"
#define SCRYPT_SALT "age-encryption.org/v1/scrypt"
#define PQ_INFO     "age-encryption.org/mlkem768x25519"

enum { SALT_BYTES = 16, BODY_BYTES = AGE_FILE_KEY_BYTES + AEAD_TAG_BYTES };

static struct view bytes_of(const void *ptr, size_t len)
{
	return (struct view){ ptr, len };
}

/* --- the sealed file key --- */

static const uint8_t zero_nonce[AEAD_NONCE_BYTES];

static void seal_key(const uint8_t key[32], const uint8_t *nonce, const struct secret *file_key,
                     struct str *out)
{
	uint8_t buf[BODY_BYTES];
	assert(file_key->len == AGE_FILE_KEY_BYTES);
	memcpy(buf, file_key->ptr, AGE_FILE_KEY_BYTES);
	aead_seal(key, nonce, buf, AGE_FILE_KEY_BYTES);
	str_add(out, buf, sizeof(buf));
}

static err *open_key(const uint8_t key[32], const uint8_t *nonce, struct view sealed,
                     struct secret *ret_file_key, bool *ret_is_open)
{
	uint8_t buf[BODY_BYTES];
	err *e = NULL;
	assert(sealed.len == BODY_BYTES);
	memcpy(buf, sealed.ptr, BODY_BYTES);
	*ret_is_open = aead_open(key, nonce, buf, BODY_BYTES);
	if (*ret_is_open)
		e = secret_copy(ret_file_key, buf, AGE_FILE_KEY_BYTES);
	secret_wipe(buf, sizeof(buf));
	return e;
}

void age_seal_key(const uint8_t key[32], const struct secret *file_key, struct str *out)
{
	seal_key(key, zero_nonce, file_key, out);
}

err *age_open_key(const uint8_t key[32], struct view sealed, struct secret *ret_file_key,
                  bool *ret_is_open)
{
	return open_key(key, zero_nonce, sealed, ret_file_key, ret_is_open);
}

bool age_stanza_arg(const struct age_stanza *stanza, size_t index, uint8_t *buf, size_t len)
{
	AUTO(str) bytes = STR_INIT;
	if (index >= stanza->args.len)
		return false;
	err *e = base64_decode(view_of(stanza->args.ptr[index]), BASE64_NO_PADDING, &bytes);
	bool is_ok = !e && bytes.len == len;
	err_ignore(e, "the caller says it");
	if (is_ok && buf)
		memcpy(buf, bytes.ptr, len);
	return is_ok;
}

/* --- shapes --- */

static bool read_log_n(const char *text, unsigned *ret_log_n)
{
	uint64_t number;
	if (text[0] < '1' || text[0] > '9' || !num_parse_u64(text, strlen(text), 10, &number))
		return false;
	*ret_log_n = number > 255 ? 255 : (unsigned)number;
	return true;
}

static err *check_scrypt(const struct age_stanza *stanza)
{
	unsigned log_n;
	if (!read_log_n(stanza->args.ptr[2], &log_n))
		return err_new(ERR_INVALID, "the header is damaged: a wrong scrypt work factor");
	if (log_n > AGE_SCRYPT_LOG_N_MAX)
		return err_new(ERR_LIMIT,
		               "the header asks for a scrypt work factor of %u; "
		               "at most %d is accepted",
		               log_n, AGE_SCRYPT_LOG_N_MAX);
	return NULL;
}

err *age_stanza_check(const struct age_stanza *stanza)
{
	static const struct shape {
		const char *type;
		size_t args, share_index, share_len, tag_len, body_len;
	} shapes[] = {
		{ "X25519", 2, 1, X25519_BYTES, 0, BODY_BYTES },
		{ "scrypt", 3, 1, SALT_BYTES, 0, BODY_BYTES },
		{ "mlkem768x25519", 2, 1, XWING_ENC_BYTES, 0, BODY_BYTES },
		{ "ssh-ed25519", 3, 2, X25519_BYTES, 4, BODY_BYTES },
		{ "ssh-rsa", 2, 0, 0, 4, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		const struct shape *shape = &shapes[i];
		if (!str_equal(stanza->args.ptr[0], shape->type))
			continue;
		bool is_ok = stanza->args.len == shape->args;
		if (is_ok && shape->share_len)
			is_ok = age_stanza_arg(stanza, shape->share_index, NULL, shape->share_len);
		if (is_ok && shape->tag_len)
			is_ok = age_stanza_arg(stanza, 1, NULL, shape->tag_len);
		if (is_ok && shape->body_len)
			is_ok = stanza->body.len == shape->body_len;
		if (!is_ok)
			return err_new(ERR_INVALID, "the header is damaged: a wrong %s stanza",
			               shape->type);
		return i == 1 ? check_scrypt(stanza) : NULL;
	}
	return NULL;
}

/* --- X25519 --- */

static void x25519_key(const uint8_t shared[32], const uint8_t share[32],
                       const uint8_t recipient[32], uint8_t ret_key[32])
{
	uint8_t salt[64];
	memcpy(salt, share, 32);
	memcpy(salt + 32, recipient, 32);
	hkdf_sha256(bytes_of(shared, 32), bytes_of(salt, 64), view_of(X25519_INFO), ret_key, 32);
}

static err *wrap_x25519(const struct age_recipient *to, const struct secret *file_key,
                        struct age_stanza *stanza)
{
	uint8_t secret[32], share[32], shared[32], key[32];
	const uint8_t *point = (const uint8_t *)to->key.ptr;
	random_bytes(secret, sizeof(secret));
	x25519_public(secret, share);
	err *e = x25519_shared(secret, point, shared);
	if (!e) {
		x25519_key(shared, share, point, key);
		age_stanza_start(stanza, "X25519", share, sizeof(share));
		age_seal_key(key, file_key, &stanza->body);
	}
	secret_wipe(secret, sizeof(secret));
	secret_wipe(shared, sizeof(shared));
	secret_wipe(key, sizeof(key));
	return e ? err_wrap(e, "cannot encrypt to '%s'", to->text) : NULL;
}

static err *unwrap_x25519(const struct age_identity *with, const struct age_stanza *stanza,
                          struct secret *ret_file_key, bool *ret_is_open)
{
	uint8_t share[32], shared[32], key[32];
	if (!age_stanza_arg(stanza, 1, share, sizeof(share)))
		return err_new(ERR_INTERNAL, "a stanza was not checked");
	err *e = x25519_shared(with->secret.ptr, share, shared);
	if (e)
		return err_wrap(e, "the header is damaged");
	x25519_key(shared, share, (const uint8_t *)with->key.ptr, key);
	e = age_open_key(key, view_str(&stanza->body), ret_file_key, ret_is_open);
	secret_wipe(shared, sizeof(shared));
	secret_wipe(key, sizeof(key));
	return e;
}

/* --- post-quantum: HPKE (RFC 9180) with X-Wing, HKDF-SHA256, ChaCha20-Poly1305 --- */

static const char suite[] = "HPKE\x64\x7a\x00\x01\x00\x03";

static void labeled_extract(struct view salt, const char *label, struct view ikm, uint8_t prk[32])
{
	struct str text = STR_INIT;
	str_reserve(&text, 256);
	str_addz(&text, "HPKE-v1");
	str_add(&text, suite, sizeof(suite) - 1);
	str_addz(&text, label);
	str_add(&text, ikm.ptr, ikm.len);
	hkdf_extract(salt, view_str(&text), prk);
	secret_wipe(text.ptr, text.len);
	str_clear(&text);
}

static void labeled_expand(const uint8_t prk[32], const char *label, struct view info,
                           uint8_t *ret_key, size_t len)
{
	AUTO(str) text = STR_INIT;
	str_addch(&text, '\0');
	str_addch(&text, (char)len);
	str_addz(&text, "HPKE-v1");
	str_add(&text, suite, sizeof(suite) - 1);
	str_addz(&text, label);
	str_add(&text, info.ptr, info.len);
	hkdf_expand(prk, view_str(&text), ret_key, len);
}

static void pq_key(const uint8_t shared[32], uint8_t ret_key[32],
                   uint8_t ret_nonce[AEAD_NONCE_BYTES])
{
	uint8_t context[1 + 32 + 32] = { 0 }, secret[32];
	labeled_extract(view_of(""), "psk_id_hash", view_of(""), context + 1);
	labeled_extract(view_of(""), "info_hash", view_of(PQ_INFO), context + 33);
	labeled_extract(bytes_of(shared, 32), "secret", view_of(""), secret);
	labeled_expand(secret, "key", bytes_of(context, sizeof(context)), ret_key, 32);
	labeled_expand(secret, "base_nonce", bytes_of(context, sizeof(context)), ret_nonce,
	               AEAD_NONCE_BYTES);
	secret_wipe(secret, sizeof(secret));
}

static err *wrap_pq(const struct age_recipient *to, const struct secret *file_key,
                    struct age_stanza *stanza)
{
	uint8_t enc[XWING_ENC_BYTES], shared[32], key[32], nonce[AEAD_NONCE_BYTES];
	TRY(xwing_seal((const uint8_t *)to->key.ptr, enc, shared));
	pq_key(shared, key, nonce);
	age_stanza_start(stanza, "mlkem768x25519", enc, sizeof(enc));
	seal_key(key, nonce, file_key, &stanza->body);
	secret_wipe(shared, sizeof(shared));
	secret_wipe(key, sizeof(key));
	return NULL;
}

static err *unwrap_pq(const struct age_identity *with, const struct age_stanza *stanza,
                      struct secret *ret_file_key, bool *ret_is_open)
{
	uint8_t enc[XWING_ENC_BYTES], shared[32], key[32], nonce[AEAD_NONCE_BYTES];
	if (!age_stanza_arg(stanza, 1, enc, sizeof(enc)))
		return err_new(ERR_INTERNAL, "a stanza was not checked");
	err *e = xwing_open(with->secret.ptr, enc, shared);
	if (e)
		return err_wrap(e, "the header is damaged");
	pq_key(shared, key, nonce);
	e = open_key(key, nonce, view_str(&stanza->body), ret_file_key, ret_is_open);
	secret_wipe(shared, sizeof(shared));
	secret_wipe(key, sizeof(key));
	return e;
}

/* --- passphrases --- */

static err *scrypt_key(const struct secret *passphrase, const uint8_t salt[SALT_BYTES],
                       unsigned log_n, uint8_t ret_key[32])
{
	uint8_t labeled[sizeof(SCRYPT_SALT) - 1 + SALT_BYTES];
	memcpy(labeled, SCRYPT_SALT, sizeof(SCRYPT_SALT) - 1);
	memcpy(labeled + sizeof(SCRYPT_SALT) - 1, salt, SALT_BYTES);
	return scrypt_derive(bytes_of(passphrase->ptr, passphrase->len),
	                     bytes_of(labeled, sizeof(labeled)), log_n, ret_key, 32);
}

static err *wrap_scrypt(const struct age_recipient *to, const struct secret *file_key,
                        struct age_stanza *stanza)
{
	uint8_t salt[SALT_BYTES], key[32];
	random_bytes(salt, sizeof(salt));
	TRY(scrypt_key(&to->passphrase, salt, to->log_n, key));
	age_stanza_start(stanza, "scrypt", salt, sizeof(salt));
	strs_pushf(&stanza->args, "%u", to->log_n);
	age_seal_key(key, file_key, &stanza->body);
	secret_wipe(key, sizeof(key));
	return NULL;
}

static err *unwrap_scrypt(const struct age_identity *with, const struct age_stanza *stanza,
                          struct secret *ret_file_key, bool *ret_is_open)
{
	uint8_t salt[SALT_BYTES], key[32];
	unsigned log_n;
	if (!age_stanza_arg(stanza, 1, salt, sizeof(salt)) ||
	    !read_log_n(stanza->args.ptr[2], &log_n))
		return err_new(ERR_INTERNAL, "a stanza was not checked");
	TRY(scrypt_key(&with->secret, salt, log_n, key));
	err *e = age_open_key(key, view_str(&stanza->body), ret_file_key, ret_is_open);
	secret_wipe(key, sizeof(key));
	return e;
}

/* --- by type --- */

err *age_wrap(const struct age_recipient *recipient, const struct secret *file_key,
              struct age_stanza *ret_stanza)
{
	switch (recipient->type) {
	case AGE_KEY_X25519:
		return wrap_x25519(recipient, file_key, ret_stanza);
	case AGE_KEY_PQ:
		return wrap_pq(recipient, file_key, ret_stanza);
	case AGE_KEY_SCRYPT:
		return wrap_scrypt(recipient, file_key, ret_stanza);
	case AGE_KEY_SSH:
		return age_ssh_wrap(recipient, file_key, ret_stanza);
	case AGE_KEY_PLUGIN:
	case AGE_KEY_FILE:
		break;
	}
	return err_new(ERR_INTERNAL, "no way to wrap a key for '%s'", recipient->text);
}

err *age_unwrap(const struct age_identity *identity, const struct age_stanza *stanza,
                struct secret *ret_file_key, bool *ret_is_open)
{
	const char *type = stanza->args.ptr[0];
	*ret_is_open = false;
	if (identity->is_locked)
		return NULL;
	if (identity->type == AGE_KEY_X25519 && str_equal(type, "X25519"))
		return unwrap_x25519(identity, stanza, ret_file_key, ret_is_open);
	if (identity->type == AGE_KEY_PQ && str_equal(type, "mlkem768x25519"))
		return unwrap_pq(identity, stanza, ret_file_key, ret_is_open);
	if (identity->type == AGE_KEY_SCRYPT && str_equal(type, "scrypt"))
		return unwrap_scrypt(identity, stanza, ret_file_key, ret_is_open);
	if (identity->type == AGE_KEY_SSH)
		return age_ssh_unwrap(identity, stanza, ret_file_key, ret_is_open);
	return NULL;
}
