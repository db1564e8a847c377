/*
 * A folder that no operation can leave: the ground the host target stands on. Every path is
 * relative to it ("etc/motd", "" or "." for the root itself); symlinks among the parent folders are
 * followed only while they stay inside, an absolute one or one that climbs out is REFUSED by name,
 * at the moment of use and without a race. When the root is the whole machine ("/"), absolute
 * symlinks are followed as usual, because nothing is outside.
 *
 * A path may not be absolute, contain "..", NUL or an empty name (INVALID); a leading "/" or drive
 * is for the caller to strip. The last component is never followed: a symlink there is looked at,
 * replaced or removed itself. A root may be used from several threads at once.
 */
#ifndef PAL_ROOT_H
#define PAL_ROOT_H

#include "base/base.h"
#include "pal/fs.h"

struct fs_root;
struct fs_stage;

#define FS_KEEP UINT32_MAX /* for mode, uid, gid: leave as it is */

enum fs_flags {
	/* Don't flush the folder; the caller flushes a batch with fs_root_sync_dir. */
	FS_NO_DIR_SYNC = 1u << 0,
	/* Commit: a bind-mounted target, which cannot be replaced, is overwritten in place. */
	FS_IN_PLACE_IF_BUSY = 1u << 1,
};

/*
 * Open the folder at `path` (symlinks in `path` itself are followed) as a root. With `create`, make
 * it and what is missing above it (0755). NOT_FOUND, DENIED, INVALID when it is not a folder.
 */
NODISCARD err *fs_root_open(const char *path, bool create, struct fs_root **ret_root);

/*
 * A root for looking only, standing for a folder that does not exist (yet): nothing is in it. For a
 * comparison that must not make the folder.
 */
NODISCARD err *fs_root_open_missing(const char *path, struct fs_root **ret_root);

void fs_root_free(struct fs_root *root); /* NULL is fine */
AUTOPTR_DEFINE(fs_root)

/* Absolute path of the root, without symlinks; belongs to the root. */
const char *fs_root_path(const struct fs_root *root);

/* Is it the whole machine ("/", or a drive)? */
bool fs_root_is_machine(const struct fs_root *root);

/* Absolute path of `rel` for messages and child processes; nothing is resolved. */
void fs_root_os_path(const struct fs_root *root, const char *rel, struct str *ret_path);

/* --- looking --- */

/* lstat; NOT_FOUND when nothing is there. */
NODISCARD err *fs_root_stat(struct fs_root *root, const char *rel, struct fs_stat *ret_stat);

/*
 * lstat where "nothing there" is an answer, not an error: type FS_NONE, also when a parent folder is
 * missing or is a file.
 */
NODISCARD err *fs_root_probe(struct fs_root *root, const char *rel, struct fs_stat *ret_stat);

/*
 * Read a regular file; `ret_stat` may be NULL. LIMIT when larger than `limit`, INVALID for anything
 * but a regular file (a symlink too), NOT_FOUND.
 */
NODISCARD err *fs_root_read(struct fs_root *root, const char *rel, size_t limit,
                            struct str *ret_text, struct fs_stat *ret_stat);

/*
 * Does the file hold exactly these bytes? Costs open, fstat, read, close; nothing is read when
 * the size differs. Nothing there, or no regular file, is "not the same" with the type in `ret_stat`.
 */
NODISCARD err *fs_root_same(struct fs_root *root, const char *rel, struct view bytes,
                            bool *ret_is_same, struct fs_stat *ret_stat);

/* Target text of a symlink; INVALID when it is something else. */
NODISCARD err *fs_root_readlink(struct fs_root *root, const char *rel, struct str *ret_target);

NODISCARD err *fs_root_list(struct fs_root *root, const char *rel, struct fs_list *ret_list);

/* --- changing --- */

/*
 * One folder with exactly `mode`; EXISTS when anything is there. Not flushed: fs_root_sync_dir on
 * the parent folder, or the batch that follows, does it.
 */
NODISCARD err *fs_root_mkdir(struct fs_root *root, const char *rel, uint32_t mode);

/* The folder and what is missing above it, all with `mode`, each flushed. Existing ones are kept. */
NODISCARD err *fs_root_mkdir_all(struct fs_root *root, const char *rel, uint32_t mode);

/* Put a symlink to `target` (any text) at `rel`, replacing a file or symlink in one step. */
NODISCARD err *fs_root_symlink_atomic(struct fs_root *root, const char *target, const char *rel,
                                      enum fs_flags flags);

/* Remove a file or symlink / an empty folder (EXISTS when not empty); NOT_FOUND when missing. */
NODISCARD err *fs_root_unlink(struct fs_root *root, const char *rel, enum fs_flags flags);
NODISCARD err *fs_root_rmdir(struct fs_root *root, const char *rel, enum fs_flags flags);

/*
 * Remove a folder with all in it, or one file; nothing there is success. Symlinks are removed, not
 * followed; a mount point inside is REFUSED before it is entered.
 */
NODISCARD err *fs_root_remove_tree(struct fs_root *root, const char *rel);

/* Rename inside the root, replacing a file (or empty folder) at `to`; both folders are flushed. */
NODISCARD err *fs_root_rename(struct fs_root *root, const char *from, const char *to,
                              enum fs_flags flags);

/* Permission bits of a file or folder, exactly; INVALID for a symlink. */
NODISCARD err *fs_root_chmod(struct fs_root *root, const char *rel, uint32_t mode);

/* Owner of the thing itself (a symlink too); FS_KEEP leaves one of the two alone. */
NODISCARD err *fs_root_chown(struct fs_root *root, const char *rel, uint32_t uid, uint32_t gid);

/* Flush the folder `rel`, so that what was renamed, made or removed in it survives a crash. */
NODISCARD err *fs_root_sync_dir(struct fs_root *root, const char *rel);

/* --- staged write: begin, let a check look at the copy, commit (or free to abort) --- */

struct fs_stage_opts {
	uint32_t mode;     /* exact; FS_KEEP: as the file that is replaced, 0644 for a new one */
	uint32_t uid, gid; /* FS_KEEP: as the file that is replaced, ours for a new one */
	bool keep_xattrs; /* copy ACLs, SELinux label, capabilities and user xattrs of the old file */
	bool is_unflushed; /* the caller flushes the file system before it commits (pal only) */
};
#define FS_STAGE_KEEP ((struct fs_stage_opts){ FS_KEEP, FS_KEEP, FS_KEEP, true, false })

/*
 * Write `bytes` to a hidden temp file ".<name>.fettle-XXXXXXXXXX" beside `rel`, set owner, mode and
 * xattrs, flush it. Nothing visible has changed yet. The parent folder must exist (NOT_FOUND). On
 * failure no temp file remains. INVALID when a folder is at `rel`.
 */
NODISCARD err *fs_stage_begin(struct fs_root *root, const char *rel,
                              const struct fs_stage_opts *opts, struct view bytes,
                              struct fs_stage **ret_stage);

/* Absolute path of the staged copy, for a check command; belongs to the stage. */
const char *fs_stage_path(const struct fs_stage *stage);

/*
 * Move the staged copy over the target and flush the folder (unless FS_NO_DIR_SYNC). Consumes the
 * stage, also on failure, when the temp file is removed and the old file is untouched; only when
 * that last flush fails (IO) is the new file in place already, and may not survive a power cut.
 */
NODISCARD err *fs_stage_commit(struct fs_stage *take_stage, enum fs_flags flags);

/* Abort: remove the staged copy; NULL is fine. */
void fs_stage_free(struct fs_stage *stage);
AUTOPTR_DEFINE(fs_stage)

/* Begin and commit in one. */
NODISCARD err *fs_root_write(struct fs_root *root, const char *rel,
                             const struct fs_stage_opts *opts, struct view bytes,
                             enum fs_flags flags);

/*
 * Remove temp files that killed runs left in the folder `rel`. A live stage holds a kernel lock on
 * its temp file, which ends with its process, so only files nobody locks are removed; a symlink temp
 * cannot be locked and is always removed, its living maker makes another. A missing folder is fine.
 */
NODISCARD err *fs_root_sweep(struct fs_root *root, const char *rel, size_t *ret_removed);

#endif
