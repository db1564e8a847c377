/* The half of pal/root.h that changes things, except the staged write (stage_posix.c). */
#include "base/base.h"

#include "pal/root.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/path.h"
#include "pal/fault.h"
#include "pal/root_posix.h"
#include "pal/stage_posix.h"

static err *sync_unless(int dir_fd, const char *shown, enum fs_flags flags)
{
	return flags & FS_NO_DIR_SYNC ? NULL : stage_sync_dir(dir_fd, shown);
}

/* mkdir obeys the umask; open what was just made, as a folder and not through a link, and say it. */
static err *make_dir_at(int dir_fd, const char *name, uint32_t mode, const char *shown)
{
	if (FAULT("mkdirat") || mkdirat(dir_fd, name, 0700) != 0)
		return err_sys(errno, "cannot create the folder '%s'", shown);
	AUTOFD fd = fd_openat(dir_fd, name, FD_DIR_READ | O_NOFOLLOW, 0);
	if (fd < 0 || FAULT("fchmod") || fchmod(fd, (mode_t)(mode & 07777)) != 0) {
		err *e = err_sys(errno, "cannot set the mode of the folder '%s'", shown);
		(void)unlinkat(dir_fd, name, AT_REMOVEDIR);
		return e;
	}
	return NULL;
}

err *fs_root_mkdir(struct fs_root *root, const char *rel, uint32_t mode)
{
	AUTOFD fd = -1;
	const char *name;
	TRY(root_open_parent(root, rel, "create the folder", FD_DIR_HANDLE, &fd, &name));
	AUTOFREE char *shown = root_shown(root, rel);
	return make_dir_at(fd, name, mode, shown);
}

/* Make `rel` when it is missing; its parent is there. */
static err *ensure_dir(struct fs_root *root, const char *rel, uint32_t mode)
{
	AUTOFD there = root_open_at(root, rel, FD_DIR_HANDLE);
	if (there >= 0)
		return NULL;
	if (errno == ENOTDIR)
		return err_as(root_error(root, rel, "create the folder", EEXIST), ERR_EXISTS);
	if (errno != ENOENT)
		return root_error(root, rel, "create the folder", errno);
	AUTOFD fd = -1;
	const char *name;
	TRY(root_open_parent(root, rel, "create the folder", FD_DIR_READ, &fd, &name));
	AUTOFREE char *shown = root_shown(root, rel);
	AUTOERR err *e = make_dir_at(fd, name, mode, shown);
	if (!e)
		return stage_sync_dir(fd, shown);
	/* another thread was quicker, or a dangling symlink is in the way */
	AUTOFD again = err_code(e) == EEXIST ? root_open_at(root, rel, FD_DIR_HANDLE) : -1;
	return again >= 0 ? NULL : steal(&e);
}

err *fs_root_mkdir_all(struct fs_root *root, const char *rel, uint32_t mode)
{
	TRY(root_check(rel));
	AUTOFD there = root_open_at(root, rel, FD_DIR_HANDLE);
	if (there >= 0)
		return NULL;
	AUTOFREE char *path = mem_strdup(rel);
	for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		TRY(ensure_dir(root, path, mode));
		*slash = '/';
	}
	return ensure_dir(root, path, mode);
}

/* 0 or errno. ENOENT: a sweep took the temp link, which cannot be locked; start again. */
static int put_link(int dir_fd, const char *target, const char *name)
{
	enum { TRIES = 100 };
	char temp[STAGE_NAME_MAX];
	int code = ENOENT;
	for (int i = 0; i < TRIES && (code == ENOENT || code == EEXIST); i++) {
		stage_temp_name(name, temp);
		if (FAULT("symlinkat") || symlinkat(target, dir_fd, temp) != 0)
			return errno;
		if (!FAULT("renameat") && renameat(dir_fd, temp, dir_fd, name) == 0)
			return 0;
		code = errno;
		(void)unlinkat(dir_fd, temp, 0);
	}
	return code;
}

err *fs_root_symlink_atomic(struct fs_root *root, const char *target, const char *rel,
                            enum fs_flags flags)
{
	AUTOFD fd = -1;
	const char *name;
	TRY(root_open_parent(root, rel, "create the symlink", FD_DIR_READ, &fd, &name));
	AUTOFREE char *shown = root_shown(root, rel);
	int code = put_link(fd, target, name);
	if (code == EISDIR || code == EINVAL)
		return err_new(ERR_INVALID,
		               "cannot create the symlink '%s': a folder is in the way", shown);
	return code ? err_sys(code, "cannot create the symlink '%s'", shown)
	            : sync_unless(fd, shown, flags);
}

static err *remove_one(struct fs_root *root, const char *rel, int unlink_flags, enum fs_flags flags)
{
	AUTOFD fd = -1;
	const char *name;
	TRY(root_open_parent(root, rel, "remove", FD_DIR_READ, &fd, &name));
	AUTOFREE char *shown = root_shown(root, rel);
	if (FAULT("unlinkat") || unlinkat(fd, name, unlink_flags) != 0)
		return err_sys(errno, "cannot remove '%s'", shown);
	return sync_unless(fd, shown, flags);
}

err *fs_root_unlink(struct fs_root *root, const char *rel, enum fs_flags flags)
{
	return remove_one(root, rel, 0, flags);
}

err *fs_root_rmdir(struct fs_root *root, const char *rel, enum fs_flags flags)
{
	return remove_one(root, rel, AT_REMOVEDIR, flags);
}

err *fs_root_remove_tree(struct fs_root *root, const char *rel)
{
	AUTOFD fd = -1;
	const char *name;
	err *e = root_open_parent(root, rel, "remove", FD_DIR_READ, &fd, &name);
	if (err_is(e, ERR_NOT_FOUND)) {
		err_ignore(e, "no parent folder: nothing is there to remove");
		return NULL;
	}
	TRY(e);
	if (str_equal(name, "."))
		return err_new(ERR_REFUSED, "cannot remove '%s': it is the root itself",
		               root->path);
	AUTOFREE char *shown = root_shown(root, rel);
	TRY(fd_remove_tree(fd, name, shown));
	return stage_sync_dir(fd, shown);
}

err *fs_root_rename(struct fs_root *root, const char *from, const char *to, enum fs_flags flags)
{
	AUTOFD from_fd = -1, to_fd = -1;
	const char *from_name, *to_name;
	TRY(root_open_parent(root, from, "rename", FD_DIR_READ, &from_fd, &from_name));
	TRY(root_open_parent(root, to, "rename to", FD_DIR_READ, &to_fd, &to_name));
	AUTOFREE char *shown = root_shown(root, from);
	AUTOFREE char *shown_to = root_shown(root, to);
	if (FAULT("renameat") || renameat(from_fd, from_name, to_fd, to_name) != 0)
		return err_sys(errno, "cannot rename '%s' to '%s'", shown, shown_to);
	TRY(sync_unless(to_fd, shown_to, flags));
	return sync_unless(from_fd, shown, flags);
}

/* What cannot be opened for reading (a socket, a file of mode 0) is changed by name. */
static err *chmod_by_name(struct fs_root *root, const char *rel, uint32_t mode)
{
	AUTOFD fd = -1;
	const char *name;
	TRY(root_open_parent(root, rel, "set the mode of", FD_DIR_HANDLE, &fd, &name));
	if (!FAULT("fchmodat") &&
	    fchmodat(fd, name, (mode_t)(mode & 07777), AT_SYMLINK_NOFOLLOW) == 0)
		return NULL;
	return root_error(root, rel, "set the mode of", errno);
}

err *fs_root_chmod(struct fs_root *root, const char *rel, uint32_t mode)
{
	TRY(root_check(rel));
	AUTOFD fd = root_open_at(root, rel, FD_FILE_READ | O_NOFOLLOW);
	if (fd < 0 && (errno == ELOOP || errno == EMLINK)) {
		struct fs_stat st;
		TRY(fs_root_stat(root, rel, &st));
		AUTOFREE char *shown = root_shown(root, rel);
		return err_new(ERR_INVALID, "cannot set the mode of '%s': it is a %s", shown,
		               fs_type_name(st.type));
	}
	if (fd < 0 && (errno == EACCES || errno == ENXIO || errno == EOPNOTSUPP))
		return chmod_by_name(root, rel, mode);
	if (fd < 0 || FAULT("fchmod") || fchmod(fd, (mode_t)(mode & 07777)) != 0)
		return root_error(root, rel, "set the mode of", errno);
	return NULL;
}

err *fs_root_chown(struct fs_root *root, const char *rel, uint32_t uid, uint32_t gid)
{
	AUTOFD fd = -1;
	const char *name;
	TRY(root_open_parent(root, rel, "set the owner of", FD_DIR_HANDLE, &fd, &name));
	/* FS_KEEP is (uid_t)-1, which is how POSIX says it too */
	if (FAULT("fchownat") ||
	    fchownat(fd, name, (uid_t)uid, (gid_t)gid, AT_SYMLINK_NOFOLLOW) != 0)
		return root_error(root, rel, "set the owner of", errno);
	return NULL;
}

err *fs_root_sync_dir(struct fs_root *root, const char *rel)
{
	TRY(root_check(rel));
	AUTOFD fd = root_open_at(root, rel, FD_DIR_READ);
	if (fd < 0)
		return root_error(root, rel, "flush the folder", errno);
	AUTOFREE char *shown = root_shown(root, rel);
	return stage_sync_dir(fd, shown);
}
