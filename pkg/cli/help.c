#include "base/base.h"

#include "cli/help.h"

#include "base/utf8.h"
#include "cli/internal.h"
#include "cli/text.h"

enum { COLUMN_MAX = 30, GAP = 2 };

void cli_add_usage(const struct cli_program *program, const struct cli_parsed *path,
                   struct str *out)
{
	cli_add_full_name(program, path, out);
	if (path->depth == 0 || cli_is_group(path->cmd)) {
		str_addz(out, path->depth == 0 ? " [options] <command>" : " <command>");
		return;
	}
	const struct cli_opt *opts = path->cmd->opts;
	size_t count = cli_opt_count(opts);
	str_addz(out, " [options]");
	for (size_t i = 0; i < count; i++) {
		if (!cli_opt_is_positional(&opts[i]))
			continue;
		bool is_required = opts[i].flags & CLI_REQUIRED;
		str_addf(out, " %s<%s>%s%s", is_required ? "" : "[", opts[i].arg,
		         opts[i].type == CLI_TYPE_ARGS ? "..." : "", is_required ? "" : "]");
	}
}

void cli_add_option_left(const struct cli_opt *opt, bool indent_names, struct str *out)
{
	if (cli_opt_is_positional(opt)) {
		str_addf(out, "<%s>", opt->arg);
		return;
	}
	if (opt->letter)
		str_addf(out, "-%c, ", opt->letter);
	else if (indent_names)
		str_addz(out, "    ");
	str_addf(out, "--%s", opt->name);
	if (cli_opt_takes_value(opt))
		str_addf(out, " <%s>", opt->arg);
}

void cli_add_notes(const struct cli_opt *opt, struct str *out)
{
	if (opt->choices) {
		str_addz(out, " [one of: ");
		cli_add_choices(opt->choices, ", ", out);
		str_addch(out, ']');
	}
	if (opt->type == CLI_TYPE_STRS)
		str_addz(out, " [repeatable]");
	if (opt->def)
		str_addf(out, " [default: %s]", opt->def);
	if (opt->env)
		str_addf(out, " [env: %s]", opt->env);
	if (opt->setting)
		str_addf(out, " [setting: %s]", opt->setting);
}

static bool is_shown(const struct cli_opt *opt, bool wants_positional)
{
	return !(opt->flags & CLI_HIDDEN) && cli_opt_is_positional(opt) == wants_positional;
}

static size_t left_column(const struct cli_opt *opts)
{
	size_t column = 0;
	for (size_t i = 0, count = cli_opt_count(opts); i < count; i++) {
		AUTO(str) left = STR_INIT;
		cli_add_option_left(&opts[i], true, &left);
		size_t needed = utf8_count(left.ptr, left.len) + 2 * GAP;
		if (needed <= COLUMN_MAX && !(opts[i].flags & CLI_HIDDEN))
			column = MAX(column, needed);
	}
	return MAX(column, 14);
}

static void add_option(const struct cli_opt *opt, bool is_long, size_t column, size_t width,
                       struct str *out)
{
	AUTO(str) left = STR_INIT;
	AUTO(str) right = STR_INIT;
	cli_add_option_left(opt, true, &left);
	str_addz(&right, opt->help);
	if (is_long) {
		if (opt->details)
			str_addf(&right, ". %s", opt->details);
		cli_add_notes(opt, &right);
	}
	text_columns(out, left.ptr, right.ptr, column, width);
}

static void add_options(const char *title, const struct cli_opt *opts, bool is_positional,
                        bool is_long, size_t width, struct str *out)
{
	size_t column = left_column(opts);
	bool has_title = false;
	for (size_t i = 0, count = cli_opt_count(opts); i < count; i++) {
		if (!is_shown(&opts[i], is_positional) || (!is_long && (opts[i].flags & CLI_RARE)))
			continue;
		if (!has_title)
			str_addf(out, "\n%s:\n", title);
		has_title = true;
		add_option(&opts[i], is_long, column, width, out);
	}
}

static void add_commands(const struct cli_cmd *const *cmds, const char *group, struct str *out)
{
	size_t column = 0;
	for (const struct cli_cmd *const *cmd = cmds; *cmd; cmd++)
		column = MAX(column, strlen((*cmd)->name) + 2 * GAP);
	column = MAX(column, 14);
	for (; *cmds; cmds++) {
		if ((*cmds)->is_hidden || (group && !str_equal((*cmds)->group, group)))
			continue;
		text_columns(out, (*cmds)->name, (*cmds)->brief, column, SIZE_MAX);
	}
}

static void add_examples(const struct cli_example *examples, size_t limit, struct str *out)
{
	if (!examples)
		return;
	str_addz(out, limit == 1 ? "\nExample:\n" : "\nExamples:\n");
	for (size_t i = 0; i < limit && examples[i].command; i++) {
		if (i > 0)
			str_addch(out, '\n');
		str_addf(out, "  # %s\n  %s\n", examples[i].comment, examples[i].command);
	}
}

static void add_sentence(const char *brief, struct str *out)
{
	size_t start = out->len;
	str_addz(out, brief);
	if (out->ptr[start] >= 'a' && out->ptr[start] <= 'z')
		out->ptr[start] = (char)(out->ptr[start] - 'a' + 'A');
	str_addz(out, ".\n");
}

static void add_usage_block(const struct cli_program *program, const struct cli_parsed *path,
                            struct str *out)
{
	str_addz(out, "\nUsage:\n  ");
	cli_add_usage(program, path, out);
	str_addch(out, '\n');
}

/* A group appears where its first command stands. */
static bool is_new_group(const struct cli_cmd *const *cmds, size_t at)
{
	if (cmds[at]->is_hidden)
		return false;
	for (size_t i = 0; i < at; i++)
		if (!cmds[i]->is_hidden && str_equal(cmds[i]->group, cmds[at]->group))
			return false;
	return true;
}

static void add_groups(const struct cli_program *program, struct str *out)
{
	for (size_t i = 0; program->cmds[i]; i++) {
		if (!is_new_group(program->cmds, i))
			continue;
		str_addf(out, "\n%s:\n", program->cmds[i]->group);
		add_commands(program->cmds, program->cmds[i]->group, out);
	}
}

void cli_help_overview(const struct cli_program *program, struct str *out)
{
	str_addf(out, "%s: %s.\n", program->name, program->brief);
	add_examples(program->examples, SIZE_MAX, out);
	add_groups(program, out);
	str_addf(out, "\n'%s <command> -h' explains a command, '%s help' lists the topics.\n",
	         program->name, program->name);
}

static void add_program_long(const struct cli_program *program, size_t width, struct str *out)
{
	const struct cli_parsed top = { 0 };
	str_addf(out, "%s: %s.\n\nUsage:\n  ", program->name, program->brief);
	cli_add_usage(program, &top, out);
	str_addch(out, '\n');
	add_examples(program->examples, SIZE_MAX, out);
	add_groups(program, out);
	add_options("Global options", program->globals, false, true, width, out);
}

void cli_help_short(const struct cli_program *program, const struct cli_parsed *path, size_t width,
                    struct str *out)
{
	if (path->depth == 0) {
		cli_help_overview(program, out);
		return;
	}
	const struct cli_cmd *cmd = path->cmd;
	add_sentence(cmd->brief, out);
	add_usage_block(program, path, out);
	add_examples(cmd->examples, 1, out);
	if (cmd->subcommands) {
		str_addz(out, "\nCommands:\n");
		add_commands(cmd->subcommands, NULL, out);
	}
	add_options("Arguments", cmd->opts, true, false, width, out);
	add_options("Options", cmd->opts, false, false, width, out);
	str_addz(out, "\n'--help' tells more: defaults, global options, exit status.\n");
}

static void add_exits(const struct cli_exit *exits, size_t width, struct str *out)
{
	if (!exits)
		return;
	str_addz(out, "\nExit status:\n");
	for (; exits->when; exits++) {
		AUTO(str) code = STR_INIT;
		str_addf(&code, "%d", exits->code);
		text_columns(out, code.ptr, exits->when, 7, width);
	}
}

static void add_see_also(const struct cli_program *program, const struct cli_cmd *cmd, size_t width,
                         struct str *out)
{
	if (!cmd->see_also)
		return;
	AUTO(str) line = STR_INIT;
	struct view rest = view_of(cmd->see_also), name;
	while (view_split(&rest, ',', &name)) {
		while (name.len > 0 && *name.ptr == ' ')
			name = (struct view){ name.ptr + 1, name.len - 1 };
		str_addf(&line, "%s%s %.*s", line.len ? ", " : "", program->name, (int)name.len,
		         name.ptr);
	}
	str_addz(out, "\nSee also: ");
	text_wrap(out, line.ptr, strlen("See also: "), 2, width);
}

void cli_help_long(const struct cli_program *program, const struct cli_parsed *path, size_t width,
                   struct str *out)
{
	if (path->depth == 0) {
		add_program_long(program, width, out);
		return;
	}
	const struct cli_cmd *cmd = path->cmd;
	add_sentence(cmd->brief, out);
	if (cmd->about) {
		str_addch(out, '\n');
		text_wrap(out, cmd->about, 0, 0, width);
	}
	add_usage_block(program, path, out);
	add_examples(cmd->examples, SIZE_MAX, out);
	if (cmd->subcommands) {
		str_addz(out, "\nCommands:\n");
		add_commands(cmd->subcommands, NULL, out);
	}
	add_options("Arguments", cmd->opts, true, true, width, out);
	add_options("Options", cmd->opts, false, true, width, out);
	add_options("Global options", program->globals, false, true, width, out);
	add_exits(cmd->exits, width, out);
	add_see_also(program, cmd, width, out);
}
