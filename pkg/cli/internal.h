/*
 * What the files of pkg/cli share. Not for other modules.
 */
#ifndef CLI_INTERNAL_H
#define CLI_INTERNAL_H

#include "cli/cli.h"

#include "base/arena.h"

/* Keeps what the filled structs point to, and where each value came from. */
struct cli_store {
	struct arena arena;
	enum cli_origin *origins;        /* one per row of cmd->opts */
	enum cli_origin *global_origins; /* one per row of program->globals */
	const struct cli_program *program;
};

/* The rows of a table that may be NULL. */
size_t cli_opt_count(const struct cli_opt *opts);
bool cli_opt_is_positional(const struct cli_opt *opt);
bool cli_opt_takes_value(const struct cli_opt *opt);
bool cli_opt_is_negatable(const struct cli_opt *opt);
/* "--env" or "<path>", for messages. */
void cli_opt_add_name(const struct cli_opt *opt, struct str *out);
/* The row with this long name or this letter among `opts`; NULL when there is none. */
const struct cli_opt *cli_opt_by_name(const struct cli_opt *opts, const char *name, size_t len);
const struct cli_opt *cli_opt_by_letter(const struct cli_opt *opts, char letter);

/* Only a heading for its subcommands? */
static inline bool cli_is_group(const struct cli_cmd *cmd)
{
	return cmd->subcommands && !cmd->run;
}

const struct cli_cmd *cli_cmd_by_name(const struct cli_cmd *const *cmds, const char *name);

/*
 * Write `text` as the value of `opt` into `fields`. `label` names the source in messages:
 * "--env", "FETTLE_ENV", "setting 'color'". `text` must live as long as the struct.
 * Fails with USAGE when it is not a value of the option's type.
 */
NODISCARD err *cli_value_set(const struct cli_opt *opt, void *fields, const char *text,
                             const char *label);
/* Lists are the only values with memory of their own. */
void cli_values_clear(const struct cli_opt *opts, void *fields);

/* Add "text, json or markdown". */
void cli_add_choices(const struct cli_choice *choices, const char *last_separator, struct str *out);

/* "fettle settings show" */
void cli_add_full_name(const struct cli_program *program, const struct cli_parsed *path,
                       struct str *out);
/* "fettle diff [options] [<path>]" */
void cli_add_usage(const struct cli_program *program, const struct cli_parsed *path,
                   struct str *out);
/* "-e, --env <name>" ; `indent_names` keeps the column of the letter free. */
void cli_add_option_left(const struct cli_opt *opt, bool indent_names, struct str *out);
/* " [default: text] [env: FETTLE_X]" and the like; starts with a space when there is any. */
void cli_add_notes(const struct cli_opt *opt, struct str *out);

#endif
