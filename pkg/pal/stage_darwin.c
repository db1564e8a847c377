#include "base/base.h"

#include "pal/stage_posix.h"

#include <copyfile.h>
#include <errno.h>

#include "pal/fault.h"

err *stage_copy_xattrs(int from_fd, int to_fd, const char *what)
{
	if (FAULT("fcopyfile") ||
	    fcopyfile(from_fd, to_fd, NULL, COPYFILE_ACL | COPYFILE_XATTR) != 0)
		return err_sys(errno, "cannot keep the attributes of '%s'", what);
	return NULL;
}

int stage_sync_fs(int fd)
{
	(void)fd;
	errno = ENOTSUP;
	return -1;
}
