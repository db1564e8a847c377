#include "base/base.h"

#include "run_plan.h"

#include "json/json.h"
#include "pal/argv.h"
#include "pal/user.h"
#include "plan_print.h"

const char *done_word(enum plan_action action)
{
	static const char *const words[] = {
		[PLAN_NONE] = "unchanged",  [PLAN_CREATE] = "created",
		[PLAN_UPDATE] = "updated",  [PLAN_REPLACE] = "replaced",
		[PLAN_DELETE] = "deleted",  [PLAN_RUN] = "run",
		[PLAN_FORGET] = "forgotten", [PLAN_REFUSED] = "refused",
	};
	return words[action];
}

struct telling {
	struct ui *ui;
	struct json_writer *json; /* NULL: lines of text */
	size_t told, total;
};

static void tell_json(struct json_writer *w, const struct plan_item *item,
                      enum step_outcome outcome, const err *error)
{
	json_begin_object(w);
	json_key_string(w, "key", item->key);
	json_key_string(w, "object", item->display);
	json_key_string(w, "action", plan_action_name(item->action));
	json_key_string(w, "outcome", step_outcome_name(outcome));
	if (error)
		json_key_string(w, "error", err_message(error));
	json_end_object(w);
}

static void tell_step(void *context, const struct plan_item *item, enum step_outcome outcome,
                      const err *error)
{
	struct telling *telling = context;
	ui_progress(telling->ui, ++telling->told, telling->total);
	if (telling->json) {
		tell_json(telling->json, item, outcome, error);
		return;
	}
	const char *why = NULL; /* failures are told at the end, with their places */
	if (outcome == STEP_SKIPPED && error)
		why = err_message(error);
	else if (outcome == STEP_DONE && item->action == PLAN_FORGET)
		why = item->reason;
	ui_out(telling->ui, "%s %s", item->display,
	       outcome == STEP_DONE ? done_word(item->action) : step_outcome_name(outcome));
	if (why)
		ui_out(telling->ui, " (%s)", why);
	ui_out(telling->ui, "\n");
}

static void find_user(struct session *session)
{
	AUTO(str) host = STR_INIT;
	AUTO(str) user = STR_INIT;
	user_host_name(&host);
	const char *login = env_get_nonempty("SUDO_USER");
	if (login)
		str_addz(&user, login);
	else
		user_name(NULL, user_self(), &user);
	session->user = arena_strdup(&session->arena, user.ptr);
	session->host = arena_strdup(&session->arena, host.ptr);
}

struct inv_run_info session_run_info(struct session *session, const char *command,
                                     const struct plan *plan)
{
	const struct source_info *source = session->source ? source_info(session->source) : NULL;
	if (!session->user)
		find_user(session);
	return (struct inv_run_info){
		.command = command,
		.source = session->source_identity,
		.commit = source ? source->commit : NULL,
		.author = source ? source->author : NULL,
		.subject = source ? source->subject : NULL,
		.user = session->user,
		.host = session->host,
		.unchanged = plan->counts[PLAN_NONE],
	};
}

static void print_result(struct session *session, const struct execute_result *result)
{
	ui_out(session->ui, "%s: %zu done", session->name, result->done);
	if (result->failed)
		ui_out(session->ui, ", %zu failed", result->failed);
	if (result->unready)
		ui_out(session->ui, " (%zu not ready)", result->unready);
	if (result->skipped)
		ui_out(session->ui, ", %zu skipped", result->skipped);
	if (result->waiting)
		ui_out(session->ui, ", %zu not attempted", result->waiting);
	if (result->run)
		ui_out(session->ui, " (run %" PRId64 ")", result->run);
	ui_out(session->ui, "\n");
}

static err *execute_text(struct session *session, struct target *target, struct plan *plan,
                         struct execute_options *options)
{
	struct execute_result result;
	struct telling telling = { .ui = session->ui,
		                   .total = plan->len - plan->counts[PLAN_NONE] };
	options->context = &telling;
	ui_phase(session->ui, "applying");
	err *e = execute_plan(target, plan, options, &result);
	ui_phase_end(session->ui);
	if (result.done + result.failed + result.skipped + result.waiting)
		print_result(session, &result);
	return err_join(e, ui_flush(session->ui));
}

static err *execute_json(struct session *session, struct target *target, struct plan *plan,
                         struct execute_options *options)
{
	struct execute_result result;
	AUTO(str) text = STR_INIT;
	struct json_writer w = json_writer_init(&text, JSON_PRETTY);
	struct telling telling = { .ui = session->ui, .json = &w };
	options->context = &telling;
	json_begin_object(&w);
	json_key_string(&w, "schema", "fettle.apply/1");
	json_key_string(&w, "project", session->name);
	json_key_string(&w, "target", target->identity);
	json_key(&w, "objects");
	json_begin_array(&w);
	err *e = execute_plan(target, plan, options, &result);
	json_end_array(&w);
	json_key_string(&w, "result", inv_result_name(result.result));
	json_key_int(&w, "run", result.run);
	json_key_int(&w, "done", (int64_t)result.done);
	json_key_int(&w, "failed", (int64_t)result.failed);
	json_key_int(&w, "not_ready", (int64_t)result.unready);
	json_key_int(&w, "skipped", (int64_t)result.skipped);
	json_key_int(&w, "not_attempted", (int64_t)result.waiting);
	json_key_int(&w, "unchanged", (int64_t)plan->counts[PLAN_NONE]);
	json_end_object(&w);
	ui_out_bytes(session->ui, text.ptr, text.len);
	return err_join(e, ui_flush(session->ui));
}

static err *show(struct session *session, const struct plan *plan, bool with_changes)
{
	struct plan_subject subject = session_subject(session);
	plan_print(session->ui, plan, with_changes ? PLAN_PRINT_CHANGES : 0);
	plan_print_summary(session->ui, plan, &subject);
	return ui_flush(session->ui);
}

/* Before changes: the plan, then the question. `ret_go` false: the user said no. */
static err *ask(struct session *session, const struct plan *plan,
                const struct run_plan_options *options, bool *ret_go)
{
	*ret_go = true;
	bool is_quiet = options->yes || options->wants_json;
	if (!is_quiet)
		TRY(show(session, plan, true));
	if (options->yes || !plan_has_changes(plan) || plan->counts[PLAN_REFUSED])
		return NULL;
	return ui_confirm(session->ui, "--yes", ret_go, "apply these changes to %s?",
	                  session->target->identity);
}

err *run_plan(struct session *session, struct cli_ctx *ctx, struct plan *plan,
              const struct run_plan_options *options)
{
	if (options->dry_run) {
		ctx->exit_code = plan_has_changes(plan) ? EXIT_CODE_NO : EXIT_CODE_OK;
		struct plan_subject subject = session_subject(session);
		if (!options->wants_json)
			return show(session, plan, true);
		AUTO(str) text = STR_INIT;
		plan_to_json(plan, &subject, &text);
		ui_out_bytes(session->ui, text.ptr, text.len);
		return ui_flush(session->ui);
	}
	bool go;
	TRY(ask(session, plan, options, &go));
	if (!go)
		return err_new(ERR_CANCELLED, "nothing was changed");
	struct inv_run_info info = session_run_info(session, options->command, plan);
	struct execute_options execute = { .project = session->owned,
		                           .info = &info,
		                           .deadline = session->deadline,
		                           .cancel = session->cancel,
		                           .no_wait = options->no_wait,
		                           .threads = options->threads,
		                           .on_step = tell_step };
	if (!options->wants_json && !plan_has_work(plan))
		return options->yes ? show(session, plan, false) : NULL;
	err *e = options->wants_json
	                 ? execute_json(session, session->target, plan, &execute)
	                 : execute_text(session, session->target, plan, &execute);
	/* A check that says no is INVALID, but something was attempted. */
	if (err_is(e, ERR_INVALID))
		ctx->error_code = EXIT_CODE_FAILED;
	return e;
}
