/* A ConfigSet against the center: which of its keys would change, and whether they may. */
#include "base/base.h"

#include "target_center/internal.h"

/* --- what is there --- */

static struct view first_line(const struct target_record *record, struct view *rest)
{
	struct view line = { "", 0 };
	*rest = view_of(record && record->uid ? record->uid : "");
	view_split(rest, '\n', &line);
	return line;
}

const char *center_record_path(const struct target_record *record, struct arena *arena)
{
	struct view rest, line = first_line(record, &rest);
	return arena_strndup(arena, line.ptr, line.len);
}

static err *keep_pair(struct kv_set *live, const struct kv_set *all, const char *key)
{
	const struct kv_pair *pair = kv_set_find(all, key);
	return pair ? kv_set_add(live, key, strlen(key), (struct view){ pair->value, pair->len },
	                         pair->version)
	            : NULL;
}

static err *keep_ours(struct kv_set *live, const struct kv_set *all,
                      const struct target_record *record, const struct kv_set *also)
{
	struct view rest, line = first_line(record, &rest);
	while (view_split(&rest, '\n', &line)) {
		AUTOFREE char *key = mem_strndup(line.ptr, line.len);
		TRY(keep_pair(live, all, key));
	}
	for (size_t i = 0; also && i < kv_set_len(also); i++)
		TRY(keep_pair(live, all, kv_set_at(also, i)->key));
	return NULL;
}

err *center_look(struct center *center, const char *path, const struct target_record *record,
                 const struct kv_set *also, struct kv_set **ret_live)
{
	AUTOPTR(kv_set) all = NULL;
	mutex_lock(center->mutex);
	err *e = kv_read(center->kv, KV_TREE, path, center_deadline(center), &all);
	mutex_unlock(center->mutex);
	TRY(e);
	struct kv_set *live = kv_set_new();
	e = keep_ours(live, all, record, also);
	*ret_live = center_keep(center, live);
	return e;
}

/* --- one change --- */

static void show(struct center *center, struct plan_item *item, bool is_sensitive, const char *key,
                 const struct kv_pair *before, const struct kv_pair *after)
{
	const struct kv_pair *sides[2] = { before, after };
	struct view shown[2] = { { NULL, 0 }, { NULL, 0 } };
	AUTO(str) old = STR_INIT;
	AUTO(str) new = STR_INIT;
	struct str *texts[2] = { &old, &new };
	bool is_text = false;
	for (size_t i = 0; i < 2; i++) {
		if (!sides[i])
			continue;
		struct view value = { sides[i]->value, sides[i]->len };
		shown[i] = value;
		is_text = is_text || memchr(value.ptr, '\n', value.len);
		if (!is_sensitive)
			continue;
		str_addz(texts[i], "secret ");
		crypto_tag(center->target.context->tag_key, value, texts[i]);
		shown[i] = view_str(texts[i]);
	}
	struct plan_change *change = plan_change_add(item, key, shown[0], shown[1]);
	change->is_sensitive = is_sensitive;
	change->is_text = is_text && !is_sensitive;
}

/* What goes or becomes another, then what comes; each in the order of the names. */
static void show_all(struct center *center, struct plan_item *item, bool is_sensitive,
                     const struct kv_set *live, const struct kv_set *desired)
{
	for (size_t i = 0; i < kv_set_len(live); i++) {
		const struct kv_pair *pair = kv_set_at(live, i);
		const struct kv_pair *wanted = desired ? kv_set_find(desired, pair->key) : NULL;
		if (!kv_pair_equal(pair, wanted))
			show(center, item, is_sensitive, pair->key, pair, wanted);
	}
	for (size_t i = 0; desired && i < kv_set_len(desired); i++) {
		const struct kv_pair *pair = kv_set_at(desired, i);
		if (!kv_set_find(live, pair->key))
			show(center, item, is_sensitive, pair->key, NULL, pair);
	}
}

/* --- plans --- */

/* Of the record's keys alone: is it what was applied last? */
static err *recorded_fingerprint(struct center *center, const struct target_record *record,
                                 const struct kv_set *live, struct arena *arena,
                                 const char **ret_fingerprint)
{
	struct kv_set *known = kv_set_new();
	err *e = keep_ours(known, live, record, NULL);
	center_keep(center, known);
	*ret_fingerprint = center_fingerprint(center, known, record->is_sensitive, arena);
	return e;
}

err *center_plan(struct target *target, const struct object *object,
                 const struct target_record *record, unsigned flags, struct plan_item *item)
{
	(void)flags;
	struct center *center = center_of(target);
	struct center_object *compiled = compiled_of(object);
	const char *recorded = "";
	TRY(center_look(center, compiled->path, record, compiled->desired, &compiled->live));
	item->location = compiled->path;
	item->is_sensitive = object->is_sensitive;
	item->desired = compiled->fingerprint;
	item->live = center_fingerprint(center, compiled->live, object->is_sensitive, &item->arena);
	item->is_foreign = !record && kv_set_len(compiled->live);
	if (record && !record->is_pending) {
		TRY(recorded_fingerprint(center, record, compiled->live, &item->arena, &recorded));
		item->has_drifted = !str_equal(recorded, record->fingerprint);
	}
	AUTO(str) uid = STR_INIT;
	str_addf(&uid, "%s\n", compiled->path);
	for (size_t i = 0; i < kv_set_len(compiled->desired); i++)
		str_addf(&uid, "%s\n", kv_set_at(compiled->desired, i)->key);
	item->uid = arena_strdup(&item->arena, uid.ptr);
	/* Another path: what stands at the old one goes as well. */
	bool is_moved = record && record->uid &&
	                !str_equal(center_record_path(record, &item->arena), compiled->path);
	if (is_moved)
		return object_error(
			object, ERR_REFUSED,
			"%s was applied at '%s': give it another name, and prune the old one",
			object->display, center_record_path(record, &item->arena));
	if (kv_set_equal(compiled->live, compiled->desired)) {
		item->action = PLAN_NONE;
		return NULL;
	}
	item->action = kv_set_len(compiled->live) ? PLAN_UPDATE : PLAN_CREATE;
	show_all(center, item, object->is_sensitive, compiled->live, compiled->desired);
	return NULL;
}

err *center_plan_removal(struct target *target, const struct target_record *record,
                         struct plan_item *item)
{
	struct center *center = center_of(target);
	struct kv_set *live;
	TRY(center_look(center, center_record_path(record, &item->arena), record, NULL, &live));
	item->location = record->location;
	item->desired = "";
	item->live = center_fingerprint(center, live, record->is_sensitive, &item->arena);
	if (kv_set_len(live) == 0) {
		item->action = PLAN_FORGET;
		item->reason = "its keys are gone already";
		return NULL;
	}
	item->action = PLAN_DELETE;
	show_all(center, item, record->is_sensitive, live, NULL);
	if (!str_equal(item->live, record->fingerprint)) {
		item->has_drifted = true;
		item->action = PLAN_REFUSED;
		item->reason = "somebody changed it since it was applied";
		item->hint = "look at it, then pass --prune-changed";
	}
	return NULL;
}

err *center_inspect(struct target *target, const struct target_record *record, struct arena *arena,
                    const char **ret_live, const char **ret_note)
{
	struct center *center = center_of(target);
	struct kv_set *live;
	TRY(center_look(center, center_record_path(record, arena), record, NULL, &live));
	*ret_live = center_fingerprint(center, live, record->is_sensitive, arena);
	*ret_note =
		kv_set_len(live) == 1 ? "1 key" : arena_printf(arena, "%zu keys", kv_set_len(live));
	return NULL;
}
