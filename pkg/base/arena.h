/*
 * A region of memory freed at once: documents, plans, output of one request. Allocation is a
 * pointer bump; what lives in the arena is never freed singly. Not for use by several threads.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *head; /* newest block */
	char *next;
	size_t left;
	size_t total_bytes; /* all blocks together */
};

#define ARENA_INIT { NULL, NULL, 0, 0 }

void arena_init(struct arena *a);
/* Free everything; usable again. */
void arena_clear(struct arena *a);
/* The same, but overwrite the bytes first: for what was read from a secret. */
void arena_wipe(struct arena *a);
/* Forget everything but keep the largest block for reuse. */
void arena_reset(struct arena *a);
/* Uninitialised, aligned to 16. */
__attribute__((returns_nonnull)) void *arena_alloc(struct arena *a, size_t size);
/* Zeroed; `count * size` checked. */
__attribute__((returns_nonnull)) void *arena_zalloc(struct arena *a, size_t count, size_t size);
__attribute__((returns_nonnull)) char *arena_strdup(struct arena *a, const char *text);
/* NUL-terminated copy. */
__attribute__((returns_nonnull)) char *arena_strndup(struct arena *a, const char *text, size_t len);
__attribute__((returns_nonnull)) char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#define ARENA_NEW(a, type) ((type *)arena_zalloc((a), 1, sizeof(type)))

#endif
