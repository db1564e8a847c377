#include "base/base.h"

#include "kube_args.h"

const struct cli_choice verify_choices[] = {
	{ "auto", 0, "only where lists leave a doubt" },
	{ "always", 1, "a dry-run for every object" },
	{ NULL, 0, NULL },
};

void kube_args_use(const struct kube_args *args, struct session *session)
{
	session->kube.take_over = (const char *const *)args->take_over.ptr;
	session->kube.replace = (const char *const *)args->replace.ptr;
	session->kube.allow_delete = (const char *const *)args->allow_delete.ptr;
	session->kube.verify_always = args->verify == 1;
	session->kube.jobs_may_run = args->jobs_may_run;
}
