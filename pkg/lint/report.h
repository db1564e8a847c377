/*
 * A lint report in the formats other programs read. Text for people is made by the command, which
 * knows the terminal.
 */
#ifndef LINT_REPORT_H
#define LINT_REPORT_H

#include "lint/lint.h"

/* {"schema": "fettle.lint/1", "findings": […], "summary": {…}} */
void lint_write_json(const struct lint_report *report, struct str *out);
/* One finding per line. */
void lint_write_jsonl(const struct lint_report *report, struct str *out);
/* SARIF 2.1.0, one run. */
void lint_write_sarif(const struct lint_report *report, const char *version, struct str *out);
/* JUnit: a test case per finding, by file; one that passes when there are none. */
void lint_write_junit(const struct lint_report *report, struct str *out);
/* Workflow commands of GitHub Actions, worst first. */
void lint_write_github(const struct lint_report *report, struct str *out);
/* GitLab code quality. */
void lint_write_gitlab(const struct lint_report *report, struct str *out);

/*
 * What identifies a finding when lines move: hash of rule, object, matched text and the position
 * among equals of its file; 32 hex digits. `index` is its place in `file`.
 */
void lint_fingerprint(const struct lint_result *file, size_t index, struct str *out);

/* "Deployment/shop/web, container app"; empty without an object. */
void lint_add_object(const struct lint_finding *finding, struct str *out);

#endif
