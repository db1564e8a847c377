#include "base/base.h"

#include "config_agent.h"

#include "pal/clock.h"
#include "pal/dirs.h"
#include "pal/loop.h"
#include "pal/private.h"
#include "pal/sig.h"
#include "pal/user.h"
#include "vault_common.h"

enum { STEP_MS = 100 };

err *config_state_dir(struct cli_ctx *ctx, char **ret_dir)
{
	const struct settings *settings;
	AUTO(str) dir = STR_INIT;
	TRY(app_settings(ctx->app, &settings));
	if (settings_place(settings, SETTING_STATE_DIR).origin != SETTING_FROM_DEFAULT)
		str_addz(&dir, settings_text(settings, SETTING_STATE_DIR));
	else
		TRY(user_is_admin() ? dirs_system_state(&dir) : dirs_state(&dir));
	str_addz(&dir, "/config");
	*ret_dir = str_detach(&dir);
	return NULL;
}

static void on_hup(void *ctx)
{
	struct config_agent *a = ctx;
	ui_log(a->ui, UI_LEVEL_INFO, NULL, 0, "reading everything again");
	if (a->agent)
		agent_refresh(a->agent);
}

err *config_agent_open_with(struct cli_ctx *ctx, struct agent_config *take_config, bool hup,
                            struct config_agent *ret_agent)
{
	struct config_agent *a = ret_agent;
	*a = (struct config_agent){ .ui = ctx->ui, .config = take_config };
	TRY(config_state_dir(ctx, &a->state_dir));
	a->keys = vault_keys_new(ctx);
	a->decrypt = (struct kv_options){ .decrypt = config_decrypt, .decrypt_ctx = a->keys };
	process_make_private();
	a->cancel = cancel_new();
	TRY(sig_install(a->cancel, hup));
	TRY(loop_new(a->cancel, &a->loop));
	loop_on_hup(a->loop, on_hup, a);
	return NULL;
}

err *config_agent_open(struct cli_ctx *ctx, const char *path, bool hup, struct config_agent *ret_agent)
{
	AUTOFREE char *file = NULL;
	struct agent_config *config;
	*ret_agent = (struct config_agent){ .ui = ctx->ui };
	TRY(config_find(path, &file));
	TRY(agent_config_load(file, &config));
	return config_agent_open_with(ctx, config, hup, ret_agent);
}

err *config_agent_make(struct config_agent *a, struct agent_options *options)
{
	options->loop = a->loop;
	options->config = a->config;
	options->state_dir = a->state_dir;
	options->decrypt = &a->decrypt;
	options->cancel = cancel_flag(a->cancel);
	if (!options->on_event) {
		options->on_event = config_agent_log;
		options->ctx = a;
	}
	return agent_new(options, &a->agent);
}

void config_agent_clear(struct config_agent *a)
{
	agent_free(a->agent);
	loop_free(a->loop);
	if (a->cancel)
		sig_uninstall();
	cancel_free(a->cancel);
	vault_keys_free(a->keys);
	agent_config_free(a->config);
	mem_free(a->state_dir);
	err_free(a->problem);
}

/* --- events --- */

static void log_failure(struct config_agent *a, const struct agent_event *event,
                        enum ui_level level, const char *what)
{
	const struct err_place *place = err_place(event->error);
	AUTOFREE char *where =
		place ? str_format("%s:%zu:%zu", place->file, place->line, place->column) : NULL;
	AUTOFREE char *retry =
		event->retry_ms > 0 ? str_format("%.1fs", (double)event->retry_ms / 1000) : NULL;
	struct ui_field fields[5];
	size_t count = 0;
	if (event->unit)
		fields[count++] = (struct ui_field){ "unit", event->unit };
	if (event->source)
		fields[count++] = (struct ui_field){ "source", event->source };
	fields[count++] = (struct ui_field){ "error", err_message(event->error) };
	if (where)
		fields[count++] = (struct ui_field){ "place", where };
	if (retry)
		fields[count++] = (struct ui_field){ "retry", retry };
	ui_log(a->ui, level, fields, count, "%s", what);
	if (err_hint_count(event->error))
		ui_hint(a->ui, "%s", err_hint_text(event->error, 0));
}

/* What the daemon said, line by line. */
static void log_output(struct config_agent *a, const struct swap_report *report)
{
	struct view rest = view_str(&report->output), line;
	while (view_split(&rest, '\n', &line)) {
		AUTO(str) text = STR_INIT;
		for (size_t i = 0; i < line.len; i++)
			str_addch(&text, (unsigned char)line.ptr[i] < ' ' ? ' ' : line.ptr[i]);
		if (text.len)
			ui_log(a->ui, UI_LEVEL_ERROR, NULL, 0, "| %s", text.ptr);
	}
}

static void log_swap(struct config_agent *a, const struct agent_event *event)
{
	const struct swap_report *report = event->report;
	AUTOFREE char *revision = mem_strndup(report->revision, 12);
	AUTOFREE char *files = str_format("%zu", report->changed);
	AUTOFREE char *took = str_format("%.1fms", (double)(report->check_ns + report->swap_ns +
	                                                    report->reload_ns + report->health_ns) /
	                                                   1e6);
	const struct ui_field good[] = { { "unit", event->unit },
		                         { "revision", revision },
		                         { "files", files },
		                         { "took", took } };
	const struct ui_field bad[] = { { "unit", event->unit },
		                        { "revision", revision },
		                        { "step", report->stage },
		                        { "error",
		                          event->error ? err_message(event->error) : NULL } };
	a->worst = MAX(a->worst, report->outcome);
	if (report->outcome == SWAP_COMMITTED) {
		ui_log(a->ui, UI_LEVEL_INFO, good, ARRAY_LEN(good), "%s", "committed");
		return;
	}
	ui_log(a->ui, UI_LEVEL_ERROR, bad, ARRAY_LEN(bad), "%s%s",
	       swap_outcome_name(report->outcome),
	       report->was_known ? " before, not tried again" : "");
	log_output(a, report);
}

static bool is_final(const err *e)
{
	return err_is(e, ERR_AUTH) || err_is(e, ERR_DENIED) || err_is(e, ERR_USAGE) ||
	       err_is(e, ERR_INVALID) || err_is(e, ERR_NOT_FOUND) || err_is(e, ERR_REFUSED);
}

static void keep_problem(struct config_agent *a, const struct agent_event *event)
{
	bool ends = event->kind == AGENT_RENDER_FAILED || event->kind == AGENT_TROUBLE ||
	            (event->kind == AGENT_SOURCE_FAILED && is_final(event->error));
	if (!ends || !a->ends_on_trouble || a->problem)
		return;
	const struct err_place *place = err_place(event->error);
	err *e = err_new(err_kind(event->error), "%s%s%s",
	                 event->source ? event->source
	                 : event->unit ? event->unit
	                               : "",
	                 event->source || event->unit ? ": " : "", err_message(event->error));
	if (place)
		e = err_at(e, place->file, place->line, place->column);
	for (size_t i = 0; i < err_hint_count(event->error); i++)
		e = err_hint(e, "%s", err_hint_text(event->error, i));
	a->problem = e;
	loop_stop(a->loop);
}

void config_agent_log(void *ctx, const struct agent_event *event)
{
	struct config_agent *a = ctx;
	const struct ui_field source[] = { { "source", event->source } };
	keep_problem(a, event);
	if (a->problem)
		return;
	switch (event->kind) {
	case AGENT_SOURCE_FAILED:
		log_failure(a, event, UI_LEVEL_WARN, "the source fails");
		break;
	case AGENT_SOURCE_BACK:
		ui_log(a->ui, UI_LEVEL_INFO, source, 1, "the source answers again");
		break;
	case AGENT_RENDER_FAILED:
		log_failure(a, event, UI_LEVEL_ERROR, "cannot render");
		break;
	case AGENT_TROUBLE:
		log_failure(a, event, UI_LEVEL_ERROR, "trouble");
		break;
	case AGENT_SWAPPED:
		log_swap(a, event);
		break;
	case AGENT_FROM_CACHE: {
		AUTOFREE char *age = str_format("%" PRId64 "s", event->age_s);
		const struct ui_field fields[] = { { "unit", event->unit },
			                           { "source", event->source },
			                           { "age", age } };
		ui_log(a->ui, UI_LEVEL_WARN, fields, 3, "last known good content is at hand");
		break;
	}
	}
}

/* --- once --- */

err *config_agent_run_once(struct config_agent *a, int64_t timeout_ms)
{
	struct deadline deadline = deadline_after(timeout_ms);
	err *e = NULL;
	a->ends_on_trouble = true;
	agent_start(a->agent);
	while (!e && !a->problem && !agent_is_done(a->agent)) {
		e = cancel_check(a->cancel);
		e = e ? e : loop_step(a->loop, STEP_MS);
		if (!e && !a->problem && !agent_is_done(a->agent) && deadline_is_over(deadline))
			e = err_hint(
				err_new(ERR_TIMEOUT, "the sources did not say everything in time"),
				"see what is missing with 'fettle config explain'; --timeout gives more time");
	}
	return e ? e : steal(&a->problem);
}
