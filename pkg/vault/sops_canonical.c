/* The canonical form of each type: as Go prints them, because that is what SOPS hashes. */
#include "base/base.h"

#include <math.h>

#include "base/num.h"
#include "vault/sops_value.h"

/* --- numbers --- */

/* Digits and the place of the point from "d.ddde±x". */
static void add_fixed(const char *scientific, struct str *out)
{
	AUTO(str) digits = STR_INIT;
	const char *at = scientific;
	if (*at == '-')
		str_addch(out, *at++);
	for (; *at && *at != 'e'; at++)
		if (*at != '.')
			str_addch(&digits, *at);
	long point = (*at == 'e' ? strtol(at + 1, NULL, 10) : 0) + 1;
	while (digits.len > 1 && digits.ptr[digits.len - 1] == '0')
		str_truncate(&digits, digits.len - 1);
	long count = (long)digits.len;
	if (digits.len == 1 && digits.ptr[0] == '0') {
		str_addch(out, '0');
	} else if (point <= 0) {
		str_addz(out, "0.");
		str_add_repeat(out, '0', (size_t)-point);
		str_add_str(out, &digits);
	} else if (point >= count) {
		str_add_str(out, &digits);
		str_add_repeat(out, '0', (size_t)(point - count));
	} else {
		str_add(out, digits.ptr, (size_t)point);
		str_addch(out, '.');
		str_add(out, digits.ptr + point, (size_t)(count - point));
	}
}

void sops_float_text(double number, struct str *out)
{
	char text[64];
	if (isnan(number) || isinf(number)) {
		str_addz(out, isnan(number) ? "NaN" : number < 0 ? "-Inf" : "+Inf");
		return;
	}
	for (int digits = 0; digits < 17; digits++) {
		snprintf(text, sizeof(text), "%.*e", digits, number);
		double back = strtod(text, NULL);
		if (memcmp(&back, &number, sizeof(back)) == 0)
			break;
	}
	add_fixed(text, out);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool is_decimal(struct view text)
{
	size_t at = 0, whole, fraction = 0;
	if (at < text.len && (text.ptr[at] == '+' || text.ptr[at] == '-'))
		at++;
	for (whole = 0; at < text.len && is_digit(text.ptr[at]); at++)
		whole++;
	if (at < text.len && text.ptr[at] == '.')
		for (at++; at < text.len && is_digit(text.ptr[at]); at++)
			fraction++;
	if (whole + fraction == 0)
		return false;
	if (at < text.len && (text.ptr[at] == 'e' || text.ptr[at] == 'E')) {
		at++;
		if (at < text.len && (text.ptr[at] == '+' || text.ptr[at] == '-'))
			at++;
		size_t first = at;
		while (at < text.len && is_digit(text.ptr[at]))
			at++;
		if (at == first)
			return false;
	}
	return at == text.len;
}

bool sops_float_parse(struct view text, double *ret_number)
{
	AUTOFREE char *copy = mem_strndup(text.ptr, text.len);
	static const struct {
		const char *name;
		double number;
	} special[] = {
		{ "+Inf", INFINITY }, { "-Inf", -INFINITY }, { "NaN", NAN }, { "Inf", INFINITY }
	};
	for (size_t i = 0; i < ARRAY_LEN(special); i++)
		if (str_equal(copy, special[i].name)) {
			*ret_number = special[i].number;
			return true;
		}
	if (!is_decimal(text))
		return false;
	*ret_number = strtod(copy, NULL);
	return isfinite(*ret_number);
}

bool sops_int_parse(struct view text, int64_t *ret_number, bool *ret_is_beyond)
{
	size_t at = text.len && (text.ptr[0] == '-' || text.ptr[0] == '+'), prefix;
	bool is_negative = at && text.ptr[0] == '-';
	unsigned base = num_base(text.ptr + at, text.len - at, &prefix);
	uint64_t value;
	at += prefix;
	*ret_is_beyond = false;
	if (at >= text.len || !num_parse_u64(text.ptr + at, text.len - at, base, &value))
		return false;
	if (value > (uint64_t)INT64_MAX + is_negative) {
		*ret_is_beyond = text.ptr[0] != '-' && text.ptr[0] != '+';
		return false;
	}
	*ret_number = is_negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

/* --- time --- */

struct clock {
	struct view rest;
	bool is_strict;
};

/* One or two digits, or exactly `width` of them. */
static bool take_number(struct clock *t, size_t least, size_t most, unsigned *ret_number)
{
	size_t len = 0;
	unsigned number = 0;
	while (len < t->rest.len && len < most && is_digit(t->rest.ptr[len]))
		number = number * 10 + (unsigned)(t->rest.ptr[len++] - '0');
	if (len < least)
		return false;
	t->rest.ptr += len;
	t->rest.len -= len;
	*ret_number = number;
	return true;
}

static bool take_char(struct clock *t, const char *any)
{
	if (t->rest.len == 0 || !strchr(any, t->rest.ptr[0]) || !t->rest.ptr[0])
		return false;
	t->rest.ptr++;
	t->rest.len--;
	return true;
}

static bool take_date(struct clock *t, unsigned date[3])
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	size_t least = t->is_strict ? 2 : 1;
	if (!take_number(t, 4, 4, &date[0]) || !take_char(t, "-") ||
	    !take_number(t, least, 2, &date[1]) || !take_char(t, "-") ||
	    !take_number(t, least, 2, &date[2]) || date[1] < 1 || date[1] > 12 || date[2] < 1)
		return false;
	bool is_leap = date[0] % 4 == 0 && (date[0] % 100 != 0 || date[0] % 400 == 0);
	return date[2] <= days[date[1] - 1] + (date[1] == 2 && is_leap ? 1u : 0u);
}

/* "15:04:05.123" */
static bool take_time(struct clock *t, unsigned time[3], struct view *ret_fraction)
{
	size_t least = t->is_strict ? 2 : 1;
	*ret_fraction = (struct view){ "", 0 };
	if (!take_number(t, least, 2, &time[0]) || !take_char(t, ":") ||
	    !take_number(t, least, 2, &time[1]) || !take_char(t, ":") ||
	    !take_number(t, least, 2, &time[2]) || time[0] > 23 || time[1] > 59 || time[2] > 59)
		return false;
	if (t->rest.len < 2 || !strchr(".,", t->rest.ptr[0]) || !is_digit(t->rest.ptr[1]))
		return true;
	size_t len = 1;
	while (len < t->rest.len && is_digit(t->rest.ptr[len]))
		len++;
	*ret_fraction = (struct view){ t->rest.ptr + 1, MIN(len - 1, (size_t)9) };
	t->rest.ptr += len;
	t->rest.len -= len;
	while (ret_fraction->len && ret_fraction->ptr[ret_fraction->len - 1] == '0')
		ret_fraction->len--;
	return true;
}

static bool take_zone(struct clock *t, struct str *out)
{
	unsigned hours, minutes;
	if (take_char(t, "Z")) {
		str_addch(out, 'Z');
		return true;
	}
	char sign = t->rest.len ? t->rest.ptr[0] : '\0';
	if (!take_char(t, "+-") || !take_number(t, 2, 2, &hours) || !take_char(t, ":") ||
	    !take_number(t, 2, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	if (hours + minutes == 0)
		str_addch(out, 'Z');
	else
		str_addf(out, "%c%02u:%02u", sign, hours, minutes);
	return true;
}

bool sops_time_parse(struct view text, bool is_strict, struct str *out)
{
	struct clock t = { text, is_strict };
	unsigned date[3], time[3] = { 0, 0, 0 };
	struct view fraction = { "", 0 };
	AUTO(str) zone = STR_INIT;
	if (!take_date(&t, date))
		return false;
	if (t.rest.len == 0 && !is_strict) {
		str_addch(&zone, 'Z');
	} else if (t.rest.len && t.rest.ptr[0] == ' ' && !is_strict) {
		while (take_char(&t, " "))
			;
		if (!take_time(&t, time, &fraction))
			return false;
		str_addch(&zone, 'Z');
	} else if (!take_char(&t, is_strict ? "T" : "Tt") || !take_time(&t, time, &fraction) ||
	           !take_zone(&t, &zone)) {
		return false;
	}
	if (t.rest.len > 0)
		return false;
	str_addf(out, "%04u-%02u-%02uT%02u:%02u:%02u", date[0], date[1], date[2], time[0], time[1],
	         time[2]);
	if (fraction.len)
		str_addf(out, ".%.*s", (int)fraction.len, fraction.ptr);
	str_add_str(out, &zone);
	return true;
}

/* --- all of them --- */

static bool canonical_bool(struct view text, struct str *out)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };
	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		if (view_is(text, yes[i]) || view_is(text, no[i])) {
			str_addz(out, view_is(text, yes[i]) ? "True" : "False");
			return true;
		}
	return false;
}

bool sops_canonical(enum sops_type type, struct view text, struct str *out)
{
	int64_t integer;
	double number;
	switch (type) {
	case SOPS_INT:
		if (!num_parse_i64(text.ptr, text.len, &integer))
			return false;
		str_addf(out, "%" PRId64, integer);
		return true;
	case SOPS_FLOAT:
		if (!sops_float_parse(text, &number))
			return false;
		sops_float_text(number, out);
		return true;
	case SOPS_BOOL:
		return canonical_bool(text, out);
	case SOPS_TIME:
		return sops_time_parse(text, true, out);
	default:
		str_add(out, text.ptr, text.len);
		return true;
	}
}
