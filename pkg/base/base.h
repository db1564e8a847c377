/*
 * The first include of every source file: the C library headers everybody needs, attributes,
 * scope-bound cleanup, and the three types all other modules speak (mem, err, str).
 * Also bans the C library calls that are easy to misuse (banned.h).
 */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODISCARD __attribute__((warn_unused_result))
#define NORETURN __attribute__((noreturn))
#define PRINTF_LIKE(fmt_index, args_index) __attribute__((format(printf, fmt_index, args_index)))
#define UNUSED __attribute__((unused))

/* The cleanup attribute: AUTO(str) text = STR_INIT; runs str_clear(&text) at the end of the scope. */
#define AUTO(type) __attribute__((cleanup(type##_clear), unused)) struct type
/* AUTOPTR(fs_root) root = NULL; runs fs_root_free(root) at the end of the scope. */
#define AUTOPTR(type) __attribute__((cleanup(type##_free_ptr))) struct type *
/* Declares the helper AUTOPTR needs; put it below the prototype of x_free. */
#define AUTOPTR_DEFINE(type)                                                                       \
	static inline void type##_free_ptr(struct type **ptr)                                      \
	{                                                                                          \
		type##_free(*ptr);                                                                 \
	}
#define AUTOFREE __attribute__((cleanup(mem_free_ptr)))
#define AUTOERR __attribute__((cleanup(err_free_ptr)))

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* Move a pointer out of a cleanup variable: `*ret_x = steal(&x);` */
#define steal(ptr_to_ptr)                                                                          \
	__extension__({                                                                            \
		__typeof__(ptr_to_ptr) steal_from_ = (ptr_to_ptr);                                 \
		__typeof__(*steal_from_) stolen_ = *steal_from_;                                   \
		*steal_from_ = NULL;                                                               \
		stolen_;                                                                           \
	})

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include "base/banned.h"

#endif
