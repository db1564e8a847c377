/* A lint report for people, and what the lint commands share. */
#ifndef FETTLE_LINT_PRINT_H
#define FETTLE_LINT_PRINT_H

#include "base/base.h"

#include "cli/cli.h"
#include "lint/lint.h"
#include "ui/ui.h"

extern const struct cli_cmd cmd_lint_rules;
extern const struct cli_cmd cmd_lint_explain;

/*
 * Findings with their lines on a terminal, `path:line:col: severity[slug] message` else, and a
 * summary on stderr.
 */
void lint_print_text(struct ui *ui, const struct lint_report *report);

/* Completion of slugs and families, and of profiles. */
void lint_complete_profiles(struct app *app, const char *prefix, struct cli_candidates *out);
void lint_complete_rules(struct app *app, const char *prefix, struct cli_candidates *out);

#endif
