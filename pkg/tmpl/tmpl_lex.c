/* The words of an action, as text/template and Go's constants have them. */
#include "base/base.h"

#include "tmpl/tmpl_lex.h"

#include "base/num.h"
#include "base/utf8.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

err *tmpl_fail(const struct parser *p, size_t at, const char *fmt, ...)
{
	AUTO(str) text = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&text, fmt, args);
	va_end(args);
	return tmpl_error(p->tmpl, at, "%s", text.ptr);
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* --- tokens of an action --- */

static size_t word_end(const struct parser *p, size_t pos)
{
	while (pos < p->text.len && is_word(p->text.ptr[pos]))
		pos++;
	return pos;
}

static const char *copy(const struct parser *p, size_t from, size_t to)
{
	return arena_strndup(p->arena, p->text.ptr + from, to - from);
}

/* The end of the action here: "}}" or " -}}"; its length, 0: no. */
static size_t end_len(const struct parser *p, size_t pos, bool *ret_trims)
{
	*ret_trims = tmpl_at(p, pos) == '-' && tmpl_starts_at(p, pos + 1, p->right, p->right_len);
	if (*ret_trims)
		return 1 + p->right_len;
	return tmpl_starts_at(p, pos, p->right, p->right_len) ? p->right_len : 0;
}

static void add_rune(struct str *out, uint32_t rune)
{
	char bytes[4];
	str_add(out, bytes, utf8_encode(rune, bytes));
}

/* The escape behind a backslash at *pos; in a string \x and octal are bytes, in a character a number. */
static err *parse_escape(const struct parser *p, size_t *pos, char quote, struct str *out)
{
	static const char letters[] = "abfnrtv\\";
	static const char bytes[] = "\a\b\f\n\r\t\v\\";
	char c = tmpl_at(p, *pos);
	const char *known = c ? strchr(letters, c) : NULL;
	size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : c >= '0' && c <= '7' ? 3 : 0;
	unsigned base = c >= '0' && c <= '7' ? 8 : 16;
	uint64_t number = 0;
	if (known || c == quote) {
		str_addch(out, known ? bytes[known - letters] : quote);
		(*pos)++;
		return NULL;
	}
	size_t start = *pos + (base == 16);
	if (!digits || start + digits > p->text.len ||
	    !num_parse_u64(p->text.ptr + start, digits, base, &number) || number > 0x10ffff ||
	    (base == 8 && number > 255))
		return tmpl_fail(p, *pos - 1, "unknown escape in a constant");
	if (c == 'u' || c == 'U')
		add_rune(out, (uint32_t)number);
	else
		str_addch(out, (char)number);
	*pos = start + digits;
	return NULL;
}

static err *lex_string(struct parser *p, size_t start)
{
	AUTO(str) text = STR_INIT;
	size_t pos = start + 1;
	while (tmpl_at(p, pos) != '"') {
		char c = tmpl_at(p, pos);
		if (pos >= p->text.len || c == '\n')
			return tmpl_fail(p, start, "unterminated quoted string");
		pos++;
		if (c == '\\')
			TRY(parse_escape(p, &pos, '"', &text));
		else
			str_addch(&text, c);
	}
	p->pos = pos + 1;
	p->token = (struct token){ TOKEN_VALUE, start, NULL,
		                   val_new_strn(p->arena, text.ptr, text.len) };
	return NULL;
}

/* `…`; carriage returns stay, as text/template keeps them (strconv.Unquote drops them). */
static err *lex_raw(struct parser *p, size_t start)
{
	AUTO(str) text = STR_INIT;
	size_t pos = start + 1;
	for (; tmpl_at(p, pos) != '`'; pos++) {
		if (pos >= p->text.len)
			return tmpl_fail(p, start, "unterminated raw quoted string");
		if (tmpl_at(p, pos) != '\r')
			str_addch(&text, tmpl_at(p, pos));
	}
	p->pos = pos + 1;
	p->token = (struct token){ TOKEN_VALUE, start, NULL,
		                   val_new_strn(p->arena, text.ptr, text.len) };
	return NULL;
}

static err *lex_char(struct parser *p, size_t start)
{
	AUTO(str) text = STR_INIT;
	size_t pos = start + 1;
	uint32_t rune = 0;
	char c = tmpl_at(p, pos);
	bool is_byte = c == '\\' &&
	               (tmpl_at(p, pos + 1) == 'x' || isdigit((unsigned char)tmpl_at(p, pos + 1)));
	if (c == '\\') {
		pos++;
		TRY(parse_escape(p, &pos, '\'', &text));
	} else {
		while (pos < p->text.len && tmpl_at(p, pos) != '\'' && tmpl_at(p, pos) != '\n')
			str_addch(&text, tmpl_at(p, pos++));
	}
	if (is_byte)
		rune = (unsigned char)text.ptr[0];
	else if (text.len == 0 || utf8_decode(text.ptr, text.len, &rune) != text.len)
		return tmpl_fail(p, start, "malformed character constant");
	if (tmpl_at(p, pos) != '\'')
		return tmpl_fail(p, start, "unterminated character constant");
	p->pos = pos + 1;
	p->token = (struct token){ TOKEN_VALUE, start, NULL, val_new_int(p->arena, rune) };
	return NULL;
}

/* Without '_' ("1_000"), which may stand between digits. */
static char *digits_of(const struct parser *p, size_t from, size_t to)
{
	AUTO(str) text = STR_INIT;
	for (size_t i = from; i < to; i++)
		if (p->text.ptr[i] != '_')
			str_addch(&text, p->text.ptr[i]);
	return str_detach(&text);
}

static err *lex_number(struct parser *p, size_t start)
{
	size_t pos = start + (tmpl_at(p, start) == '-' || tmpl_at(p, start) == '+');
	bool is_hex = tmpl_at(p, pos) == '0' && tolower((unsigned char)tmpl_at(p, pos + 1)) == 'x';
	const char *exponents = is_hex ? "pP" : "eE";
	while (isalnum((unsigned char)tmpl_at(p, pos)) || tmpl_at(p, pos) == '.' ||
	       tmpl_at(p, pos) == '_' ||
	       ((tmpl_at(p, pos) == '-' || tmpl_at(p, pos) == '+') &&
	        strchr(exponents, tmpl_at(p, pos - 1))))
		pos++;
	AUTOFREE char *text = digits_of(p, start, pos);
	struct token token = { TOKEN_VALUE, start, NULL, NULL };
	int64_t integer;
	bool is_float = strpbrk(text, is_hex ? ".pP" : ".eE") != NULL;
	if (!is_float && num_parse_prefixed(text, strlen(text), &integer)) {
		token.value = val_new_int(p->arena, integer);
	} else {
		char *end;
		double number = strtod(text, &end);
		if (!is_float || *end || end == text || !isfinite(number))
			return tmpl_fail(p, start, "bad number '%.60s'", text);
		token.value = val_new_float(p->arena, number);
	}
	p->pos = pos;
	p->token = token;
	return NULL;
}

static err *lex_word(struct parser *p, size_t start)
{
	size_t end = word_end(p, start + (tmpl_at(p, start) == '$' || tmpl_at(p, start) == '.'));
	const char *text = copy(p, start, end);
	p->pos = end;
	p->token = (struct token){ TOKEN_NAME, start, text, NULL };
	if (*text == '$')
		p->token.kind = TOKEN_VARIABLE;
	else if (*text == '.')
		p->token = (struct token){ TOKEN_FIELD, start, text + 1, NULL };
	else if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		p->token = (struct token){ TOKEN_VALUE, start, text,
			                   val_new_bool(p->arena, *text == 't') };
	return NULL;
}

err *tmpl_lex(struct parser *p)
{
	static const struct {
		char c;
		enum token_kind kind;
	} single[] = { { '|', TOKEN_PIPE },
		       { '(', TOKEN_LEFT },
		       { ')', TOKEN_RIGHT },
		       { ',', TOKEN_COMMA },
		       { '=', TOKEN_ASSIGN } };
	size_t start = p->pos;
	bool trims;
	char c = tmpl_at(p, start);
	if (start >= p->text.len)
		return tmpl_fail(p, start, "unclosed action");
	if (tmpl_is_space(c)) {
		while (tmpl_is_space(tmpl_at(p, p->pos)))
			p->pos++;
		size_t len = end_len(p, p->pos, &trims);
		if (!len || !trims) {
			p->token = (struct token){ TOKEN_SPACE, start, NULL, NULL };
			return NULL;
		}
		p->pos += len;
		p->trims_next = true;
		p->token = (struct token){ TOKEN_END, start, NULL, NULL };
		return NULL;
	}
	size_t len = end_len(p, start, &trims);
	if (len && !trims) {
		p->pos += len;
		p->trims_next = false;
		p->token = (struct token){ TOKEN_END, start, NULL, NULL };
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_LEN(single); i++)
		if (c == single[i].c) {
			p->pos++;
			p->token = (struct token){ single[i].kind, start, NULL, NULL };
			return NULL;
		}
	if (c == ':' && tmpl_at(p, start + 1) == '=') {
		p->pos += 2;
		p->token = (struct token){ TOKEN_DECLARE, start, NULL, NULL };
		return NULL;
	}
	if (c == '"')
		return lex_string(p, start);
	if (c == '`')
		return lex_raw(p, start);
	if (c == '\'')
		return lex_char(p, start);
	bool has_digit =
		isdigit((unsigned char)tmpl_at(p, start + 1)) ||
		(tmpl_at(p, start + 1) == '.' && isdigit((unsigned char)tmpl_at(p, start + 2)));
	if (isdigit((unsigned char)c) || ((c == '-' || c == '+') && has_digit) ||
	    (c == '.' && isdigit((unsigned char)tmpl_at(p, start + 1))))
		return lex_number(p, start);
	if (c == '.' && !is_word(tmpl_at(p, start + 1))) {
		p->pos++;
		p->token = (struct token){ TOKEN_DOT, start, NULL, NULL };
		return NULL;
	}
	if (c == '$' || c == '.' || is_word(c))
		return lex_word(p, start);
	return tmpl_fail(p, start, "unexpected character '%c' in an action", c);
}
