/* What a plain YAML scalar means to go-yaml 3, and how a value is written so that it means the same. */
#include "base/base.h"

#include "base/utf8.h"
#include "json/json.h"
#include "val/val.h"
#include "vault/sops_tree.h"
#include "vault/sops_value.h"
#include "yaml/yaml.h"

/* --- reading --- */

static bool is_one_of(struct view text, const char *const *words)
{
	for (; *words; words++)
		if (view_is(text, *words))
			return true;
	return false;
}

static bool resolve_word(struct view text, enum sops_type *ret_type, struct str *canonical)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const yes[] = { "true", "True", "TRUE", NULL };
	static const char *const no[] = { "false", "False", "FALSE", NULL };
	static const char *const nan[] = { ".nan", ".NaN", ".NAN", NULL };
	static const char *const plus[] = {
		".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", NULL
	};
	static const char *const minus[] = { "-.inf", "-.Inf", "-.INF", NULL };
	static const struct {
		const char *const *words;
		enum sops_type type;
		const char *canonical;
	} table[] = { { nulls, SOPS_NULL, "" },     { yes, SOPS_BOOL, "True" },
		      { no, SOPS_BOOL, "False" },   { nan, SOPS_FLOAT, "NaN" },
		      { plus, SOPS_FLOAT, "+Inf" }, { minus, SOPS_FLOAT, "-Inf" } };
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (is_one_of(text, table[i].words)) {
			*ret_type = table[i].type;
			str_addz(canonical, table[i].canonical);
			return true;
		}
	return false;
}

/* False when the number is one sops cannot hold. */
static bool resolve_number(struct view text, enum sops_type *ret_type, struct str *canonical)
{
	AUTO(str) bare = STR_INIT;
	int64_t integer;
	double number;
	bool is_beyond = false;
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '_')
			str_addch(&bare, text.ptr[i]);
	if (text.ptr[0] == '.')
		is_beyond = false;
	else if (sops_int_parse(view_str(&bare), &integer, &is_beyond)) {
		*ret_type = SOPS_INT;
		str_addf(canonical, "%" PRId64, integer);
		return true;
	}
	if (is_beyond)
		return false;
	const struct view digits = text.ptr[0] == '.' ? text : view_str(&bare);
	char last = digits.len ? digits.ptr[digits.len - 1] : '\0';
	if ((last == '.' || (last >= '0' && last <= '9')) && sops_float_parse(digits, &number)) {
		*ret_type = SOPS_FLOAT;
		sops_float_text(number, canonical);
		return true;
	}
	*ret_type = SOPS_STR;
	return true;
}

bool sops_yaml_resolve(struct view text, enum sops_type *ret_type, struct str *canonical)
{
	*ret_type = SOPS_STR;
	if (resolve_word(text, ret_type, canonical))
		return true;
	if (text.len && strchr("0123456789", text.ptr[0]) &&
	    sops_time_parse(text, false, canonical)) {
		*ret_type = SOPS_TIME;
		return true;
	}
	if (text.len && strchr("+-.0123456789", text.ptr[0]) &&
	    !resolve_number(text, ret_type, canonical))
		return false;
	if (*ret_type == SOPS_STR)
		str_add(canonical, text.ptr, text.len);
	return true;
}

/* --- writing --- */

static bool is_simple(struct view text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    (c == '\0' || !strchr("_./-", c)))
			return false;
	}
	return text.len > 0;
}

static bool is_string_unquoted(struct view text)
{
	AUTO(str) canonical = STR_INIT;
	enum sops_type type;
	bool is_string = sops_yaml_resolve(text, &type, &canonical) && type == SOPS_STR &&
	                 yaml_plain_kind(text.ptr, text.len) == VAL_STR && !view_is(text, "<<");
	secret_wipe(canonical.ptr, canonical.len);
	return is_string;
}

/* Is there nothing but a line end behind the place of `item`? */
static bool ends_its_line(const struct sops_doc *doc, const struct sops_item *item)
{
	size_t at = item->end;
	while (at < doc->len && doc->text[at] == ' ')
		at++;
	return at < doc->len && doc->text[at] == '\n' && at == item->end;
}

/*
 * Lines that a literal block gives back exactly, whatever blank lines follow it: at most one line end
 * at the end.
 */
static bool is_literal_text(struct view text)
{
	if (!memchr(text.ptr, '\n', text.len) || strchr(" \t\n", text.ptr[0]) ||
	    (text.len > 1 && memcmp(text.ptr + text.len - 2, "\n\n", 2) == 0))
		return false;
	bool has_other = false;
	for (size_t at = 0; at < text.len;) {
		uint32_t code;
		size_t len = utf8_decode(text.ptr + at, text.len - at, &code);
		if (len == 0 || code == 0x7f || (code < 0x20 && code != '\n') ||
		    (code >= 0x80 && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
		    code == 0xfeff || code >= 0xfffe)
			return false;
		has_other |= code != '\n';
		at += len;
	}
	return has_other;
}

static void write_literal(struct view text, size_t indent, struct str *out)
{
	bool ends = text.ptr[text.len - 1] == '\n';
	str_addz(out, ends ? "|" : "|-");
	struct view rest = { text.ptr, text.len - ends }, line;
	while (view_split(&rest, '\n', &line)) {
		str_addch(out, '\n');
		if (line.len)
			str_add_repeat(out, ' ', indent);
		str_add(out, line.ptr, line.len);
	}
}

/* Quotes that YAML and JSON read alike; line separators are only escapes to both. */
static void write_quoted(struct view text, struct str *out)
{
	AUTO(str) json = STR_INIT;
	str_reserve(&json, text.len * 6 + 3);
	json_write_string(text.ptr, text.len, &json);
	for (size_t i = 0; i < json.len; i++) {
		const unsigned char *p = (const unsigned char *)json.ptr + i;
		if (p[0] == 0x7f) {
			str_addz(out, "\\u007f");
		} else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) {
			str_addf(out, "\\u%04x", p[1]);
			i++;
		} else if (p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9)) {
			str_addf(out, "\\u20%02x", p[2] - 0x80);
			i += 2;
		} else if (p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf) {
			str_addz(out, "\\ufeff");
			i += 2;
		} else {
			str_addch(out, json.ptr[i]);
		}
	}
	secret_wipe(json.ptr, json.len);
}

static void write_string(const struct sops_doc *doc, const struct sops_item *item, struct view text,
                         struct str *out)
{
	bool in_flow = item->flags & SOPS_IN_FLOW;
	if (is_simple(text) && text.ptr[0] != '-' && is_string_unquoted(text)) {
		str_add(out, text.ptr, text.len);
		return;
	}
	if (!in_flow && text.len && item->parent && is_literal_text(text) &&
	    ends_its_line(doc, item)) {
		write_literal(text, item->parent->column + 1, out);
		return;
	}
	AUTO(str) block = STR_INIT;
	struct val v = { .kind = VAL_STR };
	v.as.str.ptr = text.ptr;
	v.as.str.len = text.len;
	if (!in_flow && text.len < 200 && !memchr(text.ptr, '\n', text.len) &&
	    is_string_unquoted(text))
		yaml_write(&v, &block);
	/* Not plain, or not one line: double quotes need no further thought. */
	if (block.len > 1 && block.ptr[0] != '"' && block.ptr[0] != '|' &&
	    !memchr(block.ptr, '\n', block.len - 1))
		str_add(out, block.ptr, block.len - 1);
	else
		write_quoted(text, out);
	secret_wipe(block.ptr, block.len);
}

static void write_float(struct view text, struct str *out)
{
	if (view_is(text, "NaN"))
		str_addz(out, ".nan");
	else if (view_is(text, "+Inf") || view_is(text, "-Inf"))
		str_addz(out, text.ptr[0] == '-' ? "-.inf" : ".inf");
	else {
		str_add(out, text.ptr, text.len);
		if (!memchr(text.ptr, '.', text.len))
			str_addz(out, ".0");
	}
}

void sops_yaml_write(const struct sops_doc *doc, const struct sops_item *item, enum sops_type type,
                     struct view plain, struct str *out)
{
	switch (type) {
	case SOPS_NULL:
		str_addz(out, "null");
		break;
	case SOPS_BOOL:
		str_addz(out, view_is(plain, "True") ? "true" : "false");
		break;
	case SOPS_FLOAT:
		write_float(plain, out);
		break;
	case SOPS_INT:
	case SOPS_TIME:
		str_add(out, plain.ptr, plain.len);
		break;
	default:
		if (sops_enc_looks(plain) && !(item->flags & SOPS_IN_FLOW))
			str_add(out, plain.ptr, plain.len);
		else
			write_string(doc, item, plain, out);
		break;
	}
}

err *sops_yaml_write_flow(const struct sops_item *item, sops_value_writer *write, void *data,
                          struct str *out)
{
	if (item->kind == SOPS_VALUE)
		return write(data, item, out);
	bool is_map = item->kind == SOPS_MAP, is_first = true;
	str_addch(out, is_map ? '{' : '[');
	for (const struct sops_item *at = item->first; at; at = at->next) {
		if (at->kind == SOPS_COMMENT)
			continue;
		str_addz(out, is_first ? "" : ", ");
		is_first = false;
		if (is_map) {
			write_quoted(at->key, out);
			str_addz(out, ": ");
		}
		TRY(sops_yaml_write_flow(at, write, data, out));
	}
	str_addch(out, is_map ? '}' : ']');
	return NULL;
}
