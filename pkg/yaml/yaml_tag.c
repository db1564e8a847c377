#include "base/base.h"

#include "base/utf8.h"
#include "yaml/yaml_loader.h"

#define PREFIX "tag:yaml.org,2002:"

/* "str" of tag:yaml.org,2002:str; NULL for tags of other places. */
static const char *short_name(const char *tag)
{
	size_t len = strlen(PREFIX);
	return tag && strncmp(tag, PREFIX, len) == 0 ? tag + len : NULL;
}

static bool tag_is(const char *tag, const char *name)
{
	const char *found = short_name(tag);
	return found && strcmp(found, name) == 0;
}

bool yaml_tag_is_binary(const char *tag)
{
	return tag_is(tag, "binary");
}

bool yaml_tag_is_merge(const char *tag)
{
	return tag_is(tag, "merge");
}

err *yaml_refuse_tag(const char *tag)
{
	const char *name = short_name(tag);
	err *e = name ? err_new(ERR_INVALID, "the tag '!!%s' is not supported here", name)
	              : err_new(ERR_INVALID, "the tag '%s' is not supported", tag);
	return err_hint(e, "remove the tag, or quote the text if the '!' belongs to it");
}

static err *not_a(const char *text, const char *tag)
{
	return err_new(ERR_INVALID, "'%.64s' cannot be read as !!%s", text, short_name(tag));
}

/* What go-yaml accepts as a date begins with four digits and '-'. */
static bool looks_like_timestamp(const char *text)
{
	return strspn(text, "0123456789") == 4 && text[4] == '-' && text[5] >= '0' &&
	       text[5] <= '9';
}

err *yaml_resolve_tagged(const char *tag, const char *text, size_t len, struct yaml_scalar *out)
{
	static const struct {
		const char *name;
		enum val_kind kind;
	} kinds[] = {
		{ "null", VAL_NULL },
		{ "bool", VAL_BOOL },
		{ "int", VAL_INT },
		{ "float", VAL_FLOAT },
	};
	/* A lone '!' says "no guessing". */
	if (strcmp(tag, "!") == 0 || tag_is(tag, "str") || tag_is(tag, "binary"))
		return NULL;
	if (tag_is(tag, "timestamp"))
		return looks_like_timestamp(text) ? NULL : not_a(text, tag);
	yaml_resolve(text, len, out);
	bool is_integer = out->kind == VAL_INT || out->is_beyond_int64;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (!tag_is(tag, kinds[i].name))
			continue;
		if (kinds[i].kind == VAL_FLOAT && out->kind == VAL_INT) {
			out->number = (double)out->integer;
			out->kind = VAL_FLOAT;
			return NULL;
		}
		if (kinds[i].kind == VAL_INT ? is_integer
		                             : out->kind == kinds[i].kind && !out->is_beyond_int64)
			return NULL;
		return not_a(text, tag);
	}
	return yaml_refuse_tag(tag);
}

/* --- !!binary --- */

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Line ends are skipped, padding is required; false when malformed. */
static bool decode_base64(const char *text, size_t len, struct str *out)
{
	unsigned group = 0, digits = 0, padding = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n' || text[i] == '\r')
			continue;
		int value = base64_value(text[i]);
		if (text[i] == '=' && digits >= 2)
			padding++;
		else if (value < 0 || padding)
			return false;
		group = group << 6 | (unsigned)MAX(value, 0);
		if (++digits < 4)
			continue;
		for (unsigned byte = 0; byte < 3 - padding; byte++)
			str_addch(out, (char)(group >> (16 - 8 * byte)));
		if (padding) {
			for (i++; i < len; i++)
				if (text[i] != '\n' && text[i] != '\r')
					return false;
			return true;
		}
		group = digits = 0;
	}
	return digits == 0;
}

err *yaml_decode_binary(const char *text, size_t len, struct str *out)
{
	AUTO(str) bytes = STR_INIT;
	if (!decode_base64(text, len, &bytes))
		return err_new(ERR_INVALID, "the !!binary text is not valid base64");
	if (!utf8_valid(bytes.ptr, bytes.len, NULL)) {
		err *e = err_new(ERR_INVALID, "the !!binary text holds bytes that are not UTF-8");
		return err_hint(e, "JSON cannot hold them; use a field that takes base64, "
		                   "such as binaryData");
	}
	str_add_str(out, &bytes);
	return NULL;
}
