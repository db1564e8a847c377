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
/* What yaml_load refuses though libyaml can read it. */
enum yaml_flaw_kind {
	YAML_FLAW_BROKEN,    /* cannot be read; the document is missing */
	YAML_FLAW_DUPLICATE, /* a key comes again: the last one counts */
	YAML_FLAW_ALIAS,     /* an alias without an anchor: null */
	YAML_FLAW_CIRCLE,    /* an alias inside of its anchor: null */
	YAML_FLAW_MERGE,     /* a `<<` that brings no map or its keys too late: it brings nothing */
	YAML_FLAW_TAG,       /* a tag nobody here knows: the value as if it had none */
	YAML_FLAW_KEY,       /* a key that is no text: its source stands for it */
	YAML_FLAW_NUMBER,    /* no number that JSON can hold: a text */
};

struct yaml_flaw {
	enum yaml_flaw_kind kind;
	const char *message, *hint; /* hint may be NULL; both live in the arena */
	size_t start, end;
};

struct yaml_lenient {
	bool is_core; /* yes, no, on and off are texts, as YAML 1.2 has it */
	void (*report)(void *ctx, const struct yaml_flaw *flaw);
	void *ctx;
};

/*
 * Read whatever can be read, for tools that look at files rather than use them: what yaml_load
 * refuses is reported instead, in the order it is met. A document that is broken is left out, and
 * reading goes on at the next `---`, at most 100 times.
 */
void yaml_load_lenient(const char *text, size_t len, const char *name, struct arena *a,
                       const struct yaml_lenient *how, struct yaml_docs *ret_docs);
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
