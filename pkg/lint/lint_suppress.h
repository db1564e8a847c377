/* Suppressions of one file: read with it, used when all its findings are known. */
#ifndef LINT_LINT_SUPPRESS_H
#define LINT_LINT_SUPPRESS_H

#include "lint/lint_rule.h"

struct lint_suppression {
	const char *names;       /* slugs or families, separated by commas; "": all */
	const char *until;       /* NULL: for ever */
	size_t at_start, at_end; /* where it is written */
	size_t start, end;       /* the bytes it covers */
	bool is_object;          /* an annotation: it covers an object instead */
	const char *kind, *namespace_, *name, *container;
	bool is_own; /* our form: reported when it is of no use */
	bool has_expired;
	bool is_used;
};

/* Zeroed is empty; vec_clear when done. */
struct lint_suppressions {
	struct lint_suppression *ptr;
	size_t len, cap;
};

void lint_read_suppressions(struct lint_file *file, struct lint_suppressions *list);
/* Take away the findings that are suppressed; how many. */
size_t lint_suppress(struct lint_result *result, const struct lint_suppressions *list);
/* Report those that are unused, expired or unknown. */
void lint_judge_suppressions(struct lint_run *run, uint32_t file_index,
                             const struct lint_suppressions *list, struct arena *keep);

#endif
