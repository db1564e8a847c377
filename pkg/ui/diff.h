/*
 * A line difference on stdout as a unified diff, coloured where colour is on.
 */
#ifndef UI_DIFF_H
#define UI_DIFF_H

#include "base/linediff.h"
#include "ui/ui.h"

/* With names, `--- old` and `+++ new` come first; both may be NULL. Equal texts print nothing. */
void ui_diff(struct ui *ui, const struct linediff *diff, const char *old_name,
             const char *new_name);

#endif
