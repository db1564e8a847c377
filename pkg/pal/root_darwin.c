/* macOS has no openat2: the walker of root_walk_posix.c does all. */
#include "base/base.h"

#include <errno.h>

#include "pal/root_posix.h"

bool root_can_fast(int fd)
{
	(void)fd;
	return false;
}

int root_open_fast(const struct fs_root *root, const char *rel, int flags)
{
	(void)root;
	(void)rel;
	(void)flags;
	errno = ENOSYS;
	return -1;
}
