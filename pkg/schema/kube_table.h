/*
 * The packed form of Kubernetes' published OpenAPI documents: what the rows of kube_table.inc mean.
 * Everything is read-only data of the program, nothing is made at start. Strings and rows are named
 * by 16 bit numbers; bit i of a mask is the minor KUBE_MINOR_FIRST + i.
 */
#ifndef SCHEMA_KUBE_TABLE_H
#define SCHEMA_KUBE_TABLE_H

#include "base/base.h"

enum kube_type_kind {
	KUBE_ANY,
	KUBE_OBJECT, /* members are the definition `ref` */
	KUBE_OPEN,   /* an object of unknown members */
	KUBE_MAP,    /* any keys, values are of type `ref` */
	KUBE_LIST,   /* items are of type `ref` */
	KUBE_STR,
	KUBE_INT,
	KUBE_NUMBER,
	KUBE_BOOL,
	KUBE_INT_OR_STR,
	KUBE_QUANTITY,
};

enum kube_format {
	KUBE_FORMAT_NONE,
	KUBE_FORMAT_INT32,
	KUBE_FORMAT_INT64,
	KUBE_FORMAT_DOUBLE,
	KUBE_FORMAT_BYTE,
	KUBE_FORMAT_DATE_TIME,
};

enum kube_list_type { KUBE_LIST_ATOMIC, KUBE_LIST_MAP, KUBE_LIST_SET };

struct kube_type {
	uint8_t kind;      /* enum kube_type_kind */
	uint8_t format;    /* enum kube_format */
	uint8_t list_type; /* enum kube_list_type */
	uint16_t ref;
	uint16_t enumeration; /* in `enums`: a count and so many strings; 0: none */
	uint16_t keys; /* in `keys`: a count and so many pairs of name and default; 0: none */
};

#define KUBE_REQUIRED_BIT 0x8000u

struct kube_property {
	uint16_t name, type;
	uint16_t minors; /* and KUBE_REQUIRED_BIT */
};

/* Its properties are sorted by name; one of several minors with different types has several rows. */
struct kube_definition {
	uint16_t first, count;
};

/* Sorted by kind and apiVersion. Minors are 0 where nothing is known. */
struct kube_kind_row {
	uint16_t kind, version; /* "Deployment", "apps/v1" */
	uint16_t type;
	uint16_t minors; /* that the documents have it in; 0: long gone */
	uint16_t instead_version, instead_kind;
	uint8_t introduced, deprecated, removed;
};

struct kube_table {
	const char *strings;
	const uint16_t *enums, *keys;
	const struct kube_type *types;
	const struct kube_property *properties;
	const struct kube_definition *definitions;
	const struct kube_kind_row *kinds;
	size_t n_kinds;
	unsigned first_minor, n_minors;
};

extern const struct kube_table kube_table;

#endif
