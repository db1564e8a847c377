/*
 * Texts for people, made from the command tables: overview, -h, --help, man(7) pages.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/cli.h"

/* What `fettle` alone prints: groups of commands by task, and a worked example. */
void cli_help_overview(const struct cli_program *program, struct str *out);
/* -h: purpose, usage, one example, options in one line each. Width in columns. */
void cli_help_short(const struct cli_program *program, const struct cli_parsed *path, size_t width,
                    struct str *out);
/* --help: everything. */
void cli_help_long(const struct cli_program *program, const struct cli_parsed *path, size_t width,
                   struct str *out);
/* A man page in section 1; of the whole program when path->depth is 0. */
void cli_man(const struct cli_program *program, const struct cli_parsed *path, struct str *out);

#endif
