#include "base/base.h"

#include "base/arena.h"
#include "base/num.h"

enum {
	ALIGN = 16,
	FIRST_BLOCK = 4096,
	LARGEST_BLOCK = 1 << 20,
};

struct arena_block {
	struct arena_block *older;
	size_t size;
};

#define HEADER ((sizeof(struct arena_block) + ALIGN - 1) / ALIGN * ALIGN)

void arena_init(struct arena *a)
{
	*a = (struct arena)ARENA_INIT;
}

void arena_clear(struct arena *a)
{
	struct arena_block *block = a->head;
	while (block) {
		struct arena_block *older = block->older;
		mem_free(block);
		block = older;
	}
	arena_init(a);
}

void arena_wipe(struct arena *a)
{
	for (struct arena_block *block = a->head; block; block = block->older) {
		mem_wipe((char *)block + HEADER, block->size);
	}
	arena_clear(a);
}

void arena_reset(struct arena *a)
{
	struct arena_block *keep = a->head;
	if (!keep)
		return;
	struct arena_block *block = keep->older;
	while (block) {
		struct arena_block *older = block->older;
		mem_free(block);
		block = older;
	}
	keep->older = NULL;
	a->next = (char *)keep + HEADER;
	a->left = keep->size;
	a->total_bytes = keep->size;
}

static void add_block(struct arena *a, size_t at_least)
{
	size_t size = a->total_bytes < FIRST_BLOCK ? FIRST_BLOCK : a->total_bytes;
	if (size > LARGEST_BLOCK)
		size = LARGEST_BLOCK;
	if (size < at_least)
		size = at_least;
	size_t total;
	if (!num_add(size, HEADER, &total))
		abort();
	struct arena_block *block = mem_alloc(total);
	block->older = a->head;
	block->size = size;
	a->head = block;
	a->next = (char *)block + HEADER;
	a->left = size;
	a->total_bytes += size;
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t rounded;
	if (!num_add(size ? size : 1, ALIGN - 1, &rounded))
		abort();
	rounded = rounded / ALIGN * ALIGN;
	if (rounded > a->left)
		add_block(a, rounded);
	char *ptr = a->next;
	a->next += rounded;
	a->left -= rounded;
	return ptr;
}

void *arena_zalloc(struct arena *a, size_t count, size_t size)
{
	size_t total;
	if (!num_mul(count, size, &total))
		abort();
	void *ptr = arena_alloc(a, total);
	memset(ptr, 0, total);
	return ptr;
}

char *arena_strndup(struct arena *a, const char *text, size_t len)
{
	char *copy = arena_alloc(a, len + 1);
	if (len)
		memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *arena_strdup(struct arena *a, const char *text)
{
	return arena_strndup(a, text, strlen(text));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	AUTO(str) s = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&s, fmt, args);
	va_end(args);
	return arena_strndup(a, s.ptr, s.len);
}
