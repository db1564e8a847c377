#include "base/base.h"

#include "target/target.h"

static const char *const action_names[] = {
	[PLAN_NONE] = "unchanged", [PLAN_CREATE] = "create",   [PLAN_UPDATE] = "update",
	[PLAN_REPLACE] = "replace", [PLAN_DELETE] = "delete",  [PLAN_RUN] = "run",
	[PLAN_FORGET] = "forget",   [PLAN_REFUSED] = "refused",
};

const char *plan_action_name(enum plan_action action)
{
	return action_names[action];
}

static struct plan_change *append_change(struct plan_item *item, const char *path)
{
	struct plan_change *change = ARENA_NEW(&item->arena, struct plan_change);
	change->path = arena_strdup(&item->arena, path);
	struct plan_change **at = &item->changes;
	while (*at)
		at = &(*at)->next;
	*at = change;
	return change;
}

struct plan_change *plan_change_add(struct plan_item *item, const char *path, struct view before,
                                    struct view after)
{
	struct plan_change *change = append_change(item, path);
	if (before.ptr)
		change->before = arena_strndup(&item->arena, before.ptr, before.len);
	if (after.ptr)
		change->after = arena_strndup(&item->arena, after.ptr, after.len);
	change->before_len = before.len;
	change->after_len = after.len;
	return change;
}

struct plan_change *plan_change_text(struct plan_item *item, const char *path, const char *before,
                                     const char *after)
{
	struct view none = { NULL, 0 };
	return plan_change_add(item, path, before ? view_of(before) : none,
	                       after ? view_of(after) : none);
}

void plan_item_clear(struct plan_item *item)
{
	arena_clear(&item->arena);
	*item = (struct plan_item){ 0 };
}
