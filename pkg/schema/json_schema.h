/*
 * JSON Schema for documents of others: drafts 4, 6, 7, 2019-09 and 2020-12, as `$schema` says (2020-12 when it
 * says nothing). References stay in the document (`#/$defs/x`, `#anchor`, an `$id` of its own); unevaluated* and
 * dynamic references are refused by name when the schema is read, as are patterns that need look-around.
 * `format` is a note, as the drafts have it.
 */
#ifndef SCHEMA_JSON_SCHEMA_H
#define SCHEMA_JSON_SCHEMA_H

#include "base/arena.h"
#include "base/base.h"
#include "val/val.h"

struct json_schema;

/* `root` is borrowed for its life. INVALID at its place for what is no schema or not supported. */
NODISCARD err *json_schema_new(const struct val *root, struct json_schema **ret_schema);
void json_schema_free(struct json_schema *schema); /* NULL is fine */
AUTOPTR_DEFINE(json_schema)

/*
 * NULL when `document` is valid. INVALID with the place of every mistake, at most 20; LIMIT for one nested too
 * deep. Messages name keys, never values.
 */
NODISCARD err *json_schema_check(const struct json_schema *schema, const struct val *document);

#endif
