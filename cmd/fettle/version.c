#include "base/base.h"

#include "cmds.h"

#include "ui/json_text.h"

struct version_args {
	int output;
};

/* One row per library that is linked in; each is answered by the module that owns it. */
struct library {
	const char *name;
	const char *(*version)(void);
};

static const struct library libraries[] = {
	{NULL, NULL},
};

static const struct cli_opt opts[] = {
	{CLI_ENUM(struct version_args, output, out_text_json),
         .letter = 'o',
         .name = "output",
         .arg = "format",
         .help = "output format",
         .def = "text"},
	CLI_END,
};

static const struct cli_example examples[] = {
	{"the version alone", "fettle version"},
	{"with the libraries inside, for a bug report", "fettle version --verbose"},
	{NULL, NULL},
};

static const struct cli_exit exits[] = {
	{EXIT_CODE_OK, "printed"},
	{EXIT_CODE_USAGE, "wrong usage"},
	{EXIT_CODE_FAILED, "standard output could not be written"},
	{0, NULL},
};

static void print_json(struct ui *ui)
{
	AUTO(str) text = STR_INIT;
	str_addz(&text, "{\"schema\": \"fettle.version/1\", \"version\": ");
	json_text_add(&text, FETTLE_VERSION);
	str_addz(&text, ", \"libraries\": {");
	for (const struct library *library = libraries; library->name; library++) {
		str_addz(&text, library == libraries ? "" : ", ");
		json_text_add(&text, library->name);
		str_addz(&text, ": ");
		json_text_add(&text, library->version());
	}
	str_addz(&text, "}}\n");
	ui_out(ui, "%s", text.ptr);
}

void print_version(struct ui *ui, bool is_verbose, int format)
{
	if (format == OUT_JSON) {
		print_json(ui);
		return;
	}
	ui_out(ui, "fettle %s\n", FETTLE_VERSION);
	for (const struct library *library = libraries; is_verbose && library->name; library++)
		ui_out(ui, "%-10s %s\n", library->name, library->version());
}

static err *run(struct cli_ctx *ctx, const void *args)
{
	const struct version_args *version = args;
	print_version(ctx->ui, ctx->app->globals->verbose > 0, version->output);
	return NULL;
}

const struct cli_cmd cmd_version = {
	.name = "version",
	.group = "About fettle",
	.brief = "print the version",
	.about = "Prints 'fettle' and the version on the first line, always in that form. With "
		 "--verbose, the versions of the libraries inside follow.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "help",
	.args_size = sizeof(struct version_args),
	.run = run,
};
