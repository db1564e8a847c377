#include "base/base.h"

#include "ui/escape.h"

#include "base/utf8.h"

struct range {
	uint32_t first, last;
};

/* C1 controls, marks that change direction or hide text, line separators, byte order mark. */
static const struct range dangerous[] = {
	{ 0x7f, 0x9f },     { 0xad, 0xad },     { 0x61c, 0x61c },
	{ 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },
	{ 0xfeff, 0xfeff }, { 0xfff0, 0xfffb }, { 0xe0000, 0xe0fff },
};

/* The blocks that matter in practice; a terminal may disagree about single characters. */
static const struct range wide[] = {
	{ 0x1100, 0x115f },   { 0x231a, 0x231b },   { 0x2e80, 0x303e },   { 0x3041, 0x33ff },
	{ 0x3400, 0x4dbf },   { 0x4e00, 0x9fff },   { 0xa000, 0xa4cf },   { 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },
	{ 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
};

static const struct range combining[] = {
	{ 0x300, 0x36f },   { 0x483, 0x489 },   { 0x591, 0x5bd },   { 0x610, 0x61a },
	{ 0x64b, 0x65f },   { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff },
	{ 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f },
};

static bool is_in(uint32_t code, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

static void add_ascii(struct str *out, char c, unsigned flags)
{
	if (c == '\n' && !(flags & ESCAPE_KEEP_NEWLINES))
		str_addz(out, "\\n");
	else if (c == '\t' && !(flags & ESCAPE_KEEP_TABS))
		str_addz(out, "\\t");
	else if (c == '\r')
		str_addz(out, "\\r");
	else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
		str_addf(out, "\\x%02x", (unsigned)c);
	else
		str_addch(out, c);
}

static size_t plain_ascii_len(const char *text, size_t len)
{
	size_t i = 0;
	while (i < len && text[i] >= 0x20 && text[i] < 0x7f)
		i++;
	return i;
}

/* Appends the character at `text`, returns its bytes. */
static size_t add_wide(struct str *out, const char *text, size_t len)
{
	uint32_t code;
	size_t size = utf8_decode(text, len, &code);
	if (size == 0) {
		str_addf(out, "\\x%02x", (unsigned)(unsigned char)*text);
		return 1;
	}
	if (!is_in(code, dangerous, ARRAY_LEN(dangerous)))
		str_add(out, text, size);
	else if (code < 0x10000)
		str_addf(out, "\\u%04x", (unsigned)code);
	else
		str_addf(out, "\\U%08x", (unsigned)code);
	return size;
}

void escape_add(struct str *out, const char *text, size_t len, unsigned flags)
{
	for (size_t at = 0; at < len;) {
		size_t plain = plain_ascii_len(text + at, len - at);
		str_add(out, text + at, plain);
		at += plain;
		if (at == len)
			break;
		if ((unsigned char)text[at] < 0x80)
			add_ascii(out, text[at++], flags);
		else
			at += add_wide(out, text + at, len - at);
	}
}

static size_t next_width(const char *text, size_t len, size_t *ret_size)
{
	uint32_t code;
	size_t size = utf8_decode(text, len, &code);
	*ret_size = size ? size : 1;
	if (size <= 1)
		return 1;
	if (is_in(code, combining, ARRAY_LEN(combining)))
		return 0;
	return is_in(code, wide, ARRAY_LEN(wide)) ? 2 : 1;
}

size_t escape_width(const char *text, size_t len)
{
	size_t columns = 0;
	for (size_t at = 0, size; at < len; at += size)
		columns += next_width(text + at, len - at, &size);
	return columns;
}

size_t escape_fit(const char *text, size_t len, size_t columns)
{
	size_t at = 0, used = 0;
	while (at < len) {
		size_t size, more = next_width(text + at, len - at, &size);
		if (used + more > columns)
			break;
		used += more;
		at += size;
	}
	return at;
}
