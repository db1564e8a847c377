/*
 * What readers of text formats share that make value trees by hand: where they are, values with marks, errors
 * with a place, limits. For pkg/toml and pkg/hcl.
 */
#ifndef VAL_VAL_READER_H
#define VAL_VAL_READER_H

#include "val/val.h"

struct val_reader {
	struct arena *arena;
	const struct val_source *source;
	const char *text; /* valid UTF-8, NUL behind it */
	size_t len, at;
	size_t line, line_start; /* whoever passes a line end counts it */
	size_t nodes;
	unsigned depth;
};

/* Begin, behind a byte order mark; the text is copied. LIMIT (LIMIT_DOC_BYTES), INVALID when it is not UTF-8. */
NODISCARD err *val_reader_init(struct val_reader *r, const char *text, size_t len, const char *name,
                               struct arena *a);
/* INVALID at byte `at`. */
NODISCARD err *val_reader_error(const struct val_reader *r, size_t at, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* From byte `start` of the current line to where it is. */
struct val_mark val_reader_mark(const struct val_reader *r, size_t start);
/* LIMIT (LIMIT_NODES). */
NODISCARD err *val_reader_new(struct val_reader *r, enum val_kind kind, size_t start,
                              struct val **ret_v);
/* One level deeper, until val_reader_leave. LIMIT (LIMIT_DEPTH). */
NODISCARD err *val_reader_enter(struct val_reader *r);
void val_reader_leave(struct val_reader *r);
bool val_reader_at(const struct val_reader *r, const char *token);
/* `count` digits of `base` that are a Unicode character, appended to `out`. */
NODISCARD err *val_reader_code(struct val_reader *r, size_t count, unsigned base, struct str *out);
/* At '[': items with commas between them, also behind the last; `skip` passes what may stand between. */
NODISCARD err *val_reader_list(struct val_reader *r, struct val *list,
                               err *(*skip)(struct val_reader *r),
                               err *(*read)(struct val_reader *r, struct val **ret_v));

#endif
