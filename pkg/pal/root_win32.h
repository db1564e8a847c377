/* Inside of struct fs_root on Windows, and how paths below it are resolved. */
#ifndef PAL_ROOT_WIN32_H
#define PAL_ROOT_WIN32_H

#define BASE_ALLOW_BANNED
#include "base/base.h"
#include "base/vec.h"
#include "pal/root.h"
#include "pal/os_win32.h"

struct fs_root {
	wchar_t *wide; /* "\\?\C:\srv" */
	char *path;    /* "C:/srv" */
	bool is_machine;
};

/*
 * One place below a root, resolved. The parent folders are held open without FILE_SHARE_DELETE, so
 * that nobody can rename one of them and put a link in its place while we work by path.
 */
struct root_spot {
	wchar_t *path; /* long path; its parents hold no links */
	char *shown;   /* for messages */
	VEC(HANDLE) held;
	bool is_root;
};

/* `follow`: also the last component, when it is a symlink that stays inside. */
NODISCARD err *root_spot_open(const struct fs_root *root, const char *rel, const char *verb,
                              bool follow, struct root_spot **ret_spot);
void root_spot_free(struct root_spot *spot);
AUTOPTR_DEFINE(root_spot)

/* Last component as in `rel`; "" for the root itself. */
const char *root_spot_name(const struct root_spot *spot);

/* stage_win32.c */
bool stage_is_temp_name(const char *name);
/* Long path of a new temp file beside `target`. */
wchar_t *stage_temp_path(const wchar_t *target);

#endif
