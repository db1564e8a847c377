/* What is on the server: lists for many objects at once, single reads for the rest. */
#include "base/base.h"

#include "target_kube/internal.h"

#include "base/vec.h"
#include "crypto/encode.h"
#include "crypto/hash.h"
#include "pal/clock.h"
#include "target_kube/adopt.h"
#include "target_kube/applyset.h"
#include "target_kube/fields.h"

enum {
	LIST_THREADS = 16,
	/* As many unlabelled objects of one kind and namespace are cheaper to list than to read. */
	LIST_INSTEAD_OF_READS = 16,
	/* In more namespaces than this the whole cluster is listed, where that is allowed. */
	NAMESPACES_TO_LIST = 3,
};

/* --- one live object --- */

void kube_owned_hash(const struct kube_target *kt, const struct val *object, char text[65])
{
	AUTO(str) owned = STR_INIT;
	uint8_t digest[SHA256_BYTES];
	fields_owned_text(object, &owned);
	/* Always keyed: a hash of a password that anybody can try is no secret. */
	struct view key = { (const char *)kt->target.context->tag_key, CRYPTO_TAG_KEY_BYTES };
	hmac_sha256(key, view_str(&owned), digest);
	AUTO(str) hex = STR_INIT;
	hex_add(&hex, digest, sizeof(digest));
	memcpy(text, hex.ptr, 65);
}

struct recorded_uid kube_recorded_uid(const struct target_record *record)
{
	struct recorded_uid parts = { { "", 0 }, { "", 0 } };
	if (!record || !record->uid)
		return parts;
	const char *space = strchr(record->uid, ' ');
	size_t len = space ? (size_t)(space - record->uid) : strlen(record->uid);
	parts.uid = (struct view){ record->uid, len };
	if (space)
		parts.owned = (struct view){ space + 1, strlen(space + 1) };
	return parts;
}

static bool is_unready(const struct kube_target *kt, const struct val *item)
{
	struct health_options options = { .jobs_may_run = kt->options.jobs_may_run,
		                          .now_ms = clock_wall_ns() / CLOCK_NS_PER_MS };
	struct health health;
	health_of(item, &options, &health);
	return health.state != HEALTH_CURRENT;
}

static bool is_proved(const struct kube_target *kt, const struct val *body, const struct val *item)
{
	return body && !kt->options.verify_always && fields_prove_unchanged(body, item, NULL);
}

/* Strings of keep and ignore marks live in the copy. */
static void take_marks(struct kube_target *kt, struct live *live)
{
	AUTO(str) owner = STR_INIT;
	live->keep_mark = applyset_keep_mark(live->object);
	live->ignore_mark = applyset_ignore_mark(live->object);
	if (applyset_other_owner(live->object, kt->set_id, &owner))
		live->other_owner = arena_strdup(&kt->live_arena, owner.ptr);
}

static void take_live(struct kube_target *kt, const struct val *body, const struct val *item,
                      struct live *live)
{
	char owned[65];
	bool is_same = is_proved(kt, body, item);
	bool unready = body && is_unready(kt, item);
	if (!is_same)
		kube_owned_hash(kt, item, owned);
	AUTO(mutex_hold) hold = mutex_hold(kt->mutex);
	*live = (struct live){ .state = is_same ? LIVE_PROVED : LIVE_DIFFERS };
	live->is_unready = unready;
	live->uid = arena_strdup(&kt->live_arena, val_get_str(val_get(item, "metadata"), "uid", ""));
	if (is_same)
		return;
	live->object = val_copy(&kt->live_arena, item);
	live->owned = arena_strdup(&kt->live_arena, owned);
	take_marks(kt, live);
}

void kube_take_live(struct kube_target *kt, const struct val *body, const struct val *item,
                    struct live *live)
{
	struct arena arena = ARENA_INIT;
	const struct val *united = NULL;
	if (body && kt->options.adopts)
		united = adopt_united(&arena, item, kt->options.adopt_from);
	take_live(kt, united ? NULL : body, united ? united : item, live);
	if (united) {
		AUTO(str) former = STR_INIT;
		adopt_managers(item, kt->options.adopt_from, &former);
		live->is_unready = is_unready(kt, item);
		AUTO(mutex_hold) hold = mutex_hold(kt->mutex);
		live->former = arena_strdup(&kt->live_arena, former.ptr);
	}
	arena_clear(&arena);
}

static err *read_object(struct kube_target *kt, const char *path, const char *what,
                        const struct val *body, struct live *live)
{
	struct arena arena = ARENA_INIT;
	const struct val *object = NULL;
	struct kube_request request = { .path = path };
	err *e = kube_get_json(kt->kube, &request, what, &arena, &object);
	if (err_is(e, ERR_NOT_FOUND)) {
		err_ignore(e, "absent is an answer");
		e = NULL;
		*live = (struct live){ .state = LIVE_ABSENT };
	} else if (!e) {
		kube_take_live(kt, body, object, live);
	}
	arena_clear(&arena);
	return e;
}

err *kube_look(struct kube_target *kt, const struct object *object)
{
	struct kube_object *compiled = compiled_of(object);
	AUTOFREE char *what = str_format("cannot read %s", object->display);
	return read_object(kt, compiled->path, what, compiled->body, &compiled->live);
}

err *kube_look_fully(struct kube_target *kt, const struct object *object)
{
	struct kube_object *compiled = compiled_of(object);
	AUTOFREE char *what = str_format("cannot read %s", object->display);
	bool unready = compiled->live.is_unready;
	err *e = read_object(kt, compiled->path, what, NULL, &compiled->live);
	compiled->live.is_unready = unready;
	return e;
}

/* --- recorded objects --- */

/* "group/Kind/namespace/name" in its four parts, in `a`. */
static void split_key(struct arena *a, const char *key, const char *parts[4])
{
	char *copy = arena_strdup(a, key);
	for (size_t i = 0; i < 4; i++) {
		char *slash = i < 3 ? strchr(copy, '/') : NULL;
		parts[i] = copy;
		if (!slash)
			continue;
		*slash = '\0';
		copy = slash + 1;
	}
}

err *kube_record_path(struct kube_target *kt, const char *key,
                      const struct kube_resource **ret_resource, struct str *path)
{
	struct arena arena = ARENA_INIT;
	const char *parts[4];
	split_key(&arena, key, parts);
	err *e = kube_resource_find(kt->kube, parts[0], NULL, parts[1], ret_resource);
	if (!e)
		kube_resource_path(*ret_resource, *parts[2] ? parts[2] : NULL, parts[3], path);
	arena_clear(&arena);
	return e;
}

err *kube_look_removal(struct kube_target *kt, const struct target_record *record,
                       struct live **ret_live)
{
	const struct kube_resource *resource;
	AUTO(str) path = STR_INIT;
	struct live *live;
	mutex_lock(kt->mutex);
	live = map_get(&kt->removals, record->key);
	if (!live) {
		live = ARENA_NEW(&kt->live_arena, struct live);
		map_set(&kt->removals, record->key, live);
	}
	mutex_unlock(kt->mutex);
	*ret_live = live;
	if (live->state != LIVE_UNSEEN)
		return NULL;
	err *e = kube_record_path(kt, record->key, &resource, &path);
	if (err_is(e, ERR_NOT_FOUND)) {
		err_ignore(e, "without its kind the object cannot be there");
		live->state = LIVE_ABSENT;
		return NULL;
	}
	TRY(e);
	AUTOFREE char *what = str_format("cannot read %s", path.ptr);
	return read_object(kt, path.ptr, what, NULL, live);
}

/* --- lists --- */

/* Everything wanted of one kind, in one namespace or in all. */
struct group {
	struct kube_target *kt;
	const struct object_set *set;
	const bool *only;
	const struct kube_resource *resource;
	const char *name_space; /* NULL: all */
	bool is_labelled;       /* list only what has our label */
	VEC(const struct object *) objects;
	size_t removals;        /* recorded objects of it that may have to go */
	err *error;
};

struct look {
	struct kube_target *kt;
	const struct object_set *set;
	const bool *only;
	struct map by_name; /* "group/Kind/namespace": struct group * */
	VEC(struct group *) groups;
};

static struct group *find_group(struct look *look, const struct kube_resource *resource,
                                const char *name_space)
{
	AUTOFREE char *name = str_format("%s/%s/%s", resource->group, resource->kind, name_space);
	struct group *group = map_get(&look->by_name, name);
	if (group)
		return group;
	group = MEM_NEW(struct group);
	*group = (struct group){ .kt = look->kt, .set = look->set, .only = look->only,
		                 .resource = resource, .is_labelled = true,
		                 .name_space = *name_space ? name_space : NULL };
	map_set(&look->by_name, name, group);
	vec_push(&look->groups, group);
	return group;
}

void kube_item_key(const struct kube_resource *resource, const struct val *item, struct str *key)
{
	const struct val *metadata = val_get(item, "metadata");
	str_addf(key, "%s/%s/%s/%s", resource->group, resource->kind,
	         val_get_str(metadata, "namespace", ""), val_get_str(metadata, "name", ""));
}

static err *take_item(void *context, const struct val *item)
{
	struct group *group = context;
	struct kube_target *kt = group->kt;
	AUTO(str) key = STR_INIT;
	kube_item_key(group->resource, item, &key);
	const struct object *object = object_set_find(group->set, key.ptr);
	if (object) {
		struct kube_object *compiled = compiled_of(object);
		if (!group->only || group->only[object->index])
			kube_take_live(kt, compiled->body, item, &compiled->live);
		return NULL;
	}
	if (!group->removals)
		return NULL;
	mutex_lock(kt->mutex);
	struct live *live = map_get(&kt->removals, key.ptr);
	mutex_unlock(kt->mutex);
	if (live)
		kube_take_live(kt, NULL, item, live);
	return NULL;
}

static void list_group(void *context, size_t index)
{
	struct look *look = context;
	struct group *group = look->groups.ptr[index];
	AUTOFREE char *selector = str_format("%s=%s", APPLYSET_PART_OF, group->kt->set_id);
	struct kube_selection selection = { .resource = group->resource,
		                            .name_space = group->name_space,
		                            .label_selector = group->is_labelled ? selector : NULL };
	group->error = kube_list(group->kt->kube, &selection, take_item, NULL, group, NULL);
}

/*
 * A list that is refused, or of a kind that is not served yet, leaves its objects unseen: they are read
 * one by one, and each says itself what is wrong.
 */
static err *list_all(struct look *look)
{
	err *all = NULL;
	pool_for_each(LIST_THREADS, look->groups.len, list_group, look);
	for (size_t i = 0; i < look->groups.len; i++) {
		struct group *group = look->groups.ptr[i];
		if (err_is(group->error, ERR_DENIED) || err_is(group->error, ERR_NOT_FOUND))
			err_ignore(steal(&group->error), "read one by one instead");
		all = err_join(all, steal(&group->error));
	}
	return all;
}

static void forget_groups(struct look *look)
{
	for (size_t i = 0; i < look->groups.len; i++) {
		err_free(look->groups.ptr[i]->error);
		vec_clear(&look->groups.ptr[i]->objects);
		mem_free(look->groups.ptr[i]);
	}
	vec_clear(&look->groups);
	map_clear(&look->by_name);
	look->groups.len = 0;
}

/* Of a kind in many namespaces: how many? Counted in a map from "group/Kind" to a number. */
static void count_namespaces(const struct look *look, struct map *counts)
{
	for (size_t i = 0; i < look->groups.len; i++) {
		const struct kube_resource *r = look->groups.ptr[i]->resource;
		AUTOFREE char *kind = str_format("%s/%s", r->group, r->kind);
		map_set(counts, kind, (void *)((uintptr_t)map_get(counts, kind) + 1));
	}
}

/* One list of the whole cluster in place of many; refused, the many are listed after all. */
static err *list_wide(struct look *look)
{
	struct map counts = MAP_INIT;
	struct look wide = { .kt = look->kt, .set = look->set, .only = look->only };
	count_namespaces(look, &counts);
	for (size_t i = 0; i < look->groups.len; i++) {
		const struct group *group = look->groups.ptr[i];
		AUTOFREE char *kind = str_format("%s/%s", group->resource->group, group->resource->kind);
		if ((uintptr_t)map_get(&counts, kind) > NAMESPACES_TO_LIST)
			find_group(&wide, group->resource, "")->removals += group->removals;
	}
	pool_for_each(LIST_THREADS, wide.groups.len, list_group, &wide);
	size_t kept = 0;
	for (size_t i = 0; i < look->groups.len; i++) {
		struct group *group = look->groups.ptr[i];
		AUTOFREE char *name = str_format("%s/%s/", group->resource->group, group->resource->kind);
		const struct group *seen = map_get(&wide.by_name, name);
		bool is_done = seen && !seen->error && group->name_space;
		if (!is_done) {
			look->groups.ptr[kept++] = group;
			continue;
		}
		vec_clear(&group->objects);
		mem_free(group);
	}
	look->groups.len = kept;
	map_clear(&counts);
	forget_groups(&wide);
	return list_all(look);
}

static void add_objects(struct look *look)
{
	for (size_t i = 0; i < look->set->len; i++) {
		const struct object *object = look->set->items[i];
		struct kube_object *compiled = compiled_of(object);
		if (look->only && !look->only[i])
			continue;
		compiled->live = (struct live){ 0 };
		if (strstr(compiled->resource->verbs, ",list,"))
			vec_push(&find_group(look, compiled->resource, object->name_space)->objects,
			         object);
	}
}

/* Kinds that are unknown or cannot be asked for are left to plan_removal, which says so. */
static void add_removals(struct look *look, const struct target_record *const *removals, size_t count)
{
	struct kube_target *kt = look->kt;
	for (size_t i = 0; i < count; i++) {
		const struct kube_resource *resource;
		const char *parts[4];
		split_key(&kt->live_arena, removals[i]->key, parts);
		err *e = kube_resource_find(kt->kube, parts[0], NULL, parts[1], &resource);
		if (e) {
			err_ignore(e, "plan_removal asks again");
			continue;
		}
		find_group(look, resource, parts[2])->removals++;
		map_set(&kt->removals, removals[i]->key, ARENA_NEW(&kt->live_arena, struct live));
	}
}

/* What has no label of ours may be there all the same: many of a kind are worth one more list. */
static void list_unlabelled(struct look *look)
{
	struct look rest = { .kt = look->kt, .set = look->set, .only = look->only };
	for (size_t i = 0; i < look->set->len; i++) {
		const struct object *object = look->set->items[i];
		const struct kube_object *compiled = compiled_of(object);
		bool is_wanted = (!look->only || look->only[i]) &&
		                 compiled->live.state == LIVE_UNSEEN &&
		                 strstr(compiled->resource->verbs, ",list,") != NULL;
		if (is_wanted)
			vec_push(&find_group(&rest, compiled->resource, object->name_space)->objects,
			         object);
	}
	size_t kept = 0;
	for (size_t i = 0; i < rest.groups.len; i++) {
		struct group *group = rest.groups.ptr[i];
		group->is_labelled = false;
		if (group->objects.len >= LIST_INSTEAD_OF_READS) {
			rest.groups.ptr[kept++] = group;
			continue;
		}
		vec_clear(&group->objects);
		mem_free(group);
	}
	rest.groups.len = kept;
	pool_for_each(LIST_THREADS, rest.groups.len, list_group, &rest);
	for (size_t i = 0; i < rest.groups.len; i++) {
		struct group *group = rest.groups.ptr[i];
		for (size_t o = 0; o < group->objects.len && !group->error; o++) {
			struct live *live = &compiled_of(group->objects.ptr[o])->live;
			if (live->state == LIVE_UNSEEN)
				live->state = LIVE_ABSENT;
		}
	}
	forget_groups(&rest);
}

/* What others are in or made by: looked at before anybody asks for it from several threads. */
struct grounds {
	struct kube_target *kt;
	VEC(const struct object *) objects;
	err **errors;
};

static void look_at_ground(void *context, size_t index)
{
	struct grounds *grounds = context;
	grounds->errors[index] = kube_look(grounds->kt, grounds->objects.ptr[index]);
}

static err *look_at_grounds(struct kube_target *kt, const struct object_set *set)
{
	struct grounds grounds = { .kt = kt };
	err *all = NULL;
	for (size_t i = 0; i < set->len; i++) {
		const struct object *object = set->items[i];
		bool is_ground = str_equal(object->kind, "Namespace") ||
		                 str_equal(object->kind, "CustomResourceDefinition");
		if (is_ground && compiled_of(object)->live.state == LIVE_UNSEEN)
			vec_push(&grounds.objects, object);
	}
	grounds.errors = mem_zalloc(grounds.objects.len + 1, sizeof(*grounds.errors));
	pool_for_each(LIST_THREADS, grounds.objects.len, look_at_ground, &grounds);
	for (size_t i = 0; i < grounds.objects.len; i++)
		all = err_join(all, grounds.errors[i]);
	mem_free(grounds.errors);
	vec_clear(&grounds.objects);
	return all;
}

err *kube_prepare(struct target *target, const struct object_set *set, const bool *only,
                  const struct target_record *const *removals, size_t removal_count)
{
	struct kube_target *kt = kube_of(target);
	struct look look = { .kt = kt, .set = set, .only = only };
	if (!only) {
		map_clear(&kt->removals);
		for (size_t i = 0; i < set->len; i++)
			compiled_of(set->items[i])->live = (struct live){ 0 };
		arena_clear(&kt->live_arena);
	}
	add_objects(&look);
	add_removals(&look, removals, removal_count);
	err *e = list_wide(&look);
	forget_groups(&look);
	TRY(e);
	list_unlabelled(&look);
	return look_at_grounds(kt, set);
}
