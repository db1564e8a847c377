#include "base/base.h"

#include "apply/plan_report.h"

/* GitHub refuses comments over 65,536 characters; stay well below. */
enum { LARGEST_COMMENT = 60000 };

/* Text inside a table cell: no pipes, no line ends, no HTML. */
static void add_cell(struct str *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			str_addz(out, "\\|");
		else if (*text == '<')
			str_addz(out, "&lt;");
		else if (*text == '\n' || *text == '\r')
			str_addch(out, ' ');
		else
			str_addch(out, *text);
	}
}

/* A fence longer than any run of backticks in the body, so that content cannot break out. */
static size_t fence_length(const char *body)
{
	size_t longest = 2, run = 0;
	for (; *body; body++) {
		run = *body == '`' ? run + 1 : 0;
		longest = MAX(longest, run);
	}
	return longest + 1;
}

static void add_body_change(struct str *body, const struct plan_change *change)
{
	if (!change->is_text) {
		if (change->before)
			str_addf(body, "-%s: %s\n", change->path, change->before);
		if (change->after)
			str_addf(body, "+%s: %s\n", change->path, change->after);
		return;
	}
	struct arena arena = ARENA_INIT;
	struct linediff diff;
	plan_change_diff(change, 3, &arena, &diff);
	str_addf(body, " %s:\n", change->path);
	linediff_write(&diff, NULL, NULL, body);
	arena_clear(&arena);
}

static void add_details(struct str *out, const struct plan_item *item)
{
	AUTO(str) body = STR_INIT;
	for (const struct plan_change *change = item->changes; change; change = change->next)
		add_body_change(&body, change);
	if (body.len == 0)
		return;
	size_t fence = fence_length(body.ptr);
	str_addf(out, "\n<details><summary>%s ", plan_action_name(item->action));
	add_cell(out, item->display);
	str_addz(out, "</summary>\n\n");
	str_add_repeat(out, '`', fence);
	str_addf(out, "diff\n%s", body.ptr);
	if (!str_ends(body.ptr, "\n"))
		str_addch(out, '\n');
	str_add_repeat(out, '`', fence);
	str_addz(out, "\n\n</details>\n");
}

static void add_head(const struct plan *plan, const struct plan_subject *subject, struct str *out)
{
	str_addz(out, "### fettle plan");
	if (subject->project)
		str_addf(out, ": %s", subject->project);
	str_addz(out, "\n\n");
	plan_summary(plan, out);
	if (subject->source && subject->source->commit_short)
		str_addf(out, " at `%s`", subject->source->commit_short);
	if (subject->target)
		str_addf(out, " on `%s`", subject->target);
	str_addz(out, "\n");
}

static bool is_listed(const struct plan_item *item)
{
	return item->action != PLAN_NONE;
}

void plan_to_markdown(const struct plan *plan, const struct plan_subject *subject, struct str *out)
{
	add_head(plan, subject, out);
	if (plan->counts[PLAN_NONE] == plan->len)
		return;
	str_addz(out, "\n| Action | Object | Where | Why |\n|---|---|---|---|\n");
	size_t left_out = 0;
	for (size_t i = 0; i < plan->len; i++) {
		const struct plan_item *item = &plan->items[i];
		if (!is_listed(item))
			continue;
		if (out->len > LARGEST_COMMENT / 2) {
			left_out++;
			continue;
		}
		str_addf(out, "| %s | ", plan_action_name(item->action));
		add_cell(out, item->display);
		str_addz(out, " | ");
		add_cell(out, item->location ? item->location : "");
		str_addz(out, " | ");
		add_cell(out, item->reason ? item->reason : "");
		str_addz(out, " |\n");
	}
	if (left_out)
		str_addf(out, "\n%zu more objects are not listed.\n", left_out);
	for (size_t i = 0, hidden = 0; i < plan->len; i++) {
		size_t before = out->len;
		if (is_listed(&plan->items[i]))
			add_details(out, &plan->items[i]);
		if (out->len <= LARGEST_COMMENT)
			continue;
		str_truncate(out, before);
		if (!hidden++)
			str_addz(out, "\nSome diffs are left out, they are too long for a comment.\n");
	}
}
