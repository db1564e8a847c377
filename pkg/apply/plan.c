#include "base/base.h"

#include "apply/plan.h"

#include "base/vec.h"
#include "json/json.h"

/* What the worker threads of one planning share; each writes only its own items and errors. */
struct comparison {
	struct target *target;
	struct plan *plan;
	unsigned flags;
	err **errors; /* one slot per item */
};

static void compare_object(void *context, size_t index)
{
	struct comparison *work = context;
	struct plan_item *item = &work->plan->items[index];
	if (!plan_compared(work->plan, item))
		return;
	work->errors[index] = work->target->ops->plan(work->target, item->object,
	                                              records_find(work->plan->records, item->key),
	                                              work->flags, item);
}

static void compare_removal(void *context, size_t index)
{
	struct comparison *work = context;
	size_t at = work->plan->object_count + index;
	struct plan_item *item = &work->plan->items[at];
	work->errors[at] = work->target->ops->plan_removal(
		work->target, records_find(work->plan->records, item->key), item);
}

/*
 * Drivers are lazy: what is in sync has no fingerprints unless asked for, and what was not looked at
 * has none either. What gets a new record needs them.
 */
static err *compare_fully(struct target *target, struct plan *plan, struct plan_item *item)
{
	arena_clear(&item->arena);
	*item = (struct plan_item){ .object = item->object,
		                    .key = item->key,
		                    .display = item->display,
		                    .is_sensitive = item->object->is_sensitive };
	plan->compared[item->object->index] = true;
	return target->ops->plan(target, item->object, plan_record(plan, item),
	                         TARGET_WANT_FINGERPRINTS, item);
}

static err *join_errors(err **errors, size_t count)
{
	err *all = NULL;
	for (size_t i = 0; i < count; i++)
		all = err_join(all, steal(&errors[i]));
	return all;
}

/* Objects carry "never prune me" in their manifest, so the recorded one is asked. */
static bool says_keep(struct arena *a, const char *manifest)
{
	struct val *root = NULL;
	err *e = json_load(manifest, strlen(manifest), "recorded manifest", a, &root);
	if (e) {
		err_ignore(e, "an unreadable record has no annotation");
		return false;
	}
	const struct val *annotations = val_get(val_get(root, "metadata"), "annotations");
	return str_equal(val_get_str(annotations, ANNOTATION_PRUNE, ""), "disabled");
}

/* Recorded objects that no manifest names any more become items behind the objects. */
static err *add_removals(struct plan *plan, const struct plan_options *options)
{
	for (size_t i = 0; i < plan->records->len; i++) {
		struct target_record *record = &plan->records->items[i];
		if (object_set_find(plan->set, record->key))
			continue;
		TRY(record_load_manifest(options->project, &plan->arena, record));
		if (record->keep_on_prune ||
		    (record->manifest && says_keep(&plan->arena, record->manifest)))
			continue;
		if (!options->prune) {
			plan->unlisted++;
			continue;
		}
		struct plan_item *item = &plan->items[plan->len++];
		item->key = record->key;
		item->display = object_key_text(&plan->arena, record->key);
		item->location = record->location;
	}
	return NULL;
}

static err *is_older(struct target *target, struct inv_project *project,
                     const struct plan_item *item, bool *ret_is_older)
{
	AUTO(str) wanted = STR_INIT;
	AUTO(str) recorded = STR_INIT;
	TRY(target->ops->snapshot(target, item->object, &wanted));
	err *e = inv_manifest(project, item->key, &recorded);
	if (e && !err_is(e, ERR_NOT_FOUND) && !err_is(e, ERR_UNSUPPORTED))
		return e;
	*ret_is_older = !e && !view_equal(view_str(&wanted), view_str(&recorded));
	err_ignore(e, "nothing is recorded to be older");
	return NULL;
}

/* A check or an annotation may change while the object stays in sync; prune and rollback need it. */
static err *find_old_record(struct target *target, struct plan *plan, struct inv_project *project,
                            struct plan_item *item)
{
	bool is_old = false;
	if (item->is_sensitive)
		is_old = plan_record(plan, item)->keep_on_prune != item->object->keep_on_prune;
	else
		TRY(is_older(target, project, item, &is_old));
	if (!is_old)
		return NULL;
	TRY(compare_fully(target, plan, item));
	item->has_old_record = true;
	return NULL;
}

static err *find_old_records(struct target *target, struct plan *plan, struct inv_project *project)
{
	for (size_t i = 0; i < plan->object_count; i++) {
		struct plan_item *item = &plan->items[i];
		if (item->action == PLAN_NONE && plan_compared(plan, item) && plan_record(plan, item))
			TRY(find_old_record(target, plan, project, item));
	}
	return NULL;
}

static bool will_change(const struct plan_item *item)
{
	return item->action != PLAN_NONE && item->action != PLAN_FORGET &&
	       item->action != PLAN_REFUSED;
}

/* The objects `item` reacts to and that will change; NULL when there are none. */
static const struct object **changed_triggers(struct plan *plan, const struct plan_item *item)
{
	VEC(const struct object *) found = VEC_INIT;
	for (size_t e = 0; e < item->object->edge_count; e++) {
		const struct object_edge *edge = &item->object->edges[e];
		if (edge->is_trigger && will_change(&plan->items[edge->to->index]))
			vec_push(&found, edge->to);
	}
	if (!found.len)
		return NULL;
	const struct object **list = arena_zalloc(&plan->arena, found.len + 1, sizeof(*list));
	memcpy(list, found.ptr, found.len * sizeof(*list));
	vec_clear(&found);
	return list;
}

static err *pull_trigger(const struct comparison *work, struct plan_item *item,
                         bool *ret_has_changed)
{
	struct plan *plan = work->plan;
	const struct object **triggers = changed_triggers(plan, item);
	if (triggers && !item->desired && item->action == PLAN_NONE)
		TRY(compare_fully(work->target, plan, item));
	bool was_idle = !item->triggers;
	item->triggers = triggers;
	if (!triggers)
		return NULL;
	*ret_has_changed = *ret_has_changed || was_idle;
	if (item->action != PLAN_NONE)
		return NULL;
	item->action = PLAN_RUN;
	item->reason = arena_printf(&plan->arena, "%s changes", item->triggers[0]->display);
	return NULL;
}

/* A trigger may wake an object that is a trigger itself, so rounds repeat. */
static err *pull_triggers(const struct comparison *work)
{
	for (bool has_changed = true; has_changed;) {
		has_changed = false;
		for (size_t i = 0; i < work->plan->object_count; i++)
			TRY(pull_trigger(work, &work->plan->items[i], &has_changed));
	}
	return NULL;
}

static err *load_claims(struct plan *plan, struct inv_project *project)
{
	const struct map *kept = &plan->records->kept;
	for (struct map_entry *e = map_first(kept); e; e = map_next(kept, e))
		map_set(&plan->claims, e->key, NULL);
	struct inv_claim_list claims = { 0 };
	if (project)
		TRY(inv_other_claims(project, &plan->arena, &claims));
	for (size_t i = 0; i < claims.len; i++)
		if (claims.ptr[i].location)
			map_set(&plan->claims, claims.ptr[i].location, &claims.ptr[i]);
	return NULL;
}

static err *check_claims(const struct plan *plan)
{
	err *all = NULL;
	for (size_t i = 0; i < plan->object_count; i++) {
		const struct plan_item *item = &plan->items[i];
		const struct inv_claim *claim =
			item->location ? map_get(&plan->claims, item->location) : NULL;
		if (claim)
			all = err_join(all, err_hint(
				object_error(item->object, ERR_REFUSED,
				             "'%s' belongs to %s of project '%s'", item->location,
				             claim->key, claim->project),
				"remove it from one of the two projects"));
	}
	return all;
}

static err *guard_prune(const struct plan *plan, const struct plan_options *options)
{
	if (!options->prune || plan->records->len == 0)
		return NULL;
	if (plan->object_count == 0)
		return err_hint(err_new(ERR_REFUSED,
		                        "the source has no objects, and pruning would delete all %zu",
		                        plan->records->len),
		                "check the path, or delete the objects one by one");
	size_t deletions = plan->counts[PLAN_DELETE];
	size_t allowed = deletion_limit_allows(options->max_deletions, plan->records->len);
	if (deletions <= allowed)
		return NULL;
	AUTO(str) names = STR_INIT;
	size_t shown = 0;
	for (size_t i = plan->object_count; i < plan->len && shown < 5; i++)
		if (plan->items[i].action == PLAN_DELETE)
			str_addf(&names, "%s%s", shown++ ? ", " : "", plan->items[i].display);
	return err_hint(err_new(ERR_REFUSED,
	                        "pruning would delete %zu of %zu objects, more than the %zu allowed: "
	                        "%s%s", deletions, plan->records->len, allowed, names.ptr,
	                        deletions > shown ? ", …" : ""),
	                "look at 'fettle diff --prune', then pass --max-deletions %zu", deletions);
}

static void count_items(struct plan *plan)
{
	for (size_t i = 0; i < plan->len; i++) {
		const struct plan_item *item = &plan->items[i];
		plan->counts[item->action]++;
		plan->unrecorded += plan_needs_record(plan, item);
		plan->unready += item->is_unready;
	}
}

/*
 * What somebody changed is deleted only on demand; what is there without ever having been ours (the
 * apply that wanted the place failed) is never deleted.
 */
static void judge_changed(struct plan *plan, bool is_forced)
{
	for (size_t i = plan->object_count; i < plan->len; i++) {
		struct plan_item *item = &plan->items[i];
		if (item->action != PLAN_REFUSED || !item->has_drifted)
			continue;
		if (!*plan_record(plan, item)->fingerprint) {
			item->action = PLAN_FORGET;
			item->reason = "fettle never finished applying it, what is there stays";
			item->changes = NULL;
		} else if (is_forced) {
			item->action = PLAN_DELETE;
		}
	}
}

static struct plan *new_plan(const struct object_set *set, const struct records *records,
                             const bool *only)
{
	struct plan *plan = MEM_NEW(struct plan);
	plan->set = set;
	plan->records = records;
	plan->items = mem_zalloc(set->len + records->len + 1, sizeof(*plan->items));
	plan->len = plan->object_count = set->len;
	plan->compared = arena_alloc(&plan->arena, set->len + 1);
	for (size_t i = 0; i < set->len; i++) {
		plan->compared[i] = !only || only[i];
		plan->items[i].object = set->items[i];
		plan->items[i].key = set->items[i]->key;
		plan->items[i].display = set->items[i]->display;
		plan->items[i].is_sensitive = set->items[i]->is_sensitive;
	}
	return plan;
}

static err *compare(struct target *target, struct plan *plan, const struct plan_options *options)
{
	struct comparison work = { .target = target, .plan = plan };
	work.flags = options->wants_fingerprints ? TARGET_WANT_FINGERPRINTS : 0;
	work.errors = mem_zalloc(plan->len + 1, sizeof(*work.errors));
	size_t threads = options->threads ? options->threads : target->ops->concurrency;
	pool_for_each(threads, plan->object_count, compare_object, &work);
	pool_for_each(threads, plan->len - plan->object_count, compare_removal, &work);
	err *e = join_errors(work.errors, plan->len);
	if (!e)
		e = pull_triggers(&work);
	mem_free(work.errors);
	return e;
}

/* One look at the target for all of them. */
static err *prepare(struct target *target, struct plan *plan, const struct plan_options *options)
{
	size_t count = plan->len - plan->object_count;
	if (!target->ops->prepare)
		return NULL;
	const struct target_record **removals =
		arena_alloc(&plan->arena, (count + 1) * sizeof(const struct target_record *));
	for (size_t i = 0; i < count; i++)
		removals[i] = plan_record(plan, &plan->items[plan->object_count + i]);
	return target->ops->prepare(target, plan->set, options->only, removals, count);
}

static err *fill_plan(struct target *target, struct plan *plan, const struct plan_options *options)
{
	TRY(add_removals(plan, options));
	TRY(prepare(target, plan, options));
	TRY(compare(target, plan, options));
	judge_changed(plan, options->prune_changed);
	TRY(check_claims(plan));
	if (options->project && options->checks_records)
		TRY(find_old_records(target, plan, options->project));
	count_items(plan);
	return guard_prune(plan, options);
}

err *plan_make(struct target *target, const struct object_set *set, const struct records *records,
               const struct plan_options *options, struct plan **ret_plan)
{
	AUTOPTR(plan) plan = new_plan(set, records, options->only);
	TRY(load_claims(plan, options->project));
	target->claims = &plan->claims;
	err *e = fill_plan(target, plan, options);
	target->claims = NULL;
	TRY(e);
	*ret_plan = steal(&plan);
	return NULL;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->len; i++)
		plan_item_clear(&plan->items[i]);
	mem_free(plan->items);
	map_clear(&plan->claims);
	arena_clear(&plan->arena);
	mem_free(plan);
}

bool plan_has_changes(const struct plan *plan)
{
	return plan->counts[PLAN_NONE] + plan->counts[PLAN_FORGET] < plan->len;
}

bool plan_has_work(const struct plan *plan)
{
	return plan->counts[PLAN_NONE] < plan->len || plan->unrecorded > 0 || plan->unready > 0;
}

bool plan_needs_record(const struct plan *plan, const struct plan_item *item)
{
	if (item->action != PLAN_NONE || !item->object || !plan_compared(plan, item))
		return false;
	const struct target_record *record = plan_record(plan, item);
	return !record || record->is_pending || item->has_old_record;
}

bool plan_compared(const struct plan *plan, const struct plan_item *item)
{
	return !item->object || plan->compared[item->object->index];
}

const struct target_record *plan_record(const struct plan *plan, const struct plan_item *item)
{
	return records_find(plan->records, item->key);
}
