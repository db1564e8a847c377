/*
 * Making outside text safe to show: control characters, broken UTF-8 and characters that reorder
 * a line are written as visible escapes, so that content can neither move the cursor of a terminal
 * nor forge lines of ours. Also how wide a text is on a terminal.
 */
#ifndef UI_ESCAPE_H
#define UI_ESCAPE_H

#include "base/base.h"

enum escape_flags { ESCAPE_KEEP_NEWLINES = 1u << 0, ESCAPE_KEEP_TABS = 1u << 1 };

/* Append `text` with everything dangerous as \n \t \x1b \u202e. */
void escape_add(struct str *out, const char *text, size_t len, unsigned flags);
/* Columns that valid, escaped text takes: 0 for combining marks, 2 for wide characters. */
size_t escape_width(const char *text, size_t len);
/* Bytes of the longest part of `text` that fits into `columns`. */
size_t escape_fit(const char *text, size_t len, size_t columns);

#endif
