/*
 * Writing one file of the machine with everything around it: the place, the staged check, the old
 * state for going back. Shared by File and Unit.
 */
#ifndef TARGET_HOST_FILE_H
#define TARGET_HOST_FILE_H

#include "base/base.h"
#include "target_host/internal.h"

struct file {
	struct host_object base; /* first */
	struct view content;
	const char *const *check; /* NULL: none */
	int64_t check_timeout_ms;
};

/* What the plan saw and apply needs to go back; item->undo of a File, in item->arena. */
struct file_undo {
	struct fs_stat old;     /* FS_NONE: nothing was there */
	struct view old_bytes;  /* only kept when something may ask for them */
	const char *old_target; /* of a symlink */
	const char **dirs;      /* missing folders above */
	size_t dir_count;
	bool is_same_content; /* only owner or mode differ */
	bool is_applied;
};

/* Put `content` at the place after its check; NOT durable before a flush. */
NODISCARD err *file_write(struct host *host, const struct file *file, const struct file_undo *undo);

/* Keep what is at `rel` for going back. */
NODISCARD err *file_keep_old(struct host *host, const char *rel, struct arena *arena,
                             struct file_undo *undo);
NODISCARD err *file_put_back(struct host *host, const char *rel, const struct file_undo *undo);

/* Fingerprint of what is at `place` as a file. */
NODISCARD err *file_live(struct host *host, const struct host_place *place, struct arena *arena,
                         const char **ret_live, const char **ret_note);

#endif
