#include "base/base.h"

#include "base/num.h"

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

bool num_parse_u64(const char *text, size_t len, unsigned base, uint64_t *ret_value)
{
	assert(base >= 2 && base <= 16);
	uint64_t value = 0;
	if (len == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		int digit = digit_value(text[i]);
		if ((unsigned)digit >= base)
			return false;
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value))
			return false;
	}
	*ret_value = value;
	return true;
}

unsigned num_base(const char *digits, size_t len, size_t *ret_prefix_len)
{
	*ret_prefix_len = 0;
	if (len < 2 || digits[0] != '0')
		return 10;
	*ret_prefix_len = 2;
	switch (digits[1] | 0x20) {
	case 'x':
		return 16;
	case 'o':
		return 8;
	case 'b':
		return 2;
	default:
		*ret_prefix_len = 1;
		return 8;
	}
}

static bool parse_signed(const char *text, size_t len, bool may_have_prefix, int64_t *ret_value)
{
	bool is_negative = len > 0 && text[0] == '-';
	size_t skip = len > 0 && (text[0] == '-' || text[0] == '+'), prefix = 0;
	unsigned base = may_have_prefix ? num_base(text + skip, len - skip, &prefix) : 10;
	uint64_t magnitude;
	if (!num_parse_u64(text + skip + prefix, len - skip - prefix, base, &magnitude))
		return false;
	if (magnitude > (uint64_t)INT64_MAX + (is_negative ? 1u : 0u))
		return false;
	*ret_value = is_negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	return true;
}

bool num_parse_prefixed(const char *text, size_t len, int64_t *ret_value)
{
	return parse_signed(text, len, true, ret_value);
}

bool num_parse_i64(const char *text, size_t len, int64_t *ret_value)
{
	return parse_signed(text, len, false, ret_value);
}
