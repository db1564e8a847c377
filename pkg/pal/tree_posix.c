/* Listing and removing folders by descriptor (declared in fd_posix.h). */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/path.h"
#include "base/vec.h"
#include "pal/fault.h"
#include "pal/fd_posix.h"

enum { TREE_DEPTH_MAX = 400 }; /* one descriptor is open per level */

static enum fs_type type_of_entry(int dir_fd, const struct dirent *entry)
{
	switch (entry->d_type) {
	case DT_REG:
		return FS_FILE;
	case DT_DIR:
		return FS_DIR;
	case DT_LNK:
		return FS_SYMLINK;
	case DT_UNKNOWN:
		break;
	default:
		return FS_OTHER;
	}
	struct stat st;
	if (fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return FS_OTHER;
	return fd_type_of_mode(st.st_mode);
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct fs_entry *)a)->name, ((const struct fs_entry *)b)->name);
}

static err *read_entries(DIR *dir, const char *what, struct fs_list *list)
{
	for (;;) {
		errno = 0;
		struct dirent *entry = FAULT("readdir") ? NULL : readdir(dir);
		if (!entry)
			return errno ? err_sys(errno, "cannot list '%s'", what) : NULL;
		if (str_equal(entry->d_name, ".") || str_equal(entry->d_name, ".."))
			continue;
		struct fs_entry item = { mem_strdup(entry->d_name),
			                 type_of_entry(dirfd(dir), entry) };
		vec_push(list, item);
	}
}

err *fd_list_dir(int take_fd, const char *what, struct fs_list *ret_list)
{
	DIR *dir = FAULT("fdopendir") ? NULL : fdopendir(take_fd);
	if (!dir) {
		err *e = err_sys(errno, "cannot list '%s'", what);
		fd_close(take_fd);
		return e;
	}
	AUTO(fs_list) list = { 0 };
	err *e = read_entries(dir, what, &list);
	(void)closedir(dir);
	if (e)
		return e;
	if (list.len > 1)
		qsort(list.ptr, list.len, sizeof(*list.ptr), compare_entries);
	fs_list_clear(ret_list);
	*ret_list = list;
	list = (struct fs_list){ 0 };
	return NULL;
}

static err *remove_level(int dir_fd, const char *name, const char *what, dev_t dev, unsigned depth);

static err *remove_content(int fd, const char *what, dev_t dev, unsigned depth)
{
	AUTO(fs_list) list = { 0 };
	int listed = FAULT("dup") ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (listed < 0)
		return err_sys(errno, "cannot remove '%s'", what);
	TRY(fd_list_dir(listed, what, &list));
	for (size_t i = 0; i < list.len; i++) {
		AUTOFREE char *below = path_join(what, list.ptr[i].name);
		TRY(remove_level(fd, list.ptr[i].name, below, dev, depth + 1));
	}
	return NULL;
}

static err *remove_dir(int dir_fd, const char *name, const char *what, dev_t dev, unsigned depth)
{
	if (depth > TREE_DEPTH_MAX)
		return err_new(ERR_LIMIT, "cannot remove '%s': more than %d folders deep", what,
		               TREE_DEPTH_MAX);
	AUTOFD fd = fd_openat(dir_fd, name, FD_DIR_READ | O_NOFOLLOW, 0);
	struct stat st;
	if (fd < 0 && errno == ENOENT)
		return NULL;
	if (fd < 0 || fstat(fd, &st) != 0)
		return err_sys(errno, "cannot remove '%s'", what);
	if (st.st_dev != dev)
		return err_new(ERR_REFUSED,
		               "cannot remove '%s': another file system is mounted there", what);
	TRY(remove_content(fd, what, dev, depth));
	if ((FAULT("rmdir") || unlinkat(dir_fd, name, AT_REMOVEDIR) != 0) && errno != ENOENT)
		return err_sys(errno, "cannot remove '%s'", what);
	return NULL;
}

/* Depth first. A folder is only entered through O_NOFOLLOW, so a swapped-in symlink is no door. */
static err *remove_level(int dir_fd, const char *name, const char *what, dev_t dev, unsigned depth)
{
	struct stat st;
	if (FAULT("fstatat") || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? NULL : err_sys(errno, "cannot remove '%s'", what);
	if (S_ISDIR(st.st_mode))
		return remove_dir(dir_fd, name, what, dev, depth);
	if ((FAULT("unlink") || unlinkat(dir_fd, name, 0) != 0) && errno != ENOENT)
		return err_sys(errno, "cannot remove '%s'", what);
	return NULL;
}

err *fd_remove_tree(int dir_fd, const char *name, const char *what)
{
	struct stat parent;
	if (FAULT("fstatat") || fstatat(dir_fd, ".", &parent, 0) != 0)
		return err_sys(errno, "cannot remove '%s'", what);
	return remove_level(dir_fd, name, what, parent.st_dev, 0);
}
