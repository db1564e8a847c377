/* The formats of values, as the API server reads them. */
#include "base/base.h"

#include "schema/kube_walk.h"

#include <math.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* So many digits, and their number. */
static bool take_number(struct view *text, size_t digits, unsigned *ret_number)
{
	unsigned number = 0;
	if (text->len < digits)
		return false;
	for (size_t i = 0; i < digits; i++) {
		if (!is_digit(text->ptr[i]))
			return false;
		number = number * 10 + (unsigned)(text->ptr[i] - '0');
	}
	*text = (struct view){ text->ptr + digits, text->len - digits };
	*ret_number = number;
	return true;
}

static bool take_char(struct view *text, char c)
{
	if (!text->len || *text->ptr != c)
		return false;
	*text = (struct view){ text->ptr + 1, text->len - 1 };
	return true;
}

static size_t take_digits(struct view *text)
{
	size_t n = 0;
	while (n < text->len && is_digit(text->ptr[n]))
		n++;
	*text = (struct view){ text->ptr + n, text->len - n };
	return n;
}

/* --- quantities --- */

static bool is_suffix(struct view text)
{
	static const char *const names[] = { "",  "n", "u",  "m",  "k",  "M",  "G",  "T",
		                             "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (view_is(text, names[i]))
			return true;
	if (!take_char(&text, 'e') && !take_char(&text, 'E'))
		return false;
	if (!take_char(&text, '-'))
		(void)take_char(&text, '+');
	return take_digits(&text) && !text.len;
}

bool kube_is_quantity(const char *text, size_t len)
{
	struct view rest = { text, len };
	while (rest.len && strchr(" \t\r\n", *rest.ptr))
		rest = (struct view){ rest.ptr + 1, rest.len - 1 };
	while (rest.len && strchr(" \t\r\n", rest.ptr[rest.len - 1]))
		rest.len--;
	if (!take_char(&rest, '-'))
		(void)take_char(&rest, '+');
	size_t digits = take_digits(&rest);
	if (take_char(&rest, '.'))
		digits += take_digits(&rest);
	return digits > 0 && is_suffix(rest);
}

/* --- times --- */

static bool take_date(struct view *text)
{
	static const unsigned char days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	unsigned year, month, day;
	if (!take_number(text, 4, &year) || !take_char(text, '-') ||
	    !take_number(text, 2, &month) || !take_char(text, '-') || !take_number(text, 2, &day))
		return false;
	if (month < 1 || month > 12 || day < 1 || day > days[month - 1])
		return false;
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month != 2 || day < 29 || is_leap;
}

bool kube_is_date(const char *text, size_t len)
{
	struct view rest = { text, len };
	return take_date(&rest) && !rest.len;
}

static bool is_zone(struct view text)
{
	unsigned hours, minutes;
	if (take_char(&text, 'Z'))
		return !text.len;
	if (!take_char(&text, '+') && !take_char(&text, '-'))
		return false;
	return take_number(&text, 2, &hours) && take_char(&text, ':') &&
	       take_number(&text, 2, &minutes) && hours < 24 && minutes < 60 && !text.len;
}

bool kube_is_date_time(const char *text, size_t len)
{
	struct view rest = { text, len };
	unsigned hours, minutes, seconds;
	if (!take_date(&rest) || !take_char(&rest, 'T') || !take_number(&rest, 2, &hours) ||
	    !take_char(&rest, ':') || !take_number(&rest, 2, &minutes) || !take_char(&rest, ':') ||
	    !take_number(&rest, 2, &seconds))
		return false;
	if (hours > 23 || minutes > 59 || seconds > 59)
		return false;
	if (take_char(&rest, '.') && !take_digits(&rest))
		return false;
	return is_zone(rest);
}

/* As Go's time.ParseDuration: "1h30m", "1.5s", "0". */
bool kube_is_duration(const char *text, size_t len)
{
	static const char *const units[] = { "ns", "us", "µs", "ms", "s", "m", "h" };
	struct view rest = { text, len };
	if (!take_char(&rest, '-'))
		(void)take_char(&rest, '+');
	if (view_is(rest, "0"))
		return true;
	bool has_part = false;
	while (rest.len) {
		size_t digits = take_digits(&rest), unit = 0;
		if (take_char(&rest, '.'))
			digits += take_digits(&rest);
		while (unit < rest.len && !is_digit(rest.ptr[unit]) && rest.ptr[unit] != '.')
			unit++;
		bool is_known = false;
		for (size_t i = 0; i < ARRAY_LEN(units); i++)
			is_known |= view_is((struct view){ rest.ptr, unit }, units[i]);
		if (!digits || !is_known)
			return false;
		rest = (struct view){ rest.ptr + unit, rest.len - unit };
		has_part = true;
	}
	return has_part;
}

/* --- bytes and ids --- */

bool kube_is_base64(const char *text, size_t len)
{
	size_t digits = 0, padding = 0;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (c == '\n' || c == '\r')
			continue;
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (c == '=')
			padding++;
		else if (padding || !(is_letter || is_digit(c) || c == '+' || c == '/'))
			return false;
		else
			digits++;
	}
	return padding <= 2 && (digits + padding) % 4 == 0;
}

bool kube_is_uuid(const char *text, size_t len)
{
	size_t digits = 0;
	for (size_t i = 0; i < len; i++) {
		if (is_hex(text[i]))
			digits++;
		else if (text[i] != '-')
			return false;
	}
	return digits == 32;
}

/* --- addresses --- */

static bool is_ipv4(const char *text, size_t len, bool may_have_zeros)
{
	struct view rest = { text, len };
	for (size_t part = 0; part < 4; part++) {
		struct view digits = rest;
		if (part && !take_char(&rest, '.'))
			return false;
		digits = rest;
		size_t n = take_digits(&rest);
		unsigned number;
		if (n < 1 || n > 3 || (n > 1 && *digits.ptr == '0' && !may_have_zeros) ||
		    !take_number(&digits, n, &number) || number > 255)
			return false;
	}
	return !rest.len;
}

bool kube_is_ipv4(const char *text, size_t len)
{
	return is_ipv4(text, len, false);
}

bool crd_is_ipv4(const char *text, size_t len)
{
	return is_ipv4(text, len, true);
}

/* Groups of hex digits between colons, up to `max`; a last IPv4 part counts as two. */
static bool count_groups(struct view text, size_t max, size_t *ret_groups)
{
	size_t groups = 0;
	struct view part;
	if (!text.len) {
		*ret_groups = 0;
		return true;
	}
	while (view_split(&text, ':', &part)) {
		if (memchr(part.ptr, '.', part.len)) {
			if (text.len || !kube_is_ipv4(part.ptr, part.len))
				return false;
			groups += 2;
			break;
		}
		if (part.len < 1 || part.len > 4)
			return false;
		for (size_t i = 0; i < part.len; i++)
			if (!is_hex(part.ptr[i]))
				return false;
		groups++;
	}
	*ret_groups = groups;
	return groups <= max;
}

bool kube_is_ipv6(const char *text, size_t len)
{
	const char *gap = NULL;
	size_t before, after;
	for (size_t i = 0; i + 1 < len && !gap; i++)
		if (text[i] == ':' && text[i + 1] == ':')
			gap = text + i;
	if (len && text[len - 1] == ':' && (len < 2 || text[len - 2] != ':'))
		return false;
	if (!gap)
		return count_groups((struct view){ text, len }, 8, &before) && before == 8;
	struct view left = { text, (size_t)(gap - text) };
	struct view right = { gap + 2, len - left.len - 2 };
	return count_groups(left, 7, &before) && count_groups(right, 7, &after) &&
	       before + after <= 7 && !memchr(left.ptr, '.', left.len);
}

static bool is_cidr(const char *text, size_t len, bool may_have_zeros)
{
	const char *slash = memchr(text, '/', len);
	if (!slash)
		return false;
	size_t before = (size_t)(slash - text);
	struct view bits = { slash + 1, len - before - 1 };
	size_t n = bits.len;
	unsigned number;
	if (n < 1 || n > 3 || (n > 1 && *bits.ptr == '0' && !may_have_zeros) ||
	    !take_number(&bits, n, &number))
		return false;
	return (is_ipv4(text, before, may_have_zeros) && number <= 32) ||
	       (kube_is_ipv6(text, before) && number <= 128);
}

bool kube_is_cidr(const char *text, size_t len)
{
	return is_cidr(text, len, false);
}

bool crd_is_cidr(const char *text, size_t len)
{
	return is_cidr(text, len, true);
}

/* --- the laxer ones --- */

bool crd_is_date_time(const char *text, size_t len)
{
	char upper[64];
	if (len >= sizeof(upper))
		return false;
	for (size_t i = 0; i < len; i++)
		upper[i] = (char)(text[i] == 't' || text[i] == 'z' ? text[i] - 'a' + 'A' : text[i]);
	return kube_is_date_time(upper, len);
}

static bool take_unit(struct view *text)
{
	static const char *const units[] = {
		"nanoseconds", "nanosecond", "nanos",   "nano",   "ns",      "microseconds",
		"microsecond", "micros",     "micro",   "us",     "µs",      "milliseconds",
		"millisecond", "millis",     "milli",   "ms",     "minutes", "minute",
		"mins",        "min",        "seconds", "second", "secs",    "sec",
		"hours",       "hour",       "hrs",     "hr",     "days",    "day",
		"weeks",       "week",       "wks",     "wk",     "s",       "m",
		"h",           "d",          "w",
	};
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		size_t len = strlen(units[i]);
		if (text->len < len || memcmp(text->ptr, units[i], len) != 0)
			continue;
		*text = (struct view){ text->ptr + len, text->len - len };
		return true;
	}
	return false;
}

/* "2 days", "1 week 3h", besides what Go reads. */
bool crd_is_duration(const char *text, size_t len)
{
	if (kube_is_duration(text, len))
		return true;
	struct view rest = { text, len };
	bool has_part = false;
	while (rest.len) {
		if (!take_digits(&rest))
			return false;
		while (take_char(&rest, ' '))
			;
		if (!take_unit(&rest))
			return false;
		while (take_char(&rest, ' '))
			;
		has_part = true;
	}
	return has_part;
}

bool crd_is_byte(const char *text, size_t len)
{
	return len > 0 && kube_is_base64(text, len);
}

bool crd_is_email(const char *text, size_t len)
{
	const char *at = memchr(text, '@', len);
	return at && at > text && at + 1 < text + len;
}

bool crd_is_hostname(const char *text, size_t len)
{
	return len > 0 && len <= 255 && !memchr(text, ' ', len) && !memchr(text, '/', len);
}

/* Absolute, or a path. */
bool crd_is_uri(const char *text, size_t len)
{
	if (len > 0 && *text == '/')
		return true;
	const char *colon = memchr(text, ':', len);
	return colon && colon > text && !memchr(text, ' ', len);
}

bool kube_is_whole(const struct val *v, int64_t min, int64_t max)
{
	if (v->kind == VAL_INT)
		return v->as.integer >= min && v->as.integer <= max;
	/* 2^63 itself is a double, INT64_MAX is not. */
	return v->kind == VAL_FLOAT && floor(v->as.number) == v->as.number &&
	       v->as.number >= (double)min && v->as.number < 9223372036854775808.0 &&
	       v->as.number <= (double)max;
}
