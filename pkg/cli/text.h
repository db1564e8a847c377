/*
 * Laying out help: wrapped paragraphs and two columns.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include "base/base.h"

/*
 * Add `text` broken at spaces into lines of at most `width` columns. The first line starts at
 * column `at` (already written), the others are indented by `indent`. A line feed in the text is
 * kept. Ends with a line feed.
 */
void text_wrap(struct str *out, const char *text, size_t at, size_t indent, size_t width);
/* "  left      right…"; a left side that is too wide has the line to itself. */
void text_columns(struct str *out, const char *left, const char *right, size_t column,
                  size_t width);

#endif
