#include "base/base.h"

#include "base/utf8.h"

size_t utf8_decode(const char *text, size_t len, uint32_t *ret_code)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *at = (const unsigned char *)text;
	if (len == 0)
		return 0;
	if (at[0] < 0x80) {
		*ret_code = at[0];
		return 1;
	}
	size_t need = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
	if (at[0] < 0xc2 || at[0] > 0xf4 || len < need)
		return 0;
	uint32_t code = at[0] & (0x7fu >> need);
	for (size_t i = 1; i < need; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (at[i] & 0x3fu);
	}
	if (code < smallest[need] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret_code = code;
	return need;
}

bool utf8_valid(const char *text, size_t len, size_t *ret_bad)
{
	size_t i = 0;
	while (i < len) {
		/* Eight ASCII bytes at a time: manifests are nearly all ASCII. */
		uint64_t chunk;
		if (len - i >= sizeof(chunk)) {
			memcpy(&chunk, text + i, sizeof(chunk));
			if (!(chunk & UINT64_C(0x8080808080808080))) {
				i += sizeof(chunk);
				continue;
			}
		}
		uint32_t code;
		size_t used = utf8_decode(text + i, len - i, &code);
		if (!used) {
			if (ret_bad)
				*ret_bad = i;
			return false;
		}
		i += used;
	}
	return true;
}

size_t utf8_encode(uint32_t code, char out[4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = len - 1; i > 0; i--) {
		out[i] = (char)(0x80u | (code & 0x3fu));
		code >>= 6;
	}
	out[0] = (char)((0xf00u >> len & 0xffu) | code);
	return len;
}

size_t utf8_count(const char *text, size_t len)
{
	size_t count = 0;
	for (size_t i = 0; i < len; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}
