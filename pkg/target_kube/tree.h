/* What grew out of an object: the replica sets, jobs and pods behind a Deployment or a custom resource. */
#ifndef TARGET_KUBE_TREE_H
#define TARGET_KUBE_TREE_H

#include "target_kube/internal.h"

/* target_ops.children. Each namespace is listed once in the life of the target. */
NODISCARD err *tree_children(struct target *target, const struct target_record *record,
                             void (*each)(void *context, const struct target_child *child),
                             void *context);
void tree_free(struct kube_target *kt);

#endif
