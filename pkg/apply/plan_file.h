/*
 * A plan on disk, to be applied exactly later: which source and commit, which target, and for
 * every object what was decided and the fingerprints of both sides. It holds no content and no
 * secret; applying it makes the plan anew and refuses any deviation.
 */
#ifndef APPLY_PLAN_FILE_H
#define APPLY_PLAN_FILE_H

#include "apply/plan_report.h"

struct saved_plan_item {
	const char *key;
	const char *action; /* plan_action_name */
	const char *desired, *live;
};

struct saved_plan {
	const char *project, *target;
	const char *path;   /* what to open as the source */
	const char *root;   /* host root folder; NULL: this machine */
	const char *center; /* URL or name of a source, when the target is a center; or NULL */
	const char *kubeconfig, *context,
		*name_space; /* of a cluster, as far as they were given; or NULL */
	bool is_kubernetes;
	const char *commit; /* NULL when the source was not a commit */
	bool prune, prune_changed;
	struct saved_plan_item *items;
	size_t len;
};

/* Write atomically, 0600. `saved->items` is ignored: they come from the plan. */
NODISCARD err *plan_file_write(const char *file, const struct plan *plan,
                               const struct saved_plan *saved);

/* Read into the arena. INVALID with a place for anything that is no saved plan. */
NODISCARD err *plan_file_read(const char *file, struct arena *arena, struct saved_plan *ret_saved);

/* CONFLICT, naming the first differences, unless `plan` decides exactly what was saved. */
NODISCARD err *plan_file_verify(const struct saved_plan *saved, const struct plan *plan);

#endif
