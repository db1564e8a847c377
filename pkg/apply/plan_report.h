/*
 * A plan as text for machines and for pull requests. Values of sensitive objects never get here:
 * drivers hand over keyed tags in their place.
 */
#ifndef APPLY_PLAN_REPORT_H
#define APPLY_PLAN_REPORT_H

#include "apply/plan.h"
#include "base/linediff.h"
#include "source/source.h"

/* What the plan belongs to; NULL members are left out. All borrowed. */
struct plan_subject {
	const char *project;
	const char *target;             /* identity: "host:/" */
	const struct source_info *source;
};

/* Append the schema "fettle.plan/1": additive changes only, see docs/output.md. */
void plan_to_json(const struct plan *plan, const struct plan_subject *subject, struct str *out);

/*
 * Append a pull-request comment: a summary table and a folded diff per object. Cut with a note
 * below 60,000 bytes, because the forges refuse longer comments.
 */
void plan_to_markdown(const struct plan *plan, const struct plan_subject *subject,
                      struct str *out);

/* "2 to create, 1 to update, 997 unchanged": only what is not zero; "nothing to do" is "… unchanged". */
void plan_summary(const struct plan *plan, struct str *out);

/* The line diff of a change; in `arena`. `context` lines around each change. */
void plan_change_diff(const struct plan_change *change, size_t context, struct arena *arena,
                      struct linediff *ret_diff);

#endif
