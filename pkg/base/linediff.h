/*
 * The difference of two texts by lines, as hunks that others print (Myers, linear space).
 * Never fails and never takes long: past its limits it answers with a coarse but true difference.
 */
#ifndef BASE_LINEDIFF_H
#define BASE_LINEDIFF_H

#include "base/arena.h"
#include "base/str.h"

enum linediff_kind {
	LINEDIFF_SAME,
	LINEDIFF_REMOVED,
	LINEDIFF_ADDED,
};

struct linediff_line {
	enum linediff_kind kind;
	struct view text;        /* without its line feed; points into the texts given */
	bool is_missing_newline; /* the last line of its text, without line feed */
};

/* Line numbers as in `@@ -old_start,old_count +new_start,new_count @@`, 1-based. */
struct linediff_hunk {
	size_t old_start, old_count;
	size_t new_start, new_count;
	const struct linediff_line *lines;
	size_t line_count;
};

struct linediff {
	const struct linediff_hunk *hunks; /* none: the texts are equal, or binary */
	size_t hunk_count;
	size_t removed, added; /* lines */
	bool is_equal;
	bool is_binary; /* a NUL in either text: they differ, and there are no hunks */
	bool is_coarse; /* over a limit: smaller differences may exist */
};

/* Compare; `context` unchanged lines around each change. The hunks live in the arena. */
void linediff_make(struct view old_text, struct view new_text, size_t context, struct arena *a,
                   struct linediff *ret_diff);
/* Append as plain unified text, with the `---`/`+++` lines when names are given. */
void linediff_write(const struct linediff *diff, const char *old_name, const char *new_name,
                    struct str *out);

#endif
