#include "base/base.h"

#include "crypto/encode.h"
#include "crypto/secret.h"
#include "pal/random.h"
#include "vault/sops_value.h"

static const char *const type_names[] = {
	[SOPS_NULL] = "null", [SOPS_STR] = "str",   [SOPS_INT] = "int",     [SOPS_FLOAT] = "float",
	[SOPS_BOOL] = "bool", [SOPS_TIME] = "time", [SOPS_BYTES] = "bytes",
};

const char *sops_type_name(enum sops_type type)
{
	return type_names[type];
}

static bool type_of(struct view name, enum sops_type *ret_type, bool *ret_is_comment)
{
	*ret_is_comment = view_is(name, "comment");
	*ret_type = SOPS_STR;
	if (*ret_is_comment)
		return true;
	for (unsigned i = SOPS_STR; i < ARRAY_LEN(type_names); i++)
		if (view_is(name, type_names[i])) {
			*ret_type = (enum sops_type)i;
			return true;
		}
	return false;
}

/* --- the text --- */

#define ENC_START "ENC[AES256_GCM,data:"

bool sops_enc_looks(struct view text)
{
	return text.len > 4 && memcmp(text.ptr, "ENC[", 4) == 0;
}

/* Cut off what stands before the name `next`. */
static bool take(struct view *rest, const char *next, struct view *ret_part)
{
	size_t len = strlen(next);
	for (size_t at = 0; at + len <= rest->len; at++)
		if (memcmp(rest->ptr + at, next, len) == 0) {
			*ret_part = (struct view){ rest->ptr, at };
			rest->ptr += at + len;
			rest->len -= at + len;
			return at > 0;
		}
	return false;
}

bool sops_enc_split(struct view text, struct sops_enc *ret_enc)
{
	size_t start = strlen(ENC_START);
	if (text.len <= start || memcmp(text.ptr, ENC_START, start) != 0 ||
	    text.ptr[text.len - 1] != ']')
		return false;
	struct view rest = { text.ptr + start, text.len - start - 1 };
	struct sops_enc enc;
	if (!take(&rest, ",iv:", &enc.data) || !take(&rest, ",tag:", &enc.iv) ||
	    !take(&rest, ",type:", &enc.tag) || rest.len == 0)
		return false;
	enc.type = rest;
	*ret_enc = enc;
	return true;
}

bool sops_enc_iv(struct view text, uint8_t ret_iv[SOPS_IV_BYTES])
{
	struct sops_enc enc;
	AUTO(str) iv = STR_INIT;
	if (!sops_enc_split(text, &enc))
		return false;
	err *e = base64_decode(enc.iv, 0, &iv);
	if (e || iv.len != SOPS_IV_BYTES) {
		err_free(e);
		return false;
	}
	memcpy(ret_iv, iv.ptr, SOPS_IV_BYTES);
	return true;
}

static err *decode(const struct sops_enc *enc, struct str *data, struct str *iv, struct str *tag)
{
	err *e = base64_decode(enc->data, 0, data);
	if (!e)
		e = base64_decode(enc->iv, 0, iv);
	if (!e)
		e = base64_decode(enc->tag, 0, tag);
	if (e)
		return err_wrap(e, "a damaged ENC[...] text");
	if (tag->len != AES_GCM_TAG_BYTES)
		return err_new(ERR_INVALID,
		               "a damaged ENC[...] text: its tag has %zu bytes instead "
		               "of %d",
		               tag->len, AES_GCM_TAG_BYTES);
	return NULL;
}

err *sops_enc_open(struct aes_gcm *gcm, struct view text, struct view aad, char *ret_plain,
                   size_t *ret_len, enum sops_type *ret_type, bool *ret_is_comment,
                   bool *ret_is_genuine)
{
	struct sops_enc enc;
	AUTO(str) data = STR_INIT;
	AUTO(str) iv = STR_INIT;
	AUTO(str) tag = STR_INIT;
	if (!sops_enc_split(text, &enc))
		return err_new(ERR_INVALID, "not an ENC[AES256_GCM,...] text");
	if (!type_of(enc.type, ret_type, ret_is_comment))
		return err_new(ERR_INVALID, "an encrypted value of the unknown type '%.*s'",
		               (int)MIN(enc.type.len, (size_t)20), enc.type.ptr);
	TRY(decode(&enc, &data, &iv, &tag));
	TRY(aes_gcm_open(gcm, view_str(&iv), aad, view_str(&data), (const uint8_t *)tag.ptr,
	                 (uint8_t *)ret_plain, ret_is_genuine));
	*ret_len = data.len;
	if (!*ret_is_genuine || *ret_type == SOPS_STR || *ret_type == SOPS_BYTES)
		return NULL;
	AUTO(str) canonical = STR_INIT;
	bool is_right = sops_canonical(*ret_type, (struct view){ ret_plain, data.len }, &canonical);
	/* A canonical form is longer only for numbers with an exponent, which nobody writes. */
	if (is_right && canonical.len <= text.len) {
		memcpy(ret_plain, canonical.ptr, canonical.len);
		*ret_len = canonical.len;
	}
	bool fits = canonical.len <= text.len;
	secret_wipe(canonical.ptr, canonical.len);
	if (!is_right || !fits)
		return err_new(ERR_INVALID,
		               "an encrypted value says it is of type '%s', but is not",
		               type_names[*ret_type]);
	return NULL;
}

err *sops_enc_seal(struct aes_gcm *gcm, struct view plain, struct view aad, const char *type_name,
                   const uint8_t *iv, struct str *out)
{
	uint8_t fresh[SOPS_IV_BYTES], tag[AES_GCM_TAG_BYTES];
	AUTOFREE uint8_t *cipher = mem_alloc(plain.len + 1);
	if (!iv)
		random_bytes(fresh, sizeof(fresh));
	const struct view nonce = { (const char *)(iv ? iv : fresh), SOPS_IV_BYTES };
	TRY(aes_gcm_seal(gcm, nonce, aad, plain, cipher, tag));
	str_reserve(out, plain.len / 3 * 4 + 160);
	str_addz(out, ENC_START);
	base64_add(out, cipher, plain.len, 0);
	str_addz(out, ",iv:");
	base64_add(out, nonce.ptr, nonce.len, 0);
	str_addz(out, ",tag:");
	base64_add(out, tag, sizeof(tag), 0);
	str_addf(out, ",type:%s]", type_name);
	return NULL;
}
