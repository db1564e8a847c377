#include "base/base.h"

#include "cmds.h"

static const struct cli_choice color_choices[] = {
	{ "auto", UI_AUTO, "on a terminal that can show it" },
	{ "always", UI_ALWAYS, "also into pipes and files" },
	{ "never", UI_NEVER, "no colour" },
	{ NULL, 0, NULL },
};

const struct cli_opt global_opts[] = {
	{ CLI_HELP(struct globals, help), .letter = 'h', .name = "help",
	  .help = "-h explains in short, --help in full" },
	{ CLI_FLAG(struct globals, version), .letter = 'V', .name = "version",
	  .help = "print the version", .flags = CLI_NO_NEGATION },
	{ CLI_FLAG(struct globals, quiet), .letter = 'q', .name = "quiet",
	  .help = "say nothing but errors" },
	{ CLI_COUNT(struct globals, verbose), .letter = 'v', .name = "verbose",
	  .help = "say more; -vv even more" },
	{ CLI_STR(struct globals, directory), .letter = 'C', .name = "directory", .arg = "dir",
	  .help = "run as if started in this folder", .words = CLI_WORDS_DIRS,
	  .flags = CLI_NOT_EMPTY },
	{ CLI_ENUM(struct globals, color, color_choices), .name = "color", .arg = "when",
	  .help = "use colour", .def = "auto", .env = "FETTLE_COLOR", .setting = "color",
	  .flags = CLI_LATE_SETTING },
	{ CLI_FLAG(struct globals, no_input), .name = "no-input", .help = "never ask, fail instead",
	  .env = "FETTLE_NO_INPUT", .flags = CLI_NO_NEGATION },
	CLI_END,
};

const struct cli_choice out_text_json[] = {
	{ "text", OUT_TEXT, "for people" },
	{ "json", OUT_JSON, "for programs, with a versioned schema" },
	{ NULL, 0, NULL },
};

const struct cli_choice out_text_json_markdown[] = {
	{ "text", OUT_TEXT, "for people" },
	{ "json", OUT_JSON, "for programs, with a versioned schema" },
	{ "markdown", OUT_MARKDOWN, "for a pull request" },
	{ NULL, 0, NULL },
};

const struct cli_choice log_formats[] = {
	{ "text", UI_LOG_TEXT, "lines for people" },
	{ "json", UI_LOG_JSON, "one object per line" },
	{ NULL, 0, NULL },
};
