#include "base/base.h"

#include "cmds.h"

#include "base/suggest.h"
#include "ui/json_text.h"
#include "ui/table.h"

struct show_args {
	bool origin;
	int output;
	const char *key;
};

static void complete_keys(struct app *app, const char *prefix, struct cli_candidates *out)
{
	(void)app;
	(void)prefix;
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting_key *key = settings_key((enum setting)i);
		cli_candidate(out, key->name, key->help);
	}
}

static const struct cli_opt opts[] = {
	{ CLI_FLAG(struct show_args, origin), .name = "origin",
	  .help = "also show where each value comes from" },
	{ CLI_ENUM(struct show_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	{ CLI_ARG(struct show_args, key), .arg = "key", .help = "only the value of this setting",
	  .complete = complete_keys },
	CLI_END,
};

static const struct cli_example examples[] = {
	{ "all settings, and the file or variable each comes from",
	  "fettle settings show --origin" },
	{ "one value, for a script", "fettle settings show cache.dir" },
	{ NULL, NULL },
};

static const struct cli_exit exits[] = {
	{ EXIT_CODE_OK, "printed" },
	{ EXIT_CODE_NO, "the setting asked for has no value" },
	{ EXIT_CODE_USAGE, "wrong usage, or a settings file with mistakes" },
	{ EXIT_CODE_FAILED, "a file could not be read, or standard output not be written" },
	{ EXIT_CODE_AUTH, "no permission to read a settings file" },
	{ 0, NULL },
};

static void add_origin(struct setting_place place, struct str *out)
{
	str_addz(out, setting_origin_name(place.origin));
	if (place.file)
		str_addf(out, " %s", place.file);
	if (place.line)
		str_addf(out, ":%zu", place.line);
}

static void print_table(struct ui *ui, const struct settings *settings, bool has_origin)
{
	static const char *const headings[] = { "KEY", "VALUE", "ORIGIN" };
	AUTOPTR(ui_table) table = ui_table_new(has_origin ? 3 : 2, headings);
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		enum setting id = (enum setting)i;
		const char *text = settings_text(settings, id);
		ui_table_add(table, UI_PLAIN, "%s", settings_key(id)->name);
		ui_table_add(table, UI_PLAIN, "%s", text ? text : "-");
		AUTO(str) origin = STR_INIT;
		add_origin(settings_place(settings, id), &origin);
		if (has_origin)
			ui_table_add(table, UI_STYLE_PATH, "%s", origin.ptr);
	}
	ui_table_print(ui, table);
}

/* Durations are seconds in JSON, as everywhere in fettle's output. */
static void add_json_value(const struct settings *settings, enum setting id, struct str *out)
{
	enum setting_type type = settings_key(id)->type;
	const char *text = settings_text(settings, id);
	if (text && type == SETTING_INT)
		str_addf(out, "%" PRId64, settings_int(settings, id));
	else if (text && type == SETTING_DURATION)
		str_addf(out, "%g", (double)settings_int(settings, id) / 1000.0);
	else
		json_text_add(out, text);
}

static void add_json_row(const struct settings *settings, enum setting id, struct str *out)
{
	struct setting_place place = settings_place(settings, id);
	str_addz(out, "{\"key\": ");
	json_text_add(out, settings_key(id)->name);
	str_addz(out, ", \"value\": ");
	add_json_value(settings, id, out);
	str_addz(out, ", \"origin\": ");
	json_text_add(out, setting_origin_name(place.origin));
	str_addz(out, ", \"source\": ");
	json_text_add(out, place.file);
	if (place.line)
		str_addf(out, ", \"line\": %zu}", place.line);
	else
		str_addz(out, ", \"line\": null}");
}

static void print_json(struct ui *ui, const struct settings *settings, size_t first, size_t count)
{
	AUTO(str) text = STR_INIT;
	str_addz(&text, "{\"schema\": \"fettle.settings/1\", \"settings\": [");
	for (size_t i = first; i < first + count; i++) {
		str_addz(&text, i > first ? ",\n  " : "\n  ");
		add_json_row(settings, (enum setting)i, &text);
	}
	str_addz(&text, "\n]}\n");
	ui_out(ui, "%s", text.ptr);
}

static err *unknown_key(const char *key)
{
	const char *names[SETTING_COUNT];
	for (size_t i = 0; i < SETTING_COUNT; i++)
		names[i] = settings_key((enum setting)i)->name;
	const char *nearest = suggest_nearest(key, names, SETTING_COUNT);
	err *e = err_new(ERR_USAGE, "unknown setting '%s'", key);
	return nearest ? err_hint(e, "did you mean '%s'?", nearest)
	               : err_hint(e, "'fettle settings show' lists them");
}

static err *show_one(struct cli_ctx *ctx, const struct show_args *show,
                     const struct settings *settings)
{
	enum setting id;
	if (!settings_find(show->key, &id))
		return unknown_key(show->key);
	const char *text = settings_text(settings, id);
	if (!text)
		ctx->exit_code = EXIT_CODE_NO;
	if (show->output == OUT_JSON) {
		print_json(ctx->ui, settings, id, 1);
		return NULL;
	}
	AUTO(str) origin = STR_INIT;
	add_origin(settings_place(settings, id), &origin);
	if (text)
		ui_out(ctx->ui, show->origin ? "%s\t%s\n" : "%s\n", text, origin.ptr);
	return NULL;
}

static err *run(struct cli_ctx *ctx, const void *args)
{
	const struct show_args *show = args;
	const struct settings *settings;
	TRY(app_settings(ctx->app, &settings));
	if (show->key)
		return show_one(ctx, show, settings);
	if (show->output == OUT_JSON)
		print_json(ctx->ui, settings, 0, SETTING_COUNT);
	else
		print_table(ctx->ui, settings, show->origin);
	return NULL;
}

static const struct cli_cmd cmd_settings_show = {
	.name = "show",
	.brief = "print fettle's own settings",
	.about =
		"Prints every setting with its value. A value comes from the strongest of these "
		"that has one: the variable FETTLE_X, 'settings:' in the project's fettle.yaml, the "
		"user's settings.yaml, the system's, the built-in default.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "help",
	.args_size = sizeof(struct show_args),
	.needs = CLI_NEEDS_SETTINGS,
	.run = run,
};

static const struct cli_cmd *const subcommands[] = { &cmd_settings_show, NULL };

static const struct cli_example settings_examples[] = {
	{ "all settings, and the file or variable each comes from",
	  "fettle settings show --origin" },
	{ NULL, NULL },
};

const struct cli_cmd cmd_settings = {
	.name = "settings",
	.group = "Help",
	.brief = "fettle's own settings",
	.about = "Settings of fettle itself, such as timeouts and folders; not the configuration "
		 "that fettle brings to machines.",
	.examples = settings_examples,
	.see_also = "help",
	.subcommands = subcommands,
};
