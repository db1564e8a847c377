#include "base/base.h"
#include "crypto/encode.h"

#include <sodium.h>

void hex_add(struct str *text, const void *ptr, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *bytes = ptr;

	str_reserve(text, len * 2);
	for (size_t i = 0; i < len; i++) {
		str_addch(text, digits[bytes[i] >> 4]);
		str_addch(text, digits[bytes[i] & 15]);
	}
}

err *hex_decode(struct view text, struct str *bytes)
{
	AUTOFREE uint8_t *decoded = mem_alloc(text.len / 2 + 1);
	size_t len = 0;
	const char *end = text.ptr;

	if (text.len == 0)
		return NULL;
	if (text.len % 2)
		return err_new(ERR_INVALID, "cannot read hex: odd number of digits");
	if (sodium_hex2bin(decoded, text.len / 2, text.ptr, text.len, NULL, &len, &end) != 0 ||
	    end != text.ptr + text.len)
		return err_new(ERR_INVALID, "cannot read hex: not a digit at byte %zu",
		               (size_t)(end - text.ptr) + 1);
	str_add(bytes, decoded, len);
	return NULL;
}

static int variant_of(unsigned flags)
{
	if (flags & BASE64_URL)
		return flags & BASE64_NO_PADDING ? sodium_base64_VARIANT_URLSAFE_NO_PADDING
		                                 : sodium_base64_VARIANT_URLSAFE;
	return flags & BASE64_NO_PADDING ? sodium_base64_VARIANT_ORIGINAL_NO_PADDING
	                                 : sodium_base64_VARIANT_ORIGINAL;
}

void base64_add(struct str *text, const void *ptr, size_t len, unsigned flags)
{
	int variant = variant_of(flags);
	size_t size = sodium_base64_encoded_len(len, variant); /* counts the NUL */

	str_reserve(text, size);
	sodium_bin2base64(text->ptr + text->len, size, ptr, len, variant);
	text->len += strlen(text->ptr + text->len);
}

err *base64_decode(struct view text, unsigned flags, struct str *bytes)
{
	const char *ignore = flags & BASE64_LINES ? " \t\r\n" : NULL;
	size_t most = text.len / 4 * 3 + 3, len = 0;
	const char *end = text.ptr;
	AUTOFREE uint8_t *decoded = NULL;

	if (text.len == 0)
		return NULL;
	decoded = mem_alloc(most);
	int code = sodium_base642bin(decoded, most, text.ptr, text.len, ignore, &len, &end,
	                             variant_of(flags));
	size_t stop = (size_t)(end - text.ptr);
	if (code == 0 && stop == text.len)
		str_add(bytes, decoded, len);
	sodium_memzero(decoded, most); /* it may be a key */
	if (stop < text.len)
		return err_new(ERR_INVALID, "cannot read base64: unexpected character at byte %zu",
		               stop + 1);
	if (code != 0)
		return err_new(ERR_INVALID, "cannot read base64: %s",
		               flags & BASE64_NO_PADDING ? "it is cut off"
		                                         : "it is cut off or its padding is wrong");
	return NULL;
}
