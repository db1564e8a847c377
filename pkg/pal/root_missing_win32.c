#define BASE_ALLOW_BANNED
#include "base/base.h"

#include "pal/fs.h"
#include "pal/root.h"

#include "pal/root_win32.h"
#include "pal/os_win32.h"

/* Paths are opened by name here, so a root that is not there needs nothing more. */
err *fs_root_open_missing(const char *path, struct fs_root **ret_root)
{
	AUTO(str) absolute = STR_INIT;
	AUTOFREE wchar_t *wide = NULL;
	TRY(fs_absolute(path, &absolute));
	TRY(win32_path(absolute.ptr, &wide));
	struct fs_root *root = MEM_NEW(struct fs_root);
	root->wide = steal(&wide);
	root->path = str_detach(&absolute);
	*ret_root = root;
	return NULL;
}
