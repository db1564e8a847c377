/* The compiled schema of a custom kind; for crd_compile.c and crd_check.c only. */
#ifndef SCHEMA_CRD_NODE_H
#define SCHEMA_CRD_NODE_H

#include "regex/regex.h"
#include "schema/crd.h"

#include <stdatomic.h>

enum crd_type {
	CRD_ANY,
	CRD_OBJECT,
	CRD_ARRAY,
	CRD_STRING,
	CRD_INTEGER,
	CRD_NUMBER,
	CRD_BOOLEAN,
};

enum crd_flags {
	CRD_NULLABLE = 1u << 0,
	CRD_PRESERVE = 1u << 1, /* x-kubernetes-preserve-unknown-fields */
	CRD_EMBEDDED = 1u << 2, /* x-kubernetes-embedded-resource */
	CRD_INT_OR_STRING = 1u << 3,
	CRD_HAS_MINIMUM = 1u << 4,
	CRD_HAS_MAXIMUM = 1u << 5,
	CRD_ABOVE_MINIMUM = 1u << 6, /* exclusiveMinimum */
	CRD_BELOW_MAXIMUM = 1u << 7,
	CRD_OPEN = 1u << 8,     /* additionalProperties: true */
	CRD_LIST_MAP = 1u << 9, /* x-kubernetes-list-type */
	CRD_LIST_SET = 1u << 10,
};

struct crd_property {
	const char *name;
	const struct crd_node *node;
};

struct crd_nodes {
	const struct crd_node **ptr;
	size_t len;
};

struct crd_names {
	const char **ptr;
	size_t len;
};

/* Compiled when it is first needed: most never are. */
struct crd_pattern {
	const char *text;
	_Atomic(struct regex *) regex; /* NULL: not yet */
	struct crd_pattern *next;      /* of the definition */
};

struct crd_node {
	uint8_t type; /* enum crd_type */
	uint16_t flags;
	struct crd_property *properties; /* sorted by name */
	size_t n_properties;
	const struct crd_node *additional, *items, *negated;
	struct crd_names required, keys; /* keys: of a list that is a map */
	const char **key_defaults;
	struct crd_nodes all_of, any_of, one_of;
	const struct val *enumeration; /* a list; NULL: none */
	const struct val *fallback;    /* the default; NULL: none */
	struct crd_pattern *pattern;   /* NULL: none */
	const char *format;            /* NULL: none */
	double minimum, maximum, multiple_of;
	size_t min_size, max_size; /* of a string in code points, a list or a map */
};

const struct crd_node *crd_property(const struct crd_node *node, const char *name);

#endif
