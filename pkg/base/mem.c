#include "base/base.h"

#include "base/num.h"

static NORETURN void out_of_memory(size_t size)
{
	fprintf(stderr, "fettle: error: out of memory (asked for %zu bytes)\n", size);
	abort();
}

void *mem_alloc(size_t size)
{
	void *ptr = malloc(size ? size : 1);
	if (!ptr)
		out_of_memory(size);
	return ptr;
}

void *mem_zalloc(size_t count, size_t size)
{
	void *ptr = calloc(count ? count : 1, size ? size : 1);
	if (!ptr)
		out_of_memory(size);
	return ptr;
}

void *mem_realloc(void *take_ptr, size_t count, size_t size)
{
	size_t total;
	if (!num_mul(count, size, &total))
		out_of_memory(SIZE_MAX);
	void *ptr = realloc(take_ptr, total ? total : 1);
	if (!ptr)
		out_of_memory(total);
	return ptr;
}

void *mem_dup(const void *src, size_t len)
{
	void *ptr = mem_alloc(len);
	if (len)
		memcpy(ptr, src, len);
	return ptr;
}

char *mem_strndup(const char *src, size_t len)
{
	char *ptr = mem_alloc(len + 1);
	if (len)
		memcpy(ptr, src, len);
	ptr[len] = '\0';
	return ptr;
}

char *mem_strdup(const char *src)
{
	return mem_strndup(src, strlen(src));
}

void mem_wipe(void *ptr, size_t len)
{
	if (len)
		memset(ptr, 0, len);
	/* The compiler must take it for read. */
	__asm__ volatile("" : : "r"(ptr) : "memory");
}

void mem_free(void *ptr)
{
	free(ptr);
}

void mem_free_ptr(void *ptr_to_ptr)
{
	void **ptr = ptr_to_ptr;
	free(*ptr);
	*ptr = NULL;
}
