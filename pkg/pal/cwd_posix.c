#include "base/base.h"

#include "pal/cwd.h"

#include <errno.h>
#include <unistd.h>

#include "pal/fault.h"

err *cwd_change(const char *dir)
{
	if (!FAULT("chdir") && chdir(dir) == 0)
		return NULL;
	int code = errno;
	err *e = err_sys(code, "cannot change to '%s'", dir);
	return code == ENOTDIR ? err_as(e, ERR_INVALID) : e;
}
