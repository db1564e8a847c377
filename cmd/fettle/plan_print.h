/*
 * A plan for people, on stdout: one line per object that is not in sync, the differences below it,
 * and a summary.
 */
#ifndef FETTLE_PLAN_PRINT_H
#define FETTLE_PLAN_PRINT_H

#include "apply/plan_report.h"
#include "ui/ui.h"

enum plan_print_flags {
	PLAN_PRINT_CHANGES = 1u << 0, /* differences below each line */
};

void plan_print(struct ui *ui, const struct plan *plan, unsigned flags);
/* The line below: counts, commit, target, and what else is worth knowing. */
void plan_print_summary(struct ui *ui, const struct plan *plan,
                        const struct plan_subject *subject);

#endif
