/*
 * ApplySet (KEP-3659) exactly as kubectl writes it, and the keep marks of others. Pure.
 */
#ifndef TARGET_KUBE_APPLYSET_H
#define TARGET_KUBE_APPLYSET_H

#include "base/base.h"
#include "val/val.h"

#define APPLYSET_PART_OF "applyset.kubernetes.io/part-of"
#define APPLYSET_ID "applyset.kubernetes.io/id"
#define APPLYSET_TOOLING "applyset.kubernetes.io/tooling"
#define APPLYSET_GROUP_KINDS "applyset.kubernetes.io/contains-group-kinds"
#define APPLYSET_NAMESPACES "applyset.kubernetes.io/additional-namespaces"

/* Append "applyset-…-v1" for the parent Secret `name` in `name_space`. */
void applyset_id(const char *name, const char *name_space, const char *kind, const char *group, struct str *out);
/* Append the sorted comma lists of the parent's annotations from inventory keys "group/Kind/namespace/name". */
void applyset_group_kinds(const char *const *keys, size_t count, struct str *out);
void applyset_namespaces(const char *const *keys, size_t count, const char *parent_namespace, struct str *out);

/* A mark of anyone (fettle, Helm, Argo CD, Flux, cli-utils) that the object must not be pruned: its text, or NULL. */
const char *applyset_keep_mark(const struct val *object);
/* A mark "do not touch it at all" (lifecycle.config.k8s.io/mutation: ignore, kustomize.toolkit.fluxcd.io/reconcile: disabled), or NULL. */
const char *applyset_ignore_mark(const struct val *object);
/*
 * Who else manages this object by its labels and annotations: "Argo CD application shop", "Helm release
 * x", "Flux Kustomization ns/x", "ApplySet …"; false when nobody. `own_id` is ours.
 */
bool applyset_other_owner(const struct val *object, const char *own_id, struct str *ret_owner);

#endif
