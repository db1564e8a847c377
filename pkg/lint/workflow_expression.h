/*
 * Expressions of GitHub Actions: `github.ref == 'refs/heads/main' && !cancelled()`. Parsed into a
 * flat list of what they use, which is all that rules ask.
 */
#ifndef LINT_WORKFLOW_EXPRESSION_H
#define LINT_WORKFLOW_EXPRESSION_H

#include "base/arena.h"
#include "base/base.h"

#define WORKFLOW_STEPS_MAX 8u

/* A context and the way into it: github.event.pull_request.title. */
struct workflow_reference {
	size_t start, end;
	const char *steps[WORKFLOW_STEPS_MAX]; /* "github", "event", …; "*" for [*] and .*; NULL for
	                                          an index that is computed */
	size_t n_steps;
	bool is_longer; /* more than those */
};

struct workflow_call {
	size_t start, end; /* of the name */
	const char *name;
	size_t n_args;
	const char *first_text; /* first argument when it is a text */
	size_t first_reference; /* index + 1 of the reference that is the first argument; 0: none */
};

struct workflow_expression {
	struct workflow_reference *references;
	size_t n_references;
	struct workflow_call *calls;
	size_t n_calls;
	bool is_constant;    /* neither references nor calls */
	const char *problem; /* NULL: it can be read */
	size_t problem_at;
};

/* Always fills; what was understood before a problem is there. Lives in the arena. */
void workflow_expression_parse(const char *text, size_t len, struct arena *a,
                               struct workflow_expression *ret_expression);

#endif
