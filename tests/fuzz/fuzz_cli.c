/*
 * Command lines: one word per line of the input. Whatever is typed, parsing must end with a result
 * or an error, completing must answer with a directive, and neither may let a control character
 * through to the terminal.
 */
#include "base/base.h"

#include "cli/cli.h"
#include "cli/complete.h"
#include "cli/help.h"
#include "ui/ui.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct args {
	const char *env;
	struct strs files;
	bool prune;
	int64_t depth, timeout;
	int output;
	const char *path;
	struct strs rest;
};

struct globals {
	int help;
	bool version;
	int verbose;
	const char *directory;
	int color;
};

static const struct cli_choice formats[] = { { "text", 0, NULL },
	                                     { "json", 1, NULL },
	                                     { NULL, 0, NULL } };

static const struct cli_opt opts[] = {
	{ CLI_STR(struct args, env), .letter = 'e', .name = "env", .arg = "name",
	  .help = "environment", .env = "FETTLE_ENV", .flags = CLI_NOT_EMPTY },
	{ CLI_STRS(struct args, files), .letter = 'f', .name = "file", .arg = "path",
	  .help = "files" },
	{ CLI_FLAG(struct args, prune), .letter = 'p', .name = "prune", .help = "prune",
	  .env = "FETTLE_PRUNE" },
	{ CLI_INT(struct args, depth), .name = "depth", .arg = "n", .help = "depth", .min = -1,
	  .max = 9, .setting = "apply.concurrency" },
	{ CLI_DURATION(struct args, timeout), .name = "timeout", .arg = "duration", .help = "limit",
	  .setting = "apply.timeout" },
	{ CLI_ENUM(struct args, output, formats), .letter = 'o', .name = "output", .arg = "format",
	  .help = "format", .def = "text" },
	{ CLI_ARG(struct args, path), .arg = "path", .help = "path" },
	{ CLI_ARGS(struct args, rest), .arg = "more", .help = "more", .words = CLI_WORDS_FILES },
	CLI_END,
};

static const struct cli_opt globals[] = {
	{ CLI_HELP(struct globals, help), .letter = 'h', .name = "help", .help = "help" },
	{ CLI_FLAG(struct globals, version), .letter = 'V', .name = "version", .help = "version" },
	{ CLI_COUNT(struct globals, verbose), .letter = 'v', .name = "verbose", .help = "talk" },
	{ CLI_STR(struct globals, directory), .letter = 'C', .name = "directory", .arg = "dir",
	  .help = "folder" },
	{ CLI_ENUM(struct globals, color, formats), .name = "color", .arg = "when",
	  .help = "colour", .def = "text" },
	CLI_END,
};

static const struct cli_cmd diff = { .name = "diff",
	                             .group = "a",
	                             .brief = "compare",
	                             .opts = opts,
	                             .args_size = sizeof(struct args) };
static const struct cli_cmd show = { .name = "show", .brief = "print" };
static const struct cli_cmd *const subcommands[] = { &show, NULL };
static const struct cli_cmd settings = {
	.name = "settings", .group = "b", .brief = "settings", .subcommands = subcommands
};
static const struct cli_cmd *const cmds[] = { &diff, &settings, NULL };
static const struct cli_program program = { .name = "fettle",
	                                    .version = "1.2.3",
	                                    .brief = "a test",
	                                    .cmds = cmds,
	                                    .globals = globals,
	                                    .globals_size = sizeof(struct globals) };

/* The last word doubles as the value of every variable, the first one of every setting. */
static const char *get_env(void *data, const char *name)
{
	const struct strs *words = data;
	return str_equal(name, "FETTLE_ENV") || words->len % 2 ? words->ptr[words->len - 1] : NULL;
}

static err *get_setting(void *data, const char *key, const char **ret_value)
{
	const struct strs *words = data;
	if (words->len % 3 == 2)
		return err_new(ERR_INVALID, "cannot read '%s'", key);
	*ret_value = words->len % 3 ? words->ptr[1 % words->len] : NULL;
	return NULL;
}

/* What reaches a terminal without colour holds no control characters but line ends and tabs. */
static int check_write(void *data, int stream, const char *ptr, size_t len)
{
	(void)data;
	(void)stream;
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)ptr[i] < 0x20 && ptr[i] != '\n' && ptr[i] != '\t') ||
		    ptr[i] == 0x7f)
			abort();
	return 0;
}

static bool yes(void *data, int stream)
{
	(void)data;
	(void)stream;
	return true;
}

static const char *no_variable(void *data, const char *name)
{
	(void)data;
	(void)name;
	return NULL;
}

static void say(const err *e, const struct str *text)
{
	static const struct ui_io io = {
		.write = check_write, .is_terminal = yes, .has_color = yes, .env = no_variable
	};
	const struct ui_config config = { .io = &io, .color = UI_NEVER, .level = UI_LEVEL_TRACE };
	AUTOPTR(ui) ui = ui_new(&config);
	if (e)
		ui_print_err(ui, e);
	ui_set_json_errors(ui, true);
	if (e)
		ui_print_err(ui, e);
	ui_out(ui, "%s", text->ptr);
	err_ignore(ui_flush(ui), "cannot fail here");
}

static void parse(const struct strs *words, struct str *ret_help)
{
	union {
		const struct strs *in;
		void *out;
	} data = { .in = words };
	const struct cli_values values = { data.out, get_env, get_setting };
	AUTO(cli_parsed) parsed;
	AUTOERR err *e = cli_parse(&program, &values, (int)words->len,
	                           (const char *const *)words->ptr, &parsed);
	if (!parsed.globals || (!e && parsed.args && parsed.cmd != &diff && parsed.cmd != &show))
		abort();
	if (!e)
		cli_help_long(&program, &parsed, 80, ret_help);
	say(e, ret_help);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(strs) words = STRS_INIT;
	AUTO(str) text = STR_INIT;
	struct view rest = { (const char *)data, size }, word;
	strs_push(&words, "fettle");
	while (words.len < 64 && view_split(&rest, '\n', &word))
		strs_push_take(&words, mem_strndup(word.ptr, word.len));
	parse(&words, &text);
	str_reset(&text);
	cli_complete(&program, NULL, (const char *const *)words.ptr + 1, words.len - 1, &text);
	if (text.len < 2 || text.ptr[text.len - 1] != '\n')
		abort();
	return 0;
}
