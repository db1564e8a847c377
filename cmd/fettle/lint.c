/* fettle lint: check every file of the repository. */
#include "base/base.h"

#include "base/limits.h"
#include "cmds.h"
#include "lint/lint.h"
#include "lint/lint_baseline.h"
#include "lint/lint_config.h"
#include "lint/lint_input.h"
#include "lint/report.h"
#include "lint_print.h"
#include "pal/fs.h"
#include "pal/sig.h"
#include "ui/diff.h"

enum lint_format {
	FORMAT_TEXT,
	FORMAT_JSON,
	FORMAT_JSONL,
	FORMAT_SARIF,
	FORMAT_JUNIT,
	FORMAT_GITHUB,
	FORMAT_GITLAB
};

struct lint_args {
	struct strs paths, select, ignore, exclude, crds;
	const char *pod_security_version, *kubernetes_version;
	const char *profile, *config, *baseline, *new_from;
	int format, fail_on;
	bool no_gitignore, exit_zero, no_config, update_baseline, staged, history, fix, unsafe_fixes, diff;
	int64_t threads, max_bytes;
};

static const struct cli_choice formats[] = {
	{ "text", FORMAT_TEXT, "for people; one line per finding into a pipe" },
	{ "json", FORMAT_JSON, "one document, with a versioned schema" },
	{ "jsonl", FORMAT_JSONL, "one finding per line" },
	{ "sarif", FORMAT_SARIF, "SARIF 2.1.0, for code scanning" },
	{ "junit", FORMAT_JUNIT, "JUnit XML, for test reports" },
	{ "github", FORMAT_GITHUB, "annotations of GitHub Actions" },
	{ "gitlab", FORMAT_GITLAB, "GitLab code quality" },
	{ NULL, 0, NULL }
};

static const struct cli_choice severities[] = { { "error", LINT_ERROR, NULL },
	                                        { "warning", LINT_WARNING, NULL },
	                                        { "info", LINT_INFO, NULL },
	                                        { NULL, 0, NULL } };

static const struct cli_opt opts[] = {
	{ CLI_ARGS(struct lint_args, paths), .arg = "path", .words = CLI_WORDS_FILES,
	  .help = "files and folders; without one, the current folder" },
	{ CLI_STR(struct lint_args, profile), .name = "profile", .arg = "name",
	  .help = "which rules run: default, baseline, restricted, style, all",
	  .details =
	          "Or one of the profiles that .fettle-lint.yaml defines. The default finds mistakes "
	          "and security problems, and warns of what only the restricted Pod Security level "
	          "asks for; baseline leaves that out, restricted makes it an error.",
	  .flags = CLI_NOT_EMPTY, .complete = lint_complete_profiles },
	{ CLI_STRS(struct lint_args, select), .name = "select", .arg = "rules",
	  .help = "only these rules or families", .flags = CLI_NOT_EMPTY,
	  .complete = lint_complete_rules,
	  .details = "Slugs, families or ids of other tools, separated by commas." },
	{ CLI_STRS(struct lint_args, ignore), .name = "ignore", .arg = "rules",
	  .help = "all but these rules or families", .flags = CLI_NOT_EMPTY,
	  .complete = lint_complete_rules },
	{ CLI_STRS(struct lint_args, exclude), .name = "exclude", .arg = "pattern",
	  .help = "skip what matches, as in .gitignore", .flags = CLI_NOT_EMPTY },
	{ CLI_FLAG(struct lint_args, fix), .name = "fix",
	  .help = "mend what can be mended without changing what it means",
	  .details = "Only the bytes that must change do; comments and layout stay. Each change is "
	             "proved by reading the result again. A rule named with --select is mended "
	             "whatever its fix changes.",
	  .flags = CLI_NO_NEGATION },
	{ CLI_FLAG(struct lint_args, unsafe_fixes), .name = "unsafe-fixes",
	  .help = "also mend what changes behaviour, as intended", .flags = CLI_NO_NEGATION },
	{ CLI_FLAG(struct lint_args, diff), .name = "diff",
	  .help = "show what --fix would change, write nothing", .flags = CLI_NO_NEGATION },
	{ CLI_ENUM(struct lint_args, format, formats), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	{ CLI_ENUM(struct lint_args, fail_on, severities), .name = "fail-on", .arg = "severity",
	  .help = "exit with 1 from this severity on", .def = "error" },
	{ CLI_STR(struct lint_args, baseline), .name = "baseline", .arg = "file",
	  .help = "leave out the findings this file knows", .words = CLI_WORDS_FILES,
	  .details =
	          "Findings are known by rule, object and text, not by line: moved lines stay known.",
	  .flags = CLI_NOT_EMPTY },
	{ CLI_FLAG(struct lint_args, update_baseline), .name = "update-baseline",
	  .help = "write all present findings to the baseline", .flags = CLI_NO_NEGATION },
	{ CLI_STR(struct lint_args, new_from), .name = "new-from", .arg = "ref",
	  .help = "only what this commit or branch did not have yet", .flags = CLI_NOT_EMPTY },
	{ CLI_FLAG(struct lint_args, staged), .name = "staged",
	  .help = "check what is staged for the next commit", .flags = CLI_NO_NEGATION },
	{ CLI_FLAG(struct lint_args, history), .name = "history",
	  .help = "also look for secrets in every commit", .flags = CLI_NO_NEGATION },
	{ CLI_FLAG(struct lint_args, exit_zero), .name = "exit-zero",
	  .help = "exit with 0 also when something was found", .flags = CLI_NO_NEGATION },
	{ CLI_STR(struct lint_args, pod_security_version), .name = "pod-security-version",
	  .arg = "version", .help = "of the Pod Security Standards: v1.25, latest",
	  .def = "latest" },
	{ CLI_STR(struct lint_args, kubernetes_version), .name = "kubernetes-version",
	  .arg = "version", .help = "of the cluster: 1.31, latest", .def = "latest" },
	{ CLI_STRS(struct lint_args, crds), .name = "crds", .arg = "path",
	  .help = "files or folders with CustomResourceDefinitions", .words = CLI_WORDS_FILES,
	  .flags = CLI_NOT_EMPTY | CLI_RARE },
	{ CLI_STR(struct lint_args, config), .name = "config", .arg = "file",
	  .help = "configuration; the nearest .fettle-lint.yaml upwards", .words = CLI_WORDS_FILES,
	  .flags = CLI_NOT_EMPTY | CLI_RARE },
	{ CLI_FLAG(struct lint_args, no_config), .name = "no-config",
	  .help = "ignore .fettle-lint.yaml", .flags = CLI_NO_NEGATION | CLI_RARE },
	{ CLI_FLAG(struct lint_args, no_gitignore), .name = "no-gitignore",
	  .help = "also check what .gitignore names", .flags = CLI_NO_NEGATION | CLI_RARE },
	{ CLI_INT(struct lint_args, max_bytes), .name = "max-bytes", .arg = "number",
	  .help = "larger files are only counted", .def = "16777216", .min = 1, .max = 64 << 20,
	  .flags = CLI_RARE },
	{ CLI_INT(struct lint_args, threads), .name = "threads", .arg = "number",
	  .help = "files checked at once; 0 for one per CPU", .def = "0", .max = 256,
	  .flags = CLI_RARE },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "everything in this repository", "fettle lint" },
	{ "mend what is safe to mend, after a look", "fettle lint --diff; fettle lint --fix" },
	{ "a workload that passes the restricted level",
	  "fettle lint --fix --unsafe-fixes --select pod-security --profile restricted app.yaml" },
	{ "in a pull request: only what it adds", "fettle lint --new-from origin/main" },
	{ "in GitHub Actions", "fettle lint --output github" },
	{ "only the restricted Pod Security level",
	  "fettle lint --select pod-security --profile restricted k8s/" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = { { EXIT_CODE_OK, "nothing found at or above --fail-on" },
	                                 { EXIT_CODE_NO,
	                                   "something was found, or --diff shows changes" },
	                                 { EXIT_CODE_USAGE, "wrong usage or settings" },
	                                 { EXIT_CODE_FAILED, "a file could not be read" },
	                                 { EXIT_CODE_AUTH, "no permission to read a path given" },
	                                 { EXIT_CODE_INTERRUPTED, "interrupted" },
	                                 { 0, NULL } };

/* A list given on the command line stands in place of the file's; exclude and crds add to it. */
static struct strs first_of(struct strs given, struct strs configured)
{
	return given.len ? given : configured;
}

static const char *version_of(const struct cli_ctx *ctx, const char *option, const char *given,
                              const char *configured)
{
	const char *version = cli_is_given(ctx->parsed, option) || !configured ? given : configured;
	return str_equal(version, "latest") ? NULL : version;
}

static struct lint_options options_of(const struct cli_ctx *ctx, const struct lint_args *args,
                                      const struct lint_config *config)
{
	return (struct lint_options){
		.paths = args->paths,
		.select = first_of(args->select, config->select),
		.ignore = first_of(args->ignore, config->ignore),
		.severities = config->severities,
		.n_severities = config->n_severities,
		.overrides = config->overrides,
		.n_overrides = config->n_overrides,
		.exclude = args->exclude,
		.config_exclude = config->exclude,
		.config_prefix = config->prefix,
		.crds = first_of(args->crds, config->crds),
		.profile = config->profile,
		.history = args->history,
		.no_gitignore = args->no_gitignore,
		.wants_fixes = args->format == FORMAT_SARIF || args->format == FORMAT_JSON ||
		               args->format == FORMAT_JSONL,
		.threads = (size_t)args->threads,
		.max_bytes = (size_t)args->max_bytes,
		.pod_security_version =
			version_of(ctx, "pod-security-version", args->pod_security_version,
		                   config->pod_security_version),
		.kubernetes_version =
			version_of(ctx, "kubernetes-version", args->kubernetes_version,
		                   config->kubernetes_version),
	};
}

static void write_report(const struct lint_report *report, int format, struct str *out)
{
	switch ((enum lint_format)format) {
	case FORMAT_JSON:
		lint_write_json(report, out);
		break;
	case FORMAT_JSONL:
		lint_write_jsonl(report, out);
		break;
	case FORMAT_SARIF:
		lint_write_sarif(report, FETTLE_VERSION, out);
		break;
	case FORMAT_JUNIT:
		lint_write_junit(report, out);
		break;
	case FORMAT_GITHUB:
		lint_write_github(report, out);
		break;
	case FORMAT_GITLAB:
		lint_write_gitlab(report, out);
		break;
	case FORMAT_TEXT:
		break;
	}
}

static void print_report(struct ui *ui, const struct lint_report *report, int format)
{
	if (format == FORMAT_TEXT) {
		lint_print_text(ui, report);
		return;
	}
	AUTO(str) text = STR_INIT;
	write_report(report, format, &text);
	ui_out_bytes(ui, text.ptr, text.len);
}

static int exit_code(const struct lint_report *report, int fail_on, bool exit_zero)
{
	if (report->n_unreadable || report->unreadable)
		return EXIT_CODE_FAILED;
	size_t found = 0;
	for (int severity = fail_on; severity <= LINT_ERROR; severity++)
		found += report->counts[severity];
	return found && !exit_zero ? EXIT_CODE_NO : EXIT_CODE_OK;
}

/* --- mending --- */

static void show_mend(struct ui *ui, const struct lint_mend *mend)
{
	AUTO(arena) a = ARENA_INIT;
	struct linediff diff;
	linediff_make(view_str(&mend->before), view_str(&mend->after), 3, &a, &diff);
	ui_diff(ui, &diff, mend->path, mend->path);
}

/* The file itself is replaced when the path is a symlink to it; its mode stays. */
static err *write_mend(const struct lint_mend *mend)
{
	AUTO(str) path = STR_INIT;
	struct fs_stat stat;
	TRY(fs_real_path(mend->path, &path));
	TRY(fs_stat(path.ptr, &stat));
	AUTO(str) now = STR_INIT;
	TRY(fs_read_file(path.ptr, mend->before.len + 1, &now));
	if (!view_equal(view_str(&now), view_str(&mend->before)))
		return err_new(ERR_CONFLICT, "'%s' was changed by someone else", mend->path);
	return fs_write_atomic(path.ptr, view_str(&mend->after), stat.mode);
}

static err *mend(struct cli_ctx *ctx, const struct lint_args *args,
                 const struct lint_options *options, const struct cancel *cancel)
{
	struct lint_mends mends = { 0 };
	err *e = lint_mend_all(options, args->unsafe_fixes, cancel, &mends);
	for (size_t i = 0; i < mends.len && !e; i++) {
		if (args->diff)
			show_mend(ctx->ui, &mends.ptr[i]);
		else
			e = write_mend(&mends.ptr[i]);
	}
	if (!e) {
		ui_info(ctx->ui, "%s %zu finding%s in %zu file%s",
		        args->diff ? "would fix" : "fixed", mends.n_fixed,
		        mends.n_fixed == 1 ? "" : "s", mends.len, mends.len == 1 ? "" : "s");
		if (mends.n_dropped)
			ui_warn(ctx->ui, "%zu fix%s dropped: more than intended would change",
			        mends.n_dropped, mends.n_dropped == 1 ? "" : "es");
		ctx->exit_code = args->diff && mends.len ? EXIT_CODE_NO : EXIT_CODE_OK;
	}
	lint_mends_clear(&mends);
	return e;
}

/* --- what is known already --- */

static err *update_baseline(struct ui *ui, const char *path, struct lint_report *report)
{
	AUTO(str) text = STR_INIT;
	lint_baseline_write(report, &text);
	TRY(fs_write_atomic(path, view_str(&text), 0644));
	size_t n = report->counts[0] + report->counts[1] + report->counts[2];
	ui_info(ui, "'%s' knows %zu finding%s now", path, n, n == 1 ? "" : "s");
	return NULL;
}

static err *apply_baseline(struct ui *ui, const char *path, struct lint_report *report)
{
	AUTO(str) text = STR_INIT;
	struct lint_baseline *baseline;
	err *e = fs_read_file(path, LIMIT_DOC_BYTES, &text);
	if (e)
		return err_hint(e, "make it with --update-baseline");
	TRY(lint_baseline_parse(text.ptr, text.len, path, &baseline));
	size_t n_stale = lint_baseline_apply(baseline, report);
	lint_baseline_free(baseline);
	if (n_stale)
		ui_info(ui, "%zu of the baseline were not met; --update-baseline removes them",
		        n_stale);
	return NULL;
}

/* What the commit had already, found by checking its tree in the same way. */
static err *apply_commit(const struct lint_args *args, const struct lint_options *options,
                         const struct cancel *cancel, struct lint_report *report)
{
	struct lint_options old = *options;
	struct lint_report before = { 0 };
	TRY(lint_input_commit(args->new_from, &options->paths, &old.input));
	err *e = lint_run(&old, cancel, &before);
	lint_input_free(old.input);
	TRY(e);
	struct lint_baseline *baseline = lint_baseline_of(&before);
	lint_baseline_apply(baseline, report);
	lint_baseline_free(baseline);
	lint_report_clear(&before);
	return NULL;
}

static err *without_known(struct cli_ctx *ctx, const struct lint_args *args,
                          const struct lint_options *options, const struct cancel *cancel,
                          struct lint_report *report)
{
	if (args->new_from)
		TRY(apply_commit(args, options, cancel, report));
	if (args->update_baseline)
		TRY(update_baseline(ctx->ui, args->baseline, report));
	return args->baseline ? apply_baseline(ctx->ui, args->baseline, report) : NULL;
}

static err *check(struct cli_ctx *ctx, const struct lint_args *args,
                  const struct lint_options *options, const struct cancel *cancel, int fail_on)
{
	struct lint_report report = { 0 };
	TRY(lint_run(options, cancel, &report));
	err *e = without_known(ctx, args, options, cancel, &report);
	if (e) {
		lint_report_clear(&report);
		return e;
	}
	print_report(ctx->ui, &report, args->format);
	for (const err *unread = report.unreadable; unread; unread = err_next(unread))
		ui_error(ctx->ui, "%s", err_message(unread));
	ctx->exit_code = exit_code(&report, fail_on, args->exit_zero);
	lint_report_clear(&report);
	return NULL;
}

static err *mend_and_check(struct cli_ctx *ctx, const struct lint_args *args,
                           const struct lint_config *config, const struct lint_options *options,
                           const struct cancel *cancel)
{
	bool is_given = cli_is_given(ctx->parsed, "fail-on") || !config->has_fail_on;
	if (args->fix || args->unsafe_fixes || args->diff)
		TRY(mend(ctx, args, options, cancel));
	if (args->diff)
		return NULL;
	return check(ctx, args, options, cancel, is_given ? args->fail_on : config->fail_on);
}

static err *refuse_combinations(const struct lint_args *args)
{
	bool mends = args->fix || args->unsafe_fixes || args->diff;
	if (args->staged && mends)
		return err_new(ERR_USAGE,
		               "--staged cannot be combined with --fix and --diff: the index "
		               "is not written");
	if (args->history && (args->staged || args->new_from || mends))
		return err_new(ERR_USAGE, "--history stands alone: not with --staged, --new-from, --fix or --diff");
	if (args->update_baseline && !args->baseline)
		return err_new(
			ERR_USAGE,
			"--update-baseline needs --baseline, or 'baseline' in " LINT_CONFIG_NAME);
	return NULL;
}

static err *lint(struct cli_ctx *ctx, const struct lint_args *given,
                 const struct lint_config *config, const struct cancel *cancel)
{
	struct lint_args args = *given;
	if (!args.baseline)
		args.baseline = config->baseline;
	TRY(refuse_combinations(&args));
	struct lint_options options = options_of(ctx, &args, config);
	if (args.staged)
		TRY(lint_input_index(&options.paths, &options.input));
	err *e = mend_and_check(ctx, &args, config, &options, cancel);
	lint_input_free(options.input);
	return e;
}

static err *load_config(const struct lint_args *args, struct lint_config *ret_config)
{
	if (!args->no_config)
		return lint_config_load(args->config, args->profile, ret_config);
	int profile = LINT_PROFILE_DEFAULT;
	if (args->profile && !lint_profile_find(args->profile, &profile))
		return err_hint(err_new(ERR_USAGE, "there is no profile '%s'", args->profile),
		                "default, baseline, restricted, style, all");
	*ret_config = (struct lint_config){ .profile = profile };
	return NULL;
}

static err *run(struct cli_ctx *ctx, const void *data)
{
	const struct lint_args *args = data;
	struct lint_config config = { 0 };
	err *e = load_config(args, &config);
	if (!e) {
		AUTOPTR(cancel) cancel = cancel_new();
		e = sig_install(cancel, false);
		if (!e)
			e = lint(ctx, args, &config, cancel);
		ctx->app->stop_code = cancel_exit_code(cancel);
	}
	lint_config_clear(&config);
	TRY(e);
	return ui_flush(ctx->ui);
}

static const struct cli_cmd *const subcommands[] = { &cmd_lint_rules, &cmd_lint_explain, NULL };

const struct cli_cmd cmd_lint = {
	.name = "lint",
	.group = "See and change",
	.brief = "check every file: syntax, schemas, security, secrets",
	.about =
		"Walks the paths (git's ignore rules apply, symlinks are not followed), finds out what "
		"each file is, and runs all rules of the profile over it, offline. Each finding has its "
		"place, a reason, and where possible the fix. Output does not depend on the number of "
		"threads.\n\n'fettle lint rules' lists the rules, 'fettle lint explain' tells why one "
		"exists and how to meet it.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "lint rules, lint explain, diff",
	.args_size = sizeof(struct lint_args),
	.subcommands = subcommands,
	.run = run,
};
