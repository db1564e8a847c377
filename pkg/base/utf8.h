/*
 * UTF-8 as RFC 3629 defines it: validation at the border, and the few things messages need.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True when all `len` bytes are valid UTF-8; else *ret_bad (may be NULL) is the first bad offset. */
bool utf8_valid(const char *text, size_t len, size_t *ret_bad);
/* Decode one code point; returns its length in bytes, or 0 when the bytes are not valid. */
size_t utf8_decode(const char *text, size_t len, uint32_t *ret_code);
/* Append a code point; returns its length (1..4). `code` must be a Unicode scalar value. */
size_t utf8_encode(uint32_t code, char out[4]);
/* Number of code points in valid text; for columns in messages. */
size_t utf8_count(const char *text, size_t len);

#endif
