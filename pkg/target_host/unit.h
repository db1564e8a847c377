/*
 * A systemd unit as a manifest describes it: maybe its file, maybe whether it is enabled, maybe
 * whether it runs. Shared by kind_unit.c (what should be) and unit_apply.c (making it so).
 */
#ifndef TARGET_HOST_UNIT_H
#define TARGET_HOST_UNIT_H

#include "base/base.h"
#include "target_host/file.h"

struct unit {
	struct file file; /* first; its path is only owned when there is content */
	const char *name;
	const char *file_rel; /* where its file is or would be */
	bool has_content;
	bool wants_enabled, wants_started; /* only with SHAPE_ENABLED, SHAPE_STATE */
	struct object **reload_on;         /* NULL-terminated; every other trigger restarts */
	bool has_references;
};

/* What the plan saw. */
struct unit_undo {
	struct file_undo file;
	const char *seen_file; /* fingerprint of the unit file alone */
	bool file_differs, enabled_differs, state_differs;
	bool was_running;
	bool owes_restart; /* an earlier run was cut off before it could react */
};

NODISCARD err *unit_compile(struct host *host, struct object_set *set, struct object *object);
bool unit_is_running(const struct unit_live *live);
NODISCARD err *unit_apply(struct host *host, struct plan_item *item);
NODISCARD err *unit_revert(struct host *host, struct plan_item *item);
NODISCARD err *unit_remove(struct host *host, const struct host_place *place,
                           struct plan_item *item);

#endif
