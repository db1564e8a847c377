#include "base/base.h"

#include "pal/oserr.h"
#include "pal/os_win32.h"

err *os_error(int code, const char *what)
{
	return win32_error((DWORD)code, "%s", what);
}
