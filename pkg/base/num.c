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

bool num_parse_i64(const char *text, size_t len, int64_t *ret_value)
{
	bool is_negative = len > 0 && text[0] == '-';
	size_t skip = len > 0 && (text[0] == '-' || text[0] == '+');
	uint64_t magnitude;
	if (!num_parse_u64(text + skip, len - skip, 10, &magnitude))
		return false;
	if (magnitude > (uint64_t)INT64_MAX + (is_negative ? 1u : 0u))
		return false;
	*ret_value = is_negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	return true;
}
