/* fettle apply: make the target match the source, once or for as long as it runs (--watch). */
#include "base/base.h"

#include "apply/plan_file.h"
#include "apply_watch.h"
#include "clusters.h"
#include "kube_args.h"
#include "prune_args.h"
#include "run_plan.h"

struct apply_args {
	struct where_args where;
	struct prune_args prune;
	struct kube_args kube;
	bool no_wait;
	bool detect_only;
	bool dry_run;
	bool yes;
	bool watch;
	int output;
	int log_format;
	const char *plan_file;
	const char *metrics;
	int64_t timeout_ms;
	int64_t interval_ms;
	int64_t concurrency;
};

static const struct cli_opt opts[] = {
	WHERE_PATH(struct apply_args),
	WHERE_OPTS(struct apply_args),
	{ CLI_FLAG(struct apply_args, dry_run), .letter = 'n', .name = "dry-run",
	  .help = "show the plan, change nothing", .flags = CLI_NO_NEGATION },
	{ CLI_FLAG(struct apply_args, yes), .letter = 'y', .name = "yes",
	  .help = "apply without asking" },
	PRUNE_OPTS(struct apply_args),
	KUBE_OPTS(struct apply_args),
	{ CLI_FLAG(struct apply_args, no_wait), .name = "no-wait",
	  .help = "on a cluster: do not wait until objects are ready", .flags = CLI_NO_NEGATION | CLI_RARE },
	{ CLI_FLAG(struct apply_args, kube.jobs_may_run), .name = "jobs-may-run",
	  .help = "on a cluster: a Job is ready when it has started", .flags = CLI_NO_NEGATION | CLI_RARE },
	{ CLI_STR(struct apply_args, plan_file), .name = "plan", .arg = "file",
	  .help = "apply exactly this saved plan, or nothing",
	  .details = "The file comes from 'fettle diff --save-plan'. Source and target must still be "
	             "what they were: when the commit, a manifest or the target moved, the plan is "
	             "refused.",
	  .flags = CLI_NOT_EMPTY, .words = CLI_WORDS_FILES },
	{ CLI_DURATION(struct apply_args, timeout_ms), .name = "timeout", .arg = "duration",
	  .help = "deadline for the whole run", .setting = "apply.timeout" },
	{ CLI_INT(struct apply_args, concurrency), .name = "concurrency", .arg = "number",
	  .help = "objects changed at the same time; 0 chooses",
	  .setting = "apply.concurrency", .min = 0, .max = 256 },
	{ CLI_ENUM(struct apply_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	{ CLI_FLAG(struct apply_args, watch), .letter = 'w', .name = "watch",
	  .help = "keep running: follow the source, correct drift",
	  .details = "Fetches the source every --interval and on SIGHUP, applies what is new, puts "
	             "back what others change as it happens, and keeps the last good commit when a "
	             "new one fails its checks." },
	{ CLI_FLAG(struct apply_args, detect_only), .name = "detect-only",
	  .help = "with --watch: tell what drifted, change nothing", .flags = CLI_NO_NEGATION | CLI_RARE },
	{ CLI_DURATION(struct apply_args, interval_ms), .name = "interval", .arg = "duration",
	  .help = "with --watch: time between two looks at the source",
	  .setting = "watch.interval", .min = 100, .max = INT64_C(31536000000) },
	{ CLI_STR(struct apply_args, metrics), .name = "metrics", .arg = "address",
	  .help = "with --watch: serve /metrics and /healthz here",
	  .details = "HOST:PORT, :PORT for loopback only, or unix:PATH.",
	  .setting = "watch.metrics" },
	{ CLI_ENUM(struct apply_args, log_format, log_formats), .name = "log-format",
	  .arg = "format", .help = "with --watch: form of the log lines", .def = "text" },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "a folder of manifests to a sandbox folder", "fettle apply ./manifests --root ./sandbox --yes" },
	{ "the tagged state of a repository to this machine",
	  "fettle apply 'https://git.example.com/shop.git//envs/prod?ref=v1.4.0'" },
	{ "what was reviewed, and nothing else", "fettle apply --plan plan.json --yes" },
	{ "as an agent", "fettle apply --env prod --watch --interval 1m --yes" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "applied, or nothing to do" },
	{ 1, "--dry-run: there are differences" },
	{ 2, "bad usage, settings or manifests; nothing was attempted" },
	{ 3, "something failed; what was done is listed" },
	{ 4, "permission or authentication" },
	{ 5, "refused by a guard, locked, or changed underneath" },
	{ 6, "applied, but something did not get ready in time" },
	{ 124, "the deadline passed" },
	{ 130, "interrupted" },
	{ 0, NULL }
};

/* A variable such as FETTLE_ENV is meant for other commands; only what was typed contradicts. */
static err *check_plan_args(const struct cli_ctx *ctx)
{
	static const char *const names[] = { "env", "prune", "prune-changed", "max-deletions" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (cli_is_given(ctx->parsed, names[i]))
			return err_new(ERR_USAGE, "--plan says itself where and what to prune; "
			               "leave out --%s", names[i]);
	return NULL;
}

static err *check_args(const struct cli_ctx *ctx, const struct apply_args *args)
{
	if (args->watch && (args->dry_run || args->plan_file))
		return err_new(ERR_USAGE, "--watch cannot go with %s",
		               args->dry_run ? "--dry-run" : "--plan");
	if (args->detect_only && !args->watch)
		return err_hint(err_new(ERR_USAGE, "--detect-only goes with --watch"),
		                "to look once, use 'fettle diff'");
	if (args->watch && !args->yes && !args->detect_only)
		return err_hint(err_new(ERR_USAGE, "--watch applies without asking"),
		                "say so with --yes");
	if (args->watch && args->where.path && str_equal(args->where.path, "-"))
		return err_new(ERR_USAGE, "--watch cannot follow standard input");
	return args->plan_file ? check_plan_args(ctx) : NULL;
}

/* --- a saved plan --- */

static err *check_commit(const struct session *session, const struct saved_plan *saved)
{
	const char *commit = source_info(session->source)->commit;
	if (session->spec.kind != SOURCE_GIT || !saved->commit)
		return NULL;
	if (commit && str_equal(commit, saved->commit))
		return NULL;
	return err_hint(err_new(ERR_CONFLICT, "the saved plan is for commit %.10s, but '%s' is at %.10s",
	                        saved->commit, session->spec.display, commit ? commit : "none"),
	                "make a new plan with 'fettle diff --save-plan FILE' and look at it");
}

static err *check_target(const struct session *session, const struct saved_plan *saved)
{
	if (str_equal(session->target->identity, saved->target))
		return NULL;
	return err_new(ERR_CONFLICT, "the saved plan is for target '%s', this is '%s'",
	               saved->target, session->target->identity);
}

static err *apply_saved(struct session *session, struct cli_ctx *ctx, const struct apply_args *args,
                        const struct saved_plan *saved)
{
	session->name = saved->project;
	TRY(session_open_source(session));
	TRY(check_commit(session, saved));
	TRY(session_open_target(session, args->dry_run ? INV_READ_ONLY : INV_READ_WRITE,
	                        "fettle apply --plan"));
	TRY(check_target(session, saved));
	struct plan_options options = { .prune = saved->prune,
		                        .prune_changed = saved->prune_changed,
		                        .wants_fingerprints = true,
		                        .checks_records = true,
		                        .max_deletions = { INT64_MAX, -1 } };
	AUTOPTR(plan) plan = NULL;
	TRY(session_plan(session, options, &plan));
	TRY(plan_file_verify(saved, plan));
	struct run_plan_options run = { .command = "apply --plan",
		                        .dry_run = args->dry_run,
		                        .yes = args->yes,
		                        .wants_json = args->output == OUT_JSON,
		                        .no_wait = args->no_wait,
		                        .threads = (unsigned)args->concurrency };
	return run_plan(session, ctx, plan, &run);
}

/* The cluster or center of the plan, unless the command line names one; who does it, only the command line says. */
static void use_saved_target(const struct where_args *given, const struct saved_plan *saved,
                             struct where_args *where)
{
	where->center = given->center ? given->center : saved->center;
	where->kubeconfig = given->kubeconfig ? given->kubeconfig : saved->kubeconfig;
	where->context = given->context ? given->context : saved->context;
	where->name_space = given->name_space ? given->name_space : saved->name_space;
	where->as_user = given->as_user;
	where->as_groups = given->as_groups;
}

static err *run_saved(struct cli_ctx *ctx, const struct apply_args *args)
{
	struct arena arena = ARENA_INIT;
	struct saved_plan saved;
	struct session session;
	err *e = plan_file_read(args->plan_file, &arena, &saved);
	if (!e) {
		struct where_args where = { .path = args->where.path ? args->where.path : saved.path,
			                    .root = args->where.root ? args->where.root : saved.root,
			                    .name = saved.project,
			                    .is_literal = true };
		use_saved_target(&args->where, &saved, &where);
		e = session_begin(&session, ctx, &where, args->timeout_ms);
		kube_args_use(&args->kube, &session);
		session.is_kubernetes = session.is_kubernetes || saved.is_kubernetes;
		if (!e)
			e = apply_saved(&session, ctx, args, &saved);
		session_clear(&session);
	}
	arena_clear(&arena);
	return e;
}

/* --- once --- */

static err *apply_once(struct session *session, struct cli_ctx *ctx, const struct apply_args *args)
{
	struct plan_options options = { .checks_records = true };
	TRY(prune_options(&args->prune, session, &options));
	TRY(session_open_source(session));
	TRY(session_open_target(session, args->dry_run ? INV_READ_ONLY : INV_READ_WRITE,
	                        "fettle apply"));
	AUTOPTR(plan) plan = NULL;
	TRY(session_plan(session, options, &plan));
	struct run_plan_options run = { .command = "apply",
		                        .dry_run = args->dry_run,
		                        .yes = args->yes,
		                        .wants_json = args->output == OUT_JSON,
		                        .no_wait = args->no_wait,
		                        .threads = (unsigned)args->concurrency };
	return run_plan(session, ctx, plan, &run);
}

static err *watch(struct session *session, struct cli_ctx *ctx, const struct apply_args *args)
{
	struct apply_watch_options options = { .interval_ms = args->interval_ms,
		                               .metrics = args->metrics,
		                               .log_format = (enum ui_log_format)args->log_format,
		                               .threads = (unsigned)args->concurrency,
		                               .detect_only = args->detect_only,
		                               .timeout_ms = session->timeout_ms };
	session->deadline = DEADLINE_NEVER; /* each round has its own */
	options.plan.checks_records = true;
	TRY(prune_options(&args->prune, session, &options.plan));
	return apply_watch(session, ctx, &options);
}

static err *run(struct cli_ctx *ctx, const void *data)
{
	const struct apply_args *args = data;
	TRY(check_args(ctx, args));
	if (args->plan_file)
		return run_saved(ctx, args);
	struct session session;
	err *e = session_begin(&session, ctx, &args->where, args->timeout_ms);
	session.must_identify = true;
	kube_args_use(&args->kube, &session);
	session.kube.corrects_drift = args->watch;
	const struct clusters_run many = { .asks = !args->yes && !args->dry_run,
		                           .wants_json = args->output == OUT_JSON };
	if (!e && !args->watch && clusters_are_many(&session))
		e = clusters_run(&session, ctx, &many);
	else if (!e)
		e = args->watch ? watch(&session, ctx, args) : apply_once(&session, ctx, args);
	session_clear(&session);
	return e;
}

const struct cli_cmd cmd_apply = {
	.name = "apply",
	.group = "See and change",
	.brief = "make the target match the source",
	.about = "Read manifests from a folder, a file, standard input or a git repository, compare "
	         "them with the target, show the plan and carry it out. Changes are atomic per "
	         "object, recorded in the history, and safe to interrupt: running again continues.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "diff, status, history, rollback",
	.args_size = sizeof(struct apply_args),
	.needs = CLI_NEEDS_SETTINGS,
	.run = run,
};
