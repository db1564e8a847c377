#include "base/base.h"

#include "pal/oserr.h"

err *os_error(int code, const char *what)
{
	return err_sys(code, "%s", what);
}
