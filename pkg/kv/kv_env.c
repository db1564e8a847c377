/* env: — the environment of this process. It never changes. */
#include "base/base.h"

#include "kv/kv_all_drivers.h"

#include "pal/argv.h"

static const char *const schemes[] = { "env", NULL };

static err *env_open(struct kv *kv)
{
	(void)kv;
	return NULL;
}

static err *env_read(struct kv_set *set)
{
	AUTO(strs) variables = STRS_INIT;
	err *e = NULL;
	env_list(&variables);
	for (size_t i = 0; i < variables.len && !e; i++) {
		const char *name = variables.ptr[i], *equals = strchr(name, '=');
		if (equals && equals != name)
			e = kv_set_add(set, name, (size_t)(equals - name), view_of(equals + 1), 0);
	}
	return e;
}

static void read_env(struct kv_watch *watch)
{
	AUTOPTR(kv_set) all = kv_set_new();
	struct kv_set *set = NULL;
	err *e = env_read(all);
	kv_set_seal(all);
	if (!e)
		e = kv_select(all, watch->scope, watch->path, &set);
	kv_read_done(watch, set, e);
}

static void wait_for_ever(struct kv_watch *watch)
{
	(void)watch;
}

static void stop(struct kv_watch *watch)
{
	(void)watch;
}

const struct kv_driver kv_driver_env = {
	.schemes = schemes,
	.open = env_open,
	.read = read_env,
	.wait = wait_for_ever,
	.stop = stop,
};
