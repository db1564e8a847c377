/*
 * Heap memory. Running out of memory prints one line and aborts: that is honest only because
 * every size an outsider can choose is limited first (base/limits.h, base/num.h).
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

__attribute__((malloc, returns_nonnull)) void *mem_alloc(size_t size);
/* Zeroed; `count * size` is checked for overflow. */
__attribute__((malloc, returns_nonnull)) void *mem_zalloc(size_t count, size_t size);
__attribute__((returns_nonnull)) void *mem_realloc(void *take_ptr, size_t count, size_t size);
__attribute__((malloc, returns_nonnull)) void *mem_dup(const void *src, size_t len);
/* A NUL-terminated copy of `len` bytes. */
__attribute__((malloc, returns_nonnull)) char *mem_strndup(const char *src, size_t len);
__attribute__((malloc, returns_nonnull)) char *mem_strdup(const char *src);
/* NULL is allowed. */
void mem_free(void *ptr);
/* Overwrite in a way the compiler cannot leave out; below crypto, which has secret_wipe for all others. */
void mem_wipe(void *ptr, size_t len);
/* For AUTOFREE only: takes the address of the pointer. */
void mem_free_ptr(void *ptr_to_ptr);

#define MEM_NEW(type) ((type *)mem_zalloc(1, sizeof(type)))

#endif
