/* Masking: the input is a secret, a line end, and a stream; the secret never comes out, the rest does. */
#include "base/base.h"

#include <stdlib.h>

#include "vault/mask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = size ? memchr(data, '\n', size) : NULL;
	if (!end)
		return 0;
	struct view secret = { text, (size_t)(end - text) };
	struct view stream = { end + 1, size - secret.len - 1 };
	AUTOPTR(mask) mask = mask_new();
	AUTO(str) out = STR_INIT;
	bool is_hidden = mask_add(mask, secret);
	for (size_t pos = 0; pos < stream.len; pos += 3)
		mask_feed(mask, (struct view){ stream.ptr + pos, MIN(stream.len - pos, (size_t)3) },
		          &out);
	mask_flush(mask, &out);
	bool is_in = is_hidden && str_find(stream.ptr, stream.len, secret.ptr, secret.len);
	if (is_in && !str_find(out.ptr, out.len, MASK_TEXT, sizeof(MASK_TEXT) - 1))
		abort();
	if (!is_hidden && out.len != stream.len)
		abort();
	return 0;
}
