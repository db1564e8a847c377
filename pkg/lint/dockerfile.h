/*
 * A Dockerfile taken apart: instructions, their words, and the shell commands of RUN. Positions are
 * bytes of the file: continued lines are joined by blanking, never by moving.
 */
#ifndef LINT_DOCKERFILE_H
#define LINT_DOCKERFILE_H

#include "base/arena.h"
#include "base/base.h"

struct dockerfile_word {
	const char *text; /* without quotes, NUL-terminated */
	size_t start, end;
};

/* One simple command of a shell line: its words, and what stands behind it. */
struct dockerfile_command {
	const struct dockerfile_word *words;
	size_t n_words;
	bool is_piped; /* its output goes into the next one */
	size_t start, end;
};

struct dockerfile_instruction {
	const char *name;                    /* upper case: "FROM" */
	const char *inner;                   /* of ONBUILD: the instruction it keeps; else NULL */
	size_t start, name_end, end;         /* end: of the last line, without comments behind */
	size_t args;                         /* where the arguments begin, behind flags */
	const struct dockerfile_word *flags; /* `--from=x` */
	size_t n_flags;
	const struct dockerfile_word *words; /* of the arguments; of a JSON array its strings */
	size_t n_words;
	bool is_json; /* exec form */
	bool has_heredoc;
	size_t stage; /* how many FROM came before and with it; 0: before the first */
	const struct dockerfile_command *commands; /* of RUN in shell form */
	size_t n_commands;
};

struct dockerfile {
	const char *text; /* joined: as long as the file */
	size_t len;
	const struct dockerfile_instruction *instructions;
	size_t n_instructions;
	size_t empty_continuation; /* byte of the first empty line inside an instruction; SIZE_MAX */
};

/* Everything lives in the arena. Never fails: what is no instruction is one with an odd name. */
void dockerfile_parse(const char *text, size_t len, struct arena *a, struct dockerfile *ret_file);

/* Value of `--name=value`; NULL when there is none. */
const struct dockerfile_word *dockerfile_flag(const struct dockerfile_instruction *instruction,
                                              const char *name);

/* --- helpers for rules about commands --- */

/* Is it `name sub`, as in "apt-get install"? Options before `sub` are skipped; NULL sub: any. */
bool dockerfile_is_command(const struct dockerfile_command *command, const char *name,
                           const char *sub);
/* One of the words is this option: "-y", also in "-qy", or a long one. */
bool dockerfile_has_option(const struct dockerfile_command *command, const char *option);

#endif
