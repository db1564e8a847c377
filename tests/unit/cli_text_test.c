#include "test.h"

#include "base/duration.h"
#include "cli/check.h"
#include "cli/complete.h"
#include "cli/help.h"
#include "cli/text.h"

struct apply_args {
	const char *env;
	bool yes;
	int output;
	struct strs paths;
};

struct globals {
	int help;
	const char *directory;
};

static void complete_envs(struct app *app, const char *prefix, struct cli_candidates *out)
{
	(void)app;
	(void)prefix;
	cli_candidate(out, "prod", "the real one");
	cli_candidate(out, "dev", NULL);
	cli_candidate(out, "pro\tblem", NULL);
}

static const struct cli_choice formats[] = { { "text", 0, "for people" },
	                                     { "json", 1, NULL },
	                                     { NULL, 0, NULL } };

static const struct cli_opt opts[] = {
	{ CLI_STR(struct apply_args, env), .letter = 'e', .name = "env", .arg = "name",
	  .help = "environment to apply to", .env = "FETTLE_ENV", .complete = complete_envs },
	{ CLI_FLAG(struct apply_args, yes), .letter = 'y', .name = "yes", .help = "do not ask" },
	{ CLI_ENUM(struct apply_args, output, formats), .letter = 'o', .name = "output",
	  .arg = "format", .help = "output format", .def = "text" },
	{ CLI_ARGS(struct apply_args, paths), .arg = "path", .help = "what to apply",
	  .words = CLI_WORDS_FILES },
	CLI_END,
};

static const struct cli_opt globals[] = {
	{ CLI_HELP(struct globals, help), .letter = 'h', .name = "help", .help = "help" },
	{ CLI_STR(struct globals, directory), .letter = 'C', .name = "directory", .arg = "dir",
	  .help = "start in this folder", .words = CLI_WORDS_DIRS },
	CLI_END,
};

static const struct cli_example examples[] = { { "everything", "fettle apply" },
	                                       { "one -file", "fettle apply .x\\y" },
	                                       { NULL, NULL } };
static const struct cli_exit exits[] = { { 0, "done" }, { 2, "wrong usage" }, { 0, NULL } };

static err *run(struct cli_ctx *ctx, const void *args)
{
	(void)ctx;
	(void)args;
	return NULL;
}

static const struct cli_cmd apply = {
	.name = "apply",
	.group = "Work",
	.brief = "make it so",
	.about = "First sentence.\n\nSecond paragraph.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "apply",
	.args_size = sizeof(struct apply_args),
	.run = run,
};
static const struct cli_cmd hidden = {
	.name = "__x", .brief = "hidden", .is_hidden = true, .run = run
};
static const struct cli_cmd *const cmds[] = { &apply, &hidden, NULL };
static const struct cli_program program = { .name = "fettle",
	                                    .version = "1.2.3",
	                                    .brief = "test",
	                                    .cmds = cmds,
	                                    .globals = globals,
	                                    .globals_size = sizeof(struct globals),
	                                    .examples = examples };
static const struct cli_parsed apply_path = { .path = { &apply }, .depth = 1, .cmd = &apply };

TEST(cli_text, paragraphs_wrap_at_spaces)
{
	AUTO(str) out = STR_INIT;
	text_wrap(&out, "aaa bbb ccc\nd", 0, 2, 7);
	CHECK_STR(out.ptr, "aaa bbb\n  ccc\n  d\n");
}

TEST(cli_text, short_brackets_stay_together)
{
	AUTO(str) out = STR_INIT;
	text_wrap(&out, "help [default: x] [y]", 0, 0, 14);
	CHECK_STR(out.ptr, "help\n[default: x]\n[y]\n");
}

TEST(cli_text, a_wide_left_side_has_its_own_line)
{
	AUTO(str) out = STR_INIT;
	text_columns(&out, "--left", "right", 6, 40);
	text_columns(&out, "-l", "right", 6, 40);
	CHECK_STR(out.ptr, "  --left\n      right\n  -l  right\n");
}

TEST(cli_text, short_help_is_one_screen)
{
	AUTO(str) out = STR_INIT;
	cli_help_short(&program, &apply_path, 80, &out);
	CHECK_STR(out.ptr, "Make it so.\n"
	                   "\n"
	                   "Usage:\n"
	                   "  fettle apply [options] [<path>...]\n"
	                   "\n"
	                   "Example:\n"
	                   "  # everything\n"
	                   "  fettle apply\n"
	                   "\n"
	                   "Arguments:\n"
	                   "  <path>                 what to apply\n"
	                   "\n"
	                   "Options:\n"
	                   "  -e, --env <name>       environment to apply to\n"
	                   "  -y, --yes              do not ask\n"
	                   "  -o, --output <format>  output format\n"
	                   "\n"
	                   "'--help' tells more: defaults, global options, exit status.\n");
}

TEST(cli_text, long_help_tells_sources_and_exits)
{
	AUTO(str) out = STR_INIT;
	cli_help_long(&program, &apply_path, 100, &out);
	CHECK_HAS(out.ptr, "First sentence.\n\nSecond paragraph.\n");
	CHECK_HAS(out.ptr, "environment to apply to [env: FETTLE_ENV]\n");
	CHECK_HAS(out.ptr, "output format [one of: text, json] [default: text]\n");
	CHECK_HAS(out.ptr, "Global options:\n  -h, --help");
	CHECK_HAS(out.ptr, "Exit status:\n  0    done\n  2    wrong usage\n");
	CHECK_HAS(out.ptr, "See also: fettle apply\n");
}

TEST(cli_text, the_overview_hides_internal_commands)
{
	AUTO(str) out = STR_INIT;
	cli_help_overview(&program, &out);
	CHECK_HAS(out.ptr, "Work:\n  apply       make it so\n");
	CHECK(!strstr(out.ptr, "__x"));
}

TEST(cli_text, man_pages_escape_what_troff_would_read)
{
	AUTO(str) out = STR_INIT;
	cli_man(&program, &apply_path, &out);
	CHECK_HAS(out.ptr, ".TH FETTLE-APPLY 1 \"\" \"fettle 1.2.3\" \"fettle manual\"\n");
	CHECK_HAS(out.ptr, "fettle\\-apply \\- make it so\n");
	CHECK_HAS(out.ptr, "fettle apply .x\\ey\n");
	CHECK_HAS(out.ptr, "one \\-file:\n");
	CHECK_HAS(out.ptr, "First sentence.\n.PP\nSecond paragraph.\n");
}

static const char *completed(struct str *out, const char *const *words, size_t count)
{
	str_reset(out);
	cli_complete(&program, NULL, words, count, out);
	return out->ptr;
}
#define COMPLETE(...)                                         \
	completed(&out, (const char *const[]){ __VA_ARGS__ }, \
	          ARRAY_LEN(((const char *const[]){ __VA_ARGS__ })))

TEST(cli_text, completion_offers_commands_options_and_values)
{
	AUTO(str) out = STR_INIT;
	CHECK_STR(COMPLETE(""), "apply\tmake it so\n:none\n");
	CHECK_STR(COMPLETE("-C", ""), ":dirs\n");
	CHECK_STR(COMPLETE("-C", "x", "a"), "apply\tmake it so\n:none\n");
	CHECK_STR(COMPLETE("apply", "--e"), "--env\tenvironment to apply to\n:none\n");
	CHECK_STR(COMPLETE("apply", "--no-"), "--no-yes\tdo not ask\n:none\n");
	CHECK_STR(COMPLETE("apply", "-o", ""), "text\tfor people\njson\n:none\n");
	CHECK_STR(COMPLETE("apply", "-yo", "j"), "json\n:none\n");
	CHECK_STR(COMPLETE("apply", "--output=j"), "--output=json\n:none\n");
	CHECK_STR(COMPLETE("apply", "--env", "p"), "prod\tthe real one\n:none\n");
	CHECK_STR(COMPLETE("apply", ""), ":files\n");
	CHECK_STR(COMPLETE("apply", "a", "b"), ":files\n");
	CHECK_STR(COMPLETE("apply", "--", "--e"), ":files\n");
	CHECK_STR(COMPLETE("nope", ""), ":none\n");
	CHECK_STR(COMPLETE("apply", "--nope=x"), ":none\n");
}

TEST(cli_text, completion_without_words_answers)
{
	AUTO(str) out = STR_INIT;
	cli_complete(&program, NULL, NULL, 0, &out);
	CHECK_STR(out.ptr, "apply\tmake it so\n:none\n");
}

TEST(cli_text, the_specification_names_its_schema)
{
	AUTO(str) out = STR_INIT;
	cli_spec_json(&program, &out);
	CHECK_HAS(out.ptr, "{\n  \"schema\": \"fettle.cli/1\"");
	CHECK_HAS(out.ptr, "{\"name\": \"yes\", \"letter\": \"y\", \"type\": \"flag\", "
	                   "\"help\": \"do not ask\", \"negatable\": true}");
	CHECK(!strstr(out.ptr, "__x"));
}

TEST(cli_text, a_right_tree_has_no_mistakes)
{
	AUTO(strs) mistakes = STRS_INIT;
	cli_check(&program, &mistakes);
	CHECK_STR(mistakes.len ? mistakes.ptr[0] : "", "");
}

static const struct cli_opt bad_opts[] = {
	{ CLI_STR(struct apply_args, env), .letter = 'h', .name = "env", .arg = "name",
	  .help = "Help with a stop." },
	{ CLI_FLAG(struct apply_args, yes), .name = "env", .help = "again" },
	{ CLI_ENUM(struct apply_args, output, formats), .name = "output", .arg = "format",
	  .help = "format", .def = "xml" },
	CLI_END,
};

TEST(cli_text, a_wrong_tree_is_told_every_mistake)
{
	static const struct cli_cmd bad = { .name = "bad",
		                            .brief = "Bad.",
		                            .opts = bad_opts,
		                            .see_also = "nothing",
		                            .args_size = sizeof(struct apply_args),
		                            .run = run };
	static const struct cli_cmd *const bad_cmds[] = { &bad, &bad, NULL };
	const struct cli_program wrong = { .name = "fettle",
		                           .version = "1",
		                           .brief = "x",
		                           .cmds = bad_cmds,
		                           .globals = globals,
		                           .globals_size = sizeof(struct globals) };
	AUTO(strs) mistakes = STRS_INIT;
	AUTO(str) all = STR_INIT;
	cli_check(&wrong, &mistakes);
	for (size_t i = 0; i < mistakes.len; i++)
		str_addf(&all, "%s\n", mistakes.ptr[i]);
	CHECK_HAS(all.ptr, "the same command twice: bad");
	CHECK_HAS(all.ptr, "a letter with two meanings: env");
	CHECK_HAS(all.ptr, "help that is missing, capitalised or ends with a full stop: env");
	CHECK_HAS(all.ptr, "the same option twice: env");
	CHECK_HAS(all.ptr, "a default that is no value: bad value 'xml'");
	CHECK_HAS(all.ptr, "see_also names no command: nothing");
	CHECK_HAS(all.ptr, "a brief that is missing");
	CHECK_HAS(all.ptr, "no example in bad");
	CHECK_HAS(all.ptr, "no exit status in bad");
	CHECK_HAS(all.ptr, "no group for bad");
}

static int64_t ms(const char *text)
{
	int64_t value = -1;
	return duration_parse(text, &value) ? value : -1;
}

TEST(duration, units_add_up_from_large_to_small)
{
	CHECK_INT(ms("30s"), 30000);
	CHECK_INT(ms("1h30m"), 5400000);
	CHECK_INT(ms("500ms"), 500);
	CHECK_INT(ms("7d"), 7 * 86400000);
	CHECK_INT(ms("1s500ms"), 1500);
	CHECK_INT(ms("0s"), 0);
}

TEST(duration, everything_else_is_refused)
{
	static const char *const bad[] = {
		"",       "5",    "s",    "5x",   "5 s",
		"-5s",    "1m1h", "1s1s", "1.5h", "99999999999999999999s",
		"36601d", "5s "
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_INT(ms(bad[i]), -1);
}

TEST(duration, is_written_the_short_way)
{
	AUTO(str) out = STR_INIT;
	duration_add(&out, 5400000);
	str_addch(&out, ' ');
	duration_add(&out, 0);
	str_addch(&out, ' ');
	duration_add(&out, 86400001);
	CHECK_STR(out.ptr, "1h30m 0s 1d1ms");
}
