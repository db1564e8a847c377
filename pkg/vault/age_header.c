#include "base/base.h"

#include "vault/age_header.h"

#include "base/limits.h"
#include "crypto/encode.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/secret.h"
#include "vault/age.h"
#include "vault/age_keys.h"

#define INTRO "age-encryption.org/v1\n"
enum { LINE = 64 };

void age_stanza_clear(struct age_stanza *stanza)
{
	strs_clear(&stanza->args);
	str_clear(&stanza->body);
}

void age_header_clear(struct age_header *header)
{
	for (size_t i = 0; i < header->stanzas.len; i++)
		age_stanza_clear(&header->stanzas.ptr[i]);
	vec_clear(&header->stanzas);
}

/* --- writing --- */

void age_stanza_start(struct age_stanza *stanza, const char *type, const void *ptr, size_t len)
{
	AUTO(str) text = STR_INIT;
	strs_push(&stanza->args, type);
	if (!ptr)
		return;
	base64_add(&text, ptr, len, BASE64_NO_PADDING);
	strs_push(&stanza->args, text.ptr);
}

void age_stanza_add_text(const struct age_stanza *stanza, struct str *out)
{
	AUTO(str) text = STR_INIT;
	str_addz(out, "->");
	for (size_t i = 0; i < stanza->args.len; i++)
		str_addf(out, " %s", stanza->args.ptr[i]);
	str_addch(out, '\n');
	base64_add(&text, stanza->body.ptr, stanza->body.len, BASE64_NO_PADDING);
	size_t at = 0;
	for (; text.len - at >= LINE; at += LINE) {
		str_add(out, text.ptr + at, LINE);
		str_addch(out, '\n');
	}
	str_add(out, text.ptr + at, text.len - at);
	str_addch(out, '\n');
	secret_wipe(text.ptr, text.len); /* a plugin is sent the file key this way */
}

static void tag(struct view bytes, const uint8_t *file_key, uint8_t ret_mac[AGE_MAC_BYTES])
{
	uint8_t key[32];
	hkdf_sha256((struct view){ (const char *)file_key, AGE_FILE_KEY_BYTES }, view_of(""),
	            view_of("header"), key, sizeof(key));
	hmac_sha256((struct view){ (const char *)key, sizeof(key) }, bytes, ret_mac);
	secret_wipe(key, sizeof(key));
}

void age_header_write(const struct age_stanza *stanzas, size_t count, const uint8_t *file_key,
                      struct str *out)
{
	uint8_t mac[AGE_MAC_BYTES];
	size_t start = out->len;
	str_addz(out, INTRO);
	for (size_t i = 0; i < count; i++)
		age_stanza_add_text(&stanzas[i], out);
	str_addz(out, "---");
	tag((struct view){ out->ptr + start, out->len - start }, file_key, mac);
	str_addch(out, ' ');
	base64_add(out, mac, sizeof(mac), BASE64_NO_PADDING);
	str_addch(out, '\n');
}

bool age_header_is_genuine(const struct age_header *header, struct view bytes,
                           const uint8_t *file_key)
{
	uint8_t mac[AGE_MAC_BYTES];
	tag((struct view){ bytes.ptr, header->signed_len }, file_key, mac);
	return crypto_equal(mac, header->mac, sizeof(mac));
}

/* --- reading --- */

static err *bad(const char *why)
{
	return err_new(ERR_INVALID, "the header is damaged: %s", why);
}

static bool next_line(struct view *rest, struct view *ret_line)
{
	const char *end = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
	if (!end)
		return false;
	*ret_line = (struct view){ rest->ptr, (size_t)(end - rest->ptr) };
	*rest = (struct view){ end + 1, rest->len - ret_line->len - 1 };
	return true;
}

static err *read_args(struct view line, struct strs *args)
{
	struct view rest, arg;
	if (line.len < 3 || memcmp(line.ptr, "-> ", 3) != 0)
		return bad("a line that is no stanza");
	rest = (struct view){ line.ptr + 3, line.len - 3 };
	if (rest.len == 0 || rest.ptr[rest.len - 1] == ' ')
		return bad("a stanza with an empty argument");
	while (view_split(&rest, ' ', &arg)) {
		if (arg.len == 0)
			return bad("a stanza with an empty argument");
		for (size_t i = 0; i < arg.len; i++)
			if (arg.ptr[i] < 0x21 || arg.ptr[i] > 0x7e)
				return bad("a stanza with characters that may not be there");
		strs_push_take(args, mem_strndup(arg.ptr, arg.len));
	}
	return NULL;
}

err *age_stanza_read(struct view *rest, struct age_stanza *ret_stanza, bool *ret_is_whole)
{
	__attribute__((cleanup(age_stanza_clear))) struct age_stanza stanza = AGE_STANZA_INIT;
	struct view at = *rest, line;
	*ret_is_whole = false;
	if (!next_line(&at, &line))
		return NULL;
	TRY(read_args(line, &stanza.args));
	do {
		if (!next_line(&at, &line))
			return NULL;
		if (line.len > LINE)
			return bad("a line of a stanza that is too long");
		err *e = base64_decode(line, BASE64_NO_PADDING, &stanza.body);
		if (e) {
			err_ignore(e, "said in the words of the format");
			return bad("the body of a stanza is not base64");
		}
		if (line.len == LINE && stanza.body.len % 48 != 0)
			return bad("the body of a stanza is not base64");
	} while (line.len == LINE);
	*rest = at;
	*ret_is_whole = true;
	*ret_stanza = stanza;
	stanza = (struct age_stanza)AGE_STANZA_INIT;
	return NULL;
}

static err *read_mac(struct view rest, struct age_header *header)
{
	AUTO(str) mac = STR_INIT;
	struct view line;
	if (!next_line(&rest, &line) || rest.len > 0 || line.len < 4 ||
	    memcmp(line.ptr, "--- ", 4) != 0)
		return bad("its last line is not as it must be");
	err *e =
		base64_decode((struct view){ line.ptr + 4, line.len - 4 }, BASE64_NO_PADDING, &mac);
	bool is_ok = !e && mac.len == AGE_MAC_BYTES;
	err_ignore(e, "said in the words of the format");
	if (!is_ok)
		return bad("its last line is not as it must be");
	memcpy(header->mac, mac.ptr, AGE_MAC_BYTES);
	return NULL;
}

static err *read_stanzas(struct view bytes, struct view rest, struct age_header *header)
{
	while (rest.len >= 3 && memcmp(rest.ptr, "---", 3) != 0) {
		struct age_stanza stanza = AGE_STANZA_INIT;
		bool is_whole;
		TRY(age_stanza_read(&rest, &stanza, &is_whole));
		if (!is_whole)
			return bad("it is cut off");
		vec_push(&header->stanzas, stanza);
		TRY(age_stanza_check(&stanza));
		if (header->stanzas.len > LIMIT_AGE_STANZAS)
			return err_new(ERR_LIMIT, "the header has more than %u stanzas",
			               LIMIT_AGE_STANZAS);
	}
	if (header->stanzas.len == 0)
		return bad("it has no stanza");
	header->signed_len = bytes.len - rest.len + 3;
	return read_mac(rest, header);
}

err *age_header_parse(struct view bytes, struct age_header *ret_header)
{
	__attribute__((cleanup(age_header_clear))) struct age_header header = AGE_HEADER_INIT;
	struct view rest = bytes, line;
	if (!next_line(&rest, &line) || !view_is(line, "age-encryption.org/v1"))
		return err_new(ERR_INVALID, "this is not an age file: no age header");
	TRY(read_stanzas(bytes, rest, &header));
	for (size_t i = 0; i < header.stanzas.len; i++)
		if (header.stanzas.len > 1 &&
		    str_equal(header.stanzas.ptr[i].args.ptr[0], "scrypt"))
			return bad("a passphrase must be the only way in, and is not");
	*ret_header = header;
	header = (struct age_header)AGE_HEADER_INIT;
	return NULL;
}
