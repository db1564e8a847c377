/* fettle diff: the difference between source and target. */
#include "base/base.h"

#include "apply/plan_file.h"
#include "clusters.h"
#include "git/git.h"
#include "pal/fs.h"
#include "kube_args.h"
#include "plan_print.h"
#include "prune_args.h"

struct diff_args {
	struct where_args where;
	struct prune_args prune;
	struct kube_args kube;
	bool explain;
	int output;
	const char *save_plan;
	bool exit_zero;
	int64_t timeout_ms;
};

static const struct cli_opt opts[] = {
	WHERE_PATH(struct diff_args),
	WHERE_OPTS(struct diff_args),
	PRUNE_OPTS(struct diff_args),
	KUBE_OPTS(struct diff_args),
	{ CLI_FLAG(struct diff_args, explain), .name = "explain",
	  .help = "on a cluster: say of each field who owns it, and since when",
	  .flags = CLI_NO_NEGATION | CLI_RARE },
	{ CLI_ENUM(struct diff_args, output, out_text_json_markdown), .letter = 'o',
	  .name = "output", .arg = "format", .help = "output format", .def = "text" },
	{ CLI_STR(struct diff_args, save_plan), .name = "save-plan", .arg = "file",
	  .help = "also write the plan, for 'fettle apply --plan FILE'",
	  .details = "Fingerprints of secrets are keyed by the state file; where there is none yet, "
	             "it is made.",
	  .flags = CLI_NOT_EMPTY, .words = CLI_WORDS_FILES },
	{ CLI_FLAG(struct diff_args, exit_zero), .name = "exit-zero",
	  .help = "exit with 0 also when there are differences" },
	{ CLI_DURATION(struct diff_args, timeout_ms), .name = "timeout", .arg = "duration",
	  .help = "deadline for the whole run", .setting = "apply.timeout" },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "a folder of manifests against a sandbox folder", "fettle diff ./manifests --root ./sandbox" },
	{ "for a pull-request comment", "fettle diff --env prod --output markdown" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "no differences" },
	{ 1, "there are differences" },
	{ 2, "bad usage, settings or manifests" },
	{ 3, "the comparison failed" },
	{ 4, "permission or authentication" },
	{ 5, "refused by a guard" },
	{ 124, "the deadline passed" },
	{ 0, NULL }
};

/* What opens the source again from any folder. */
static err *portable_path(struct session *session, const char **ret_path)
{
	const struct source_spec *spec = &session->spec;
	*ret_path = session->spec.display;
	if (spec->kind == SOURCE_FOLDER || spec->kind == SOURCE_FILE)
		*ret_path = session->source_identity;
	if (spec->kind != SOURCE_GIT || !spec->ref || repo_url_is_remote(spec->location))
		return NULL;
	AUTO(str) place = STR_INIT;
	TRY(fs_absolute(spec->location, &place));
	*ret_path = arena_printf(&session->arena, "%s%s%s?ref=%s", place.ptr,
	                         *spec->subdir ? "//" : "", spec->subdir, spec->ref);
	return NULL;
}

static err *save_plan(struct session *session, const struct plan *plan,
                      const struct plan_options *options, const char *file)
{
	const char *path;
	TRY(portable_path(session, &path));
	AUTO(str) kubeconfig = STR_INIT;
	if (session->kube.kubeconfig)
		TRY(fs_absolute(session->kube.kubeconfig, &kubeconfig));
	struct saved_plan saved = { .project = session->name,
		                    .target = session->target->identity,
		                    .path = path,
		                    .root = session->root,
		                    .center = session->center,
		                    .is_kubernetes = session->is_kubernetes,
		                    .kubeconfig = session->kube.kubeconfig ? kubeconfig.ptr : NULL,
		                    .context = session->kube.context,
		                    .name_space = session->kube.name_space,
		                    .commit = source_info(session->source)->commit,
		                    .prune = options->prune,
		                    .prune_changed = options->prune_changed };
	return plan_file_write(file, plan, &saved);
}

static err *print(struct session *session, const struct plan *plan, int output)
{
	struct plan_subject subject = session_subject(session);
	AUTO(str) text = STR_INIT;
	if (output == OUT_JSON)
		plan_to_json(plan, &subject, &text);
	else if (output == OUT_MARKDOWN)
		plan_to_markdown(plan, &subject, &text);
	else {
		plan_print(session->ui, plan, PLAN_PRINT_CHANGES);
		plan_print_summary(session->ui, plan, &subject);
	}
	ui_out_bytes(session->ui, text.ptr, text.len);
	return ui_flush(session->ui);
}

static err *diff(struct session *session, struct cli_ctx *ctx, const struct diff_args *args)
{
	struct plan_options options = { .wants_fingerprints = args->save_plan != NULL };
	session->must_keep_key = args->save_plan != NULL;
	TRY(prune_options(&args->prune, session, &options));
	TRY(session_open_source(session));
	TRY(session_open_target(session, INV_READ_ONLY, NULL));
	AUTOPTR(plan) plan = NULL;
	TRY(session_plan(session, options, &plan));
	if (args->save_plan)
		TRY(save_plan(session, plan, &options, args->save_plan));
	TRY(print(session, plan, args->output));
	if (plan_has_changes(plan) && !args->exit_zero)
		ctx->exit_code = EXIT_CODE_NO;
	return NULL;
}

static err *run(struct cli_ctx *ctx, const void *data)
{
	const struct diff_args *args = data;
	struct session session;
	err *e = session_begin(&session, ctx, &args->where, args->timeout_ms);
	session.must_identify = true;
	kube_args_use(&args->kube, &session);
	session.kube.explains = args->explain;
	const struct clusters_run many = { .wants_json = args->output == OUT_JSON };
	if (!e && !args->save_plan && clusters_are_many(&session))
		e = clusters_run(&session, ctx, &many);
	else if (!e)
		e = diff(&session, ctx, args);
	session_clear(&session);
	return e;
}

const struct cli_cmd cmd_diff = {
	.name = "diff",
	.group = "See and change",
	.brief = "show what apply would change",
	.about = "Compare the manifests of a source with what is really there, and change nothing. "
	         "Every object that is not in sync is listed with its differences as a unified "
	         "diff; values of secrets are shown only as changed or same. An error is never "
	         "reported as no difference.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "apply, render, status",
	.args_size = sizeof(struct diff_args),
	.needs = CLI_NEEDS_SETTINGS,
	.run = run,
};
