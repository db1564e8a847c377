/*
 * Bytes as text: hex and base64. Decoding is strict: one text for each value, nothing else.
 */
#ifndef CRYPTO_ENCODE_H
#define CRYPTO_ENCODE_H

#include "base/base.h"

/* Append lower-case hex. */
void hex_add(struct str *text, const void *ptr, size_t len);
/* Append the bytes; both cases of letters. INVALID, and then nothing is appended. */
NODISCARD err *hex_decode(struct view text, struct str *bytes);

enum base64_flags {
	BASE64_NO_PADDING = 1u << 0,
	BASE64_URL = 1u << 1, /* '-' and '_' in place of '+' and '/' */
	BASE64_LINES =
		1u << 2, /* decoding only: blanks and line ends are skipped, as YAML has them */
};

/* Append; standard alphabet with padding when `flags` is 0. */
void base64_add(struct str *text, const void *ptr, size_t len, unsigned flags);
/*
 * Append the bytes. INVALID, with the position: other characters, wrong or missing padding
 * (any padding with BASE64_NO_PADDING), bits that are not zero after the end.
 */
NODISCARD err *base64_decode(struct view text, unsigned flags, struct str *bytes);

#endif
