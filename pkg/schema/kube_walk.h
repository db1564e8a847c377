/*
 * What the checks of Kubernetes' own and of custom kinds share: where in the object they are, how a
 * problem is told, and the formats of values.
 */
#ifndef SCHEMA_KUBE_WALK_H
#define SCHEMA_KUBE_WALK_H

#include "schema/kube_schema.h"

#define KUBE_PROBLEMS_MAX 100u

/* One step from the object to a value: a field, or an item of a list. */
struct kube_frame {
	const struct kube_frame *up;
	const struct val *map; /* of the field; NULL: an item */
	const struct val_entry *entry;
	const struct val *item;
	size_t index;
	const char *item_key; /* the list is a map by this one key; NULL: it is not */
	const void *schema;   /* of the map; NULL: not known */
};

struct kube_walk {
	const struct kube_check *check;
	const struct val *root;
	size_t n_problems;
	unsigned silent; /* > 0: problems are counted, not told */
	bool is_custom;
	bool is_in_status; /* of the server: it throws away what is written there */
};

/* What is to be told besides the message. */
struct kube_tell {
	enum kube_problem_kind kind;
	const struct val *at;
	const char *suggestion;
	enum val_kind wanted;
};

/* `frame` is the value's, or of the map a field is missing in; NULL: the object itself. */
void kube_tell(struct kube_walk *walk, const struct kube_frame *frame, const struct kube_tell *tell,
               const char *fmt, ...) PRINTF_LIKE(4, 5);
/* "expected an integer, found a string". */
void kube_tell_type(struct kube_walk *walk, const struct kube_frame *frame, const struct val *v,
                    enum val_kind wanted, const char *expected);
/* The path of the value, or of the object with NULL: "spec.containers[name=app]", "". */
void kube_add_path(const struct kube_frame *frame, struct str *path);
void kube_tell_unknown(struct kube_walk *walk, const struct kube_frame *frame,
                       const char *suggestion, const char *why);
void kube_tell_missing(struct kube_walk *walk, const struct kube_frame *frame,
                       const struct val *map, const char *name);
/* `choices` is NULL-terminated. */
void kube_tell_choice(struct kube_walk *walk, const struct kube_frame *frame, const struct val *v,
                      const char *const *choices, size_t n_choices);

/* Encrypted by SOPS: nothing can be said. */
bool kube_is_opaque(const struct kube_walk *walk, const struct val *v);
/* A directive of a strategic merge patch: "$patch". */
bool kube_is_directive(const struct kube_walk *walk, const char *key);

/* Items of a list that must differ: in all, or in the values of `keys` (with their defaults). */
struct kube_unique {
	const char *const *keys;
	const char *const *defaults; /* "" or NULL: none */
	size_t n_keys;               /* 0: the items themselves */
};
void kube_check_unique(struct kube_walk *walk, const struct kube_frame *frame,
                       const struct val *list, const struct kube_unique *unique);

/* The metadata of a custom object. */
void kube_check_metadata(struct kube_walk *walk, const struct kube_frame *frame,
                         const struct val *metadata);

/* --- Formats. Each says whether the text is one. --- */

bool kube_is_quantity(const char *text, size_t len);
bool kube_is_date(const char *text, size_t len);
bool kube_is_date_time(const char *text, size_t len);
/* Standard alphabet with padding; line ends are skipped, as Go does. */
bool kube_is_base64(const char *text, size_t len);
bool kube_is_duration(const char *text, size_t len);
bool kube_is_ipv4(const char *text, size_t len);
bool kube_is_ipv6(const char *text, size_t len);
bool kube_is_cidr(const char *text, size_t len);
bool kube_is_uuid(const char *text, size_t len);
/* What custom kinds may hold, too: t and z, "2 days", leading zeros; not every wrong one is known. */
bool crd_is_date_time(const char *text, size_t len);
bool crd_is_duration(const char *text, size_t len);
bool crd_is_byte(const char *text, size_t len);
bool crd_is_ipv4(const char *text, size_t len);
bool crd_is_cidr(const char *text, size_t len);
bool crd_is_email(const char *text, size_t len);
bool crd_is_hostname(const char *text, size_t len);
bool crd_is_uri(const char *text, size_t len);
/* A whole number that fits: 1.0 counts, as it does for the server. */
bool kube_is_whole(const struct val *v, int64_t min, int64_t max);

#endif
