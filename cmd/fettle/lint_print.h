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

/* "safe", "unsafe" or "-"; the profile a rule belongs to, as people read it. */
const char *lint_fix_text(const struct lint_rule *rule);
const char *lint_profile_text(const struct lint_rule *rule);
/* The catalogue, or one rule of it. */
void lint_print_rules_json(struct ui *ui, const struct lint_rule *only);

/* Completion of slugs and families, and of profiles. */
void lint_complete_profiles(struct app *app, const char *prefix, struct cli_candidates *out);
void lint_complete_rules(struct app *app, const char *prefix, struct cli_candidates *out);

#endif
