/*
 * Checked arithmetic on sizes and strict number parsing. All size math whose inputs an outsider
 * can choose goes through here. Functions return false on overflow or bad input and then leave
 * the result untouched.
 */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool num_add(size_t a, size_t b, size_t *ret_sum)
{
	size_t sum;
	if (__builtin_add_overflow(a, b, &sum))
		return false;
	*ret_sum = sum;
	return true;
}

static inline bool num_mul(size_t a, size_t b, size_t *ret_product)
{
	size_t product;
	if (__builtin_mul_overflow(a, b, &product))
		return false;
	*ret_product = product;
	return true;
}

/* Decimal, optional sign, nothing before or after; `len` bytes. */
bool num_parse_i64(const char *text, size_t len, int64_t *ret_value);
/* Base of unsigned digits as Go and C write them: 0x, 0o, 0b, a leading 0 for octal; and how much is prefix. */
unsigned num_base(const char *digits, size_t len, size_t *ret_prefix_len);
/* An integer with an optional sign and such a prefix, nothing before or after. */
bool num_parse_prefixed(const char *text, size_t len, int64_t *ret_value);
/* Digits of `base` (2..16) only, no sign, no prefix. */
bool num_parse_u64(const char *text, size_t len, unsigned base, uint64_t *ret_value);

#endif
