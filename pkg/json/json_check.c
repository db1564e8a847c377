#include "base/base.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "json/json_check.h"

struct checker {
	const struct val_source *source;
	const char *text;
	size_t len, at;
	size_t depth, nodes;
};

size_t json_skip_space(const char *text, size_t len, size_t at)
{
	while (at < len &&
	       (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r'))
		at++;
	return at;
}

size_t json_skip_string(const char *text, size_t len, size_t at)
{
	for (at++; at < len && text[at] != '"'; at++)
		if (text[at] == '\\')
			at++;
	return MIN(at + 1, len);
}

static bool is_word_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '+' || c == '-' || c == '.' || c == '_';
}

size_t json_skip_word(const char *text, size_t len, size_t at)
{
	while (at < len && is_word_char(text[at]))
		at++;
	return at;
}

/* --- errors --- */

static err *place(const struct checker *c, err *take_e, size_t start, size_t end)
{
	return err_source(take_e, c->source->name, c->text, c->len, start, end);
}

static err *early_end(const struct checker *c, const char *expected)
{
	err *e = err_new(ERR_INVALID, "expected %s, found the end of the text", expected);
	return place(c, err_hint(e, "a bracket or a quote is not closed"), c->len, c->len);
}

static err *unexpected(const struct checker *c, const char *expected)
{
	if (c->at >= c->len)
		return early_end(c, expected);
	char found = c->text[c->at];
	size_t end = json_skip_word(c->text, c->len, c->at);
	if (end == c->at) {
		size_t code_len = utf8_decode(c->text + c->at, c->len - c->at, &(uint32_t){ 0 });
		end += MAX(code_len, (size_t)1);
	}
	err *e = err_new(ERR_INVALID, "expected %s, found '%.*s'", expected,
	                 (int)MIN(end - c->at, (size_t)40), c->text + c->at);
	if (found == '\'')
		e = err_hint(e, "JSON strings are written in double quotes");
	else if (found == '/' || found == '#')
		e = err_hint(e, "JSON has no comments");
	else if (is_word_char(found))
		e = err_hint(e, "put the text in double quotes");
	return place(c, e, c->at, end);
}

/* --- pieces --- */

static bool is_hex(char ch)
{
	return (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'f') || (ch >= 'A' && ch <= 'F');
}

static err *check_escape(struct checker *c)
{
	size_t start = c->at++;
	char kind = c->at < c->len ? c->text[c->at] : '\0';
	if (kind != '\0' && strchr("\"\\/bfnrt", kind)) {
		c->at++;
		return NULL;
	}
	bool valid = kind == 'u' && c->len - c->at > 4;
	for (size_t i = 1; valid && i <= 4; i++)
		valid = is_hex(c->text[c->at + i]);
	if (!valid)
		return place(c, err_new(ERR_INVALID, "an unknown escape in a string"), start,
		             MIN(start + 2, c->len));
	c->at += 5;
	return NULL;
}

static err *check_string(struct checker *c)
{
	size_t start = c->at++;
	while (c->at < c->len && c->text[c->at] != '"') {
		unsigned char byte = (unsigned char)c->text[c->at];
		if (byte == '\\') {
			TRY(check_escape(c));
		} else if (byte == '\n' || byte == '\r') {
			err *e = err_new(ERR_INVALID, "this string is not closed on its line");
			return place(c, err_hint(e, "write a line feed as \\n"), start, c->at);
		} else if (byte < 0x20) {
			err *e = err_new(ERR_INVALID, "a control character in a string");
			return place(c, err_hint(e, "write it as \\u%04x", byte), c->at, c->at + 1);
		} else {
			c->at++;
		}
	}
	if (c->at >= c->len)
		return place(c, err_new(ERR_INVALID, "this string is never closed"), start,
		             start + 1);
	c->at++;
	return NULL;
}

static size_t digits(const struct checker *c, size_t at)
{
	size_t start = at;
	while (at < c->len && c->text[at] >= '0' && c->text[at] <= '9')
		at++;
	return at - start;
}

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?; 0 when it is no number. */
static size_t number_end(const struct checker *c)
{
	size_t at = c->at + (c->text[c->at] == '-');
	size_t whole = digits(c, at);
	if (whole == 0 || (whole > 1 && c->text[at] == '0'))
		return 0;
	at += whole;
	if (at < c->len && c->text[at] == '.') {
		size_t fraction = digits(c, at + 1);
		if (fraction == 0)
			return 0;
		at += 1 + fraction;
	}
	if (at < c->len && (c->text[at] == 'e' || c->text[at] == 'E')) {
		at++;
		at += at < c->len && (c->text[at] == '+' || c->text[at] == '-');
		size_t exponent = digits(c, at);
		if (exponent == 0)
			return 0;
		at += exponent;
	}
	return at;
}

static err *check_number(struct checker *c)
{
	size_t word = json_skip_word(c->text, c->len, c->at);
	if (number_end(c) != word) {
		err *e = err_new(ERR_INVALID, "'%.*s' is not a JSON number",
		                 (int)MIN(word - c->at, (size_t)40), c->text + c->at);
		return place(c, err_hint(e, "put the text in double quotes"), c->at, word);
	}
	c->at = word;
	return NULL;
}

static err *check_literal(struct checker *c)
{
	static const char *const literals[] = { "true", "false", "null" };
	size_t len = json_skip_word(c->text, c->len, c->at) - c->at;
	for (size_t i = 0; i < ARRAY_LEN(literals); i++) {
		if (strlen(literals[i]) == len && memcmp(literals[i], c->text + c->at, len) == 0) {
			c->at += len;
			return NULL;
		}
	}
	return unexpected(c, "a value");
}

/* --- structure --- */

static err *check_value(struct checker *c);

static void skip_space(struct checker *c)
{
	c->at = json_skip_space(c->text, c->len, c->at);
}

static bool take(struct checker *c, char wanted)
{
	skip_space(c);
	if (c->at >= c->len || c->text[c->at] != wanted)
		return false;
	c->at++;
	return true;
}

/* Behind a comma: a closing bracket is the classic mistake. */
static err *refuse_trailing_comma(struct checker *c, size_t comma, char bracket)
{
	skip_space(c);
	if (c->at >= c->len || c->text[c->at] != bracket)
		return NULL;
	err *e = err_new(ERR_INVALID, "a comma before '%c'", bracket);
	return place(c, err_hint(e, "remove it: JSON has no trailing commas"), comma, comma + 1);
}

static err *check_member(struct checker *c)
{
	skip_space(c);
	if (c->at >= c->len || c->text[c->at] != '"')
		return unexpected(c, "a key in double quotes");
	size_t start = c->at;
	TRY(check_string(c));
	if (c->at - start - 2 > LIMIT_KEY_BYTES)
		return place(c,
		             err_new(ERR_LIMIT, "a key has more than the %u bytes accepted",
		                     LIMIT_KEY_BYTES),
		             start, c->at);
	if (!take(c, ':'))
		return unexpected(c, "':' behind the key");
	return check_value(c);
}

static err *check_items(struct checker *c, char closing, err *(*check_item)(struct checker *),
                        const char *expected)
{
	size_t start = c->at++;
	if (++c->depth > LIMIT_DEPTH)
		return place(c, err_new(ERR_LIMIT, "nested deeper than %u levels", LIMIT_DEPTH),
		             start, start + 1);
	if (!take(c, closing)) {
		TRY(check_item(c));
		while (!take(c, closing)) {
			size_t comma = c->at;
			if (!take(c, ','))
				return unexpected(c, expected);
			TRY(refuse_trailing_comma(c, comma, closing));
			TRY(check_item(c));
		}
	}
	c->depth--;
	return NULL;
}

static err *check_value(struct checker *c)
{
	skip_space(c);
	if (c->at >= c->len)
		return early_end(c, "a value");
	if (++c->nodes > LIMIT_NODES)
		return place(c, err_new(ERR_LIMIT, "more than %u values", LIMIT_NODES), c->at,
		             c->at + 1);
	char first = c->text[c->at];
	if (first == '{')
		return check_items(c, '}', check_member, "',' or '}'");
	if (first == '[')
		return check_items(c, ']', check_value, "',' or ']'");
	if (first == '"')
		return check_string(c);
	if (first == '-' || (first >= '0' && first <= '9'))
		return check_number(c);
	return check_literal(c);
}

static err *check_bytes(const struct checker *c)
{
	size_t bad;
	if (c->len > LIMIT_DOC_BYTES)
		return err_at(err_new(ERR_LIMIT,
		                      "the text has %zu bytes, more than the %u accepted", c->len,
		                      LIMIT_DOC_BYTES),
		              c->source->name, 0, 0);
	if (utf8_valid(c->text, c->len, &bad))
		return NULL;
	return place(c, err_new(ERR_INVALID, "byte 0x%02x is not valid UTF-8", c->text[bad] & 0xff),
	             bad, bad + 1);
}

err *json_check(const struct val_source *source, size_t start)
{
	struct checker c = {
		.source = source, .text = source->text, .len = source->len, .at = start
	};
	TRY(check_bytes(&c));
	skip_space(&c);
	if (c.at == c.len)
		return err_at(err_new(ERR_INVALID, "the file is empty"), source->name, 1, 1);
	TRY(check_value(&c));
	skip_space(&c);
	return c.at == c.len ? NULL : unexpected(&c, "the end of the text");
}
