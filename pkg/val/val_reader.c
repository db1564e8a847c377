#include "base/base.h"

#include <stdarg.h>

#include "base/limits.h"
#include "base/num.h"
#include "base/utf8.h"
#include "val/val_reader.h"

err *val_reader_init(struct val_reader *r, const char *text, size_t len, const char *name,
                     struct arena *a)
{
	size_t bad;
	if (len > LIMIT_DOC_BYTES)
		return err_new(ERR_LIMIT, "%s is larger than %u bytes", name, LIMIT_DOC_BYTES);
	struct val_source *source = ARENA_NEW(a, struct val_source);
	*source = (struct val_source){ arena_strdup(a, name), arena_strndup(a, text, len), len };
	*r = (struct val_reader){
		.arena = a, .source = source, .text = source->text, .len = len, .line = 1
	};
	if (!utf8_valid(text, len, &bad))
		return val_reader_error(r, bad, "a byte that is not UTF-8");
	if (val_reader_at(r, "\xef\xbb\xbf"))
		r->at = r->line_start = 3;
	return NULL;
}

err *val_reader_error(const struct val_reader *r, size_t at, const char *fmt, ...)
{
	AUTO(str) text = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&text, fmt, args);
	va_end(args);
	return err_source(err_new(ERR_INVALID, "%s", text.ptr), r->source->name, r->text, r->len,
	                  at, at);
}

struct val_mark val_reader_mark(const struct val_reader *r, size_t start)
{
	return (struct val_mark){ .start = (uint32_t)start,
		                  .end = (uint32_t)r->at,
		                  .line = (uint32_t)r->line,
		                  .column = (uint32_t)(start - r->line_start + 1) };
}

err *val_reader_new(struct val_reader *r, enum val_kind kind, size_t start, struct val **ret_v)
{
	if (++r->nodes > LIMIT_NODES)
		return err_as(val_reader_error(r, start, "more than %u values", LIMIT_NODES),
		              ERR_LIMIT);
	struct val *v = *ret_v = ARENA_NEW(r->arena, struct val);
	v->kind = (uint8_t)kind;
	v->source = r->source;
	v->mark = val_reader_mark(r, start);
	return NULL;
}

err *val_reader_enter(struct val_reader *r)
{
	if (r->depth >= LIMIT_DEPTH)
		return err_as(
			val_reader_error(r, r->at, "nested deeper than %u levels", LIMIT_DEPTH),
			ERR_LIMIT);
	r->depth++;
	return NULL;
}

void val_reader_leave(struct val_reader *r)
{
	r->depth--;
}

bool val_reader_at(const struct val_reader *r, const char *token)
{
	size_t len = strlen(token);
	return r->len - r->at >= len && memcmp(r->text + r->at, token, len) == 0;
}

err *val_reader_code(struct val_reader *r, size_t count, unsigned base, struct str *out)
{
	uint64_t code = 0;
	char bytes[4];
	if (r->len - r->at < count || !num_parse_u64(r->text + r->at, count, base, &code) ||
	    code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return val_reader_error(r, r->at, "expected %zu %s digits of a Unicode character",
		                        count, base == 16 ? "hex" : "octal");
	str_add(out, bytes, utf8_encode((uint32_t)code, bytes));
	r->at += count;
	return NULL;
}

err *val_reader_list(struct val_reader *r, struct val *list, err *(*skip)(struct val_reader *r),
                     err *(*read)(struct val_reader *r, struct val **ret_v))
{
	list->style = VAL_STYLE_FLOW;
	r->at++;
	TRY(skip(r));
	while (!val_reader_at(r, "]")) {
		struct val *item;
		TRY(read(r, &item));
		val_push(r->arena, list, item);
		TRY(skip(r));
		if (!val_reader_at(r, ",") && !val_reader_at(r, "]"))
			return val_reader_error(r, r->at, "expected ',' or ']'");
		r->at += val_reader_at(r, ",");
		TRY(skip(r));
	}
	r->at++;
	return NULL;
}
