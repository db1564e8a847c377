/*
 * Where the files of a run come from, when not from the disk: a commit, for --new-from, the
 * index, for --staged, or memory. Paths are spelled as a walk over the disk would spell them.
 */
#ifndef LINT_LINT_INPUT_H
#define LINT_LINT_INPUT_H

#include "lint/lint.h"

struct lint_input;

/* The tree of `ref`, as far as `paths` (of the working directory; none: all below it) name it. */
NODISCARD err *lint_input_commit(const char *ref, const struct strs *paths,
                                 struct lint_input **ret_input);
/* What is staged below the paths. */
NODISCARD err *lint_input_index(const struct strs *paths, struct lint_input **ret_input);
/* One file that is in no tree: its name decides what it is. The text is borrowed. */
struct lint_input *lint_input_text(const char *name, struct view text);
void lint_input_free(struct lint_input *input);

/* Sorted. Borrowed. */
const struct strs *lint_input_paths(const struct lint_input *input);
/* From any thread. */
NODISCARD err *lint_input_read(struct lint_input *input, const char *path, size_t limit,
                               struct str *ret_text);

#endif
