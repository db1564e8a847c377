#include "base/base.h"

#include <errno.h>

struct err {
	enum err_kind kind;
	int code;
	struct str message;
	bool has_place;
	struct err_place place;
	char *file, *snippet;
	struct strs hints;
	err *next;
};

static const char *const kind_names[] = {
	[ERR_USAGE] = "usage",
	[ERR_INVALID] = "invalid",
	[ERR_NOT_FOUND] = "not_found",
	[ERR_EXISTS] = "exists",
	[ERR_CONFLICT] = "conflict",
	[ERR_REFUSED] = "refused",
	[ERR_DENIED] = "denied",
	[ERR_AUTH] = "auth",
	[ERR_UNAVAILABLE] = "unavailable",
	[ERR_TIMEOUT] = "timeout",
	[ERR_CANCELLED] = "cancelled",
	[ERR_IO] = "io",
	[ERR_CORRUPT] = "corrupt",
	[ERR_UNSUPPORTED] = "unsupported",
	[ERR_LIMIT] = "limit",
	[ERR_UNHEALTHY] = "unhealthy",
	[ERR_INTERNAL] = "internal",
};

static enum err_kind kind_of_errno(int code)
{
	switch (code) {
	case ENOENT:
	case ENOTDIR:
		return ERR_NOT_FOUND;
	case EEXIST:
	case ENOTEMPTY:
		return ERR_EXISTS;
	case EACCES:
	case EPERM:
	case EROFS:
		return ERR_DENIED;
	case ETIMEDOUT:
		return ERR_TIMEOUT;
	case ECONNREFUSED:
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ECONNRESET:
		return ERR_UNAVAILABLE;
	case ENOSYS:
	case ENOTSUP:
		return ERR_UNSUPPORTED;
	case EINTR:
	case ECANCELED:
		return ERR_CANCELLED;
	default:
		return ERR_IO;
	}
}

static err *make(enum err_kind kind)
{
	err *e = MEM_NEW(err);
	e->kind = kind;
	str_init(&e->message);
	return e;
}

err *err_new(enum err_kind kind, const char *fmt, ...)
{
	err *e = make(kind);
	va_list args;
	va_start(args, fmt);
	str_addvf(&e->message, fmt, args);
	va_end(args);
	return e;
}

err *err_sys(int code, const char *fmt, ...)
{
	err *e = make(kind_of_errno(code));
	e->code = code;
	va_list args;
	va_start(args, fmt);
	str_addvf(&e->message, fmt, args);
	va_end(args);
	str_addf(&e->message, ": %s", strerror(code));
	return e;
}

err *err_wrap(err *take_e, const char *fmt, ...)
{
	struct str outer = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&outer, fmt, args);
	va_end(args);
	str_addf(&outer, ": %s", take_e->message.ptr);
	str_clear(&take_e->message);
	take_e->message = outer;
	return take_e;
}

err *err_hint(err *take_e, const char *fmt, ...)
{
	struct str hint = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&hint, fmt, args);
	va_end(args);
	strs_push_take(&take_e->hints, str_detach(&hint));
	return take_e;
}

err *err_at(err *take_e, const char *file, size_t line, size_t column)
{
	if (take_e->has_place)
		return take_e;
	take_e->has_place = true;
	take_e->file = mem_strdup(file);
	take_e->place = (struct err_place){ take_e->file, line, column, 0, NULL };
	return take_e;
}

err *err_source(err *take_e, const char *file, const char *text, size_t len, size_t start,
                size_t end)
{
	enum { SNIPPET_MAX = 400 };
	if (take_e->has_place)
		return take_e;
	if (start > len)
		start = len;
	size_t line = 1, line_start = 0;
	for (const char *at = text; (at = memchr(at, '\n', start - (size_t)(at - text)));) {
		at++;
		line++;
		line_start = (size_t)(at - text);
	}
	const char *line_end = len > line_start ? memchr(text + line_start, '\n', len - line_start)
	                                        : NULL;
	size_t line_len = (line_end ? (size_t)(line_end - text) : len) - line_start;
	if (line_len > 0 && text[line_start + line_len - 1] == '\r')
		line_len--;
	take_e = err_at(take_e, file, line, start - line_start + 1);
	size_t stop = MIN(end, line_start + line_len);
	take_e->place.end_column = stop > start ? stop - line_start + 1 : 0;
	if (line_len <= SNIPPET_MAX) {
		take_e->snippet = mem_strndup(text + line_start, line_len);
		take_e->place.snippet = take_e->snippet;
	}
	return take_e;
}

err *err_without_snippet(err *take_e)
{
	for (err *e = take_e; e; e = e->next)
		e->place.snippet = NULL;
	return take_e;
}

err *err_as(err *take_e, enum err_kind kind)
{
	take_e->kind = kind;
	return take_e;
}

err *err_join(err *take_a, err *take_b)
{
	if (!take_a)
		return take_b;
	err *last = take_a;
	while (last->next)
		last = last->next;
	last->next = take_b;
	return take_a;
}

enum err_kind err_kind(const err *e)
{
	return e->kind;
}

const char *err_kind_name(enum err_kind kind)
{
	return kind_names[kind];
}

bool err_is(const err *e, enum err_kind kind)
{
	return e && e->kind == kind;
}

int err_code(const err *e)
{
	return e->code;
}

const char *err_message(const err *e)
{
	return e->message.ptr;
}

const struct err_place *err_place(const err *e)
{
	return e->has_place ? &e->place : NULL;
}

size_t err_hint_count(const err *e)
{
	return e->hints.len;
}

const char *err_hint_text(const err *e, size_t index)
{
	return e->hints.ptr[index];
}

const err *err_next(const err *e)
{
	return e->next;
}

size_t err_count(const err *e)
{
	size_t count = 0;
	for (; e; e = e->next)
		count++;
	return count;
}

void err_free(err *e)
{
	while (e) {
		err *next = e->next;
		str_clear(&e->message);
		strs_clear(&e->hints);
		mem_free(e->file);
		mem_free(e->snippet);
		mem_free(e);
		e = next;
	}
}

void err_free_ptr(err **e)
{
	err_free(*e);
	*e = NULL;
}

void err_ignore(err *e, const char *why)
{
	(void)why;
	err_free(e);
}
