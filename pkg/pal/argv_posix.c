#include "base/base.h"
#include "pal/argv.h"

void argv_get(int argc, char *const *argv, struct strs *ret_args)
{
	AUTO(strs) args = STRS_INIT;

	/* argc may be 0 when the caller of exec was careless or hostile. */
	if (argc < 1)
		strs_push(&args, "fettle");
	for (int i = 0; i < argc; i++)
		strs_push(&args, argv[i]);
	strs_clear(ret_args);
	*ret_args = args;
	args = (struct strs)STRS_INIT;
}

const char *env_get(const char *name)
{
	return getenv(name);
}

extern char **environ;

void env_list(struct strs *ret_variables)
{
	strs_clear(ret_variables);
	for (char **entry = environ; entry && *entry; entry++)
		strs_push(ret_variables, *entry);
}

char env_list_separator(void)
{
	return ':';
}
