/*
 * The records of a project in the cluster: a Secret that is an ApplySet parent as kubectl makes it, with
 * the compressed image in it and, when that is large, in further Secrets beside it. A Lease keeps two
 * applies apart; the parent's resourceVersion sees to it that nobody overwrites what he has not read.
 */
#ifndef TARGET_KUBE_STATE_H
#define TARGET_KUBE_STATE_H

#include "base/base.h"
#include "target/target.h"

/* Append the name of the parent: "fettle-" and the project, fit for Kubernetes. */
void kube_state_parent(const char *project, struct str *out);

NODISCARD err *kube_state_load(struct target *target, const char *project, const char *command,
                               bool for_change, struct str *ret_image);
NODISCARD err *kube_state_save(struct target *target, const struct target_state *state);
/* Give the lease back; of struct kube_target's own. */
struct kube_state;
void kube_state_free(struct kube_state *state);

#endif
