#include "base/base.h"

#include <math.h>

#include "base/utf8.h"
#include "yaml/yaml.h"

enum {
	INDENT = 2,
	LONGEST_SIMPLE_KEY = 1000, /* YAML wants "? key" beyond 1024 characters */
};

enum quoting {
	QUOTE_NOT,
	QUOTE_SINGLE,
	QUOTE_DOUBLE,
	QUOTE_LITERAL,
};

/* --- which quotes --- */

/* Characters that every reader takes as they are, also in double quotes. */
static bool is_printable(uint32_t code)
{
	if (code < 0x20 || code == 0x7f)
		return false;
	if (code >= 0x80 && code < 0xa0)
		return false;
	return code != 0x2028 && code != 0x2029 && code != 0xfeff && code != 0xfffe &&
	       code != 0xffff;
}

struct content {
	bool has_feed; /* line feeds */
	bool has_tab;
	bool has_special; /* anything else that needs an escape */
	bool has_escape;  /* " or \ : nicer in single quotes */
};

static struct content look_at(const char *text, size_t len)
{
	struct content found = { false };
	for (size_t at = 0; at < len;) {
		uint32_t code;
		size_t code_len = utf8_decode(text + at, len - at, &code);
		if (code_len == 0) {
			found.has_special = true;
			return found;
		}
		if (code == '\n')
			found.has_feed = true;
		else if (code == '\t')
			found.has_tab = true;
		else if (!is_printable(code))
			found.has_special = true;
		found.has_escape |= code == '"' || code == '\\';
		at += code_len;
	}
	return found;
}

/* Times such as 12:30 and dates: numbers or dates to other readers, so people quote them. */
static bool looks_like_time(const char *text, size_t len)
{
	size_t digits = strspn(text, "0123456789");
	if (digits == 4 && len > 5 && text[4] == '-' && text[5] >= '0' && text[5] <= '9')
		return true;
	return digits > 0 && text[digits] == ':' && strspn(text, "0123456789:.") == len;
}

static bool starts_like_syntax(const char *text, size_t len)
{
	switch (text[0]) {
	case '-':
	case '?':
	case ':':
		return len == 1 || text[1] == ' ' || strncmp(text, "---", 3) == 0;
	case '.':
		return strncmp(text, "...", 3) == 0;
	case '=':
		return len == 1;
	case '<':
		return len == 2 && text[1] == '<';
	default:
		return strchr(" ,[]{}#&*!|>'\"%@`", text[0]) != NULL;
	}
}

static bool is_plain_safe(const char *text, size_t len)
{
	if (len == 0 || yaml_plain_kind(text, len) != VAL_STR || starts_like_syntax(text, len) ||
	    looks_like_time(text, len))
		return false;
	if (text[len - 1] == ' ' || text[len - 1] == ':')
		return false;
	for (size_t i = 0; i + 1 < len; i++)
		if ((text[i] == ':' && text[i + 1] == ' ') ||
		    (text[i] == ' ' && text[i + 1] == '#'))
			return false;
	return true;
}

static enum quoting choose(const char *text, size_t len, bool may_be_literal)
{
	struct content found = look_at(text, len);
	if (found.has_special)
		return QUOTE_DOUBLE;
	if (found.has_feed) {
		bool starts_blank = text[0] == ' ' || text[0] == '\n' || text[0] == '\t';
		return may_be_literal && !starts_blank ? QUOTE_LITERAL : QUOTE_DOUBLE;
	}
	if (found.has_tab)
		return QUOTE_DOUBLE;
	if (is_plain_safe(text, len))
		return QUOTE_NOT;
	return found.has_escape ? QUOTE_SINGLE : QUOTE_DOUBLE;
}

/* --- scalars --- */

static void add_single(const char *text, size_t len, struct str *out)
{
	str_addch(out, '\'');
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\'')
			str_addch(out, '\'');
		str_addch(out, text[i]);
	}
	str_addch(out, '\'');
}

static void add_code(uint32_t code, struct str *out)
{
	if (code == '"' || code == '\\')
		str_addf(out, "\\%c", (char)code);
	else if (code == '\n')
		str_addz(out, "\\n");
	else if (code == '\t')
		str_addz(out, "\\t");
	else if (code == '\r')
		str_addz(out, "\\r");
	else if (code < 0x100)
		str_addf(out, "\\x%02" PRIx32, code);
	else
		str_addf(out, "\\u%04" PRIx32, code);
}

/* Bytes that are no UTF-8 become U+FFFD: there is no way to write them. */
static void add_double(const char *text, size_t len, struct str *out)
{
	str_addch(out, '"');
	for (size_t at = 0; at < len;) {
		uint32_t code;
		size_t code_len = utf8_decode(text + at, len - at, &code);
		if (code_len == 0) {
			str_addz(out, "\xef\xbf\xbd");
			at++;
			continue;
		}
		if (is_printable(code) && code != '"' && code != '\\')
			str_add(out, text + at, code_len);
		else
			add_code(code, out);
		at += code_len;
	}
	str_addch(out, '"');
}

/* Ends without line feed; the caller adds the last one. */
static void add_literal(const char *text, size_t len, size_t indent, struct str *out)
{
	size_t feeds = 0;
	while (feeds < len && text[len - 1 - feeds] == '\n')
		feeds++;
	str_addz(out, feeds == 0 ? "|-" : feeds == 1 ? "|" : "|+");
	size_t end = feeds > 0 ? len - 1 : len;
	for (size_t at = 0; at < end || (at == end && feeds > 1 && at < len);) {
		const char *feed = memchr(text + at, '\n', len - at);
		size_t stop = feed ? (size_t)(feed - text) : len;
		str_addch(out, '\n');
		if (stop > at) {
			str_add_repeat(out, ' ', indent);
			str_add(out, text + at, stop - at);
		}
		at = stop + 1;
	}
}

static void add_text(const char *text, size_t len, size_t indent, bool may_be_literal,
                     struct str *out)
{
	switch (choose(text, len, may_be_literal)) {
	case QUOTE_NOT:
		str_add(out, text, len);
		return;
	case QUOTE_SINGLE:
		add_single(text, len, out);
		return;
	case QUOTE_DOUBLE:
		add_double(text, len, out);
		return;
	case QUOTE_LITERAL:
		add_literal(text, len, indent, out);
		return;
	}
}

static void add_number(double number, struct str *out)
{
	if (isfinite(number))
		val_format_float(number, out);
	else
		str_addz(out, "null");
}

/* --- lists and maps; every writer ends with a line feed --- */

static void write_node(const struct val *v, size_t indent, struct str *out);

static bool is_nested(const struct val *v)
{
	return val_len(v) > 0;
}

static void write_scalar(const struct val *v, size_t indent, struct str *out)
{
	switch (v ? (enum val_kind)v->kind : VAL_NULL) {
	case VAL_NULL:
		str_addz(out, "null");
		break;
	case VAL_BOOL:
		str_addz(out, v->as.boolean ? "true" : "false");
		break;
	case VAL_INT:
		str_addf(out, "%" PRId64, v->as.integer);
		break;
	case VAL_FLOAT:
		add_number(v->as.number, out);
		break;
	case VAL_STR:
		add_text(v->as.str.ptr, v->as.str.len, indent, indent > 0, out);
		break;
	case VAL_LIST:
		str_addz(out, "[]");
		break;
	case VAL_MAP:
		str_addz(out, "{}");
		break;
	}
	str_addch(out, '\n');
}

/* The key up to and with its colon. */
static void write_key(const struct val_entry *entry, size_t indent, struct str *out)
{
	size_t before = out->len;
	add_text(entry->key, entry->key_len, 0, false, out);
	if (out->len - before > LONGEST_SIMPLE_KEY) {
		str_truncate(out, before);
		str_addz(out, "? ");
		add_text(entry->key, entry->key_len, 0, false, out);
		str_addch(out, '\n');
		str_add_repeat(out, ' ', indent);
	}
	str_addch(out, ':');
}

/* The first line is already indented by the caller. */
static void write_map(const struct val *v, size_t indent, struct str *out)
{
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, v)) {
		if (i > 0)
			str_add_repeat(out, ' ', indent);
		write_key(entry, indent, out);
		if (is_nested(entry->value)) {
			str_addch(out, '\n');
			str_add_repeat(out, ' ', indent + INDENT);
		} else {
			str_addch(out, ' ');
		}
		write_node(entry->value, indent + INDENT, out);
	}
}

static void write_list(const struct val *v, size_t indent, struct str *out)
{
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, v)) {
		if (i > 0)
			str_add_repeat(out, ' ', indent);
		str_addz(out, "- ");
		write_node(item, indent + INDENT, out);
	}
}

static void write_node(const struct val *v, size_t indent, struct str *out)
{
	if (!is_nested(v))
		write_scalar(v, indent, out);
	else if (v->kind == VAL_MAP)
		write_map(v, indent, out);
	else
		write_list(v, indent, out);
}

void yaml_write(const struct val *v, struct str *out)
{
	write_node(v, 0, out);
}
