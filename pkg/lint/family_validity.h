/* What the files of the family `validity` share. */
#ifndef LINT_FAMILY_VALIDITY_H
#define LINT_FAMILY_VALIDITY_H

#include "lint/kube_object.h"
#include "lint/kube_value.h"
#include "lint/lint_rule.h"

enum validity_rule {
	INVALID_NAME,
	INVALID_LABEL,
	INVALID_ANNOTATION,
	INVALID_SELECTOR,
	INVALID_CONTAINER,
	INVALID_IMAGE,
	INVALID_PORT,
	INVALID_PORT_NAME,
	INVALID_PROBE,
	INVALID_ENV,
	INVALID_VOLUME,
	INVALID_MOUNT,
	BAD_QUANTITY,
	REQUEST_EXCEEDS_LIMIT,
	RESTART_POLICY,
	INVALID_SCHEDULING,
	INVALID_SECURITY_CONTEXT,
	INVALID_DNS,
	OUT_OF_RANGE,
	INVALID_STRATEGY,
	INVALID_SERVICE,
	INVALID_INGRESS,
	INVALID_BINDING,
	INVALID_DATA_KEY,
	INVALID_SECRET_TYPE,
	INVALID_CLAIM,
	INVALID_NETWORK_POLICY,
	INVALID_BUDGET,
	INVALID_WEBHOOK,
	VALIDITY_RULES,
};

struct validity {
	struct lint_file *file;
	const struct val *object;
	const char *kind;
	struct view group;
	unsigned minor; /* of Kubernetes */
	struct kube_pod pod;
	bool has_pod;
	const char *container; /* name; NULL: none */
	const struct lint_fix *fix;
	bool is_for_missing; /* all files were seen: only what is missing is reported */
};

/* At the value, or at the key of an entry. */
void validity_report(const struct validity *c, enum validity_rule rule, const struct val *at,
                     const char *fmt, ...) PRINTF_LIKE(4, 5);
void validity_report_key(const struct validity *c, enum validity_rule rule,
                         const struct val_entry *entry, const char *fmt, ...) PRINTF_LIKE(4, 5);

/*
 * Something is not there. It is told when all files were seen, and not of patches: those say only what
 * they change.
 */
void validity_report_missing(const struct validity *c, enum validity_rule rule,
                             const struct val_entry *entry, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* The text of a string that can be judged; NULL for anything else, and for what is filled in later. */
const char *validity_text(const struct val *v);
/* Is it written, and not null? */
bool validity_is_set(const struct val *v);
/* How many of the keys (NULL-terminated) the map has; the last of them goes to ret_last. */
size_t validity_count(const struct val *map, const char *const *keys, const struct val **ret_last);
/* Report what lies outside of min..max; other kinds of values are the schema's. */
void validity_range(const struct validity *c, enum validity_rule rule, const struct val *v,
                    int64_t min, int64_t max);
void validity_ip(const struct validity *c, enum validity_rule rule, const struct val *v);
void validity_cidr(const struct validity *c, enum validity_rule rule, const struct val *v);

/* validity_meta.c */
void validity_check_metadata(const struct validity *c);
void validity_check_labels(const struct validity *c, const struct val *labels);
void validity_check_selector(const struct validity *c, const struct val *selector);
/* validity_pod.c, validity_container.c */
void validity_check_pod(struct validity *c);
void validity_check_containers(struct validity *c);
/* validity_kinds.c */
void validity_check_kind(const struct validity *c);

#endif
