/*
 * Objects of a kind whose definition stands in the same set, checked against that definition: before the
 * definition is on the server, nobody else could say that they fit.
 */
#ifndef TARGET_KUBE_CUSTOM_H
#define TARGET_KUBE_CUSTOM_H

#include "target_kube/internal.h"

/* Compile the definitions of the set that have objects there. What was made for an earlier set is freed. */
void custom_prepare(struct kube_target *kt, const struct object_set *set);
void custom_forget(struct kube_target *kt);

/* INVALID with each place that does not fit. NULL also when its definition is not in the set. */
NODISCARD err *custom_check(const struct object *object);

#endif
