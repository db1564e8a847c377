/*
 * The staged write: temp file, owner, mode and attributes, flush, rename, flush of the folder.
 *
 * Who owns a temp file is said by an flock on it, held on a read-only descriptor from before the
 * first byte is written until after the rename. The kernel drops it when the process dies, so the
 * sweep of a later run can tell a leftover from the work of a living process, also one in another
 * container. The lock is on a second descriptor because the writing one must be closed before a
 * check command may execute the staged copy (ETXTBSY).
 */
#include "base/base.h"

#include "pal/stage_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/path.h"
#include "pal/fault.h"
#include "pal/root_posix.h"

#define TEMP_MARK ".fettle-"
enum { TEMP_RANDOM = 10, NAME_BYTES_MAX = 255, CREATE_TRIES = 100 };

struct fs_stage {
	int dir_fd, lock_fd;
	char *name;
	char *shown;     /* path of the target, for messages */
	char *temp_path; /* absolute path of the staged copy */
	char temp[STAGE_NAME_MAX];
	bool is_created;
};

err *stage_sync_dir(int dir_fd, const char *what)
{
	/* some network file systems cannot flush folders: EINVAL; nothing more can be done there */
	if (fd_sync(dir_fd) != 0 && errno != EINVAL)
		return err_sys(errno, "cannot flush the folder of '%s'", what);
	return NULL;
}

void stage_temp_name(const char *name, char ret_temp[STAGE_NAME_MAX])
{
	size_t room = NAME_BYTES_MAX - 1 - strlen(TEMP_MARK) - TEMP_RANDOM;
	size_t len = strlen(name);
	if (len > room)
		len = room;
	/* don't cut a UTF-8 sequence: macOS refuses half ones */
	while (len > 0 && len < strlen(name) && ((unsigned char)name[len] & 0xC0) == 0x80)
		len--;
	char random[TEMP_RANDOM];
	fd_random_name(random, sizeof(random));
	(void)snprintf(ret_temp, STAGE_NAME_MAX, ".%.*s" TEMP_MARK "%.*s", (int)len, name,
	               TEMP_RANDOM, random);
}

bool stage_is_temp_name(const char *name)
{
	size_t len = strlen(name), tail = strlen(TEMP_MARK) + TEMP_RANDOM;
	if (name[0] != '.' || len < 1 + tail || !str_starts(name + len - tail, TEMP_MARK))
		return false;
	const char *random = name + len - TEMP_RANDOM;
	return strspn(random, "abcdefghijklmnopqrstuvwxyz012345") == TEMP_RANDOM;
}

static void stage_close(struct fs_stage *stage)
{
	fd_close(stage->lock_fd);
	fd_close(stage->dir_fd);
	mem_free(stage->name);
	mem_free(stage->shown);
	mem_free(stage->temp_path);
	mem_free(stage);
}

void fs_stage_free(struct fs_stage *stage)
{
	if (!stage)
		return;
	if (stage->is_created)
		(void)unlinkat(stage->dir_fd, stage->temp, 0);
	stage_close(stage);
}

int stage_open_copy(const struct fs_stage *stage)
{
	return fd_openat(stage->dir_fd, stage->temp, O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0);
}

const char *fs_stage_path(const struct fs_stage *stage)
{
	return stage->temp_path;
}

/* Is the file just made ours for good? Not when a sweep took it between creation and lock. */
static bool take_temp(struct fs_stage *stage)
{
	stage->lock_fd =
		fd_openat(stage->dir_fd, stage->temp, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (stage->lock_fd < 0)
		return false;
	if (flock(stage->lock_fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		return false; /* other failures: no locks here, then nothing is swept here either */
	struct stat st;
	return fstat(stage->lock_fd, &st) == 0 && st.st_nlink > 0;
}

static err *create_temp(struct fs_stage *stage, int *ret_fd)
{
	for (int i = 0; i < CREATE_TRIES; i++) {
		stage_temp_name(stage->name, stage->temp);
		int fd = fd_openat(stage->dir_fd, stage->temp,
		                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0)
			return err_sys(errno, "cannot write '%s'", stage->shown);
		stage->is_created = true;
		if (take_temp(stage)) {
			*ret_fd = fd;
			return NULL;
		}
		int code = errno;
		fd_close(fd);
		fd_close(fd_steal(&stage->lock_fd));
		(void)unlinkat(stage->dir_fd, stage->temp, 0);
		stage->is_created = false;
		if (code != EWOULDBLOCK && code != ENOENT && code != 0)
			return err_sys(code, "cannot write '%s'", stage->shown);
	}
	return err_new(ERR_IO, "cannot write '%s': no free name for its temporary file",
	               stage->shown);
}

static err *apply_owner(const struct fs_stage *stage, int fd, const struct stat *mine, uint32_t uid,
                        uint32_t gid)
{
	bool keep_uid = uid == FS_KEEP || uid == mine->st_uid;
	bool keep_gid = gid == FS_KEEP || gid == mine->st_gid;
	if (keep_uid && keep_gid)
		return NULL;
	if (FAULT("fchown") ||
	    fchown(fd, (uid_t)(keep_uid ? FS_KEEP : uid), (gid_t)(keep_gid ? FS_KEEP : gid)) != 0)
		return err_sys(errno, "cannot set the owner of '%s'", stage->shown);
	return NULL;
}

static err *apply_xattrs(const struct fs_stage *stage, int fd)
{
	AUTOFD old_fd = fd_openat(stage->dir_fd, stage->name, FD_FILE_READ | O_NOFOLLOW, 0);
	if (old_fd < 0)
		return err_sys(errno, "cannot keep the attributes of '%s'", stage->shown);
	return stage_copy_xattrs(old_fd, fd, stage->shown);
}

/* In this order: chown drops capabilities, an ACL rewrites the mode, chmod keeps both. */
static err *apply_metadata(const struct fs_stage *stage, int fd, const struct fs_stage_opts *opts,
                           const struct stat *old)
{
	struct stat mine;
	if (FAULT("fstat") || fstat(fd, &mine) != 0)
		return err_sys(errno, "cannot write '%s'", stage->shown);
	uint32_t uid = opts->uid, gid = opts->gid, mode = opts->mode;
	if (old) {
		uid = uid == FS_KEEP ? old->st_uid : uid;
		gid = gid == FS_KEEP ? old->st_gid : gid;
		mode = mode == FS_KEEP ? old->st_mode : mode;
	}
	TRY(apply_owner(stage, fd, &mine, uid, gid));
	if (old && opts->keep_xattrs)
		TRY(apply_xattrs(stage, fd));
	mode = mode == FS_KEEP ? 0644 : mode & 07777;
	if (FAULT("fchmod") || fchmod(fd, (mode_t)mode) != 0)
		return err_sys(errno, "cannot set the mode of '%s'", stage->shown);
	return NULL;
}

static err *fill(struct fs_stage *stage, const struct fs_stage_opts *opts, struct view bytes,
                 const struct stat *old)
{
	AUTOFD fd = -1;
	TRY(create_temp(stage, &fd));
	TRY(fd_write_all(fd, stage->shown, bytes));
	TRY(apply_metadata(stage, fd, opts, old));
	if (!opts->is_unflushed && fd_sync(fd) != 0)
		return err_sys(errno, "cannot write '%s'", stage->shown);
	if (FAULT("close") || close(fd_steal(&fd)) != 0)
		return err_sys(errno, "cannot write '%s'", stage->shown);
	return NULL;
}

err *stage_begin_at(int take_dir_fd, const char *dir_shown, const char *name,
                    const struct fs_stage_opts *opts, struct view bytes,
                    struct fs_stage **ret_stage)
{
	struct stat st;
	AUTOPTR(fs_stage) stage = MEM_NEW(struct fs_stage);
	stage->dir_fd = take_dir_fd;
	stage->lock_fd = -1;
	stage->name = mem_strdup(name);
	stage->shown = path_join(dir_shown, name);
	bool has_old =
		!FAULT("fstatat") && fstatat(take_dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (!has_old && errno != ENOENT)
		return err_sys(errno, "cannot write '%s'", stage->shown);
	if (has_old && S_ISDIR(st.st_mode))
		return err_new(ERR_INVALID, "cannot write '%s': it is a folder", stage->shown);
	TRY(fill(stage, opts, bytes, has_old && S_ISREG(st.st_mode) ? &st : NULL));
	stage->temp_path = path_join(dir_shown, stage->temp);
	*ret_stage = steal(&stage);
	return NULL;
}

err *fs_stage_begin(struct fs_root *root, const char *rel, const struct fs_stage_opts *opts,
                    struct view bytes, struct fs_stage **ret_stage)
{
	AUTOFD fd = -1;
	const char *name;
	TRY(root_open_parent(root, rel, "write", FD_DIR_READ, &fd, &name));
	AUTOFREE char *shown = root_shown(root, rel);
	if (str_equal(name, "."))
		return err_new(ERR_INVALID, "cannot write '%s': it is a folder", shown);
	AUTOFREE char *dir_shown = path_dir(shown);
	return stage_begin_at(fd_steal(&fd), dir_shown, name, opts, bytes, ret_stage);
}

static err *copy_all(const struct fs_stage *stage, int from, int to)
{
	AUTO(str) bytes = STR_INIT;
	TRY(fd_read_all(from, stage->temp_path, SIZE_MAX / 4, 0, &bytes));
	TRY(fd_write_all(to, stage->shown, view_str(&bytes)));
	if (FAULT("ftruncate") || ftruncate(to, (off_t)bytes.len) != 0 || fd_sync(to) != 0)
		return err_sys(errno, "cannot write '%s'", stage->shown);
	return NULL;
}

/* A bind-mounted file cannot be replaced by a rename; the caller allowed this lesser way. */
static err *overwrite(struct fs_stage *stage)
{
	AUTOFD to = fd_openat(stage->dir_fd, stage->name,
	                      O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
	if (to < 0)
		return err_sys(errno, "cannot write '%s'", stage->shown);
	TRY(copy_all(stage, stage->lock_fd, to));
	if (FAULT("unlinkat") || unlinkat(stage->dir_fd, stage->temp, 0) != 0)
		return err_sys(errno, "cannot remove '%s'", stage->temp_path);
	return NULL;
}

static err *move_over(struct fs_stage *stage, enum fs_flags flags)
{
	if (!FAULT("renameat") &&
	    renameat(stage->dir_fd, stage->temp, stage->dir_fd, stage->name) == 0)
		return NULL;
	if (errno == EBUSY && (flags & FS_IN_PLACE_IF_BUSY))
		return overwrite(stage);
	if (errno == EISDIR)
		return err_new(ERR_INVALID, "cannot write '%s': it is a folder", stage->shown);
	if (errno == EBUSY)
		return err_new(ERR_REFUSED, "cannot replace '%s': it is a mount point",
		               stage->shown);
	return err_sys(errno, "cannot replace '%s'", stage->shown);
}

err *fs_stage_commit(struct fs_stage *take_stage, enum fs_flags flags)
{
	assert(take_stage);
	AUTOPTR(fs_stage) stage = take_stage;
	TRY(move_over(stage, flags));
	stage->is_created = false;
	if (flags & FS_NO_DIR_SYNC)
		return NULL;
	return stage_sync_dir(stage->dir_fd, stage->shown);
}

err *fs_root_write(struct fs_root *root, const char *rel, const struct fs_stage_opts *opts,
                   struct view bytes, enum fs_flags flags)
{
	struct fs_stage *stage = NULL;
	TRY(fs_stage_begin(root, rel, opts, bytes, &stage));
	return fs_stage_commit(stage, flags);
}

/* --- leftovers --- */

/* Does no living process own this temp file? Returns with it locked in `*ret_fd`. */
static bool is_orphan(int dir_fd, const char *name, int *ret_fd)
{
	struct stat st;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	if (S_ISLNK(st.st_mode))
		return true; /* its maker, if it lives, starts again (put_link) */
	if (!S_ISREG(st.st_mode))
		return false;
	*ret_fd = fd_openat(dir_fd, name, FD_FILE_READ | O_NOFOLLOW, 0);
	return *ret_fd >= 0 && flock(*ret_fd, LOCK_EX | LOCK_NB) == 0;
}

err *stage_sweep_at(int dir_fd, const char *dir_shown, size_t *ret_removed)
{
	AUTO(fs_list) list = { 0 };
	int listed = FAULT("dup") ? -1 : fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
	if (listed < 0)
		return err_sys(errno, "cannot list '%s'", dir_shown);
	TRY(fd_list_dir(listed, dir_shown, &list));
	for (size_t i = 0; i < list.len; i++) {
		AUTOFD fd = -1;
		const char *name = list.ptr[i].name;
		if (!stage_is_temp_name(name) || !is_orphan(dir_fd, name, &fd))
			continue;
		bool is_removed = !FAULT("unlinkat") && unlinkat(dir_fd, name, 0) == 0;
		if (!is_removed && errno != ENOENT) /* its run has just moved it into place */
			return err_sys(errno, "cannot remove '%s/%s'", dir_shown, name);
		*ret_removed += is_removed ? 1 : 0;
	}
	return NULL;
}

err *fs_root_sweep(struct fs_root *root, const char *rel, size_t *ret_removed)
{
	TRY(root_check(rel));
	size_t removed = 0;
	AUTOFD fd = root_open_at(root, rel, FD_DIR_READ);
	AUTOFREE char *shown = root_shown(root, rel);
	if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
		return root_error(root, rel, "list", errno);
	if (fd >= 0)
		TRY(stage_sweep_at(fd, shown, &removed));
	*ret_removed = removed;
	return NULL;
}
