/*
 * The command tables check themselves, in a unit test: duplicates, missing help, letters that mean
 * two things, references to commands that do not exist.
 */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "cli/cli.h"

/* Add one line per mistake to `ret_mistakes`; none when the tree is right. */
void cli_check(const struct cli_program *program, struct strs *ret_mistakes);

#endif
