/*
 * Carrying out a plan and telling about it: shared by apply and rollback.
 */
#ifndef FETTLE_RUN_PLAN_H
#define FETTLE_RUN_PLAN_H

#include "apply/execute.h"
#include "session.h"

struct run_plan_options {
	const char *command;  /* for the history: "apply" */
	bool dry_run;         /* print the plan, change nothing */
	bool yes;             /* don't ask */
	bool wants_json;
	bool no_wait;      /* one JSON object "fettle.apply/1" instead of lines */
	unsigned threads;     /* 0: default */
};

/*
 * Print `plan`, ask unless told not to, and execute it. `ctx->exit_code` becomes 1 after a dry run
 * with changes.
 */
NODISCARD err *run_plan(struct session *session, struct cli_ctx *ctx, struct plan *plan,
                        const struct run_plan_options *options);

/* "created", "updated", …: what was done when this action is done. */
const char *done_word(enum plan_action action);

/* What the history records of this run: who, where, from which commit. Lives in the session. */
struct inv_run_info session_run_info(struct session *session, const char *command,
                                     const struct plan *plan);

#endif
