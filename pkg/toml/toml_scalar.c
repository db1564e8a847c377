/* Strings, numbers, dates. */
#include "base/base.h"

#include <ctype.h>

#include "base/num.h"
#include "toml/toml_private.h"

/* --- strings --- */

static void pass_line_end(struct val_reader *r)
{
	r->at += r->text[r->at] == '\r';
	r->at++;
	r->line++;
	r->line_start = r->at;
}

static bool at_line_end(const struct val_reader *r)
{
	return val_reader_at(r, "\n") || val_reader_at(r, "\r\n");
}

/* A backslash at the end of a line: it and all blanks and line ends behind it are nothing. */
static bool skip_folded(struct val_reader *r)
{
	size_t at = r->at;
	while (at < r->len && (r->text[at] == ' ' || r->text[at] == '\t'))
		at++;
	if (at >= r->len ||
	    (r->text[at] != '\n' && !(r->text[at] == '\r' && r->text[at + 1] == '\n')))
		return false;
	for (;;) {
		toml_skip_blanks(r);
		if (!at_line_end(r))
			return true;
		pass_line_end(r);
	}
}

static err *read_escape(struct val_reader *r, bool is_multi, struct str *out)
{
	static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
	r->at++;
	if (is_multi && skip_folded(r))
		return NULL;
	char c = r->at < r->len ? r->text[r->at] : '\0';
	const char *found = c ? strchr(from, c) : NULL;
	if (c != 'u' && c != 'U' && !found)
		return val_reader_error(r, r->at,
		                        "unknown escape; a backslash itself is written twice");
	r->at++;
	if (!found)
		return val_reader_code(r, c == 'u' ? 4 : 8, 16, out);
	str_addch(out, to[found - from]);
	return NULL;
}

/* At most two quotes may stand before the three that close. */
static bool closes(const struct val_reader *r, const char *quotes)
{
	return val_reader_at(r, quotes) && !(quotes[1] && r->text[r->at + 3] == quotes[0]);
}

static err *read_char(struct val_reader *r, bool is_basic, bool is_multi, struct str *out)
{
	unsigned char c = (unsigned char)r->text[r->at];
	if (is_basic && c == '\\')
		return read_escape(r, is_multi, out);
	if (is_multi && at_line_end(r)) {
		pass_line_end(r);
		str_addch(out, '\n');
		return NULL;
	}
	if ((c < 0x20 && c != '\t') || c == 0x7f)
		return val_reader_error(r, r->at,
		                        c == '\n' || c == '\r'
		                                ? "the string does not end on its line"
		                                : "a control character in a string");
	str_addch(out, (char)c);
	r->at++;
	return NULL;
}

err *toml_read_string(struct val_reader *r, bool is_key, struct view *ret_text)
{
	static const char *const basic[] = { "\"", "\"\"\"" }, *const literal[] = { "'", "'''" };
	bool is_basic = r->text[r->at] == '"';
	const char *const *quotes = is_basic ? basic : literal;
	bool is_multi = val_reader_at(r, quotes[1]);
	size_t start = r->at, run = 0;
	AUTO(str) text = STR_INIT;
	if (is_multi && is_key)
		return val_reader_error(r, start, "a key is a string of one line");
	r->at += strlen(quotes[is_multi]);
	if (is_multi && at_line_end(r))
		pass_line_end(r);
	while (!closes(r, quotes[is_multi])) {
		if (r->at >= r->len)
			return val_reader_error(r, r->at, "a string that is not closed");
		run = r->text[r->at] == quotes[0][0] ? run + 1 : 0;
		if (is_multi && run > 2)
			return val_reader_error(r, r->at, "too many quotes in a row");
		TRY(read_char(r, is_basic, is_multi, &text));
	}
	r->at += strlen(quotes[is_multi]);
	*ret_text = (struct view){ arena_strndup(r->arena, text.ptr, text.len), text.len };
	return NULL;
}

/* --- numbers --- */

static bool is_digit(char c, bool is_hex)
{
	return is_hex ? isxdigit((unsigned char)c) : isdigit((unsigned char)c);
}

/* Underscores stand between digits only. */
static bool without_underscores(const char *text, size_t len, struct str *out)
{
	bool is_hex = len > 2 && text[0] == '0' && text[1] == 'x';
	for (size_t i = 0; i < len; i++) {
		bool is_between = i > 0 && i + 1 < len && is_digit(text[i - 1], is_hex) &&
		                  is_digit(text[i + 1], is_hex);
		if (text[i] == '_' && !is_between)
			return false;
		if (text[i] != '_')
			str_addch(out, text[i]);
	}
	return true;
}

static bool read_prefixed(const struct str *text, int64_t *ret_integer)
{
	unsigned base = text->ptr[1] == 'x' ? 16 : text->ptr[1] == 'o' ? 8 : 2;
	uint64_t number;
	if (!num_parse_u64(text->ptr + 2, text->len - 2, base, &number) || number > INT64_MAX)
		return false;
	*ret_integer = (int64_t)number;
	return true;
}

static size_t count_digits(const char *text)
{
	size_t n = 0;
	while (isdigit((unsigned char)text[n]))
		n++;
	return n;
}

/* [sign] digits without leading zero [.digits] [e [sign] digits] */
static bool is_float(const char *text)
{
	text += *text == '+' || *text == '-';
	size_t whole = count_digits(text);
	if (whole == 0 || (whole > 1 && *text == '0'))
		return false;
	text += whole;
	if (*text == '.') {
		size_t part = count_digits(text + 1);
		if (part == 0)
			return false;
		text += 1 + part;
	}
	if (*text == 'e' || *text == 'E') {
		text++;
		text += *text == '+' || *text == '-';
		size_t exponent = count_digits(text);
		if (exponent == 0)
			return false;
		text += exponent;
	}
	return *text == '\0';
}

static bool is_named_float(const char *text)
{
	text += *text == '+' || *text == '-';
	return str_equal(text, "inf") || str_equal(text, "nan");
}

/* A number as its word has it, without underscores. */
static bool set_number(const struct str *text, struct val *v)
{
	const char *digits = text->ptr + (*text->ptr == '+' || *text->ptr == '-');
	bool is_plain = count_digits(digits) == strlen(digits);
	v->kind = VAL_INT;
	if (text->len > 2 && text->ptr[0] == '0' && strchr("xob", text->ptr[1]))
		return read_prefixed(text, &v->as.integer);
	if (is_plain && *digits)
		return !(digits[0] == '0' && digits[1]) &&
		       num_parse_i64(text->ptr, text->len, &v->as.integer);
	v->kind = VAL_FLOAT;
	if (!is_float(text->ptr))
		return false;
	v->as.number = strtod(text->ptr, NULL);
	return true;
}

/* --- dates and times --- */

/* `pattern`: 0 stands for a digit, everything else for itself. */
static bool matches(const char *text, const char *pattern)
{
	for (; *pattern; text++, pattern++)
		if (*pattern == '0' ? !isdigit((unsigned char)*text) : *text != *pattern)
			return false;
	return true;
}

static int two(const char *text)
{
	return (text[0] - '0') * 10 + text[1] - '0';
}

static bool is_date(const char *text)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	if (!matches(text, "0000-00-00"))
		return false;
	int year = two(text) * 100 + two(text + 2), month = two(text + 5), day = two(text + 8);
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month >= 1 && month <= 12 && day >= 1 &&
	       day <= days[month - 1] + (month == 2 && is_leap);
}

/* Length of a time without offset at `text`; 0 when it is none. */
static size_t time_len(const char *text)
{
	if (!matches(text, "00:00:00") || two(text) > 23 || two(text + 3) > 59 ||
	    two(text + 6) > 60)
		return 0;
	if (text[8] != '.')
		return 8;
	size_t part = count_digits(text + 9);
	return part ? 9 + part : 0;
}

static bool is_offset(const char *text)
{
	if (str_equal(text, "Z") || str_equal(text, "z"))
		return true;
	return (*text == '+' || *text == '-') && matches(text + 1, "00:00") && text[6] == '\0' &&
	       two(text + 1) < 24 && two(text + 4) < 60;
}

static bool is_moment(const char *text)
{
	size_t len = time_len(text);
	if (len > 0)
		return text[len] == '\0';
	if (!is_date(text) || text[10] == '\0')
		return is_date(text);
	len = strchr("Tt ", text[10]) ? time_len(text + 11) : 0;
	return len > 0 && (text[11 + len] == '\0' || is_offset(text + 11 + len));
}

/* --- words --- */

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("+-_.:", c));
}

static size_t word_end(const struct val_reader *r)
{
	size_t end = r->at;
	while (end < r->len && is_word(r->text[end]))
		end++;
	/* A blank may stand between a date and its time. */
	bool is_split = end - r->at == 10 && matches(r->text + r->at, "0000-00-00") &&
	                r->text[end] == ' ' && matches(r->text + end + 1, "00:");
	if (is_split)
		for (end++; end < r->len && is_word(r->text[end]);)
			end++;
	return end;
}

err *toml_read_word(struct val_reader *r, struct val **ret_v)
{
	AUTO(str) text = STR_INIT;
	size_t start = r->at, end = word_end(r), len = end - start;
	const char *word = r->text + start;
	struct val *v;
	if (len == 0)
		return val_reader_error(r, start, "expected a value");
	TRY(val_reader_new(r, VAL_BOOL, start, &v));
	v->style = VAL_STYLE_PLAIN;
	r->at = v->mark.end = (uint32_t)end;
	*ret_v = v;
	const struct view all = { word, len };
	v->as.boolean = view_is(all, "true");
	if (v->as.boolean || view_is(all, "false"))
		return NULL;
	str_add(&text, word, len);
	if (is_moment(text.ptr) || is_named_float(text.ptr)) {
		v->kind = VAL_STR;
		v->as.str.ptr = arena_strndup(r->arena, word, len);
		v->as.str.len = len;
		return NULL;
	}
	str_reset(&text);
	if (!without_underscores(word, len, &text) || !set_number(&text, v))
		return val_reader_error(r, start,
		                        "'%.*s' is no number, date or boolean; texts are quoted",
		                        (int)MIN(len, (size_t)60), word);
	return NULL;
}
