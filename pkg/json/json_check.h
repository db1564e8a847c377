/*
 * A strict look at JSON text before jansson reads it: exact places for mistakes, limits, and the
 * small steps over values that give the tree its marks. Internal to pkg/json.
 */
#ifndef JSON_JSON_CHECK_H
#define JSON_JSON_CHECK_H

#include "base/base.h"
#include "val/val.h"

/* INVALID or LIMIT with place; afterwards the text is one valid JSON value. */
NODISCARD err *json_check(const struct val_source *source, size_t start);

/* Steps over text that json_check accepted. */
size_t json_skip_space(const char *text, size_t len, size_t at);
size_t json_skip_string(const char *text, size_t len, size_t at);
/* A number, true, false or null. */
size_t json_skip_word(const char *text, size_t len, size_t at);

#endif
