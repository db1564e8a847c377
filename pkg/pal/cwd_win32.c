#define BASE_ALLOW_BANNED
#include "base/base.h"

#include "pal/cwd.h"

#include "pal/os_win32.h"

err *cwd_change(const char *dir)
{
	/* Not the long form: programs that are started from there would not understand it. */
	AUTOFREE wchar_t *wide = win32_wide(dir);
	if (SetCurrentDirectoryW(wide))
		return NULL;
	DWORD code = GetLastError();
	err *e = win32_error(code, "cannot change to '%s'", dir);
	return code == ERROR_DIRECTORY ? err_as(e, ERR_INVALID) : e;
}
