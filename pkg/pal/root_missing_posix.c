#include "base/base.h"

#include "pal/fs.h"
#include "pal/root.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "pal/fault.h"
#include "pal/fd_posix.h"
#include "pal/root_posix.h"

/* A descriptor of a folder that was removed: every look through it finds nothing. */
err *fs_root_open_missing(const char *path, struct fs_root **ret_root)
{
	AUTO(str) empty = STR_INIT;
	AUTO(str) absolute = STR_INIT;
	TRY(fs_absolute(path, &absolute));
	TRY(fs_mkdtemp("fettle-", &empty));
	AUTOFD fd = fd_openat(AT_FDCWD, empty.ptr, FD_DIR_HANDLE, 0);
	if (fd < 0)
		return err_sys(errno, "cannot open '%s'", empty.ptr);
	if (FAULT("rmdir") || rmdir(empty.ptr) != 0)
		return err_sys(errno, "cannot remove '%s'", empty.ptr);
	struct fs_root *root = MEM_NEW(struct fs_root);
	root->fd = fd_steal(&fd);
	root->path = str_detach(&absolute);
	root->has_fast = root_can_fast(root->fd);
	*ret_root = root;
	return NULL;
}
