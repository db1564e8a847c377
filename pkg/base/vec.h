/*
 * Typed growable arrays: `struct { struct item *ptr; size_t len, cap; } items = VEC_INIT;`
 * then vec_push(&items, x). Elements are moved bytewise when the array grows.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include "base/mem.h"

#define VEC_INIT { NULL, 0, 0 }
#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *ptr;                                                                         \
		size_t len, cap;                                                                   \
	}

#define vec_reserve(v, extra)                                                                      \
	do {                                                                                       \
		if ((v)->len + (extra) > (v)->cap) {                                               \
			(v)->cap = (v)->cap * 2 > (v)->len + (extra) ? (v)->cap * 2                \
			                                             : (v)->len + (extra) + 6;     \
			(v)->ptr = mem_realloc((v)->ptr, (v)->cap, sizeof(*(v)->ptr));             \
		}                                                                                  \
	} while (0)
#define vec_push(v, item)                                                                          \
	do {                                                                                       \
		vec_reserve((v), 1);                                                               \
		(v)->ptr[(v)->len++] = (item);                                                     \
	} while (0)
/* Free the array itself, not what its elements point to. */
#define vec_clear(v)                                                                               \
	do {                                                                                       \
		mem_free((v)->ptr);                                                                \
		(v)->ptr = NULL;                                                                   \
		(v)->len = (v)->cap = 0;                                                           \
	} while (0)

#endif
