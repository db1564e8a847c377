#include "base/base.h"

#include "cmds.h"

#include "git/git.h"
#include "http/http.h"
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
	{ "libgit2", repo_library_version },
	{ "libcurl", http_library_version },
	{ NULL, NULL },
};

static const struct cli_opt opts[] = {
	{ CLI_ENUM(struct version_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	CLI_END,
};

static const struct cli_example examples[] = {
	{ "the version alone", "fettle version" },
	{ "with the libraries inside, for a bug report", "fettle version --verbose" },
	{ NULL, NULL },
};

static const struct cli_exit exits[] = {
	{ EXIT_CODE_OK, "printed" },
	{ EXIT_CODE_USAGE, "wrong usage" },
	{ EXIT_CODE_FAILED, "standard output could not be written" },
	{ 0, NULL },
};

/* Settings may name a bundle; a broken settings file is no reason to hide the version. */
static void describe_ca(struct app *app, struct str *text)
{
	const struct settings *settings = NULL;
	err_ignore(app_settings(app, &settings), "then the system's certificates are described");
	http_describe_ca(settings ? settings_text(settings, SETTING_TLS_CA_FILE) : NULL, text);
}

static void print_json(struct app *app)
{
	AUTO(str) text = STR_INIT;
	AUTO(str) ca = STR_INIT;
	describe_ca(app, &ca);
	str_addz(&text, "{\"schema\": \"fettle.version/1\", \"version\": ");
	json_text_add(&text, FETTLE_VERSION);
	str_addz(&text, ", \"libraries\": {");
	for (const struct library *library = libraries; library->name; library++) {
		str_addz(&text, library == libraries ? "" : ", ");
		json_text_add(&text, library->name);
		str_addz(&text, ": ");
		json_text_add(&text, library->version());
	}
	str_addz(&text, "}, \"ca\": ");
	json_text_add(&text, ca.ptr);
	str_addz(&text, "}\n");
	ui_out(app->ui, "%s", text.ptr);
}

static void print_details(struct app *app)
{
	AUTO(str) ca = STR_INIT;
	describe_ca(app, &ca);
	for (const struct library *library = libraries; library->name; library++)
		ui_out(app->ui, "%-9s%s\n", library->name, library->version());
	ui_out(app->ui, "%-9s%s\n", "ca", ca.ptr);
}

void print_version(struct app *app, int format)
{
	if (format == OUT_JSON) {
		print_json(app);
		return;
	}
	ui_out(app->ui, "fettle %s\n", FETTLE_VERSION);
	if (app->globals->verbose > 0)
		print_details(app);
}

static err *run(struct cli_ctx *ctx, const void *args)
{
	const struct version_args *version = args;
	print_version(ctx->app, version->output);
	return NULL;
}

const struct cli_cmd cmd_version = {
	.name = "version",
	.group = "Help",
	.brief = "print the version",
	.about = "Prints 'fettle' and the version on the first line, always in that form. With "
		 "--verbose, the libraries inside and the certificates they trust follow.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "help",
	.args_size = sizeof(struct version_args),
	.run = run,
};
