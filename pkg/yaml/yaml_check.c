#include "base/base.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "yaml/yaml_internal.h"

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/* True when none of 8 bytes is below 0x20, 0x7f, or 0x80 and above: nothing to look at closely. */
static bool is_simple_word(uint64_t word)
{
	uint64_t below = (word - EACH_BYTE(0x20)) & ~word;
	uint64_t del = (word ^ EACH_BYTE(0x7f)) - EACH_BYTE(0x01);
	return ((below | del | word) & EACH_BYTE(0x80)) == 0;
}

/* The printable set of YAML 1.1; line feeds, carriage returns and tabs included. */
static bool is_allowed(uint32_t code)
{
	if (code < 0x20)
		return code == '\t' || code == '\n' || code == '\r';
	if (code < 0x7f)
		return true;
	return code == 0x85 || (code >= 0xa0 && code != 0xfeff && code != 0xfffe && code != 0xffff);
}

static err *at_byte(const struct val_source *source, err *take_e, size_t at)
{
	return err_source(take_e, source->name, source->text, source->len, at, at + 1);
}

static err *refuse_code(const struct val_source *source, uint32_t code, size_t at)
{
	err *e = err_new(ERR_INVALID, "the character U+%04" PRIX32 " is not allowed in YAML", code);
	if (code == 0)
		e = err_hint(e, "a zero byte usually means that this is a binary file");
	else
		e = err_hint(e, "write it as an escape in double quotes: \"\\u%04" PRIX32 "\"",
		             code);
	return at_byte(source, e, at);
}

static err *check_encoding(const struct val_source *source)
{
	const char *text = source->text;
	size_t len = source->len;
	bool has_mark =
		len >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0);
	bool has_zeros = len >= 2 && (text[0] == '\0') != (text[1] == '\0') && len % 2 == 0;
	if (!has_mark && !has_zeros)
		return NULL;
	err *e = err_new(ERR_INVALID, "the text is UTF-16, expected UTF-8");
	e = err_hint(e, "save the file as UTF-8, for example: iconv -f UTF-16 -t UTF-8");
	return err_at(e, source->name, 1, 1);
}

err *yaml_check_bytes(const struct val_source *source, size_t *ret_bom, bool *ret_is_ascii)
{
	const char *text = source->text;
	size_t len = source->len;
	if (len > LIMIT_DOC_BYTES)
		return err_at(err_new(ERR_LIMIT,
		                      "the text has %zu bytes, more than the %u accepted", len,
		                      LIMIT_DOC_BYTES),
		              source->name, 0, 0);
	TRY(check_encoding(source));
	size_t bom = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	bool is_ascii = true;
	for (size_t at = bom; at < len;) {
		uint64_t word;
		if (len - at >= 8 && (memcpy(&word, text + at, 8), is_simple_word(word))) {
			at += 8;
			continue;
		}
		size_t stop = len - at >= 8 ? at + 8 : len;
		while (at < stop) {
			if ((unsigned char)(text[at] - 0x20) < 0x5f || text[at] == '\n') {
				at++;
				continue;
			}
			uint32_t code;
			size_t code_len = utf8_decode(text + at, len - at, &code);
			if (code_len == 0)
				return at_byte(source,
				               err_new(ERR_INVALID,
				                       "byte 0x%02x is not valid UTF-8",
				                       text[at] & 0xff),
				               at);
			if (!is_allowed(code))
				return refuse_code(source, code, at);
			is_ascii = is_ascii && code_len == 1;
			at += code_len;
		}
	}
	*ret_bom = bom;
	*ret_is_ascii = is_ascii;
	return NULL;
}
