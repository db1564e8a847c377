/*
 * Custom kinds: a CustomResourceDefinition read from a value tree, made into a form that objects are
 * checked against quickly, with the meaning the API server gives it (structural schemas, pruning,
 * nullable, int-or-string, embedded resources, value validation). CEL rules are not evaluated.
 */
#ifndef SCHEMA_CRD_H
#define SCHEMA_CRD_H

#include "schema/kube_schema.h"

struct crd;
struct crd_node;

struct crd_version {
	const char *name; /* "v1beta1" */
	bool is_served;
	bool is_deprecated;
	const char *deprecation;     /* what to do instead; NULL: not said */
	const struct crd_node *root; /* NULL: no schema, anything goes */
	bool has_status;             /* a subresource: the server drops what is written there */
	bool is_open;                /* preserveUnknownFields: nothing is unknown */
};

struct crd {
	const char *group, *kind;
	const struct crd_version *versions;
	size_t n_versions;
	struct crd_pattern *patterns; /* private */
};

/* Is the object a CustomResourceDefinition at all? */
bool crd_is(const struct val *object);

/*
 * Compile into the arena, where strings and all else are copied to. INVALID when group, kind or
 * versions are missing, LIMIT for a schema of more than 200000 parts. What is wrong inside of a
 * schema is skipped: the schema of CustomResourceDefinition finds that.
 */
NODISCARD err *crd_compile(const struct val *object, struct arena *a, const struct crd **ret_crd);
/*
 * The same of a bare JSON Schema, as catalogues of definitions keep them: one file for each kind and
 * version, which knows neither. The status counts as a subresource.
 */
struct crd_name {
	const char *group, *kind, *version;
};
NODISCARD err *crd_from_schema(const struct val *schema, const struct crd_name *name,
                               struct arena *a, const struct crd **ret_crd);
/* Free what is not in the arena, before that is cleared. */
void crd_release(const struct crd *crd);

/* NULL when it has no such version. */
const struct crd_version *crd_find_version(const struct crd *crd, const char *version);

/* From any thread. A custom object; its metadata is judged as of check->minor. At most 100 problems are told. */
void crd_check_object(const struct kube_check *check, const struct crd_version *version,
                      const struct val *object);

#endif
