/*
 * Scalars as sigs.k8s.io/yaml reads them (its fork of go-yaml v2, resolve.go). Its oddities are
 * kept on purpose: 08 is the float 8, 0b-1 is -1, a number too large for a double is a string.
 */
#include "base/base.h"

#include <errno.h>
#include <math.h>

#include "yaml/yaml.h"
#include "yaml/yaml_internal.h"

enum { LONGEST_NUMBER = 512 }; /* longer digit strings stay strings */

static const struct word {
	const char *text;
	enum val_kind kind;
	bool boolean;
	double number;
} words[] = {
	{ "true", VAL_BOOL, true, 0 },
	{ "True", VAL_BOOL, true, 0 },
	{ "TRUE", VAL_BOOL, true, 0 },
	{ "false", VAL_BOOL, false, 0 },
	{ "False", VAL_BOOL, false, 0 },
	{ "FALSE", VAL_BOOL, false, 0 },
	{ "y", VAL_BOOL, true, 0 },
	{ "Y", VAL_BOOL, true, 0 },
	{ "yes", VAL_BOOL, true, 0 },
	{ "Yes", VAL_BOOL, true, 0 },
	{ "YES", VAL_BOOL, true, 0 },
	{ "n", VAL_BOOL, false, 0 },
	{ "N", VAL_BOOL, false, 0 },
	{ "no", VAL_BOOL, false, 0 },
	{ "No", VAL_BOOL, false, 0 },
	{ "NO", VAL_BOOL, false, 0 },
	{ "on", VAL_BOOL, true, 0 },
	{ "On", VAL_BOOL, true, 0 },
	{ "ON", VAL_BOOL, true, 0 },
	{ "off", VAL_BOOL, false, 0 },
	{ "Off", VAL_BOOL, false, 0 },
	{ "OFF", VAL_BOOL, false, 0 },
	{ "null", VAL_NULL, false, 0 },
	{ "Null", VAL_NULL, false, 0 },
	{ "NULL", VAL_NULL, false, 0 },
	{ "~", VAL_NULL, false, 0 },
	{ ".nan", VAL_FLOAT, false, (double)NAN },
	{ ".NaN", VAL_FLOAT, false, (double)NAN },
	{ ".NAN", VAL_FLOAT, false, (double)NAN },
	{ ".inf", VAL_FLOAT, false, (double)INFINITY },
	{ ".Inf", VAL_FLOAT, false, (double)INFINITY },
	{ ".INF", VAL_FLOAT, false, (double)INFINITY },
	{ "+.inf", VAL_FLOAT, false, (double)INFINITY },
	{ "+.Inf", VAL_FLOAT, false, (double)INFINITY },
	{ "+.INF", VAL_FLOAT, false, (double)INFINITY },
	{ "-.inf", VAL_FLOAT, false, -(double)INFINITY },
	{ "-.Inf", VAL_FLOAT, false, -(double)INFINITY },
	{ "-.INF", VAL_FLOAT, false, -(double)INFINITY },
};

static bool resolve_word(const char *text, size_t len, struct yaml_scalar *out)
{
	if (len > 5)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		const struct word *word = &words[i];
		if (word->text[0] != text[0] || strlen(word->text) != len ||
		    memcmp(word->text, text, len) != 0)
			continue;
		out->kind = word->kind;
		out->boolean = word->boolean;
		out->number = word->number;
		out->is_special = word->kind == VAL_FLOAT;
		return true;
	}
	return false;
}

/* --- numbers --- */

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 99;
}

/* All of `text`, at least one digit. */
static bool parse_digits(const char *text, unsigned base, uint64_t *ret_value)
{
	uint64_t value = 0;
	if (!*text)
		return false;
	for (; *text; text++) {
		unsigned digit = digit_value(*text);
		if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*ret_value = value;
	return true;
}

/* 0x 0o 0b in both cases, and a leading 0 for octal. */
static unsigned take_base(const char **text)
{
	const char *at = *text;
	if (at[0] != '0' || at[1] == '\0')
		return 10;
	switch (at[1]) {
	case 'x':
	case 'X':
		*text += 2;
		return 16;
	case 'o':
	case 'O':
		*text += 2;
		return 8;
	case 'b':
	case 'B':
		*text += 2;
		return 2;
	default:
		*text += 1;
		return 8;
	}
}

static void set_integer(struct yaml_scalar *out, uint64_t magnitude, bool is_negative)
{
	out->kind = VAL_INT;
	if (is_negative)
		out->integer = (int64_t)(0 - magnitude);
	else if (magnitude <= INT64_MAX)
		out->integer = (int64_t)magnitude;
	else {
		out->kind = VAL_FLOAT;
		out->number = (double)magnitude;
		out->is_beyond_int64 = true;
	}
}

static bool parse_integer(const char *plain, struct yaml_scalar *out)
{
	bool is_negative = *plain == '-';
	bool has_sign = is_negative || *plain == '+';
	const char *digits = plain + has_sign;
	unsigned base = take_base(&digits);
	/* go-yaml reads what follows 0b once more, and that reading accepts a sign. */
	if (base == 2 && !has_sign && plain[1] == 'b' && (*digits == '-' || *digits == '+')) {
		has_sign = true;
		is_negative = *digits++ == '-';
	}
	uint64_t magnitude;
	if (!parse_digits(digits, base, &magnitude))
		return false;
	if (is_negative && magnitude > (uint64_t)INT64_MAX + 1)
		return false;
	if (has_sign && !is_negative && magnitude > INT64_MAX)
		return false;
	set_integer(out, magnitude, is_negative);
	return true;
}

static const char *skip_digits(const char *at)
{
	while (*at >= '0' && *at <= '9')
		at++;
	return at;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool looks_like_float(const char *at)
{
	if (*at == '-' || *at == '+')
		at++;
	const char *start = at;
	at = skip_digits(at);
	if (at == start) {
		if (*at != '.' || skip_digits(at + 1) == at + 1)
			return false;
		at = skip_digits(at + 1);
	} else if (*at == '.') {
		at = skip_digits(at + 1);
	}
	if (*at == 'e' || *at == 'E') {
		at++;
		if (*at == '-' || *at == '+')
			at++;
		start = at;
		at = skip_digits(at);
		if (at == start)
			return false;
	}
	return *at == '\0';
}

static bool parse_float(const char *plain, struct yaml_scalar *out)
{
	if (!looks_like_float(plain))
		return false;
	double number = strtod(plain, NULL);
	if (!isfinite(number))
		return false;
	out->kind = VAL_FLOAT;
	out->number = number;
	return true;
}

/* Go's rule for floats: an underscore stands between two digits. */
static bool underscores_separate(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == '_' && (i == 0 || i + 1 == len || digit_value(text[i - 1]) > 9 ||
		                       digit_value(text[i + 1]) > 9))
			return false;
	return true;
}

static void resolve_number(const char *text, size_t len, struct yaml_scalar *out)
{
	char plain[LONGEST_NUMBER + 1];
	size_t plain_len = 0;
	if (len > LONGEST_NUMBER || (text[0] == '.' && !underscores_separate(text, len)))
		return;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\0')
			return;
		if (text[i] != '_')
			plain[plain_len++] = text[i];
	}
	plain[plain_len] = '\0';
	if (text[0] == '.' || !parse_integer(plain, out))
		parse_float(plain, out);
}

void yaml_resolve(const char *text, size_t len, struct yaml_scalar *ret_scalar)
{
	*ret_scalar = (struct yaml_scalar){ .kind = VAL_STR };
	if (len == 0) {
		ret_scalar->kind = VAL_NULL;
		return;
	}
	switch (text[0]) {
	case 'y':
	case 'Y':
	case 'n':
	case 'N':
	case 't':
	case 'T':
	case 'f':
	case 'F':
	case 'o':
	case 'O':
	case '~':
		resolve_word(text, len, ret_scalar);
		return;
	case '+':
	case '-':
	case '.':
		if (resolve_word(text, len, ret_scalar))
			return;
		break;
	default:
		if (text[0] < '0' || text[0] > '9')
			return;
	}
	resolve_number(text, len, ret_scalar);
}

enum val_kind yaml_plain_kind(const char *text, size_t len)
{
	struct yaml_scalar scalar;
	yaml_resolve(text, len, &scalar);
	return scalar.kind;
}

/* --- keys --- */

/* Go's FormatFloat(x, 'g', -1, 32): the shortest text that reads back as the same float32. */
static void add_float_key(double number, struct str *out)
{
	char digits[64];
	float wanted = (float)number;
	int precision = 1;
	for (;; precision++) {
		snprintf(digits, sizeof(digits), "%.*e", precision - 1, (double)wanted);
		if (precision == 9 ||
		    memcmp(&(float){ strtof(digits, NULL) }, &wanted, sizeof(wanted)) == 0)
			break;
	}
	const char *exponent_text = strchr(digits, 'e');
	long exponent = exponent_text ? strtol(exponent_text + 1, NULL, 10) : 0;
	if (exponent < -4 || exponent >= 6)
		str_addz(out, digits);
	else
		str_addf(out, "%.*f", (int)MAX(precision - 1 - exponent, 0), (double)wanted);
}

bool yaml_key_text(const struct yaml_scalar *scalar, struct str *out)
{
	switch (scalar->kind) {
	case VAL_BOOL:
		str_addz(out, scalar->boolean ? "true" : "false");
		return true;
	case VAL_INT:
		str_addf(out, "%" PRId64, scalar->integer);
		return true;
	case VAL_FLOAT:
		if (scalar->is_beyond_int64)
			return false;
		if (isnan(scalar->number))
			str_addz(out, ".nan");
		else if (isinf((float)scalar->number))
			str_addz(out, scalar->number < 0 ? "-.inf" : ".inf");
		else
			add_float_key(scalar->number, out);
		return true;
	default:
		return false;
	}
}
