#include "base/base.h"

#include "kube_args.h"

const struct cli_choice verify_choices[] = {
	{ "auto", 0, "only where lists leave a doubt" },
	{ "always", 1, "a dry-run for every object" },
	{ NULL, 0, NULL },
};

static const char *const *list_of(struct session *session, const struct strs *list)
{
	const char **copy = arena_zalloc(&session->arena, list->len + 1, sizeof(*copy));
	for (size_t i = 0; i < list->len; i++)
		copy[i] = list->ptr[i];
	return list->len ? copy : NULL;
}

void kube_args_use(const struct kube_args *args, struct session *session)
{
	session->kube.take_over = list_of(session, &args->take_over);
	session->kube.replace = list_of(session, &args->replace);
	session->kube.allow_delete = list_of(session, &args->allow_delete);
	session->kube.verify_always = args->verify == 1;
	session->kube.jobs_may_run = args->jobs_may_run;
}
