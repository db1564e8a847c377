/*
 * A command line described by constant tables. A command is one `const struct cli_cmd`, an option
 * one row of its `opts`; parser, help, man pages, completions and the JSON specification are all
 * made from them, so they cannot disagree. Parsing fills a struct of the command's own; a separate
 * `run` takes that struct and does the work, so tests can build it by hand.
 *
 *	struct diff_args { const char *env; bool prune; int output; const char *path; };
 *	static const struct cli_opt opts[] = {
 *		{ CLI_STR(struct diff_args, env), .letter = 'e', .name = "env", .arg = "name",
 *		  .help = "compare against this environment", .env = "FETTLE_ENV" },
 *		{ CLI_FLAG(struct diff_args, prune), .name = "prune", .help = "include deletions" },
 *		{ CLI_ENUM(struct diff_args, output, formats), .letter = 'o', .name = "output",
 *		  .help = "output format", .def = "text" },
 *		{ CLI_ARG(struct diff_args, path), .arg = "path", .help = "folder, file or git URL",
 *		  .words = CLI_WORDS_FILES },
 *		CLI_END
 *	};
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/base.h"

struct app; /* cmd/fettle's own; cli only carries it to `run` and to completers */
struct ui;
struct cli_ctx;

enum cli_type {
	CLI_TYPE_END,
	CLI_TYPE_STR,      /* const char *: last one wins */
	CLI_TYPE_STRS,     /* struct strs: repeatable, in order */
	CLI_TYPE_FLAG,     /* bool: --x, --no-x */
	CLI_TYPE_COUNT,    /* int: -vvv */
	CLI_TYPE_INT,      /* int64_t within min..max */
	CLI_TYPE_DURATION, /* int64_t milliseconds: 500ms, 30s, 5m, 1h30m, 7d */
	CLI_TYPE_ENUM,     /* int: the value of one of the choices */
	CLI_TYPE_HELP,     /* int: 1 for the letter, 2 for the name */
	CLI_TYPE_ARG,      /* const char *: one positional argument */
	CLI_TYPE_ARGS      /* struct strs: all the positional arguments that are left */
};

/* Offset of a field that is checked to have the type the option writes. */
#define CLI_OFF_(s, f, ctype) _Generic(((s *)0)->f, ctype : offsetof(s, f))
#define CLI_STR(s, f)         .type = CLI_TYPE_STR, .off = CLI_OFF_(s, f, const char *)
#define CLI_STRS(s, f)        .type = CLI_TYPE_STRS, .off = CLI_OFF_(s, f, struct strs)
#define CLI_FLAG(s, f)        .type = CLI_TYPE_FLAG, .off = CLI_OFF_(s, f, bool)
#define CLI_COUNT(s, f)       .type = CLI_TYPE_COUNT, .off = CLI_OFF_(s, f, int)
#define CLI_INT(s, f)         .type = CLI_TYPE_INT, .off = CLI_OFF_(s, f, int64_t)
#define CLI_DURATION(s, f)    .type = CLI_TYPE_DURATION, .off = CLI_OFF_(s, f, int64_t)
#define CLI_ENUM(s, f, list)  .type = CLI_TYPE_ENUM, .off = CLI_OFF_(s, f, int), .choices = (list)
#define CLI_HELP(s, f)        .type = CLI_TYPE_HELP, .off = CLI_OFF_(s, f, int)
#define CLI_ARG(s, f)         .type = CLI_TYPE_ARG, .off = CLI_OFF_(s, f, const char *)
#define CLI_ARGS(s, f)        .type = CLI_TYPE_ARGS, .off = CLI_OFF_(s, f, struct strs)
#define CLI_END                      \
	{                            \
		.type = CLI_TYPE_END \
	}

/* One allowed word of an enum; a table of them ends with a NULL name. */
struct cli_choice {
	const char *name;
	int value;
	const char *help; /* shown by completion; may be NULL */
};

enum cli_opt_flags {
	CLI_HIDDEN = 1u << 0,      /* parsed, but in no help and no completion */
	CLI_REQUIRED = 1u << 1,    /* positional arguments only */
	CLI_NO_NEGATION = 1u << 2, /* a flag without --no-x */
	CLI_NOT_EMPTY = 1u << 3,   /* '' is refused */
	CLI_LATE_SETTING =
		1u << 4, /* the program itself asks for the setting; here only documented */
	CLI_RARE = 1u << 5         /* in --help and the man page, but not in the short help */
};

/* What completion offers where there is no `complete` function. */
enum cli_words { CLI_WORDS_NONE, CLI_WORDS_FILES, CLI_WORDS_DIRS };

/*
 * Candidates for a word that begins with `prefix`: call cli_candidate for each; those that do not
 * match are dropped. Must answer within 100 ms, never prompt, never use the network, never fail.
 */
struct cli_candidates;
typedef void cli_completer(struct app *app, const char *prefix, struct cli_candidates *out);
void cli_candidate(struct cli_candidates *out, const char *value, const char *description);

struct cli_opt {
	enum cli_type type;
	size_t off;
	char letter;
	const char *name;                 /* long name without dashes; NULL for positional ones */
	const char *arg;                  /* metavariable: "name", "path", "duration" */
	const char *help;                 /* one line, lower case, no full stop */
	const char *details;              /* whole sentences for --help and man; may be NULL */
	const struct cli_choice *choices; /* enums; also the only words a text may be */
	const char *def;                  /* default, written as the user would; NULL: zero */
	const char *env;                  /* FETTLE_X, read when the option is not given */
	const char *setting;              /* settings key, read when the variable is not set */
	int64_t min, max; /* for ints and durations (ms); both 0: no bounds but >= 0 */
	unsigned flags;
	enum cli_words words;
	cli_completer *complete;
};

struct cli_example {
	const char *comment; /* "everything in this repository against production" */
	const char *command; /* "fettle diff --env prod" */
};

/* Documented exit codes of a command; ends with a NULL `when`. */
struct cli_exit {
	int code;
	const char *when;
};

enum cli_needs {
	CLI_NEEDS_NOTHING = 0,
	CLI_NEEDS_SETTINGS = 1u << 0 /* settings are read, and wrong ones refused, before run */
};

/* Which values an option can have come from. */
enum cli_origin { CLI_FROM_DEFAULT, CLI_FROM_SETTING, CLI_FROM_ENV, CLI_FROM_FLAG };

struct cli_cmd {
	const char *name;
	const char *group;                  /* heading in the overview; top level only */
	const char *brief;                  /* lower case, no full stop, <= 60 characters */
	const char *about;                  /* two to five sentences; '\n\n' starts a paragraph */
	const struct cli_example *examples; /* ends with a NULL command */
	const struct cli_opt *opts;         /* ends with CLI_END; NULL: none */
	const struct cli_exit *exits;       /* ends with a NULL when */
	const char *see_also;               /* "apply, settings show"; may be NULL */
	size_t args_size;                   /* of the struct the options fill */
	unsigned needs;                     /* enum cli_needs */
	bool is_hidden;
	bool has_own_letters;               /* options as another program has them: age */
	/*
	 * Ends with NULL. A command that also has `run` takes its first word as a subcommand when
	 * it names one, as an argument otherwise ("./rules" when a file is called like one).
	 */
	const struct cli_cmd *const *subcommands;
	/*
	 * Do the work. `args` is the filled struct (zeroed first, then defaults, setting, variable,
	 * flag); its strings and lists belong to the parse result and live until run returns.
	 */
	err *(*run)(struct cli_ctx *ctx, const void *args);
};

/* What a running command has. Everything that outlives it is in `app`. */
struct cli_ctx {
	struct app *app;
	struct ui *ui;
	const struct cli_cmd *cmd;
	const struct cli_parsed *parsed;
	int exit_code;  /* of success: 1 "the answer is no", 6 not healthy; 0 by default */
	int error_code; /* of a returned error, when the kind alone does not say; 0: by kind */
};

/* The whole program, for parser and generators. */
struct cli_program {
	const char *name;
	const char *version;
	const char *brief;                 /* one sentence */
	const struct cli_cmd *const *cmds; /* ends with NULL */
	const struct cli_opt *globals;     /* ends with CLI_END */
	size_t globals_size;
	const struct cli_example *examples; /* of the overview */
};

/*
 * Where values come from when the command line does not say. Both may be NULL. `setting` is only
 * asked for options that name a key and found no variable; it may fail on a broken settings file.
 */
struct cli_values {
	void *data;
	const char *(*env)(void *data, const char *name);
	err *(*setting)(void *data, const char *key, const char **ret_value);
};

#define CLI_MAX_DEPTH 3

struct cli_parsed {
	const struct cli_cmd *path[CLI_MAX_DEPTH]; /* from the top; path[depth - 1] == cmd */
	size_t depth;
	const struct cli_cmd *cmd; /* NULL when no command was named */
	void *args;                /* cmd->args_size bytes */
	void *globals;           /* program->globals_size bytes; filled even when parsing failed */
	bool wants_json;         /* `--output json` was among the words, wherever an error is */
	struct cli_store *store; /* lists and origins; opaque */
};

/*
 * Parse argv (argv[0] is skipped) into `ret`, which the caller clears also after a failure; argv
 * must outlive it.
 * Fails with USAGE: message names what the user typed, a hint the nearest name or the help.
 * With -h/--help or --version among the words, missing arguments and a missing command are fine.
 */
NODISCARD err *cli_parse(const struct cli_program *program, const struct cli_values *values,
                         int argc, const char *const *argv, struct cli_parsed *ret);
void cli_parsed_clear(struct cli_parsed *parsed);

/* Where the value of option `name` of the running command came from. */
enum cli_origin cli_origin(const struct cli_parsed *parsed, const char *name);
bool cli_is_given(const struct cli_parsed *parsed, const char *name);

/* The command {"settings", "show"} and the way to it; NULL when there is none. */
const struct cli_cmd *cli_find(const struct cli_program *program, const char *const *words,
                               size_t n_words, struct cli_parsed *ret_path);
/* The nearest name among commands, for "did you mean"; NULL when nothing is near. */
const char *cli_suggest_command(const struct cli_cmd *const *cmds, const char *word);

#endif
