/*
 * Completion: candidates for a half-typed command line, and the thin shell scripts that ask for
 * them. Words travel as arguments, never through eval.
 */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include "cli/cli.h"

enum cli_shell { CLI_BASH, CLI_ZSH, CLI_FISH, CLI_POWERSHELL };

/*
 * Candidates for the last of `words` (the ones after the program's name; it may be empty).
 * One `value<TAB>description` per line, then a last line `:none`, `:files` or `:dirs`,
 * which tells the shell what else to offer.
 */
void cli_complete(const struct cli_program *program, struct app *app, const char *const *words,
                  size_t n_words, struct str *out);
/* The script a shell loads once. */
const char *cli_complete_script(enum cli_shell shell);
/* All commands and options as JSON: schema "fettle.cli/1". */
void cli_spec_json(const struct cli_program *program, struct str *out);

#endif
