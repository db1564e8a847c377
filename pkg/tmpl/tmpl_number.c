#include "base/base.h"

#include "tmpl/tmpl_number.h"

#include "base/num.h"

#include <ctype.h>
#include <math.h>

static struct view without_sign(struct view text)
{
	bool has_sign = text.len && (text.ptr[0] == '-' || text.ptr[0] == '+');
	return (struct view){ text.ptr + has_sign, text.len - has_sign };
}

/* Each underscore stands between digits, or behind 0x, 0o or 0b. */
static bool underscores_fit(struct view digits)
{
	size_t prefix;
	bool is_hex = num_base(digits.ptr, digits.len, &prefix) == 16;
	bool after_digit = prefix == 2, after_underscore = false;
	for (size_t i = prefix == 2 ? 2 : 0; i < digits.len; i++) {
		unsigned char c = (unsigned char)digits.ptr[i];
		bool is_digit = isdigit(c) || (is_hex && isxdigit(c));
		if (c == '_' ? !after_digit : !is_digit && after_underscore)
			return false;
		after_underscore = c == '_';
		after_digit = is_digit;
	}
	return !after_underscore;
}

static void add_without_underscores(struct view text, struct str *out)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '_')
			str_addch(out, text.ptr[i]);
}

bool go_parse_int(struct view text, int64_t *ret_number)
{
	AUTO(str) plain = STR_INIT;
	add_without_underscores(text, &plain);
	return underscores_fit(without_sign(text)) &&
	       num_parse_prefixed(plain.ptr, plain.len, ret_number);
}

int64_t go_atoi(struct view text)
{
	struct view digits = without_sign(text);
	int64_t number;
	for (size_t i = 0; i < digits.len; i++)
		if (!isdigit((unsigned char)digits.ptr[i]))
			return 0;
	if (digits.len == 0)
		return 0;
	if (num_parse_i64(text.ptr, text.len, &number))
		return number;
	return text.ptr[0] == '-' ? INT64_MIN : INT64_MAX;
}

bool go_parse_float(struct view text, double *ret_number)
{
	AUTO(str) plain = STR_INIT;
	struct view digits = without_sign(text);
	size_t prefix;
	if (!digits.len || isspace((unsigned char)digits.ptr[0]) || strchr("+-", digits.ptr[0]) ||
	    memchr(text.ptr, '\0', text.len) || memchr(text.ptr, '(', text.len) ||
	    !underscores_fit(digits))
		return false;
	add_without_underscores(text, &plain);
	bool is_hex = num_base(digits.ptr, digits.len, &prefix) == 16;
	if (is_hex && !strpbrk(plain.ptr, "pP"))
		return false;
	char *end = NULL;
	double number = strtod(plain.ptr, &end);
	bool is_word = isalpha((unsigned char)digits.ptr[0]);
	if (*end || end == plain.ptr || (isinf(number) && !is_word))
		return false;
	*ret_number = number;
	return true;
}
