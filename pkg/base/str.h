/*
 * Growable bytes. Invariant: `ptr` is never NULL and always NUL-terminated at `ptr[len]`, so it
 * can be handed to C functions; the bytes may contain NULs. Also `struct view`, a borrowed slice,
 * and `struct strs`, an argv-compatible list of owned strings.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct str {
	char *ptr;
	size_t len;
	size_t cap; /* 0: `ptr` is the shared empty string */
};

extern char str_empty_[1];
#define STR_INIT { str_empty_, 0, 0 }

void str_init(struct str *s);
/* Free the bytes; `s` is empty and usable again. */
void str_clear(struct str *s);
/* Set the length to 0, keep the memory. */
void str_reset(struct str *s);
/* Cut to `len` bytes; `len` must not be larger than the current length. */
void str_truncate(struct str *s, size_t len);
/* Make room for `extra` more bytes. */
void str_reserve(struct str *s, size_t extra);
void str_add(struct str *s, const void *bytes, size_t len);
void str_addz(struct str *s, const char *text);
void str_addch(struct str *s, char c);
void str_add_repeat(struct str *s, char c, size_t count);
void str_add_str(struct str *s, const struct str *other);
void str_addf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_addvf(struct str *s, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));
/* Hand the bytes over to the caller (mem_free); `s` is empty again. */
char *str_detach(struct str *s);
/* A heap string from a format; caller frees. */
char *str_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);
bool str_equal(const char *a, const char *b);

/* The first place of `needle` in `len` bytes; NULL: nowhere. An empty needle is at the start. */
const char *str_find(const char *text, size_t len, const char *needle, size_t needle_len);

/* A borrowed slice of bytes; not NUL-terminated. */
struct view {
	const char *ptr;
	size_t len;
};

struct view view_of(const char *text);
struct view view_str(const struct str *s);
bool view_equal(struct view a, struct view b);
bool view_is(struct view a, const char *text);
/* Cut the part before the first `separator` off `*rest`; false when `*rest` is exhausted. */
bool view_split(struct view *rest, char separator, struct view *ret_part);

/* An owned list of strings, NULL-terminated for exec; `ptr` is NULL while empty. */
struct strs {
	char **ptr;
	size_t len;
	size_t cap;
};

#define STRS_INIT { NULL, 0, 0 }

void strs_clear(struct strs *list);
void strs_push(struct strs *list, const char *text);
void strs_pushf(struct strs *list, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strs_push_take(struct strs *list, char *take_text);
bool strs_contains(const struct strs *list, const char *text);
/* Bytewise order. */
void strs_sort(struct strs *list);

#endif
