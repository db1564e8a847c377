/*
 * The one error type. A fallible function returns `err *`: NULL is success, anything else is
 * owned by the caller, who propagates it (TRY), adds what it alone knows (err_wrap, err_hint,
 * err_at), ignores it aloud (err_ignore) or frees it. Printing happens once, in cmd/fettle.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

typedef struct err err;

/* What a caller can do about it; never branch on the text. */
enum err_kind {
	ERR_USAGE,       /* the command line or a setting is wrong; nothing was attempted */
	ERR_INVALID,     /* the input (manifest, template, document) is wrong */
	ERR_NOT_FOUND,   /* the thing named does not exist */
	ERR_EXISTS,      /* it exists already */
	ERR_CONFLICT,    /* changed or locked by someone else; trying again makes sense */
	ERR_REFUSED,     /* a guard says no; the message says how to insist */
	ERR_DENIED,      /* the operating system or the server forbids it */
	ERR_AUTH,        /* credentials are missing or wrong */
	ERR_UNAVAILABLE, /* the other side cannot be reached */
	ERR_TIMEOUT,     /* the deadline passed */
	ERR_CANCELLED,   /* the user or a signal stopped it */
	ERR_IO,          /* reading or writing failed */
	ERR_CORRUPT,     /* stored data is damaged */
	ERR_UNSUPPORTED, /* not possible on this system or target */
	ERR_LIMIT,       /* larger than we accept */
	ERR_UNHEALTHY,   /* it was done, but what was made does not get ready */
	ERR_INTERNAL,    /* a bug in fettle */
};

/* A place in a source file. Lines and columns are 1-based, 0 means unknown; columns in bytes. */
struct err_place {
	const char *file;
	size_t line, column;
	size_t end_column;   /* 0 or exclusive end on the same line */
	const char *snippet; /* the text of that line without line end, or NULL */
};

NODISCARD err *err_new(enum err_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* From errno: picks the kind and appends ": <strerror text>"; `code` is remembered. */
NODISCARD err *err_sys(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "outer: inner"; keeps kind, place and hints. Takes `take_e`. */
NODISCARD err *err_wrap(err *take_e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Say how to fix it, one pasteable thought. Several may be added; the first one is shown first. */
NODISCARD err *err_hint(err *take_e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Set the place unless there is one already (the innermost knows best). Strings are copied. */
NODISCARD err *err_at(err *take_e, const char *file, size_t line, size_t column);
/*
 * Set the place from a byte range of `text`: computes line and column and copies the line for
 * the snippet. Unless there is a place already.
 */
NODISCARD err *err_source(err *take_e, const char *file, const char *text, size_t len,
                          size_t start, size_t end);
/* Forget the source lines of this error and of those joined to it: they may show a secret. */
NODISCARD err *err_without_snippet(err *take_e);
/* Change the kind, when the caller knows better what it means. */
NODISCARD err *err_as(err *take_e, enum err_kind kind);
/* Several independent errors as one: `b` is appended behind `a`; either may be NULL. */
NODISCARD err *err_join(err *take_a, err *take_b);

enum err_kind err_kind(const err *e);
const char *err_kind_name(enum err_kind kind);
bool err_is(const err *e, enum err_kind kind);
/* errno of err_sys, else 0. */
int err_code(const err *e);
const char *err_message(const err *e);
const struct err_place *err_place(const err *e); /* NULL: no place */
size_t err_hint_count(const err *e);
const char *err_hint_text(const err *e, size_t index);
/* The next independent error joined behind this one, or NULL. */
const err *err_next(const err *e);
size_t err_count(const err *e);

void err_free(err *e);
void err_free_ptr(err **e);
/* Drop an error on purpose; `why` documents the decision at the call site. */
void err_ignore(err *e, const char *why);

#define TRY(expr)                                                                                  \
	do {                                                                                       \
		err *try_error_ = (expr);                                                          \
		if (try_error_)                                                                    \
			return try_error_;                                                         \
	} while (0)

#endif
