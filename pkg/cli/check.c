#include "base/base.h"

#include "cli/check.h"

#include "base/map.h"
#include "cli/internal.h"

enum { BRIEF_MAX = 60 };

struct checker {
	const struct cli_program *program;
	struct cli_parsed path;
	const char *meanings[128]; /* of letters */
	char letters[128];
	struct map names; /* "env" -> its letter */
	struct strs *mistakes;
};

static void complain(struct checker *c, const char *what, const char *subject)
{
	AUTO(str) where = STR_INIT;
	cli_add_full_name(c->program, &c->path, &where);
	strs_pushf(c->mistakes, "%s: %s %s", where.ptr, what, subject);
}

static bool is_plain_phrase(const char *text)
{
	size_t len = text ? strlen(text) : 0;
	bool is_lower =
		len > 0 && !(text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a' && text[1] <= 'z');
	return is_lower && text[len - 1] != '.' && !strchr(text, '\n');
}

/* Same letter, same meaning, in every subcommand; and one meaning has one letter or none. */
static void check_letter(struct checker *c, const struct cli_opt *opt)
{
	if (c->path.depth && c->path.cmd->has_own_letters)
		return;
	unsigned char letter = (unsigned char)opt->letter & 127;
	const char *known = letter ? c->meanings[letter] : NULL;
	if (known && !str_equal(known, opt->name))
		complain(c, "a letter with two meanings:", opt->name);
	c->meanings[letter] = opt->name;
	c->letters[letter] = opt->letter;
	const char *other = map_get(&c->names, opt->name);
	if (other && *other != opt->letter)
		complain(c, "an option with different letters:", opt->name);
	map_set(&c->names, opt->name, &c->letters[letter]);
}

static void check_name(struct checker *c, const struct cli_opt *opt)
{
	const char *name = opt->name;
	if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(name) ||
	    (str_starts(name, "no-") && !(opt->flags & CLI_NO_NEGATION)))
		complain(c, "a bad option name (or a no- without CLI_NO_NEGATION):", name);
	if (opt->env && !str_starts(opt->env, "FETTLE_"))
		complain(c, "a variable that is not FETTLE_X:", opt->env);
	if (opt->type == CLI_TYPE_STRS && (opt->env || opt->setting || opt->def))
		complain(c, "a list cannot have a variable, setting or default:", name);
	check_letter(c, opt);
}

static void check_default(struct checker *c, const struct cli_opt *opt, size_t size)
{
	if (!opt->def)
		return;
	AUTOFREE void *fields = mem_zalloc(1, size);
	AUTOERR err *e = cli_value_set(opt, fields, opt->def, "default");
	if (e)
		complain(c, "a default that is no value:", err_message(e));
}

static void check_option(struct checker *c, const struct cli_opt *opt, size_t size)
{
	const char *label = opt->name ? opt->name : opt->arg;
	if (!label) {
		complain(c, "an option without a name", "");
		return;
	}
	if (!is_plain_phrase(opt->help))
		complain(c, "help that is missing, capitalised or ends with a full stop:", label);
	if (cli_opt_takes_value(opt) && !opt->arg)
		complain(c, "no name for the value of", label);
	if (cli_opt_is_positional(opt) ? opt->name != NULL : opt->name == NULL)
		complain(c, "a positional argument with an option's name, or the reverse:", label);
	if (opt->type == CLI_TYPE_ENUM && !opt->choices)
		complain(c, "an enum without choices:", label);
	if (opt->off >= size)
		complain(c, "a field outside the struct:", label);
	else
		check_default(c, opt, size);
	if (opt->name)
		check_name(c, opt);
}

static void check_duplicates(struct checker *c, const struct cli_opt *opts)
{
	size_t count = cli_opt_count(opts);
	for (size_t i = 0; i < count; i++) {
		for (size_t k = i + 1; k < count; k++)
			if (opts[i].name && opts[k].name && str_equal(opts[i].name, opts[k].name))
				complain(c, "the same option twice:", opts[i].name);
		if (opts != c->program->globals && opts[i].name &&
		    cli_opt_by_name(c->program->globals, opts[i].name, strlen(opts[i].name)))
			complain(c, "an option that is a global one already:", opts[i].name);
		if (opts[i].type == CLI_TYPE_ARGS && i + 1 < count &&
		    cli_opt_is_positional(&opts[i + 1]))
			complain(c, "an argument after the list that takes all:", opts[i + 1].arg);
	}
}

static void check_see_also(struct checker *c, const char *see_also)
{
	struct view rest = view_of(see_also ? see_also : ""), name;
	while (view_split(&rest, ',', &name)) {
		const char *words[CLI_MAX_DEPTH + 1];
		AUTO(strs) owned = STRS_INIT;
		struct view word;
		while (view_split(&name, ' ', &word))
			if (word.len > 0) {
				AUTOFREE char *text = mem_strndup(word.ptr, word.len);
				strs_push(&owned, text);
			}
		struct cli_parsed found;
		size_t count = MIN(owned.len, ARRAY_LEN(words));
		for (size_t i = 0; i < count; i++)
			words[i] = owned.ptr[i];
		if (count > 0 && !cli_find(c->program, words, count, &found))
			complain(c, "see_also names no command:", see_also);
	}
}

static void check_command(struct checker *c, const struct cli_cmd *cmd)
{
	if (!is_plain_phrase(cmd->brief) || strlen(cmd->brief) > BRIEF_MAX)
		complain(c, "a brief that is missing, capitalised, too long or ends with a stop:",
		         cmd->brief ? cmd->brief : "");
	if (!cmd->is_hidden && (!cmd->examples || !cmd->examples[0].command))
		complain(c, "no example in", cmd->name);
	if (!cmd->is_hidden && cmd->run && (!cmd->exits || !cmd->exits[0].when))
		complain(c, "no exit status in", cmd->name);
	if (!cmd->is_hidden && !cmd->about)
		complain(c, "no description of", cmd->name);
	if (!cmd->is_hidden && c->path.depth == 1 && !cmd->group)
		complain(c, "no group for", cmd->name);
	if (!cmd->run && !cmd->subcommands)
		complain(c, "neither run nor subcommands, in", cmd->name);
	for (size_t i = 0, count = cli_opt_count(cmd->opts); i < count; i++)
		check_option(c, &cmd->opts[i], cmd->args_size);
	check_duplicates(c, cmd->opts);
	check_see_also(c, cmd->see_also);
}

static void check_commands(struct checker *c, const struct cli_cmd *const *cmds)
{
	for (size_t i = 0; cmds[i]; i++) {
		if (c->path.depth == CLI_MAX_DEPTH) {
			complain(c, "nested too deeply:", cmds[i]->name);
			continue;
		}
		c->path.path[c->path.depth++] = c->path.cmd = cmds[i];
		for (size_t k = 0; k < i; k++)
			if (str_equal(cmds[k]->name, cmds[i]->name))
				complain(c, "the same command twice:", cmds[i]->name);
		check_command(c, cmds[i]);
		if (cmds[i]->subcommands)
			check_commands(c, cmds[i]->subcommands);
		c->path.depth--;
	}
}

void cli_check(const struct cli_program *program, struct strs *ret_mistakes)
{
	struct checker c = { .program = program, .mistakes = ret_mistakes };
	for (size_t i = 0, count = cli_opt_count(program->globals); i < count; i++)
		check_option(&c, &program->globals[i], program->globals_size);
	check_duplicates(&c, program->globals);
	check_commands(&c, program->cmds);
	map_clear(&c.names);
}
