#include "base/base.h"

#include "pal/root.h"

#include "pal/root_posix.h"

err *fs_root_open_missing(const char *path, struct fs_root **ret_root)
{
	AUTO(str) absolute = STR_INIT;
	TRY(fs_absolute(path, &absolute));
	struct fs_root *root = MEM_NEW(struct fs_root);
	root->fd = -1; /* root_open_at and every look answer ENOENT */
	root->path = str_detach(&absolute);
	*ret_root = root;
	return NULL;
}
