/*
 * HCL 1 (github.com/hashicorp/hcl, the language of consul-template, Consul and Vault agents) to value trees,
 * so that such configurations can be converted. A block becomes a list of maps, as often as it is there;
 * labels of a block nest (`a "b" { … }` is a: [ { b: [ { … } ] } ]). Interpolations stay as they are written.
 */
#ifndef HCL_HCL_H
#define HCL_HCL_H

#include "base/arena.h"
#include "base/base.h"
#include "val/val.h"

/*
 * The whole document is a map in the arena, with marks; `name` is used in messages. Errors are INVALID or
 * LIMIT (LIMIT_DOC_BYTES, LIMIT_DEPTH, LIMIT_NODES, LIMIT_KEY_BYTES) with file, line, column and snippet.
 */
NODISCARD err *hcl_load(const char *text, size_t len, const char *name, struct arena *a,
                        struct val **ret_root);

#endif
