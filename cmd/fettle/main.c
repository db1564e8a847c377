/*
 * Parse, run, say what went wrong, choose the exit code. Nothing is initialised or read before a
 * command needs it: `fettle version` is to start as fast as an empty program.
 */
#include "base/base.h"

#include "cmds.h"

#include "pal/argv.h"
#include "pal/cwd.h"
#include "pal/sig.h"

static int code_of_kind(enum err_kind kind)
{
	switch (kind) {
	case ERR_USAGE:
	case ERR_INVALID:
		return EXIT_CODE_USAGE;
	case ERR_DENIED:
	case ERR_AUTH:
		return EXIT_CODE_AUTH;
	case ERR_CONFLICT:
	case ERR_REFUSED:
		return EXIT_CODE_CONFLICT;
	case ERR_UNHEALTHY:
		return EXIT_CODE_UNHEALTHY;
	case ERR_TIMEOUT:
		return EXIT_CODE_TIMEOUT;
	case ERR_CANCELLED:
		return EXIT_CODE_INTERRUPTED;
	case ERR_NOT_FOUND:
	case ERR_EXISTS:
	case ERR_UNAVAILABLE:
	case ERR_IO:
	case ERR_CORRUPT:
	case ERR_UNSUPPORTED:
	case ERR_LIMIT:
	case ERR_INTERNAL:
		break;
	}
	return EXIT_CODE_FAILED;
}

static void configure_ui(struct ui *ui, const struct cli_parsed *parsed)
{
	const struct globals *globals = parsed->globals;
	ui_set_color(ui, (enum ui_when)globals->color);
	ui_set_no_input(ui, globals->no_input);
	ui_set_json_errors(ui, parsed->wants_json);
	if (globals->quiet)
		ui_set_level(ui, UI_LEVEL_ERROR);
	else if (globals->verbose > 0)
		ui_set_level(ui, globals->verbose > 1 ? UI_LEVEL_TRACE : UI_LEVEL_DEBUG);
}

static err *run(struct app *app, struct cli_ctx *ctx)
{
	const struct cli_parsed *parsed = ctx->parsed;
	const struct settings *settings;
	if (app->globals->help || (!parsed->cmd && !app->globals->version)) {
		print_help(app->ui, parsed, app->globals->help > 1);
		return NULL;
	}
	if (app->globals->version) {
		print_version(app, OUT_TEXT);
		return NULL;
	}
	if (app->globals->directory)
		TRY(cwd_change(app->globals->directory));
	if (parsed->cmd->needs & CLI_NEEDS_SETTINGS)
		TRY(app_settings(app, &settings));
	return parsed->cmd->run(ctx, parsed->args);
}

static int finish(struct cli_ctx *ctx, err *take_e)
{
	err *flush_error = ui_flush(ctx->ui);
	AUTOERR err *e = err_join(take_e, flush_error);
	ui_phase_end(ctx->ui);
	if (!e)
		return ctx->exit_code;
	if (err_is(e, ERR_INTERNAL))
		e = err_hint(e, "this is a mistake in fettle " FETTLE_VERSION
		                "; please report it with the command you ran");
	ui_print_err(ctx->ui, e);
	if (ctx->error_code)
		return ctx->error_code;
	if (err_is(e, ERR_CANCELLED) && ctx->app->stop_code)
		return ctx->app->stop_code;
	return code_of_kind(err_kind(e));
}

int main(int argc, char **argv)
{
	struct app app = { .program = &fettle_program };
	AUTO(strs) args = STRS_INIT;
	argv_get(argc, argv, &args);
	app.args = &args;
	sig_ignore_pipe();
	const struct ui_config config = { .level = UI_LEVEL_INFO,
		                          .color_setting = app_color,
		                          .color_data = &app };
	AUTOPTR(ui) ui = app.ui = ui_new(&config);

	struct cli_parsed parsed;
	const struct cli_values values = app_values(&app);
	err *e = cli_parse(&fettle_program, &values, (int)args.len, (const char *const *)args.ptr,
	                   &parsed);
	app.globals = parsed.globals;
	configure_ui(ui, &parsed);

	struct cli_ctx ctx = { .app = &app, .ui = ui, .cmd = parsed.cmd, .parsed = &parsed };
	if (!e)
		e = run(&app, &ctx);
	int code = finish(&ctx, e);
	cli_parsed_clear(&parsed);
	settings_free(app.settings);
	return code;
}
