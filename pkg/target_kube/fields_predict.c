/*
 * Server-side apply without the server, for plans only: our leaves set, what we no longer name removed
 * unless another manager owns it too. List items are matched as the field sets show.
 */
#include "base/base.h"

#include "target_kube/fields.h"

#include "json/json.h"

struct prediction {
	struct arena *arena;
};

/* Keys that identify items where no field set says so. */
static const char *const usual_keys[] = { "name", "containerPort", "port", "mountPath", "key", "uid" };

static const char *usual_key(const struct val *list)
{
	const struct val *item;
	for (size_t k = 0; k < ARRAY_LEN(usual_keys); k++) {
		bool has_all = val_len(list) > 0;
		for (VAL_EACH_ITEM(i, item, list))
			has_all = has_all && val_get(item, usual_keys[k]);
		if (has_all)
			return usual_keys[k];
	}
	return NULL;
}

static struct val *merge(struct prediction *p, const struct val *wanted, const struct val *live);

static struct val *merge_list(struct prediction *p, const struct val *wanted, const struct val *live)
{
	const char *key = usual_key(wanted);
	const struct val *item, *other;
	if (!key || !val_is(live, VAL_LIST) || (val_len(live) && !usual_key(live)))
		return (struct val *)(uintptr_t)wanted;
	struct val *list = val_new_list(p->arena);
	for (VAL_EACH_ITEM(i, item, live)) {
		const struct val *match = NULL;
		for (VAL_EACH_ITEM(k, other, wanted))
			if (val_equal(val_get(other, key), val_get(item, key)))
				match = other;
		val_push(p->arena, list, match ? merge(p, match, item) : (struct val *)(uintptr_t)item);
	}
	for (VAL_EACH_ITEM(k, other, wanted)) {
		bool is_there = false;
		for (VAL_EACH_ITEM(i, item, live))
			is_there = is_there || val_equal(val_get(other, key), val_get(item, key));
		if (!is_there)
			val_push(p->arena, list, (struct val *)(uintptr_t)other);
	}
	return list;
}

static struct val *merge(struct prediction *p, const struct val *wanted, const struct val *live)
{
	const struct val_entry *entry;
	if (val_is(wanted, VAL_LIST))
		return merge_list(p, wanted, live);
	if (!val_is(wanted, VAL_MAP) || !val_is(live, VAL_MAP))
		return (struct val *)(uintptr_t)wanted;
	struct val *map = val_shallow_copy(p->arena, live);
	for (VAL_EACH_ENTRY(i, entry, wanted))
		val_setn(p->arena, map, entry->key, entry->key_len,
		         merge(p, entry->value, val_getn(live, entry->key, entry->key_len)));
	return map;
}

/* --- what we give up --- */

static bool is_owned_by_others(const struct val *live, const char *path)
{
	struct field_owner owners[8];
	size_t count = fields_owners(live, path, owners, ARRAY_LEN(owners));
	for (size_t i = 0; i < MIN(count, ARRAY_LEN(owners)); i++)
		if (!str_equal(owners[i].manager, KUBE_FIELD_MANAGER))
			return true;
	return false;
}

static struct val *drop(struct prediction *p, const struct val *fields, const struct val *wanted,
                        struct val *merged, const struct val *live, struct str *path);

static void drop_field(struct prediction *p, const struct val_entry *child,
                       const struct val *wanted, struct val *map, const struct val *live,
                       struct str *path)
{
	const char *key = child->key + 2;
	size_t len = child->key_len - 2;
	const struct val *mine = val_getn(wanted, key, len);
	struct val *value = (struct val *)(uintptr_t)val_getn(map, key, len);
	val_path_add_key(path, key, len);
	if (value && mine)
		val_setn(p->arena, map, key, len, drop(p, child->value, mine, value, live, path));
	else if (value && !is_owned_by_others(live, path->ptr))
		val_removen(map, key, len);
}

/* As a path names an item: `[name="app"]`, `[containerPort=80,protocol="TCP"]`. */
static void add_keys(const struct val *keys, struct str *path)
{
	const struct val_entry *key;
	size_t start = path->len;
	for (VAL_EACH_ENTRY(i, key, keys)) {
		str_addf(path, "%s%s=", path->len > start ? "," : "[", key->key);
		json_write(key->value, JSON_ONE_LINE, path);
	}
	str_addch(path, ']');
}

/* One item of a list that is a map, or one member of a set. */
static struct val *drop_item(struct prediction *p, const struct val_entry *child,
                             const struct val *wanted, struct val *list, const struct val *live,
                             struct str *path)
{
	struct val *keys = NULL;
	const struct val *item;
	bool is_member = child->key[0] == 'v';
	err *e = json_read(child->key + 2, child->key_len - 2, "field set", p->arena, &keys);
	if (e) {
		err_ignore(e, "what is not understood stays");
		return list;
	}
	if (!is_member)
		add_keys(keys, path);
	struct val *kept = val_new_list(p->arena);
	const struct val *mine = fields_find(wanted, keys, is_member, true);
	bool stays = mine || (!is_member && is_owned_by_others(live, path->ptr));
	const struct val *there = fields_find(list, keys, is_member, false);
	for (VAL_EACH_ITEM(i, item, list)) {
		struct val *copy = (struct val *)(uintptr_t)item;
		if (item != there)
			val_push(p->arena, kept, copy);
		else if (stays)
			val_push(p->arena, kept,
			         mine ? drop(p, child->value, mine, copy, live, path) : copy);
	}
	return kept;
}

static struct val *drop(struct prediction *p, const struct val *fields, const struct val *wanted,
                        struct val *merged, const struct val *live, struct str *path)
{
	const struct val_entry *child;
	bool is_map = val_is(merged, VAL_MAP);
	if (!is_map && !val_is(merged, VAL_LIST))
		return merged;
	struct val *next = is_map ? val_shallow_copy(p->arena, merged) : merged;
	for (VAL_EACH_ENTRY(i, child, fields)) {
		size_t before = path->len;
		if (child->key_len < 3)
			continue;
		if (is_map && child->key[0] == 'f')
			drop_field(p, child, wanted, next, live, path);
		else if (!is_map && (child->key[0] == 'k' || child->key[0] == 'v'))
			next = drop_item(p, child, wanted, next, live, path);
		str_truncate(path, before);
	}
	return next;
}

struct val *fields_give_up(struct arena *arena, const struct val *body, const struct val *next,
                           const struct val *live)
{
	struct prediction p = { arena };
	AUTO(str) path = STR_INIT;
	bool is_unique;
	const struct val *entry = fields_our_entry(live, &is_unique);
	struct val *copy = (struct val *)(uintptr_t)next;
	return entry ? drop(&p, val_get(entry, "fieldsV1"), body, copy, live, &path) : copy;
}

struct val *fields_predict(struct arena *arena, const struct val *body, const struct val *live)
{
	struct prediction p = { arena };
	return fields_give_up(arena, body, merge(&p, body, live), live);
}
