/*
 * The executor's side of the inventory: turns plan items into intended changes, and takes the result
 * of each to its place. Internal to pkg/apply.
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
NODISCARD err *journal_report(struct journal *journal, size_t item,
                              const struct inv_outcome_info *info);
NODISCARD err *journal_finish(struct journal *journal, enum inv_result result,
                              const char *message);
void journal_clear(struct journal *journal);

#endif
