/* fettle adopt: objects that another tool applied to a cluster become this project's. */
#include "base/base.h"

#include "clusters.h"
#include "kube_args.h"
#include "run_plan.h"

struct adopt_args {
	struct where_args where;
	struct kube_args kube;
	struct strs from;
	bool dry_run;
	bool yes;
	bool no_wait;
	int output;
	int64_t timeout_ms;
};

static const struct cli_opt opts[] = {
	WHERE_PATH(struct adopt_args),
	WHERE_OPTS(struct adopt_args),
	{ CLI_STRS(struct adopt_args, from), .name = "from", .arg = "manager",
	  .help = "also take the fields of this field manager",
	  .details =
	          "The managers of kubectl, Helm, Argo CD, Flux and kapp are known; name here what a "
	          "tool of your own calls itself.",
	  .flags = CLI_NOT_EMPTY },
	{ CLI_FLAG(struct adopt_args, dry_run), .letter = 'n', .name = "dry-run",
	  .help = "show the plan, change nothing", .flags = CLI_NO_NEGATION },
	{ CLI_FLAG(struct adopt_args, yes), .letter = 'y', .name = "yes",
	  .help = "adopt without asking" },
	KUBE_OPTS(struct adopt_args),
	{ CLI_FLAG(struct adopt_args, no_wait), .name = "no-wait",
	  .help = "do not wait until objects are ready", .flags = CLI_NO_NEGATION | CLI_RARE },
	{ CLI_DURATION(struct adopt_args, timeout_ms), .name = "timeout", .arg = "duration",
	  .help = "deadline for the whole run", .setting = "apply.timeout" },
	{ CLI_ENUM(struct adopt_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "what 'kubectl apply' put there becomes this project's",
	  "fettle adopt ./manifests --context prod" },
	{ "a Helm release, from the chart's own output",
	  "helm template web ./chart | fettle adopt - --name web --namespace shop" },
	{ "look first", "fettle adopt --env prod --dry-run" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "adopted, or nothing to do" },
	{ 1, "--dry-run: there is something to do" },
	{ 2, "bad usage, settings or manifests; nothing was attempted" },
	{ 3, "something failed; what was done is listed" },
	{ 4, "permission or authentication" },
	{ 5, "refused by a guard, locked, or changed underneath" },
	{ 6, "adopted, but something did not get ready in time" },
	{ 124, "the deadline passed" },
	{ 130, "interrupted" },
	{ 0, NULL }
};

static err *adopt(struct session *session, struct cli_ctx *ctx, const struct adopt_args *args)
{
	if (!session->is_kubernetes)
		return err_hint(
			err_new(ERR_USAGE,
		                "only objects of a cluster have another tool to come from"),
			"name one with --context; on a server 'fettle apply' takes over what it finds");
	session->kube.adopt_from = (const char *const *)args->from.ptr;
	session->kube.adopts = true;
	TRY(session_open_source(session));
	TRY(session_open_target(session, args->dry_run ? INV_READ_ONLY : INV_READ_WRITE,
	                        "fettle adopt"));
	struct plan_options options = { .checks_records = true };
	AUTOPTR(plan) plan = NULL;
	TRY(session_plan(session, options, &plan));
	struct run_plan_options run = { .command = "adopt",
		                        .dry_run = args->dry_run,
		                        .yes = args->yes,
		                        .wants_json = args->output == OUT_JSON,
		                        .no_wait = args->no_wait };
	return run_plan(session, ctx, plan, &run);
}

static err *run(struct cli_ctx *ctx, const void *data)
{
	const struct adopt_args *args = data;
	struct session session;
	err *e = session_begin(&session, ctx, &args->where, args->timeout_ms);
	session.must_identify = true;
	kube_args_use(&args->kube, &session);
	const struct clusters_run many = { .asks = !args->yes && !args->dry_run,
		                           .wants_json = args->output == OUT_JSON };
	if (!e && clusters_are_many(&session))
		e = clusters_run(&session, ctx, &many);
	else if (!e)
		e = adopt(&session, ctx, args);
	session_clear(&session);
	return e;
}

const struct cli_cmd cmd_adopt = {
	.name = "adopt",
	.group = "See and change",
	.brief = "take over what another tool applied to a cluster",
	.about =
		"Apply the manifests, and take over with them every field that kubectl, Helm, Argo CD, "
		"Flux or kapp applied to the same objects: no field is lost, none stays behind owned "
		"by a tool that is gone, and labels and annotations of that tool go with it. The plan "
		"shows what changes; what is left to be done on the other side is told.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "diff, apply, status",
	.args_size = sizeof(struct adopt_args),
	.needs = CLI_NEEDS_SETTINGS,
	.run = run,
};
