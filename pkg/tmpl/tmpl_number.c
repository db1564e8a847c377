#include "base/base.h"

#include "tmpl/tmpl_number.h"

#include "base/num.h"

#include <ctype.h>
#include <math.h>

static struct view without_sign(struct view text, bool *ret_is_negative)
{
	*ret_is_negative = text.len && text.ptr[0] == '-';
	if (text.len && (text.ptr[0] == '-' || text.ptr[0] == '+'))
		text = (struct view){ text.ptr + 1, text.len - 1 };
	return text;
}

/* 16, 8 or 2 for 0x, 0o, 0b; 0 without such a prefix. */
static unsigned prefix_base(struct view digits)
{
	if (digits.len < 2 || digits.ptr[0] != '0')
		return 0;
	switch (tolower((unsigned char)digits.ptr[1])) {
	case 'x':
		return 16;
	case 'o':
		return 8;
	case 'b':
		return 2;
	default:
		return 0;
	}
}

/* Each underscore stands between digits, or behind the prefix. */
static bool underscores_fit(struct view digits)
{
	unsigned base = prefix_base(digits);
	bool after_digit = base != 0, after_underscore = false;
	for (size_t i = base ? 2 : 0; i < digits.len; i++) {
		unsigned char c = (unsigned char)digits.ptr[i];
		bool is_digit = isdigit(c) || (base == 16 && isxdigit(c));
		if (c == '_' ? !after_digit : !is_digit && after_underscore)
			return false;
		after_underscore = c == '_';
		after_digit = is_digit;
	}
	return !after_underscore;
}

static char *without_underscores(struct view text)
{
	AUTO(str) out = STR_INIT;
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '_')
			str_addch(&out, text.ptr[i]);
	return str_detach(&out);
}

/* Magnitude and sign; *ret_is_large: it has digits only, but too many. */
static bool parse_digits(struct view digits, unsigned base, bool is_negative, int64_t *ret_number,
                         bool *ret_is_large)
{
	uint64_t limit = (uint64_t)INT64_MAX + is_negative, number = 0;
	*ret_is_large = false;
	for (size_t i = 0; i < digits.len; i++) {
		unsigned char c = (unsigned char)digits.ptr[i];
		int value = isdigit(c) ? c - '0' : isxdigit(c) ? tolower(c) - 'a' + 10 : 99;
		unsigned digit = (unsigned)value;
		if (digit >= base)
			return false;
		*ret_is_large |= number > (limit - digit) / base;
		number = number * base + digit;
	}
	*ret_number = (int64_t)(is_negative ? 0 - number : number);
	return digits.len > 0;
}

bool go_parse_int(struct view text, int64_t *ret_number)
{
	bool is_negative, is_large;
	struct view digits = without_sign(text, &is_negative);
	if (!underscores_fit(digits))
		return false;
	AUTOFREE char *plain = without_underscores(digits);
	struct view rest = view_of(plain);
	unsigned base = prefix_base(rest);
	if (base)
		rest = (struct view){ rest.ptr + 2, rest.len - 2 };
	else if (rest.len > 1 && rest.ptr[0] == '0')
		base = 8;
	return strlen(plain) == rest.len + (size_t)(rest.ptr - plain) &&
	       parse_digits(rest, base ? base : 10, is_negative, ret_number, &is_large) &&
	       !is_large;
}

int64_t go_atoi(struct view text)
{
	bool is_negative, is_large;
	int64_t number = 0;
	struct view digits = without_sign(text, &is_negative);
	if (!parse_digits(digits, 10, is_negative, &number, &is_large))
		return 0;
	return is_large ? (is_negative ? INT64_MIN : INT64_MAX) : number;
}

bool go_parse_float(struct view text, double *ret_number)
{
	bool is_negative;
	struct view digits = without_sign(text, &is_negative);
	if (!digits.len || isspace((unsigned char)digits.ptr[0]) || strchr("+-", digits.ptr[0]) ||
	    memchr(text.ptr, '\0', text.len) || memchr(text.ptr, '(', text.len) ||
	    !underscores_fit(digits))
		return false;
	AUTOFREE char *plain = without_underscores(text);
	bool is_hex = prefix_base(digits) == 16;
	if (is_hex && !strpbrk(plain, "pP"))
		return false;
	char *end = NULL;
	double number = strtod(plain, &end);
	bool is_word = isalpha((unsigned char)digits.ptr[0]);
	if (*end || end == plain || (isinf(number) && !is_word))
		return false;
	*ret_number = number;
	return true;
}
