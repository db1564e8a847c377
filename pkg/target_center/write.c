/*
 * Changing keys: all or none as far as the center takes them at once, and only what is still as it was planned.
 */
#include "base/base.h"

#include "target_center/internal.h"

typedef VEC(struct kv_change) change_list;

static void add_change(const struct center *center, change_list *changes, const char *path,
                       const struct kv_pair *before, const struct kv_pair *after)
{
	bool compares = kv_features(center->kv) & KV_CAN_COMPARE;
	const char *key = before ? before->key : after->key;
	uint64_t version = before ? before->version : 0;
	vec_push(changes,
	         ((struct kv_change){ .path = kv_join(path, key),
	                              .value = after ? (struct view){ after->value, after->len }
	                                             : (struct view){ NULL, 0 },
	                              .is_removal = !after,
	                              .version = compares ? version : KV_ANY_VERSION }));
}

/* Takes the list. */
static err *send(struct center *center, change_list *changes, const char *display)
{
	size_t limit = kv_change_limit(center->kv);
	err *e = NULL;
	mutex_lock(center->mutex);
	for (size_t i = 0, count; i < changes->len && !e; i += count) {
		count = limit ? MIN(changes->len - i, limit) : changes->len;
		e = kv_change(center->kv, changes->ptr + i, count, center_deadline(center));
	}
	mutex_unlock(center->mutex);
	for (size_t i = 0; i < changes->len; i++)
		mem_free((char *)(uintptr_t)changes->ptr[i].path);
	vec_clear(changes);
	return e ? err_wrap(e, "%s", display) : NULL;
}

err *center_apply(struct target *target, struct plan_item *item)
{
	struct center *center = center_of(target);
	const struct center_object *compiled = compiled_of(item->object);
	change_list changes = VEC_INIT;
	for (size_t i = 0; i < kv_set_len(compiled->desired); i++) {
		const struct kv_pair *after = kv_set_at(compiled->desired, i);
		const struct kv_pair *before = kv_set_find(compiled->live, after->key);
		if (!kv_pair_equal(before, after))
			add_change(center, &changes, compiled->path, before, after);
	}
	for (size_t i = 0; i < kv_set_len(compiled->live); i++) {
		const struct kv_pair *before = kv_set_at(compiled->live, i);
		if (!kv_set_find(compiled->desired, before->key))
			add_change(center, &changes, compiled->path, before, NULL);
	}
	return send(center, &changes, item->display);
}

err *center_remove(struct target *target, struct plan_item *item,
                   const struct target_record *record)
{
	struct center *center = center_of(target);
	struct kv_set *live;
	change_list changes = VEC_INIT;
	const char *path = center_record_path(record, &item->arena);
	TRY(center_look(center, path, record, NULL, &live));
	if (!str_equal(center_fingerprint(center, live, record->is_sensitive, &item->arena),
	               item->live))
		return err_new(ERR_CONFLICT, "%s: somebody changed it since the plan was made",
		               item->display);
	for (size_t i = 0; i < kv_set_len(live); i++)
		add_change(center, &changes, path, kv_set_at(live, i), NULL);
	return send(center, &changes, item->display);
}
