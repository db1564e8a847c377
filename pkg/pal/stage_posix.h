/*
 * The atomic write itself, on a folder descriptor: shared by fs_write_atomic and fs_stage_begin.
 */
#ifndef PAL_STAGE_POSIX_H
#define PAL_STAGE_POSIX_H

#include "base/base.h"
#include "pal/root.h"

/*
 * Stage `bytes` for the file `name` in the folder `take_dir_fd` (readable, so that it can be
 * flushed; closed in every case), which messages call `dir_shown`.
 */
NODISCARD err *stage_begin_at(int take_dir_fd, const char *dir_shown, const char *name,
                              const struct fs_stage_opts *opts, struct view bytes,
                              struct fs_stage **ret_stage);

/* Open the staged copy to write it: a descriptor of its own, or -1 with errno. */
int stage_open_copy(const struct fs_stage *stage);

/* Flush a folder after a change in it; `what` names it. */
NODISCARD err *stage_sync_dir(int dir_fd, const char *what);

/* Flush the whole file system a descriptor is on; -1 with ENOTSUP where that does not wait for the disk. */
int stage_sync_fs(int fd);

enum { STAGE_NAME_MAX = 256 };

/* ".<name>.fettle-XXXXXXXXXX", cut to what a file system takes. */
void stage_temp_name(const char *name, char ret_temp[STAGE_NAME_MAX]);
bool stage_is_temp_name(const char *name);

/* Remove the temp files nobody owns any more from the open folder. */
NODISCARD err *stage_sweep_at(int dir_fd, const char *dir_shown, size_t *ret_removed);

/*
 * Make the extended attributes of `to_fd` those of `from_fd`: ACLs, labels, capabilities, user
 * attributes; not the ones computed from the content. One file per system.
 */
NODISCARD err *stage_copy_xattrs(int from_fd, int to_fd, const char *what);

#endif
