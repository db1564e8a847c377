/*
 * The executor's side of the inventory: turns plan items into intended changes, and step outcomes
 * into recorded results. Internal to pkg/apply.
 */
#ifndef APPLY_JOURNAL_H
#define APPLY_JOURNAL_H

#include "apply/execute.h"

struct journal {
	struct inv_run *run;     /* NULL: nothing needs recording */
	size_t *index_of_item;   /* plan item → run item; SIZE_MAX: none */
	bool *is_reported;       /* by plan item */
	size_t count;
	struct arena arena; /* intents and manifests, borrowed by the run */
};

/* Write the intentions of every item that has work, durably. */
NODISCARD err *journal_begin(struct journal *journal, struct target *target,
                             const struct plan *plan, const struct execute_options *options);
/* Report one item, once; later reports of it are ignored. */
NODISCARD err *journal_report(struct journal *journal, const struct plan *plan, size_t item,
                              enum step_outcome outcome, const char *error);
NODISCARD err *journal_finish(struct journal *journal, enum inv_result result,
                              const char *message);
void journal_clear(struct journal *journal);

#endif
