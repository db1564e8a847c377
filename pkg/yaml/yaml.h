/*
 * YAML text to value trees and back, read as the Kubernetes API server reads it (sigs.k8s.io/yaml:
 * yes/no/on/off are booleans, 0777 is octal, timestamps are strings, `<<` merges).
 * Sole user of libyaml. Everything from outside is limited before libyaml sees it; aliases are
 * shared, never expanded, and refused when expansion would pass LIMIT_NODES.
 */
#ifndef YAML_YAML_H
#define YAML_YAML_H

#include "base/arena.h"
#include "base/base.h"
#include "val/val.h"

struct yaml_doc {
	struct val *root;  /* VAL_NULL for an empty document */
	size_t start, end; /* bytes, from after `---` (or the file's start) to before the next */
};

struct yaml_docs {
	struct yaml_doc *ptr;
	size_t len;
};

/*
 * Read all documents of `text` into the arena; `name` is used in messages. The text is copied once
 * into the arena for marks and snippets. A file with only comments has no documents; an empty
 * document between two `---` is a VAL_NULL root (the API tools skip those).
 * Every error is INVALID or LIMIT with file, line, column, snippet and often a hint. Refused:
 * bytes that are not UTF-8, tabs as indentation, duplicate keys, unknown tags, keys that are lists or
 * maps, .inf and .nan (JSON has none), more than LIMIT_DOC_BYTES, LIMIT_DEPTH, LIMIT_NODES (aliases
 * counted expanded), LIMIT_KEY_BYTES, LIMIT_DOCS_PER_FILE.
 */
NODISCARD err *yaml_load(const char *text, size_t len, const char *name, struct arena *a,
                         struct yaml_docs *ret_docs);
/* For settings and the like: INVALID unless there is exactly one document. */
NODISCARD err *yaml_load_one(const char *text, size_t len, const char *name, struct arena *a,
                             struct val **ret_root);

/*
 * Append `v` as block YAML, ending with a newline: two spaces, strings quoted when they would read
 * as something else, literal blocks for texts of several lines. Reads back equal, here and in
 * Kubernetes tools. No `---`; write that between documents yourself.
 */
void yaml_write(const struct val *v, struct str *out);

/* What an unquoted scalar would be read as; VAL_STR when it stays a string. Used by writers. */
enum val_kind yaml_plain_kind(const char *text, size_t len);

#endif
