/*
 * Objects that another tool applied (kubectl, Helm, Argo CD, Flux, kapp) become ours with all their
 * fields: what the tool's entries in managedFields own goes into our own entry, before our manifest is
 * applied. From then on a field that the manifest does not name is a field given up, and goes; without it
 * the former tool would own it for ever. Pure functions over value trees, and one request.
 */
#ifndef TARGET_KUBE_ADOPT_H
#define TARGET_KUBE_ADOPT_H

#include "target_kube/internal.h"

/* Did the tools that are left behind write this entry? `more`: managers to count among them, or NULL. */
bool adopt_is_former(const char *manager, const char *const *more);

/*
 * A copy of `live` in which our entry owns what their entries owned, and theirs are gone. NULL when there
 * is nothing to take over. Lives in the arena and borrows from `live`.
 */
const struct val *adopt_united(struct arena *arena, const struct val *live,
                               const char *const *more);

/* "kubectl-client-side-apply, helm": whose entries adopt_united takes. */
void adopt_managers(const struct val *live, const char *const *more, struct str *out);

/* Write the united entries; `path` is the object's. CONFLICT when another object has the name by now. */
NODISCARD err *adopt_write(struct kube_target *kt, const char *path, const char *uid,
                           const char *display);

/* What to do with the tool that had the object, so that it lets go; false when nothing is left to do. */
bool adopt_farewell(const struct val *live, struct str *out);

#endif
