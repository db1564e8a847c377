/*
 * Bytes made smaller (zlib format, RFC 1950) and back. Sole owner of zlib.h.
 */
#ifndef CRYPTO_DEFLATE_H
#define CRYPTO_DEFLATE_H

#include "base/base.h"

/* Append the compressed form. */
NODISCARD err *deflate_add(struct str *out, struct view bytes);
/* Append the bytes again. CORRUPT; LIMIT when they would be more than `limit`. */
NODISCARD err *inflate_add(struct str *out, struct view compressed, size_t limit);

/* CRC-32 as zlib has it; tokens with a checksum use it, too. */
uint32_t crc32_of(const void *ptr, size_t len);

#endif
