/*
 * Findings that are known: a sorted text of one line each, `FINGERPRINT SLUG PATH`, so that merges
 * of it work. Fingerprints hold no line numbers, so a baseline survives moved lines and rebases.
 */
#ifndef LINT_LINT_BASELINE_H
#define LINT_LINT_BASELINE_H

#include "lint/lint.h"

struct lint_baseline;

/* INVALID with the line of a mistake. `name` is for messages. */
NODISCARD err *lint_baseline_parse(const char *text, size_t len, const char *name,
                                   struct lint_baseline **ret_baseline);
/* What another run found, in place of a file. */
struct lint_baseline *lint_baseline_of(const struct lint_report *report);
void lint_baseline_free(struct lint_baseline *baseline);

/* The file for these findings. */
void lint_baseline_write(const struct lint_report *report, struct str *out);

/* Take known findings out of the report, each entry once. How many entries nothing matched? */
size_t lint_baseline_apply(struct lint_baseline *baseline, struct lint_report *report);

#endif
