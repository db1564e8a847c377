#include "base/base.h"

#include "cli/complete.h"

#include "cli/internal.h"
#include "ui/json_text.h"

static const char *const type_names[] = {
	[CLI_TYPE_END] = "",
	[CLI_TYPE_STR] = "string",
	[CLI_TYPE_STRS] = "strings",
	[CLI_TYPE_FLAG] = "flag",
	[CLI_TYPE_COUNT] = "count",
	[CLI_TYPE_INT] = "int",
	[CLI_TYPE_DURATION] = "duration",
	[CLI_TYPE_ENUM] = "enum",
	[CLI_TYPE_HELP] = "help",
	[CLI_TYPE_ARG] = "argument",
	[CLI_TYPE_ARGS] = "arguments",
};

static void new_line(struct str *out, size_t depth)
{
	str_addch(out, '\n');
	str_add_repeat(out, ' ', 2 * depth);
}

static void add_member(const char *key, const char *value, bool *is_first, struct str *out)
{
	if (!value)
		return;
	str_addf(out, "%s\"%s\": ", *is_first ? "" : ", ", key);
	json_text_add(out, value);
	*is_first = false;
}

static void add_choices(const struct cli_choice *choices, struct str *out)
{
	str_addz(out, ", \"choices\": [");
	for (size_t i = 0; choices[i].name; i++) {
		str_addz(out, i > 0 ? ", " : "");
		json_text_add(out, choices[i].name);
	}
	str_addch(out, ']');
}

static void add_option(const struct cli_opt *opt, struct str *out)
{
	bool is_first = true;
	char letter[] = { opt->letter, '\0' };
	str_addch(out, '{');
	add_member("name", opt->name ? opt->name : opt->arg, &is_first, out);
	add_member("letter", opt->letter ? letter : NULL, &is_first, out);
	add_member("type", type_names[opt->type], &is_first, out);
	add_member("arg", opt->name ? opt->arg : NULL, &is_first, out);
	add_member("help", opt->help, &is_first, out);
	add_member("details", opt->details, &is_first, out);
	add_member("default", opt->def, &is_first, out);
	add_member("env", opt->env, &is_first, out);
	add_member("setting", opt->setting, &is_first, out);
	if (opt->choices)
		add_choices(opt->choices, out);
	if (cli_opt_is_negatable(opt))
		str_addz(out, ", \"negatable\": true");
	if (opt->flags & CLI_REQUIRED)
		str_addz(out, ", \"required\": true");
	str_addch(out, '}');
}

static void add_options(const struct cli_opt *opts, size_t depth, struct str *out)
{
	bool is_first = true;
	str_addz(out, "\"options\": [");
	for (size_t i = 0, count = cli_opt_count(opts); i < count; i++) {
		if (opts[i].flags & CLI_HIDDEN)
			continue;
		str_addz(out, is_first ? "" : ",");
		new_line(out, depth + 1);
		add_option(&opts[i], out);
		is_first = false;
	}
	if (!is_first)
		new_line(out, depth);
	str_addch(out, ']');
}

static void add_examples(const struct cli_example *examples, size_t depth, struct str *out)
{
	if (!examples)
		return;
	str_addch(out, ',');
	new_line(out, depth);
	str_addz(out, "\"examples\": [");
	for (size_t i = 0; examples[i].command; i++) {
		bool is_first = true;
		str_addz(out, i > 0 ? ",{" : "{");
		add_member("comment", examples[i].comment, &is_first, out);
		add_member("command", examples[i].command, &is_first, out);
		str_addch(out, '}');
	}
	str_addch(out, ']');
}

static void add_exits(const struct cli_exit *exits, size_t depth, struct str *out)
{
	if (!exits)
		return;
	str_addch(out, ',');
	new_line(out, depth);
	str_addz(out, "\"exits\": [");
	for (size_t i = 0; exits[i].when; i++) {
		str_addf(out, "%s{\"code\": %d, \"when\": ", i > 0 ? ", " : "", exits[i].code);
		json_text_add(out, exits[i].when);
		str_addch(out, '}');
	}
	str_addch(out, ']');
}

static void add_commands(const struct cli_cmd *const *cmds, size_t depth, struct str *out);

static void add_command(const struct cli_cmd *cmd, size_t depth, struct str *out)
{
	bool is_first = true;
	str_addch(out, '{');
	add_member("name", cmd->name, &is_first, out);
	add_member("group", cmd->group, &is_first, out);
	add_member("brief", cmd->brief, &is_first, out);
	add_member("about", cmd->about, &is_first, out);
	add_member("see_also", cmd->see_also, &is_first, out);
	str_addch(out, ',');
	new_line(out, depth + 1);
	add_options(cmd->opts, depth + 1, out);
	add_examples(cmd->examples, depth + 1, out);
	add_exits(cmd->exits, depth + 1, out);
	if (cmd->subcommands) {
		str_addch(out, ',');
		new_line(out, depth + 1);
		add_commands(cmd->subcommands, depth + 1, out);
	}
	new_line(out, depth);
	str_addch(out, '}');
}

static void add_commands(const struct cli_cmd *const *cmds, size_t depth, struct str *out)
{
	bool is_first = true;
	str_addz(out, "\"commands\": [");
	for (; *cmds; cmds++) {
		if ((*cmds)->is_hidden)
			continue;
		str_addz(out, is_first ? "" : ",");
		new_line(out, depth + 1);
		add_command(*cmds, depth + 1, out);
		is_first = false;
	}
	new_line(out, depth);
	str_addch(out, ']');
}

void cli_spec_json(const struct cli_program *program, struct str *out)
{
	bool is_first = true;
	str_addz(out, "{\n  ");
	add_member("schema", "fettle.cli/1", &is_first, out);
	add_member("name", program->name, &is_first, out);
	add_member("version", program->version, &is_first, out);
	add_member("brief", program->brief, &is_first, out);
	str_addz(out, ",\n  ");
	add_options(program->globals, 1, out);
	str_addz(out, ",\n  ");
	add_commands(program->cmds, 1, out);
	str_addz(out, "\n}\n");
}
