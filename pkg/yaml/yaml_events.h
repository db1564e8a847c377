/*
 * YAML as the series of its events, with the bytes each came from and nothing resolved: no types, no
 * aliases, no merge keys, any tag. For rooms that have rules of their own about what a scalar means
 * (SOPS documents) or that change a file without reading all of it as a tree.
 */
#ifndef YAML_YAML_EVENTS_H
#define YAML_YAML_EVENTS_H

#include "base/arena.h"
#include "base/base.h"
#include "val/val.h"

enum yaml_node_kind {
	YAML_AT_DOCUMENT,
	YAML_AT_DOCUMENT_END,
	YAML_AT_SCALAR,
	YAML_AT_ALIAS,
	YAML_AT_LIST,
	YAML_AT_LIST_END,
	YAML_AT_MAP,
	YAML_AT_MAP_END,
};

struct yaml_node {
	uint8_t kind;     /* enum yaml_node_kind */
	uint8_t style;    /* enum val_style */
	bool is_explicit; /* a document with `---`, or ended by `...` */
	const char *text; /* of a scalar, quotes and folding undone; name of an alias */
	size_t len;
	const char *tag, *anchor; /* NULL: none */
	struct val_mark mark;     /* without anchor and tag; of an end: where it was noticed */
	uint32_t properties;      /* first byte of anchor or tag; mark.start when there is none */
};

struct yaml_nodes {
	struct yaml_node *ptr;
	size_t len;
	const struct val_source *source; /* a copy of the text */
};

/* All documents of `text`. Errors and limits of bytes, nodes and depth as yaml_load has them. */
NODISCARD err *yaml_read_nodes(const char *text, size_t len, const char *name, struct arena *a,
                               struct yaml_nodes *ret_nodes);

#endif
