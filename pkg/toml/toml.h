/*
 * TOML 1.0.0 (toml.io/en/v1.0.0) to value trees. For configuration of others that we read: settings of
 * gitleaks and confd, documents of a configuration center, files whose syntax is checked. There is no
 * C library for it in the distributions we build from. Dates, times, inf and nan become strings, as they are
 * written.
 */
#ifndef TOML_TOML_H
#define TOML_TOML_H

#include "base/arena.h"
#include "base/base.h"
#include "val/val.h"

/*
 * The whole document is a map in the arena, with marks; `name` is used in messages. Errors are INVALID or
 * LIMIT (LIMIT_DOC_BYTES, LIMIT_DEPTH, LIMIT_NODES, LIMIT_KEY_BYTES) with file, line, column and snippet.
 */
NODISCARD err *toml_load(const char *text, size_t len, const char *name, struct arena *a,
                         struct val **ret_root);

#endif
