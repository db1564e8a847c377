#include "base/base.h"
#include "pal/ram.h"

err *ram_mkdtemp(const char *prefix, struct str *ret_path)
{
	(void)prefix;
	(void)ret_path;
	return err_new(ERR_UNSUPPORTED, "this system has no folder in memory");
}
