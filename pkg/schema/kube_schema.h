/*
 * The schemas of Kubernetes' own kinds, offline: which API versions there are in which minor, and
 * whether an object is what the API server of that minor would decode. Problems come one by one
 * through a function, with the node they are about. Custom kinds are in schema/crd.h and report in
 * the same way.
 */
#ifndef SCHEMA_KUBE_SCHEMA_H
#define SCHEMA_KUBE_SCHEMA_H

#include "base/base.h"
#include "val/val.h"

/* --- Minors --- */

unsigned kube_minor_oldest(void);
unsigned kube_minor_newest(void);
/* "1.31", "v1.31", "v1.31.4" to 31; false when it is no version or none we know. */
bool kube_minor_parse(const char *text, unsigned *ret_minor);

/* --- API versions --- */

struct kube_api {
	const char *version, *kind; /* "apps/v1", "Deployment" */
	/* Minors; 0: not known. `removed` is the first one without it, may lie in the future. */
	unsigned introduced, deprecated, removed;
	const char *instead_version, *instead_kind; /* NULL: none */
	uint16_t type, minors;                      /* private */
};

/* False when Kubernetes itself never had the kind in this version, as far as we know. */
bool kube_api_find(const char *version, const char *kind, struct kube_api *ret_api);
bool kube_api_is_served(const struct kube_api *api, unsigned minor);
/* Is the group of this apiVersion Kubernetes' own: "apps/v9", "v1"? */
bool kube_api_has_group(const char *version);
/* The nearest kind in the group of this apiVersion; NULL: none is near. */
const char *kube_kind_nearest(const char *version, const char *kind);
/* The apiVersion that serves the kind in this minor: the most stable one; NULL: none. */
const char *kube_kind_version(const char *kind, unsigned minor);

/* --- Checking --- */

enum kube_problem_kind {
	KUBE_UNKNOWN_FIELD,
	KUBE_WRONG_TYPE,
	KUBE_MISSING_FIELD,
	KUBE_NOT_IN_ENUM,
	KUBE_BAD_FORMAT, /* also out of range, or not matching a pattern */
	KUBE_DUPLICATE_ITEM,
};

struct kube_problem {
	enum kube_problem_kind kind;
	const struct val *at; /* the value; for a missing field, the map it is missing in */
	/* The field, and the map it is in; NULL in a list and for the object itself. */
	const struct val *map;
	const struct val_entry *entry;
	const char *path;       /* "spec.containers[name=app].image" */
	const char *message;    /* names the path */
	const char *container;  /* name; NULL: in none */
	const char *suggestion; /* the field or value that was meant; NULL: unknown */
	enum val_kind wanted;   /* wrong type: what belongs there; VAL_NULL: several */
	bool is_custom;         /* by the schema of a custom kind */
};

struct kube_check {
	unsigned minor;
	bool is_patch;     /* part of an object: nothing is required, directives are known */
	bool is_encrypted; /* values may be "ENC[...]" of SOPS */
	void (*report)(void *ctx, const struct kube_problem *problem);
	void *ctx;
};

/* The object as kind `api`, which must be served in check->minor. At most 100 problems are told. */
void kube_check_object(const struct kube_check *check, const struct kube_api *api,
                       const struct val *object);

#endif
