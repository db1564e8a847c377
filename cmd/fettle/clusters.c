#include "base/base.h"

#include "clusters.h"

#include "pal/proc.h"
#include "ui/ui.h"

enum {
	MAX_AT_ONCE = 16,
	MAX_OUTPUT_BYTES = 64 << 20,
};

bool clusters_are_many(const struct session *session)
{
	return session->environment && session->environment->cluster_count && !session->cluster;
}

/* --- one process for each --- */

struct one {
	const struct cluster *cluster;
	struct proc_result result;
	err *error;
};

struct runs {
	struct session *session;
	const char *extra; /* "--dry-run", "--yes"; or NULL */
	bool wants_json;
	struct one *ones;
	size_t len;
};

/* This command again: our words, with what differs before a "--" or at the end. */
static void make_words(const struct runs *runs, const struct cluster *cluster, const char *program,
                       struct strs *words)
{
	const struct strs *given = runs->session->app->args;
	size_t end = 1;
	strs_push(words, program);
	while (end < given->len && !str_equal(given->ptr[end], "--"))
		strs_push(words, given->ptr[end++]);
	strs_pushf(words, "--cluster=%s", cluster->name);
	if (runs->extra)
		strs_push(words, runs->extra);
	if (runs->session->app->globals->directory)
		strs_push(words, "--directory=."); /* we are there already */
	while (end < given->len)
		strs_push(words, given->ptr[end++]);
}

static void run_one(void *context, size_t index)
{
	struct runs *runs = context;
	struct one *one = &runs->ones[index];
	AUTO(strs) words = STRS_INIT;
	AUTO(str) program = STR_INIT;
	one->result = (struct proc_result)PROC_RESULT_INIT;
	one->error = proc_self_path(&program);
	if (one->error)
		return;
	make_words(runs, one->cluster, program.ptr, &words);
	const struct proc_opts opts = { .argv = (const char *const *)words.ptr,
		                        .output_limit = MAX_OUTPUT_BYTES,
		                        .cancel = cancel_flag(runs->session->cancel),
		                        .flags = runs->wants_json ? PROC_INHERIT_STDERR
		                                                  : PROC_MERGE_STDERR };
	one->error = proc_run(&opts, &one->result);
}

/* --- what came of it --- */

static int code_of(const struct one *one)
{
	if (one->error)
		return EXIT_CODE_FAILED;
	return one->result.signal ? 128 + one->result.signal : one->result.exit_code;
}

static void print_text(const struct runs *runs)
{
	struct ui *ui = runs->session->ui;
	for (size_t i = 0; i < runs->len; i++) {
		const struct one *one = &runs->ones[i];
		ui_out(ui, "%s--- %s\n", i ? "\n" : "", one->cluster->name);
		ui_out_bytes(ui, one->result.out.ptr, one->result.out.len);
		if (one->error)
			ui_out(ui, "%s\n", err_message(one->error));
	}
}

static void print_json(const struct runs *runs)
{
	AUTO(str) text = STR_INIT;
	str_addz(&text, "{\"schema\": \"fettle.clusters/1\", \"clusters\": {");
	for (size_t i = 0; i < runs->len; i++) {
		const struct str *out = &runs->ones[i].result.out;
		str_addf(&text, "%s\n\"%s\": {\"exitCode\": %d, \"result\": ", i ? "," : "",
		         runs->ones[i].cluster->name, code_of(&runs->ones[i]));
		str_addz(&text, out->len ? out->ptr : "null");
		str_addz(&text, "}");
	}
	str_addz(&text, "\n}}\n");
	ui_out_bytes(runs->session->ui, text.ptr, text.len);
}

/* The worst of all; what failed is named, since its error stands far above. */
static int judge(const struct runs *runs)
{
	AUTO(str) failed = STR_INIT;
	int worst = 0;
	for (size_t i = 0; i < runs->len; i++) {
		int code = code_of(&runs->ones[i]);
		worst = MAX(worst, code);
		if (code > EXIT_CODE_NO)
			str_addf(&failed, "%s%s (exit code %d)", failed.len ? ", " : "",
			         runs->ones[i].cluster->name, code);
	}
	if (failed.len)
		ui_warn(runs->session->ui, "failed on %s", failed.ptr);
	return worst;
}

static int run_all(struct runs *runs, const char *phase, bool is_shown)
{
	const struct environment *environment = runs->session->environment;
	runs->len = environment->cluster_count;
	runs->ones = arena_zalloc(&runs->session->arena, runs->len, sizeof(*runs->ones));
	for (size_t i = 0; i < runs->len; i++)
		runs->ones[i].cluster = &environment->clusters[i];
	ui_phase(runs->session->ui, "%s %zu clusters", phase, runs->len);
	pool_for_each(MIN(runs->len, MAX_AT_ONCE), runs->len, run_one, runs);
	ui_phase_end(runs->session->ui);
	if (is_shown && runs->wants_json)
		print_json(runs);
	else if (is_shown)
		print_text(runs);
	int code = judge(runs);
	for (size_t i = 0; i < runs->len; i++) {
		err_ignore(steal(&runs->ones[i].error), "told");
		proc_result_clear(&runs->ones[i].result);
	}
	return code;
}

err *clusters_run(struct session *session, struct cli_ctx *ctx, const struct clusters_run *how)
{
	struct runs runs = { .session = session, .wants_json = how->wants_json };
	if (how->asks) {
		bool go = false;
		runs.extra = "--dry-run";
		int code = run_all(&runs, "comparing with", !how->wants_json);
		TRY(cancel_check(session->cancel));
		if (code != EXIT_CODE_NO) { /* nothing to do, or not to be done */
			ctx->exit_code = code;
			return NULL;
		}
		TRY(ui_flush(session->ui));
		TRY(ui_confirm(session->ui, "--yes", &go, "apply these changes to %zu clusters?",
		               session->environment->cluster_count));
		if (!go)
			return err_new(ERR_CANCELLED, "nothing was changed");
		runs.extra = "--yes";
	}
	ctx->exit_code = run_all(&runs, "working on", true);
	TRY(cancel_check(session->cancel));
	return ui_flush(session->ui);
}
