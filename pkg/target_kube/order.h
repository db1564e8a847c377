/*
 * Edges that Kubernetes objects have without saying so: namespace before members, CRD before its
 * resources, (Cluster)Role before binding, ServiceAccount, ConfigMap, Secret, PVC and *Class before the
 * pods that name them, a webhook after its Service and the workload behind it, APIService likewise.
 */
#ifndef TARGET_KUBE_ORDER_H
#define TARGET_KUBE_ORDER_H

#include "base/map.h"
#include "target/object.h"

/*
 * Add the edges (object_edge_add; ready ones where "exists" is not enough: CRD, webhook's workload,
 * Namespace need not). An inferred edge never closes a cycle: explicit ones (depends-on, waves of
 * argocd.argoproj.io/sync-wave, kapp's change-group/rule where simple) win. Objects' name_space is final.
 */
err *order_infer(struct object_set *set);
/* The definitions of the set, by "group/Kind" of what they make. */
void order_find_crds(const struct object_set *set, struct map *crds);
/* Falls from what goes first on deletion: workloads, then services, config, accounts, then namespaces, CRDs last. */
int order_removal_rank(const char *group, const char *kind);

#endif
