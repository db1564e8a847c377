#include "test.h"

#include "cli/cli.h"
#include "ui/ui.h"

struct args {
	const char *env;
	struct strs files;
	bool prune;
	int64_t depth;
	int64_t timeout;
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
	  .help = "environment", .env = "FETTLE_ENV", .setting = "env.name", .def = "dev",
	  .flags = CLI_NOT_EMPTY },
	{ CLI_STRS(struct args, files), .letter = 'f', .name = "file", .arg = "path",
	  .help = "files" },
	{ CLI_FLAG(struct args, prune), .letter = 'p', .name = "prune", .help = "prune",
	  .env = "FETTLE_PRUNE" },
	{ CLI_INT(struct args, depth), .name = "depth", .arg = "n", .help = "depth", .min = -1,
	  .max = 9, .def = "1" },
	{ CLI_DURATION(struct args, timeout), .name = "timeout", .arg = "duration", .help = "limit",
	  .setting = "apply.timeout" },
	{ CLI_ENUM(struct args, output, formats), .letter = 'o', .name = "output", .arg = "format",
	  .help = "format", .def = "text" },
	{ CLI_ARG(struct args, path), .arg = "path", .help = "path", .flags = CLI_REQUIRED },
	{ CLI_ARGS(struct args, rest), .arg = "more", .help = "more paths" },
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

static const struct cli_cmd diff = {
	.name = "diff", .brief = "compare", .opts = opts, .args_size = sizeof(struct args)
};
static const struct cli_cmd show = { .name = "show", .brief = "print" };
static const struct cli_cmd *const subcommands[] = { &show, NULL };
static const struct cli_cmd settings = { .name = "settings",
	                                 .brief = "settings",
	                                 .subcommands = subcommands };
static err *run_nothing(struct cli_ctx *ctx, const void *args)
{
	(void)ctx;
	(void)args;
	return NULL;
}

struct lint_args {
	struct strs paths;
	bool fix;
};
static const struct cli_opt lint_opts[] = {
	{ CLI_FLAG(struct lint_args, fix), .name = "fix", .help = "mend" },
	{ CLI_ARGS(struct lint_args, paths), .arg = "path", .help = "paths" },
	CLI_END,
};
static const struct cli_cmd lint = { .name = "lint",
	                             .brief = "check",
	                             .opts = lint_opts,
	                             .args_size = sizeof(struct lint_args),
	                             .subcommands = subcommands,
	                             .run = run_nothing };
static const struct cli_cmd *const cmds[] = { &diff, &settings, &lint, NULL };
static const struct cli_program program = { .name = "fettle",
	                                    .version = "1.2.3",
	                                    .brief = "a test",
	                                    .cmds = cmds,
	                                    .globals = globals,
	                                    .globals_size = sizeof(struct globals) };

/* Variables and settings are the same list here: "NAME=value". */
struct world {
	const char *variable, *variable_value, *key, *key_value;
	int n_setting_asked;
};

static const char *get_env(void *data, const char *name)
{
	const struct world *world = data;
	return world->variable && str_equal(world->variable, name) ? world->variable_value : NULL;
}

static err *get_setting(void *data, const char *key, const char **ret_value)
{
	struct world *world = data;
	world->n_setting_asked++;
	*ret_value = world->key && str_equal(world->key, key) ? world->key_value : NULL;
	return NULL;
}

/* Parse words separated by spaces. */
static err *parse_in(struct world *world, const char *line, struct strs *words,
                     struct cli_parsed *ret)
{
	struct view rest = view_of(line), word;
	strs_push(words, "fettle");
	while (*line && view_split(&rest, ' ', &word)) {
		AUTOFREE char *text = mem_strndup(word.ptr, word.len);
		strs_push(words, text);
	}
	const struct cli_values values = { world, get_env, get_setting };
	return cli_parse(&program, &values, (int)words->len, (const char *const *)words->ptr, ret);
}

#define PARSED                        \
	AUTO(strs) words = STRS_INIT; \
	AUTO(cli_parsed) parsed;      \
	struct world world = { 0 }
#define PARSE(line) parse_in(&world, line, &words, &parsed)
#define ARGS        ((const struct args *)parsed.args)
#define GLOBALS     ((const struct globals *)parsed.globals)

/* Fails with USAGE, `part` in the message or a hint. */
static bool refuses(const char *line, const char *part)
{
	PARSED;
	AUTOERR err *e = PARSE(line);
	return test_error_is(__FILE__, __LINE__, line, e, ERR_USAGE, part);
}

TEST(cli_parse, options_and_arguments_may_mix)
{
	PARSED;
	CHECK_OK(PARSE("diff a -e prod b --prune c -fx --file y -f z --output=json --depth -1"));
	CHECK(parsed.cmd == &diff);
	CHECK_STR(ARGS->env, "prod");
	CHECK_STR(ARGS->path, "a");
	CHECK_INT(ARGS->rest.len, 2);
	CHECK_STR(ARGS->rest.ptr[1], "c");
	CHECK_INT(ARGS->files.len, 3);
	CHECK_STR(ARGS->files.ptr[2], "z");
	CHECK(ARGS->prune);
	CHECK_INT(ARGS->output, 1);
	CHECK_INT(ARGS->depth, -1);
	CHECK(parsed.wants_json);
}

TEST(cli_parse, the_last_value_wins)
{
	PARSED;
	CHECK_OK(PARSE("diff a -e one --env=two --prune --no-prune"));
	CHECK_STR(ARGS->env, "two");
	CHECK(!ARGS->prune);
	CHECK(cli_is_given(&parsed, "prune"));
	CHECK(!cli_is_given(&parsed, "depth"));
}

TEST(cli_parse, letters_can_stand_together)
{
	PARSED;
	CHECK_OK(PARSE("diff -pvveprod a"));
	CHECK(ARGS->prune);
	CHECK_INT(GLOBALS->verbose, 2);
	CHECK_STR(ARGS->env, "prod");
}

TEST(cli_parse, global_options_stand_anywhere)
{
	PARSED;
	CHECK_OK(PARSE("-C dir -v diff a -v"));
	CHECK_STR(GLOBALS->directory, "dir");
	CHECK_INT(GLOBALS->verbose, 2);
}

TEST(cli_parse, a_double_dash_ends_the_options)
{
	PARSED;
	CHECK_OK(PARSE("diff -- -e --prune"));
	CHECK_STR(ARGS->path, "-e");
	CHECK_STR(ARGS->rest.ptr[0], "--prune");
}

TEST(cli_parse, a_single_dash_is_an_argument_and_a_value)
{
	PARSED;
	CHECK_OK(PARSE("diff - -f -"));
	CHECK_STR(ARGS->path, "-");
	CHECK_STR(ARGS->files.ptr[0], "-");
}

TEST(cli_parse, values_come_from_flag_then_variable_then_setting_then_default)
{
	PARSED;
	CHECK_OK(PARSE("diff a"));
	CHECK_STR(ARGS->env, "dev");
	CHECK_INT(cli_origin(&parsed, "env"), CLI_FROM_DEFAULT);
	cli_parsed_clear(&parsed);
	strs_clear(&words);

	world.key = "env.name";
	world.key_value = "from-setting";
	CHECK_OK(PARSE("diff a"));
	CHECK_STR(ARGS->env, "from-setting");
	CHECK_INT(cli_origin(&parsed, "env"), CLI_FROM_SETTING);
	cli_parsed_clear(&parsed);
	strs_clear(&words);

	world.variable = "FETTLE_ENV";
	world.variable_value = "from-variable";
	CHECK_OK(PARSE("diff a"));
	CHECK_STR(ARGS->env, "from-variable");
	CHECK_INT(cli_origin(&parsed, "env"), CLI_FROM_ENV);
	cli_parsed_clear(&parsed);
	strs_clear(&words);

	CHECK_OK(PARSE("diff a -e from-flag"));
	CHECK_STR(ARGS->env, "from-flag");
	CHECK_INT(cli_origin(&parsed, "env"), CLI_FROM_FLAG);
}

TEST(cli_parse, settings_are_not_asked_when_the_flag_says_it)
{
	PARSED;
	CHECK_OK(PARSE("diff a -e x --timeout 5s"));
	CHECK_INT(world.n_setting_asked, 0);
	CHECK_INT(ARGS->timeout, 5000);
}

TEST(cli_parse, an_empty_variable_counts_as_unset)
{
	PARSED;
	world.variable = "FETTLE_ENV";
	world.variable_value = "";
	CHECK_OK(PARSE("diff a"));
	CHECK_STR(ARGS->env, "dev");
}

TEST(cli_parse, wrong_variables_and_settings_name_themselves)
{
	PARSED;
	world.variable = "FETTLE_PRUNE";
	world.variable_value = "perhaps";
	CHECK_ERR(PARSE("diff a"), ERR_USAGE,
	          "bad value 'perhaps' for FETTLE_PRUNE: expected true or false");
	cli_parsed_clear(&parsed);
	strs_clear(&words);
	world = (struct world){ .key = "apply.timeout", .key_value = "soon" };
	CHECK_ERR(PARSE("diff a"), ERR_USAGE, "bad value 'soon' for setting 'apply.timeout'");
}

TEST(cli_parse, help_needs_no_complete_command_line)
{
	PARSED;
	CHECK_OK(PARSE("diff -h"));
	CHECK_INT(GLOBALS->help, 1);
	cli_parsed_clear(&parsed);
	strs_clear(&words);
	CHECK_OK(PARSE("settings --help"));
	CHECK_INT(GLOBALS->help, 2);
	cli_parsed_clear(&parsed);
	strs_clear(&words);
	CHECK_OK(PARSE("--version"));
	CHECK(GLOBALS->version && !parsed.cmd);
}

TEST(cli_parse, no_words_are_no_command)
{
	PARSED;
	CHECK_OK(PARSE(""));
	CHECK(!parsed.cmd);
	CHECK_INT(parsed.depth, 0);
}

TEST(cli_parse, subcommands_are_found)
{
	PARSED;
	CHECK_OK(PARSE("settings show"));
	CHECK(parsed.cmd == &show);
	CHECK_INT(parsed.depth, 2);
}

TEST(cli_parse, a_command_that_runs_takes_its_first_word_as_a_subcommand)
{
	PARSED;
	CHECK_OK(PARSE("lint show"));
	CHECK(parsed.cmd == &show);
}

TEST(cli_parse, a_command_that_runs_takes_other_words_as_arguments)
{
	PARSED;
	CHECK_OK(PARSE("lint a show"));
	CHECK(parsed.cmd == &lint);
	const struct lint_args *args = parsed.args;
	CHECK_INT(args->paths.len, 2);
	CHECK_STR(args->paths.ptr[1], "show");
}

TEST(cli_parse, a_command_that_runs_needs_no_words)
{
	PARSED;
	CHECK_OK(PARSE("lint"));
	CHECK(parsed.cmd == &lint);
}

TEST(cli_parse, mistakes_say_what_to_do)
{
	CHECK(refuses("dif a", "did you mean 'fettle diff'?"));
	CHECK(refuses("zzz", "see 'fettle --help'"));
	CHECK(refuses("settings shw", "did you mean 'fettle settings show'?"));
	CHECK(refuses("settings", "'settings' needs a subcommand: show"));
	CHECK(refuses("diff a --prnue", "did you mean '--prune'?"));
	CHECK(refuses("diff a --no-prnue", "did you mean '--no-prune'?"));
	CHECK(refuses("diff a --zzz", "see 'fettle diff --help'"));
	CHECK(refuses("diff a --zzz=1", "unknown option '--zzz'"));
	CHECK(refuses("diff a -z", "unknown option '-z'"));
	CHECK(refuses("diff a -\xc3\xa4", "unknown option '-\xc3\xa4'"));
	CHECK(refuses("diff a --env", "option '--env' needs a value"));
	CHECK(refuses("diff a -e", "write '-e <name>'"));
	CHECK(refuses("diff a -e --prune", "write '--env=--prune'"));
	CHECK(refuses("diff a --prune=yes", "write --prune or --no-prune"));
	CHECK(refuses("diff a --no-env", "unknown option '--no-env'"));
	CHECK(refuses("diff a -o jsno", "did you mean 'json'?"));
	CHECK(refuses("diff a -o xml", "expected text or json"));
	CHECK(refuses("diff a --depth 10", "a whole number from -1 to 9"));
	CHECK(refuses("diff a --depth 1x", "bad value '1x' for --depth"));
	CHECK(refuses("diff a --timeout 5", "a duration such as"));
	CHECK(refuses("diff a --env=", "--env must not be empty"));
	CHECK(refuses("diff", "missing argument <path>"));
	CHECK(refuses("settings show x", "unexpected argument 'x'"));
	CHECK(refuses("--env prod diff", "option '--env' must come after the command"));
}

TEST(cli_parse, globals_have_their_defaults_after_a_mistake)
{
	PARSED;
	CHECK_ERR(PARSE("--zzz -o json"), ERR_USAGE, "--zzz");
	CHECK(parsed.globals);
	CHECK(parsed.wants_json);
	CHECK_INT(GLOBALS->color, 0);
}

TEST(cli_parse, json_behind_a_double_dash_is_an_argument)
{
	PARSED;
	CHECK_OK(PARSE("diff -- --output=json"));
	CHECK(!parsed.wants_json);
}

TEST(cli_parse, commands_are_found_by_words)
{
	struct cli_parsed path;
	CHECK(cli_find(&program, (const char *const[]){ "settings", "show" }, 2, &path) == &show);
	CHECK_INT(path.depth, 2);
	CHECK(!cli_find(&program, (const char *const[]){ "settings", "x" }, 2, &path));
	CHECK(!cli_find(&program, (const char *const[]){ "diff", "a", "b", "c" }, 4, &path));
}
