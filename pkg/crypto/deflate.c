#include "base/base.h"

#include "crypto/deflate.h"

#define ZLIB_CONST
#include <zlib.h>

enum { CHUNK = 64 << 10 };

err *deflate_add(struct str *out, struct view bytes)
{
	uLong bound = compressBound((uLong)bytes.len);
	Bytef *buf = mem_zalloc(bound, 1);
	int code = compress2(buf, &bound, (const Bytef *)bytes.ptr, (uLong)bytes.len, 6);
	if (code == Z_OK)
		str_add(out, (const char *)buf, bound);
	mem_free(buf);
	return code == Z_OK ? NULL : err_new(ERR_INTERNAL, "cannot compress %zu bytes", bytes.len);
}

static err *inflate_chunks(z_stream *stream, struct str *out, size_t limit)
{
	char *buf = mem_zalloc(CHUNK, 1);
	size_t start = out->len;
	int code = Z_OK;
	while (code == Z_OK && out->len - start <= limit) {
		stream->next_out = (Bytef *)buf;
		stream->avail_out = CHUNK;
		code = inflate(stream, Z_NO_FLUSH);
		if (code == Z_OK || code == Z_STREAM_END)
			str_add(out, buf, CHUNK - stream->avail_out);
	}
	mem_free(buf);
	if (out->len - start > limit)
		return err_new(ERR_LIMIT, "compressed data holds more than %zu bytes", limit);
	return code == Z_STREAM_END ? NULL : err_new(ERR_CORRUPT, "compressed data is damaged");
}

err *inflate_add(struct str *out, struct view compressed, size_t limit)
{
	z_stream stream = { .next_in = (const Bytef *)compressed.ptr,
		            .avail_in = (uInt)compressed.len };
	if (inflateInit(&stream) != Z_OK)
		return err_new(ERR_INTERNAL, "cannot start decompression");
	err *e = inflate_chunks(&stream, out, limit);
	(void)inflateEnd(&stream);
	return e;
}

uint32_t crc32_of(const void *ptr, size_t len)
{
	return (uint32_t)crc32_z(0, ptr, len);
}
