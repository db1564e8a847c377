/* What kind an object is, as far as its apiVersion and kind tell: Kubernetes' own or custom. */
#ifndef LINT_SCHEMA_KINDS_H
#define LINT_SCHEMA_KINDS_H

#include "schema/kube_schema.h"
#include "val/val.h"

enum schema_verdict {
	SCHEMA_KIND_EXEMPT,   /* settings of a tool, or no object at all */
	SCHEMA_KIND_SERVED,   /* Kubernetes' own, and served */
	SCHEMA_KIND_UNSERVED, /* Kubernetes' own, not in this minor */
	SCHEMA_KIND_UNKNOWN,  /* in a group of Kubernetes that has no such kind */
	SCHEMA_KIND_CUSTOM,
};

struct schema_kind {
	enum schema_verdict verdict;
	const char *version, *kind;
	struct kube_api api; /* when it is Kubernetes' own */
	bool is_deprecated;
	bool looks_custom; /* its group has a dot, as custom ones must */
};

void schema_kind_of(const struct val *object, unsigned minor, struct schema_kind *ret_kind);

/*
 * An object that says only one of apiVersion and kind, so that nothing would look at it: the name of
 * the other, else NULL.
 */
const char *schema_lacks(const struct val *root);

/* Has it "$patch" or the like anywhere: a strategic merge patch. */
bool schema_has_directives(const struct val *v);
/* Fields that only the server writes: the status (unless it is the user's), resourceVersion... */
bool schema_has_server_fields(const struct val *object, bool status_is_servers);
/* Only empty maps, lists, texts and nulls below. */
bool schema_is_empty(const struct val *v);

/* NULL-terminated: the members of metadata that only the server writes. */
extern const char *const schema_server_metadata[];

#endif
