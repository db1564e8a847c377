/*
 * What the server refused and how to go on: field conflicts with owner and field and the three ways
 * out, immutable fields recognised by their causes, admission refusals.
 */
#ifndef TARGET_KUBE_CONFLICT_H
#define TARGET_KUBE_CONFLICT_H

#include "kube/kube.h"
#include "target/object.h"

/* All causes are field conflicts? (Else a 409 is a matter of versions.) */
bool conflict_is_fields(const struct kube_status *status);
/*
 * CONFLICT naming each field, its owner and since when; hints: remove the field from the manifest,
 * co-own it by writing the live value, `--take-over PATH`; for an HPA's replicas: drop the field, why.
 */
err *conflict_error(const struct object *object, const struct kube_status *status);
/* Append the manager that owns the field of this conflict; nothing when the text is none we know. */
void conflict_manager(const struct kube_cause *cause, struct str *out);
/* Are all conflicts covered by the paths the user wants to take over (exact or a prefix, or "*")? */
bool conflict_is_covered(const struct kube_status *status, const char *const *take_over);
/* 422 whose causes all say "immutable": only a new object can have that. */
bool conflict_is_immutable(const struct kube_status *status);

#endif
