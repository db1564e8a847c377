#include "base/base.h"
#include "pal/argv.h"

const char *env_get_nonempty(const char *name)
{
	const char *value = env_get(name);

	return value && *value ? value : NULL;
}
