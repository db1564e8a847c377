#include "base/base.h"

#include "cli/cli.h"

#include "base/suggest.h"
#include "base/vec.h"
#include "cli/internal.h"

size_t cli_opt_count(const struct cli_opt *opts)
{
	size_t count = 0;
	while (opts && opts[count].type != CLI_TYPE_END)
		count++;
	return count;
}

bool cli_opt_is_positional(const struct cli_opt *opt)
{
	return opt->type == CLI_TYPE_ARG || opt->type == CLI_TYPE_ARGS;
}

bool cli_opt_takes_value(const struct cli_opt *opt)
{
	return opt->type != CLI_TYPE_FLAG && opt->type != CLI_TYPE_COUNT &&
	       opt->type != CLI_TYPE_HELP;
}

bool cli_opt_is_negatable(const struct cli_opt *opt)
{
	return opt->type == CLI_TYPE_FLAG && !(opt->flags & CLI_NO_NEGATION);
}

void cli_opt_add_name(const struct cli_opt *opt, struct str *out)
{
	if (cli_opt_is_positional(opt))
		str_addf(out, "<%s>", opt->arg);
	else
		str_addf(out, "--%s", opt->name);
}

const struct cli_opt *cli_opt_by_name(const struct cli_opt *opts, const char *name, size_t len)
{
	for (size_t i = 0, count = cli_opt_count(opts); i < count; i++)
		if (opts[i].name && strlen(opts[i].name) == len &&
		    memcmp(opts[i].name, name, len) == 0)
			return &opts[i];
	return NULL;
}

const struct cli_opt *cli_opt_by_letter(const struct cli_opt *opts, char letter)
{
	for (size_t i = 0, count = cli_opt_count(opts); i < count; i++)
		if (opts[i].letter == letter && opts[i].name)
			return &opts[i];
	return NULL;
}

const struct cli_cmd *cli_cmd_by_name(const struct cli_cmd *const *cmds, const char *name)
{
	for (; cmds && *cmds; cmds++)
		if (str_equal((*cmds)->name, name))
			return *cmds;
	return NULL;
}

const struct cli_cmd *cli_find(const struct cli_program *program, const char *const *words,
                               size_t n_words, struct cli_parsed *ret_path)
{
	struct cli_parsed path = { 0 };
	const struct cli_cmd *const *cmds = program->cmds;
	for (size_t i = 0; i < n_words; i++) {
		const struct cli_cmd *cmd =
			i < CLI_MAX_DEPTH ? cli_cmd_by_name(cmds, words[i]) : NULL;
		if (!cmd)
			return NULL;
		path.path[path.depth++] = path.cmd = cmd;
		cmds = cmd->subcommands;
	}
	*ret_path = path;
	return path.cmd;
}

const char *cli_suggest_command(const struct cli_cmd *const *cmds, const char *word)
{
	VEC(const char *) names = VEC_INIT;
	for (; cmds && *cmds; cmds++)
		if (!(*cmds)->is_hidden)
			vec_push(&names, (*cmds)->name);
	const char *nearest = suggest_nearest(word, names.ptr, names.len);
	vec_clear(&names);
	return nearest;
}

void cli_add_full_name(const struct cli_program *program, const struct cli_parsed *path,
                       struct str *out)
{
	str_addz(out, program->name);
	for (size_t i = 0; i < path->depth; i++)
		str_addf(out, " %s", path->path[i]->name);
}

void cli_add_choices(const struct cli_choice *choices, const char *last_separator, struct str *out)
{
	for (size_t i = 0; choices[i].name; i++) {
		if (i > 0)
			str_addz(out, choices[i + 1].name ? ", " : last_separator);
		str_addz(out, choices[i].name);
	}
}

static enum cli_origin origin_in(const struct cli_opt *opts, const enum cli_origin *origins,
                                 const char *name, bool *ret_found)
{
	for (size_t i = 0, count = cli_opt_count(opts); i < count; i++)
		if (opts[i].name ? str_equal(opts[i].name, name) : str_equal(opts[i].arg, name)) {
			*ret_found = true;
			return origins[i];
		}
	return CLI_FROM_DEFAULT;
}

enum cli_origin cli_origin(const struct cli_parsed *parsed, const char *name)
{
	bool is_found = false;
	const struct cli_store *store = parsed->store;
	enum cli_origin origin = CLI_FROM_DEFAULT;
	if (parsed->cmd && store->origins)
		origin = origin_in(parsed->cmd->opts, store->origins, name, &is_found);
	if (!is_found)
		origin = origin_in(store->program->globals, store->global_origins, name, &is_found);
	assert(is_found);
	return origin;
}

bool cli_is_given(const struct cli_parsed *parsed, const char *name)
{
	return cli_origin(parsed, name) == CLI_FROM_FLAG;
}
