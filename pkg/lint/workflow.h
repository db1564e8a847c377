/* What the files of the workflow rules (GitHub Actions) share. */
#ifndef LINT_WORKFLOW_H
#define LINT_WORKFLOW_H

#include "lint/lint_rule.h"

/* Rows of the table in workflow_rules.c. */
enum workflow_rule {
	WF_SYNTAX,
	WF_EVENT,
	WF_CRON,
	WF_EXPRESSION,
	WF_CONTEXT,
	WF_NEEDS,
	WF_DUPLICATE_ID,
	WF_MATRIX,
	WF_USES,
	WF_SHELL,
	WF_RUNNER,
	WF_COMMAND,
	WF_CONSTANT_IF,
	WF_INJECTION,
	WF_UNPINNED,
	WF_UNPINNED_IMAGE,
	WF_PERMISSIONS,
	WF_TRIGGER,
	WF_SELF_HOSTED,
	WF_SECRETS_INHERIT,
	WF_PERSISTED_CREDENTIALS,
	WF_CREDENTIALS,
	WF_INSECURE_COMMANDS,
	WF_ALL_SECRETS,
	WF_BOT_CONDITION,
	WF_N_RULES
};

extern const struct lint_rule workflow_rules[WF_N_RULES];

/* Tables of what a workflow and an action may hold; workflow_schema.c. */
struct schema;
extern const struct schema workflow_schema, action_schema;

/* Where an expression stands: what it may use. */
enum workflow_place {
	WF_AT_TOP, /* run-name, concurrency */
	WF_AT_TOP_ENV,
	WF_AT_STRATEGY,
	WF_AT_JOB,         /* what is decided before a runner has the job */
	WF_AT_CONTAINER,   /* containers and defaults */
	WF_AT_JOB_IF,      /* if of a job */
	WF_AT_JOB_OUTPUTS, /* outputs of a job: also steps */
	WF_AT_JOB_ENV,
	WF_AT_STEP,    /* everything of a step */
	WF_AT_STEP_IF, /* and the functions about status */
	WF_AT_ACTION,  /* of a composite action */
	WF_N_PLACES
};

struct workflow {
	struct lint_file *file;
	const struct val *root, *jobs;
	bool is_action;
};

/* The job and the step being looked at; NULL outside of them. */
struct workflow_scope {
	const struct workflow *workflow;
	const char *job_id;
	const struct val *job;
	const struct val *steps;
	size_t step; /* index: earlier ones are known */
	enum workflow_place place;
};

void workflow_hit(const struct workflow *w, enum workflow_rule rule, const struct val *at,
                  const struct lint_fix *fix, const char *fmt, ...) PRINTF_LIKE(5, 6);
void workflow_hit_bytes(const struct workflow *w, enum workflow_rule rule, size_t start, size_t end,
                        const char *fmt, ...) PRINTF_LIKE(5, 6);
void workflow_hit_key(const struct workflow *w, enum workflow_rule rule,
                      const struct val_entry *entry, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Check all `${{ }}` of a scalar, or, with `is_bare`, the scalar itself as one expression. */
void workflow_check_expressions(const struct workflow_scope *scope, const struct val *v,
                                bool is_bare);

/* Calls `each` for the text of each `${{ }}`; offsets are bytes of the file. */
void workflow_each_expression(const struct workflow *w, const struct val *v,
                              void (*each)(void *context, const char *text, size_t len,
                                           size_t offset),
                              void *context);

/* Rules about security; workflow_security.c. */
void workflow_check_security(const struct workflow *w);
/* One step, in a workflow or a composite action. */
void workflow_check_step_security(const struct workflow *w, const struct val *step);

#endif
