#include "base/base.h"

#include "apply/journal.h"

#include "base/vec.h"

/* What the inventory is told about an item; false when there is nothing to tell. */
static bool intended_action(const struct plan *plan, const struct plan_item *item,
                            enum inv_action *ret_action)
{
	const struct target_record *record = plan_record(plan, item);
	switch (item->action) {
	case PLAN_NONE:
		if (!plan_needs_record(plan, item))
			return false;
		*ret_action = record ? INV_RECORD : INV_ADOPT;
		return true;
	case PLAN_CREATE:
		*ret_action = INV_CREATE;
		return true;
	case PLAN_UPDATE:
	case PLAN_REPLACE:
	case PLAN_RUN:
		*ret_action = INV_UPDATE;
		return true;
	case PLAN_DELETE:
		*ret_action = INV_DELETE;
		return true;
	case PLAN_FORGET:
		*ret_action = INV_FORGET;
		return true;
	case PLAN_REFUSED:
		return false;
	}
	return false;
}

static err *intend(struct target *target, const struct plan_item *item, enum inv_action action,
                   struct arena *arena, struct inv_item *ret_item)
{
	struct inv_item intent = { .key = item->key,
		                   .location = item->location,
		                   .action = action,
		                   .is_sensitive = item->is_sensitive,
		                   .reason = item->reason };
	if (item->object && (!item->desired || !*item->desired))
		return err_new(ERR_INTERNAL, "%s has no fingerprint to record", item->display);
	fingerprint_to_digest(item->desired ? item->desired : "", intent.digest);
	if (item->object && !item->is_sensitive) {
		AUTO(str) text = STR_INIT;
		TRY(target->ops->snapshot(target, item->object, &text));
		intent.manifest = (struct view){ arena_strndup(arena, text.ptr, text.len),
			                         text.len };
	}
	*ret_item = intent;
	return NULL;
}

static err *begin_run(struct journal *journal, struct target *target, const struct plan *plan,
                      const struct execute_options *options, struct arena *arena,
                      struct inv_item *intents)
{
	size_t count = 0;
	for (size_t i = 0; i < plan->len; i++) {
		enum inv_action action;
		journal->index_of_item[i] = SIZE_MAX;
		if (!intended_action(plan, &plan->items[i], &action))
			continue;
		TRY(intend(target, &plan->items[i], action, arena, &intents[count]));
		journal->index_of_item[i] = count++;
	}
	if (count == 0)
		return NULL;
	return inv_run_begin(options->project, options->info, intents, count, &journal->run);
}

err *journal_begin(struct journal *journal, struct target *target, const struct plan *plan,
                   const struct execute_options *options)
{
	*journal = (struct journal){ .count = plan->len };
	journal->index_of_item = mem_zalloc(plan->len + 1, sizeof(*journal->index_of_item));
	journal->is_reported = mem_zalloc(plan->len + 1, sizeof(*journal->is_reported));
	struct inv_item *intents = arena_zalloc(&journal->arena, plan->len + 1, sizeof(*intents));
	return begin_run(journal, target, plan, options, &journal->arena, intents);
}

err *journal_report(struct journal *journal, size_t item, const struct inv_outcome_info *info)
{
	if (!journal->run || journal->index_of_item[item] == SIZE_MAX || journal->is_reported[item])
		return NULL;
	journal->is_reported[item] = true;
	return inv_run_result(journal->run, journal->index_of_item[item], info);
}

err *journal_finish(struct journal *journal, enum inv_result result, const char *message)
{
	return journal->run ? inv_run_finish(journal->run, result, message) : NULL;
}

void journal_clear(struct journal *journal)
{
	inv_run_free(journal->run);
	mem_free(journal->index_of_item);
	mem_free(journal->is_reported);
	arena_clear(&journal->arena);
	*journal = (struct journal){ 0 };
}
