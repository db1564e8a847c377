#include "base/base.h"

#include "apply/plan_report.h"

void plan_change_diff(const struct plan_change *change, size_t context, struct arena *arena,
                      struct linediff *ret_diff)
{
	struct view before = { change->before ? change->before : "", change->before_len };
	struct view after = { change->after ? change->after : "", change->after_len };
	linediff_make(before, after, context, arena, ret_diff);
}

void plan_summary(const struct plan *plan, struct str *out)
{
	static const struct {
		enum plan_action action;
		const char *text;
	} parts[] = {
		{ PLAN_CREATE, "to create" },   { PLAN_UPDATE, "to update" },
		{ PLAN_REPLACE, "to replace" }, { PLAN_RUN, "to run" },
		{ PLAN_DELETE, "to delete" },   { PLAN_REFUSED, "refused" },
		{ PLAN_FORGET, "to forget" },   { PLAN_NONE, "unchanged" },
	};
	const char *separator = "";
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		size_t count = plan->counts[parts[i].action];
		if (count == 0 && (parts[i].action != PLAN_NONE || *separator))
			continue;
		str_addf(out, "%s%zu %s", separator, count, parts[i].text);
		separator = ", ";
	}
}
