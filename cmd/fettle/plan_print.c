#include "base/base.h"

#include "plan_print.h"

#include "ui/diff.h"

static enum ui_style style_of(enum plan_action action)
{
	switch (action) {
	case PLAN_CREATE:
		return UI_STYLE_ADDED;
	case PLAN_DELETE:
		return UI_STYLE_REMOVED;
	case PLAN_UPDATE:
	case PLAN_REPLACE:
	case PLAN_RUN:
		return UI_STYLE_WARNING;
	case PLAN_REFUSED:
		return UI_STYLE_ERROR;
	case PLAN_NONE:
	case PLAN_FORGET:
		return UI_PLAIN;
	}
	return UI_PLAIN;
}

static void print_value(struct ui *ui, const struct plan_change *change)
{
	ui_out(ui, "    %s: ", change->path);
	if (change->before)
		ui_out_styled(ui, UI_STYLE_REMOVED, "%s", change->before);
	if (change->before && change->after)
		ui_out(ui, " -> ");
	if (change->after)
		ui_out_styled(ui, UI_STYLE_ADDED, "%s", change->after);
	if (!change->after)
		ui_out(ui, " -> (none)");
	ui_out(ui, "\n");
}

static void print_text(struct ui *ui, const struct plan_item *item,
                       const struct plan_change *change)
{
	struct arena arena = ARENA_INIT;
	struct linediff diff;
	plan_change_diff(change, 3, &arena, &diff);
	const char *name = item->location ? item->location : item->display;
	const char *before = arena_printf(&arena, "%s (%s)", name, change->path);
	ui_diff(ui, &diff, change->before ? before : "/dev/null",
	        change->after ? before : "/dev/null");
	arena_clear(&arena);
}

static void print_item(struct ui *ui, const struct plan_item *item, unsigned flags)
{
	ui_out_styled(ui, style_of(item->action), "%-7s", plan_action_name(item->action));
	ui_out(ui, " %s", item->display);
	if (item->location) {
		ui_out(ui, " ");
		ui_out_styled(ui, UI_STYLE_PATH, "%s", item->location);
	}
	if (item->reason)
		ui_out(ui, " (%s)", item->reason);
	ui_out(ui, "\n");
	if (item->hint && item->action == PLAN_REFUSED)
		ui_out(ui, "    hint: %s\n", item->hint);
	if (!(flags & PLAN_PRINT_CHANGES))
		return;
	for (const struct plan_change *change = item->changes; change; change = change->next)
		if (change->is_text)
			print_text(ui, item, change);
		else
			print_value(ui, change);
}

void plan_print(struct ui *ui, const struct plan *plan, unsigned flags)
{
	for (size_t i = 0; i < plan->len; i++)
		if (plan->items[i].action != PLAN_NONE)
			print_item(ui, &plan->items[i], flags);
}

void plan_print_summary(struct ui *ui, const struct plan *plan,
                        const struct plan_subject *subject)
{
	AUTO(str) text = STR_INIT;
	plan_summary(plan, &text);
	if (plan->counts[PLAN_NONE] < plan->len)
		ui_out(ui, "\n");
	ui_out(ui, "%s: %s", subject->project, text.ptr);
	if (subject->source && subject->source->commit_short)
		ui_out(ui, " at %s%s", subject->source->commit_short,
		       subject->source->is_dirty ? " with uncommitted changes" : "");
	ui_out(ui, "\n");
	if (plan->unlisted)
		ui_out(ui, "%zu recorded %s no longer in the source; --prune deletes %s\n",
		       plan->unlisted, plan->unlisted == 1 ? "object is" : "objects are",
		       plan->unlisted == 1 ? "it" : "them");
}
