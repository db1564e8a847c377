/*
 * Memory for secrets: between guard pages (small ones share them), not swapped or dumped where the system
 * allows, wiped when it is cleared. A secret is never copied into a str, an error, a log line or an argument.
 */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H

#include "base/base.h"

struct secret {
	uint8_t *ptr; /* NULL while empty; a NUL follows the last byte */
	size_t len;
};

#define SECRET_INIT     \
	{               \
		NULL, 0 \
	}

/* `len` zero bytes; replaces (and wipes) what it held. LIMIT when memory cannot be had. */
NODISCARD err *secret_init(struct secret *secret, size_t len);
/* A copy of bytes, which the caller still has to wipe (secret_wipe). */
NODISCARD err *secret_copy(struct secret *secret, const void *ptr, size_t len);
/* Cut to `len` bytes and wipe the rest. */
void secret_truncate(struct secret *secret, size_t len);
/* Wipe and free; empty and usable again: AUTO(secret) key = SECRET_INIT; */
void secret_clear(struct secret *secret);
/* Equal contents? In constant time for equal lengths. */
bool secret_equal(const struct secret *a, const struct secret *b);

/* Overwrite in a way the compiler cannot leave out. */
void secret_wipe(void *ptr, size_t len);

#endif
