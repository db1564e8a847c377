#include "base/base.h"

#include "pal/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/path.h"
#include "pal/dirs.h"
#include "pal/fault.h"
#include "pal/fd_posix.h"
#include "pal/stage_posix.h"

err *fs_read_file(const char *path, size_t limit, struct str *ret_text)
{
	/* no O_NONBLOCK: a pipe such as /dev/stdin is waited for */
	AUTOFD fd = fd_openat(AT_FDCWD, path, O_RDONLY | O_NOCTTY | O_CLOEXEC, 0);
	struct stat st;
	if (fd < 0 || FAULT("fstat") || fstat(fd, &st) != 0)
		return err_sys(errno, "cannot read '%s'", path);
	if (S_ISDIR(st.st_mode))
		return err_new(ERR_INVALID, "cannot read '%s': it is a folder", path);
	bool has_size = S_ISREG(st.st_mode) && st.st_size > 0;
	return fd_read_all(fd, path, limit, has_size ? (uint64_t)st.st_size : 0, ret_text);
}

err *fs_read_stdin(size_t limit, struct str *ret_text)
{
	return fd_read_all(STDIN_FILENO, "standard input", limit, 0, ret_text);
}

err *fs_write_atomic(const char *path, struct view bytes, uint32_t mode)
{
	AUTOFREE char *clean = path_clean(path);
	AUTOFREE char *dir = path_dir(clean);
	AUTOFD fd = fd_openat(AT_FDCWD, dir, FD_DIR_READ, 0);
	if (fd < 0)
		return err_sys(errno, "cannot write '%s'", path);
	const struct fs_stage_opts opts = { .mode = mode, .uid = FS_KEEP, .gid = FS_KEEP };
	struct fs_stage *stage = NULL;
	TRY(stage_begin_at(fd_steal(&fd), dir, path_base(clean), &opts, bytes, &stage));
	return fs_stage_commit(stage, 0);
}

static err *stat_path(const char *path, int flags, struct fs_stat *ret_stat)
{
	struct stat st;
	if (FAULT("fstatat") || fstatat(AT_FDCWD, path, &st, flags) != 0)
		return err_sys(errno, "cannot look at '%s'", path);
	fd_stat_of(&st, ret_stat);
	return NULL;
}

bool fs_is_shared(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0077) != 0;
}

err *fs_stat(const char *path, struct fs_stat *ret_stat)
{
	return stat_path(path, 0, ret_stat);
}

err *fs_lstat(const char *path, struct fs_stat *ret_stat)
{
	return stat_path(path, AT_SYMLINK_NOFOLLOW, ret_stat);
}

static err *make_dir(const char *path, uint32_t mode)
{
	if (!FAULT("mkdir") && mkdir(path, (mode_t)mode) == 0)
		return NULL;
	int code = errno;
	if (code == EEXIST && fs_is_dir(path))
		return NULL;
	if (code == EEXIST)
		return err_new(ERR_EXISTS, "cannot create the folder '%s': a file is in the way",
		               path);
	return err_sys(code, "cannot create the folder '%s'", path);
}

err *fs_mkdir_all(const char *path, uint32_t mode)
{
	AUTOFREE char *clean = path_clean(path);
	if (fs_is_dir(clean))
		return NULL;
	for (char *slash = strchr(clean + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (!fs_is_dir(clean))
			TRY(make_dir(clean, mode));
		*slash = '/';
	}
	return make_dir(clean, mode);
}

err *fs_list(const char *path, struct fs_list *ret_list)
{
	int fd = fd_openat(AT_FDCWD, path, FD_DIR_READ, 0);
	if (fd < 0 && errno == ENOTDIR)
		return err_new(ERR_INVALID, "cannot list '%s': it is not a folder", path);
	if (fd < 0)
		return err_sys(errno, "cannot list '%s'", path);
	return fd_list_dir(fd, path, ret_list);
}

err *fs_remove(const char *path)
{
	if (!FAULT("unlink") && unlink(path) == 0)
		return NULL;
	/* Linux says EISDIR for a folder, POSIX and macOS EPERM */
	if ((errno == EISDIR || errno == EPERM) && !FAULT("rmdir") && rmdir(path) == 0)
		return NULL;
	return err_sys(errno, "cannot remove '%s'", path);
}

err *fs_remove_tree(const char *path)
{
	AUTOFREE char *clean = path_clean(path);
	AUTOFREE char *dir = path_dir(clean);
	AUTOFD fd = fd_openat(AT_FDCWD, dir, FD_DIR_HANDLE, 0);
	if (fd < 0 && errno == ENOENT)
		return NULL;
	if (fd < 0)
		return err_sys(errno, "cannot remove '%s'", path);
	return fd_remove_tree(fd, path_base(clean), clean);
}

static err *sync_parent(const char *path)
{
	AUTOFREE char *dir = path_dir(path);
	AUTOFD fd = fd_openat(AT_FDCWD, dir, FD_DIR_READ, 0);
	if (fd < 0)
		return err_sys(errno, "cannot flush '%s'", dir);
	return stage_sync_dir(fd, dir);
}

err *fs_rename(const char *from, const char *to)
{
	if (FAULT("rename") || rename(from, to) != 0)
		return err_sys(errno, "cannot rename '%s' to '%s'", from, to);
	TRY(sync_parent(to));
	return sync_parent(from);
}

err *fs_real_path(const char *path, struct str *ret_path)
{
	char *real = FAULT("realpath") ? NULL : realpath(path, NULL);
	if (!real)
		return err_sys(errno, "cannot find '%s'", path);
	str_reset(ret_path);
	str_addz(ret_path, real);
	free(real);
	return NULL;
}

err *fs_current_dir(struct str *ret_path)
{
	char *here = FAULT("getcwd") ? NULL : getcwd(NULL, 0);
	if (!here)
		return err_sys(errno, "cannot tell the current folder");
	str_reset(ret_path);
	str_addz(ret_path, here);
	free(here);
	return NULL;
}

err *fs_absolute(const char *path, struct str *ret_path)
{
	AUTO(str) here = STR_INIT;
	if (path[0] != '/')
		TRY(fs_current_dir(&here));
	AUTOFREE char *joined = path_join(here.ptr, path);
	AUTOFREE char *clean = path_clean(joined);
	str_reset(ret_path);
	str_addz(ret_path, clean);
	return NULL;
}

err *fs_mkdtemp(const char *prefix, struct str *ret_path)
{
	AUTO(str) path = STR_INIT;
	TRY(dirs_temp(&path));
	str_addf(&path, "/%sXXXXXX", prefix);
	if (FAULT("mkdtemp") || !mkdtemp(path.ptr))
		return err_sys(errno, "cannot create a temporary folder '%s'", path.ptr);
	str_reset(ret_path);
	str_add_str(ret_path, &path);
	return NULL;
}

err *fs_readlink(const char *path, struct str *ret_target)
{
	return fd_readlink(AT_FDCWD, path, path, ret_target);
}
