/*
 * Fixes as changes of the value tree, turned into edits of the bytes that keep comments, quoting
 * and layout. Rules say what should be there; where the bytes go is decided here.
 */
#ifndef LINT_LINT_FIX_H
#define LINT_LINT_FIX_H

#include "lint/lint_rule.h"

enum lint_change_kind {
	LINT_SET, /* at.path = value; missing maps in between are made, what is there is replaced */
	LINT_APPEND, /* append value to the list at.path, which is made when missing */
	LINT_REMOVE, /* remove the member at.path; with `item` that item of the list at.path */
	LINT_RENAME, /* the key of the member at.path becomes `key` */
};

struct lint_change {
	enum lint_change_kind kind;
	const struct val *at;    /* a map or list read from the file */
	const char *const *path; /* keys below it, NULL-terminated; may be empty for a list */
	const struct val *value; /* set, append: built by code */
	const char *key;         /* rename */
	const struct val *item;  /* remove: the node in the list */
};

/*
 * A fix for lint_hit.fix, kept as long as the report. `fmt` is the text behind "✅ Fix:". The
 * edits are computed only when the run wants fixes; a change that cannot be made without touching
 * anything else (an anchor others use, a template line) gives a fix without edits.
 */
const struct lint_fix *lint_fix_make(struct lint_file *file, bool is_unsafe,
                                     const struct lint_change *changes, size_t n_changes,
                                     const char *fmt, ...) PRINTF_LIKE(5, 6);

/* A fix made of edits of the text itself; the edits are copied. */
const struct lint_fix *lint_fix_edits(struct lint_file *file, bool is_unsafe,
                                      const struct lint_edit *edits, size_t n_edits,
                                      const char *fmt, ...) PRINTF_LIKE(5, 6);

#endif
