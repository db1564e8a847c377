#define BASE_ALLOW_BANNED
#include "base/base.h"

#include "pal/cwd.h"

#include <windows.h>

err *cwd_change(const char *dir)
{
	wchar_t wide[MAX_PATH];
	if (!MultiByteToWideChar(CP_UTF8, 0, dir, -1, wide, (int)ARRAY_LEN(wide)))
		return err_new(ERR_LIMIT, "cannot change to '%s': longer than Windows allows", dir);
	if (SetCurrentDirectoryW(wide))
		return NULL;
	switch (GetLastError()) {
	case ERROR_FILE_NOT_FOUND:
	case ERROR_PATH_NOT_FOUND:
		return err_new(ERR_NOT_FOUND, "cannot change to '%s': no such folder", dir);
	case ERROR_ACCESS_DENIED:
		return err_new(ERR_DENIED, "cannot change to '%s': access denied", dir);
	default:
		return err_new(ERR_INVALID, "cannot change to '%s': not a folder", dir);
	}
}
