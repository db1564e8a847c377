/* The findings of the family schema: their places, words and fixes. */
#ifndef LINT_SCHEMA_REPORT_H
#define LINT_SCHEMA_REPORT_H

#include "lint/lint_crds.h"
#include "lint/lint_rule.h"
#include "lint/schema_kinds.h"

struct schema_reporting {
	struct lint_file *file;
	const struct val *object;
};

/* For kube_check.report; `ctx` is a struct schema_reporting. */
void schema_report_problem(void *ctx, const struct kube_problem *problem);
/* The root of a document without apiVersion or kind. */
void schema_report_lack(const struct schema_reporting *reporting, const char *name);
/* Removed, not yet there, deprecated; nothing when all is well. */
void schema_report_version(const struct schema_reporting *reporting, const struct schema_kind *kind,
                           unsigned minor);
/* A kind that Kubernetes lacks. For a custom group: false when nothing alike is known. */
bool schema_report_typo(const struct schema_reporting *reporting, const struct schema_kind *kind,
                        unsigned minor);
/* `nearest` is a kind of the same group, or NULL. */
void schema_report_missing(const struct schema_reporting *reporting, const struct schema_kind *kind,
                           const struct lint_crd_match *match, const char *nearest);
void schema_report_custom_version(const struct schema_reporting *reporting,
                                  const struct schema_kind *kind,
                                  const struct lint_crd_match *match);
void schema_report_server_fields(const struct schema_reporting *reporting, bool status_is_servers);

#endif
