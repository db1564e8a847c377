#include "base/base.h"

#include "pal/root.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/path.h"
#include "pal/fault.h"
#include "pal/root_posix.h"
#include "pal/stage_posix.h"

/* --- opening a root --- */

static bool is_machine_root(int fd)
{
	struct stat mine, machine;
	return fstat(fd, &mine) == 0 && stat("/", &machine) == 0 && mine.st_dev == machine.st_dev &&
	       mine.st_ino == machine.st_ino;
}

err *fs_root_open(const char *path, bool create, struct fs_root **ret_root)
{
	if (create)
		TRY(fs_mkdir_all(path, 0755));
	AUTOFD fd = fd_openat(AT_FDCWD, path, FD_DIR_HANDLE, 0);
	if (fd < 0 && errno == ENOTDIR)
		return err_new(ERR_INVALID, "cannot use '%s' as a root: it is not a folder", path);
	if (fd < 0)
		return err_sys(errno, "cannot use '%s' as a root", path);
	AUTO(str) real = STR_INIT;
	TRY(fs_real_path(path, &real));
	struct fs_root *root = MEM_NEW(struct fs_root);
	root->fd = fd_steal(&fd);
	root->path = str_detach(&real);
	root->is_machine = is_machine_root(root->fd);
	root->has_fast = root_can_fast(root->fd);
	*ret_root = root;
	return NULL;
}

void fs_root_free(struct fs_root *root)
{
	if (!root)
		return;
	fd_close(root->fd);
	mem_free(root->path);
	mem_free(root);
}

const char *fs_root_path(const struct fs_root *root)
{
	return root->path;
}

bool fs_root_is_machine(const struct fs_root *root)
{
	return root->is_machine;
}

void fs_root_os_path(const struct fs_root *root, const char *rel, struct str *ret_path)
{
	str_reset(ret_path);
	str_addz(ret_path, root->path);
	if (!*rel || str_equal(rel, "."))
		return;
	if (!str_ends(root->path, "/"))
		str_addch(ret_path, '/');
	str_addz(ret_path, rel);
}

char *root_shown(const struct fs_root *root, const char *rel)
{
	struct str shown = STR_INIT;
	fs_root_os_path(root, rel, &shown);
	return str_detach(&shown);
}

/* --- resolving --- */

static bool is_clean(const char *rel)
{
	struct view rest = view_of(rel), part;
	while (view_split(&rest, '/', &part))
		if (part.len == 0 || view_is(part, ".") || view_is(part, ".."))
			return false;
	return true;
}

err *root_check(const char *rel)
{
	if (!*rel || str_equal(rel, "."))
		return NULL;
	if (strlen(rel) >= LIMIT_PATH_BYTES)
		return err_new(ERR_INVALID, "the path '%.80s…' is longer than %u bytes", rel,
		               LIMIT_PATH_BYTES);
	if (!is_clean(rel))
		return err_new(ERR_INVALID, "'%s' is not a plain path below the root", rel);
	return NULL;
}

int root_open_at(const struct fs_root *root, const char *rel, int flags)
{
	if (!*rel)
		rel = ".";
	if (root->fd < 0) {
		errno = ENOENT;
		return -1;
	}
	if (root->has_fast)
		return root_open_fast(root, rel, flags);
	return root_open_walk(root, rel, flags, NULL);
}

err *root_error(const struct fs_root *root, const char *rel, const char *verb, int code)
{
	AUTOFREE char *shown = root_shown(root, rel);
	if (code != EXDEV)
		return err_sys(code, "cannot %s '%s'", verb, shown);
	AUTO(str) culprit = STR_INIT;
	int fd = root_open_walk(root, rel, FD_DIR_HANDLE, &culprit);
	fd_close(fd);
	if (fd >= 0 || !culprit.len)
		return err_new(ERR_REFUSED, "cannot %s '%s': a symlink in it leads out of '%s'",
		               verb, shown, root->path);
	return err_new(ERR_REFUSED, "cannot %s '%s': the symlink '%s' leads out of '%s'", verb,
	               shown, culprit.ptr, root->path);
}

err *root_open_parent(const struct fs_root *root, const char *rel, const char *verb, int flags,
                      int *ret_fd, const char **ret_name)
{
	TRY(root_check(rel));
	const char *name = *rel ? path_base(rel) : ".";
	AUTOFREE char *parent =
		name == rel || !*rel ? NULL : mem_strndup(rel, (size_t)(name - rel) - 1);
	int fd = root_open_at(root, parent ? parent : ".", flags);
	if (fd < 0)
		return root_error(root, parent ? parent : ".", verb, errno);
	*ret_fd = fd;
	*ret_name = name;
	return NULL;
}

/* --- looking --- */

/* lstat below the root; 0, or -1 with errno. */
static int look(const struct fs_root *root, const char *rel, struct stat *ret_stat)
{
	if (!*rel)
		rel = ".";
	/* one call is safe where no parent can be a symlink, or where none can lead out */
	if (root->fd >= 0 && (root->is_machine || !strchr(rel, '/')))
		return FAULT("fstatat") ? -1
		                        : fstatat(root->fd, rel, ret_stat, AT_SYMLINK_NOFOLLOW);
	const char *name = path_base(rel);
	char parent[LIMIT_PATH_BYTES];
	size_t len = name == rel ? 0 : (size_t)(name - rel) - 1;
	memcpy(parent, rel, len);
	parent[len] = '\0';
	AUTOFD fd = root_open_at(root, parent, FD_DIR_HANDLE);
	if (fd < 0 || FAULT("fstatat"))
		return -1;
	return fstatat(fd, name, ret_stat, AT_SYMLINK_NOFOLLOW);
}

err *fs_root_stat(struct fs_root *root, const char *rel, struct fs_stat *ret_stat)
{
	TRY(root_check(rel));
	struct stat st;
	if (look(root, rel, &st) != 0)
		return root_error(root, rel, "look at", errno);
	fd_stat_of(&st, ret_stat);
	return NULL;
}

err *fs_root_probe(struct fs_root *root, const char *rel, struct fs_stat *ret_stat)
{
	TRY(root_check(rel));
	struct stat st;
	if (look(root, rel, &st) == 0)
		fd_stat_of(&st, ret_stat);
	else if (errno == ENOENT || errno == ENOTDIR)
		*ret_stat = (struct fs_stat){ .type = FS_NONE };
	else
		return root_error(root, rel, "look at", errno);
	return NULL;
}

/*
 * Open a file for reading and look at it. `*ret_fd` is -1 and the type is in `ret_stat` when it is
 * something that cannot be opened for reading, or nothing.
 */
static err *open_file(struct fs_root *root, const char *rel, int *ret_fd, struct fs_stat *ret_stat)
{
	TRY(root_check(rel));
	struct stat st;
	int fd = root_open_at(root, rel, FD_FILE_READ | O_NOFOLLOW);
	if (fd < 0) {
		/* ELOOP (EMLINK elsewhere): a symlink; ENXIO, EOPNOTSUPP: a socket */
		int code = errno;
		if (code != ELOOP && code != EMLINK && code != ENXIO && code != EOPNOTSUPP &&
		    code != ENOENT && code != ENOTDIR)
			return root_error(root, rel, "read", code);
		*ret_fd = -1;
		return fs_root_probe(root, rel, ret_stat);
	}
	if (FAULT("fstat") || fstat(fd, &st) != 0) {
		err *e = root_error(root, rel, "read", errno);
		fd_close(fd);
		return e;
	}
	fd_stat_of(&st, ret_stat);
	*ret_fd = fd;
	return NULL;
}

err *fs_root_read(struct fs_root *root, const char *rel, size_t limit, struct str *ret_text,
                  struct fs_stat *ret_stat)
{
	AUTOFD fd = -1;
	struct fs_stat st;
	TRY(open_file(root, rel, &fd, &st));
	if (st.type == FS_NONE)
		return root_error(root, rel, "read", ENOENT);
	AUTOFREE char *shown = root_shown(root, rel);
	if (st.type != FS_FILE)
		return err_new(ERR_INVALID, "cannot read '%s': it is a %s", shown,
		               fs_type_name(st.type));
	TRY(fd_read_all(fd, shown, limit, st.size, ret_text));
	if (ret_stat)
		*ret_stat = st;
	return NULL;
}

/* Compare the file at `fd` with `bytes`, which are as long as it. */
static err *compare(const struct fs_root *root, const char *rel, int fd, struct view bytes,
                    bool *ret_is_same)
{
	char buf[32 << 10]; /* on the stack: threads have at least 128 KiB */
	for (size_t done = 0; done < bytes.len;) {
		size_t want = MIN(sizeof(buf), bytes.len - done);
		ssize_t got = FAULT("read") ? -1 : read(fd, buf, want);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return root_error(root, rel, "read", errno);
		if (got == 0 || memcmp(buf, bytes.ptr + done, (size_t)got) != 0) {
			*ret_is_same = false;
			return NULL;
		}
		done += (size_t)got;
	}
	*ret_is_same = true;
	return NULL;
}

err *fs_root_same(struct fs_root *root, const char *rel, struct view bytes, bool *ret_is_same,
                  struct fs_stat *ret_stat)
{
	AUTOFD fd = -1;
	struct fs_stat st;
	TRY(open_file(root, rel, &fd, &st));
	bool is_same = false;
	if (st.type == FS_FILE && fd >= 0 && st.size == bytes.len)
		TRY(compare(root, rel, fd, bytes, &is_same));
	*ret_is_same = is_same;
	*ret_stat = st;
	return NULL;
}

err *fs_root_readlink(struct fs_root *root, const char *rel, struct str *ret_target)
{
	AUTOFD fd = -1;
	const char *name;
	TRY(root_open_parent(root, rel, "read the symlink", FD_DIR_HANDLE, &fd, &name));
	AUTOFREE char *shown = root_shown(root, rel);
	return fd_readlink(fd, name, shown, ret_target);
}

err *fs_root_list(struct fs_root *root, const char *rel, struct fs_list *ret_list)
{
	TRY(root_check(rel));
	int fd = root_open_at(root, rel, FD_DIR_READ | O_NOFOLLOW);
	AUTOFREE char *shown = root_shown(root, rel);
	struct stat st;
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP) && look(root, rel, &st) == 0)
		return err_new(ERR_INVALID, "cannot list '%s': it is a %s", shown,
		               fs_type_name(fd_type_of_mode(st.st_mode)));
	if (fd < 0)
		return root_error(root, rel, "list", errno);
	return fd_list_dir(fd, shown, ret_list);
}
