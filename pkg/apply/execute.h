/*
 * Carrying out a plan: one pass over a DAG in which a node starts the moment its predecessors allow it
 * (some only have to be there, others to be ready), up to a number of threads; then removals, in falling
 * rank; then what must run once after a change. Every intention is in the inventory before the first
 * change, so that a run killed at any instruction leaves a state from which the next one converges.
 *
 * The first failure stops nothing that does not depend on it; removals only start when everything
 * before them went well. A deadline or a signal lets running nodes finish and starts no new ones.
 */
#ifndef APPLY_EXECUTE_H
#define APPLY_EXECUTE_H

#include "apply/plan.h"
#include "pal/clock.h"
#include "pal/sig.h"

enum step_outcome {
	STEP_WAITING, /* not attempted: the run ended before */
	STEP_DONE,
	STEP_FAILED,
	STEP_UNREADY,  /* done, but it does not get ready (target_ops.await) */
	STEP_REVERTED, /* done, then put back because what had to run after it failed */
	STEP_SKIPPED,  /* not attempted because something it depends on failed */
};

struct execute_options {
	struct inv_project *project;
	const struct inv_run_info *info;
	struct deadline deadline;
	const struct cancel *cancel; /* NULL: never */
	bool no_wait;               /* do not wait until objects are ready, unless others need them so */
	unsigned threads;           /* 0: as the target says, else twice the processors, at least 4: the disk is what is waited for */
	/* On the calling thread, one call per item with work when its fate is known. May be NULL. */
	void (*on_step)(void *context, const struct plan_item *item, enum step_outcome outcome,
	                const err *error);
	void *context;
};

struct execute_result {
	int64_t run;         /* number in the history; 0: nothing was recorded */
	size_t done, failed, skipped, waiting;
	size_t unready;      /* of the failed ones: applied, but not ready */
	size_t reverted;     /* of the failed ones: put back because a handler failed */
	enum inv_result result;
};

/*
 * Refuses (REFUSED, CONFLICT by a guard) before anything is changed when the plan has refused
 * items. Returns the joined errors of failed items, TIMEOUT or CANCELLED when it was cut short;
 * `ret_result` is filled in any case.
 */
NODISCARD err *execute_plan(struct target *target, struct plan *plan,
                            const struct execute_options *options,
                            struct execute_result *ret_result);

const char *step_outcome_name(enum step_outcome outcome);

#endif
