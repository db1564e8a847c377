/* Resident watches of an agent: an event counts only when it breaks the proof that all is as wanted. */
#include "base/base.h"

#include "target_kube/internal.h"

#include "base/vec.h"
#include "target_kube/applyset.h"
#include "target_kube/fields.h"

struct followed_kind {
	struct follow *follow;
	const struct kube_resource *resource;
	char *name_space;
	struct kube_watch *watch;
};

struct follow {
	struct kube_target *kt;
	const struct object_set *set;
	void (*on_change)(void *context, const char *key);
	void *context;
	struct map kinds;  /* "group/Kind/namespace": struct followed_kind * */
	bool *is_seen;     /* by object index: named by the list that is going on */
};

void follow_free(struct follow *follow)
{
	if (!follow)
		return;
	for (struct map_entry *e = map_first(&follow->kinds); e; e = map_next(&follow->kinds, e)) {
		struct followed_kind *kind = e->value;
		kube_watch_close(kind->watch);
		mem_free(kind->name_space);
		mem_free(kind);
	}
	map_clear(&follow->kinds);
	mem_free(follow->is_seen);
	mem_free(follow);
}

static bool is_of(const struct followed_kind *kind, const struct object *object)
{
	return str_equal(object->kind, kind->resource->kind) &&
	       str_equal(object->group, kind->resource->group) &&
	       str_equal(object->name_space, kind->name_space);
}

/* What a list does not name is gone, or has lost our label. */
static void end_of_list(struct followed_kind *kind)
{
	struct follow *follow = kind->follow;
	for (size_t i = 0; i < follow->set->len; i++) {
		const struct object *object = follow->set->items[i];
		if (!is_of(kind, object))
			continue;
		if (!follow->is_seen[i])
			follow->on_change(follow->context, object->key);
		follow->is_seen[i] = false;
	}
}

static void on_event(void *context, enum kube_event event, const struct val *item)
{
	struct followed_kind *kind = context;
	struct follow *follow = kind->follow;
	if (event == KUBE_RELISTED) {
		end_of_list(kind);
		return;
	}
	AUTO(str) key = STR_INIT;
	kube_item_key(kind->resource, item, &key);
	const struct object *object = object_set_find(follow->set, key.ptr);
	if (!object)
		return;
	follow->is_seen[object->index] = true;
	if (event == KUBE_DELETED ||
	    !fields_prove_unchanged(compiled_of(object)->body, item, NULL))
		follow->on_change(follow->context, key.ptr);
}

static err *follow_kind(struct follow *follow, const struct object *object, const char *selector)
{
	const struct kube_resource *resource = compiled_of(object)->resource;
	AUTOFREE char *name = str_format("%s/%s/%s", object->group, object->kind, object->name_space);
	if (map_has(&follow->kinds, name))
		return NULL;
	struct followed_kind *kind = MEM_NEW(struct followed_kind);
	*kind = (struct followed_kind){ .follow = follow, .resource = resource,
		                        .name_space = mem_strdup(object->name_space) };
	map_set(&follow->kinds, name, kind);
	const struct kube_selection selection = { .resource = resource,
		                                  .name_space = *kind->name_space ? kind->name_space
		                                                                  : NULL,
		                                  .label_selector = selector };
	return kube_watch_open(follow->kt->kube, &selection, on_event, NULL, kind, &kind->watch);
}

err *kube_follow(struct target *target, const struct object_set *set,
                 void (*on_change)(void *context, const char *key), void *context)
{
	struct kube_target *kt = kube_of(target);
	follow_free(steal(&kt->follow));
	if (!set)
		return NULL;
	struct follow *follow = MEM_NEW(struct follow);
	*follow = (struct follow){ .kt = kt, .set = set, .on_change = on_change, .context = context };
	follow->is_seen = mem_zalloc(set->len + 1, sizeof(bool));
	kt->follow = follow;
	AUTOFREE char *selector = str_format("%s=%s", APPLYSET_PART_OF, kt->set_id);
	for (size_t i = 0; i < set->len; i++)
		TRY(follow_kind(follow, set->items[i], selector));
	return NULL;
}
