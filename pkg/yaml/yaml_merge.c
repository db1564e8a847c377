/*
 * `<<`: the keys of other maps, as if they were written here. A key set above a `<<` that brings
 * the same key is refused: go-yaml v2 (kubectl) lets the merged one win there, others do not.
 */
#include "base/base.h"

#include "yaml/yaml_loader.h"

struct merger {
	struct arena *arena;
	const struct val *map;         /* for its source */
	const struct val *own;         /* the keys written in the map itself */
	const struct val_entry *merge; /* the `<<` being read */
	struct val *merged;            /* what all `<<` bring together */
};

static bool is_merge(const struct val_entry *entry)
{
	return entry->flags & VAL_IS_MERGED;
}

static err *not_a_map(const struct val *v)
{
	return val_error(v, "'<<' needs a map or a list of maps, found %s", val_kind_text(v));
}

/* Same key above the `<<`: the answer would depend on the tool. */
static err *check_order(const struct merger *m, const struct val_entry *own)
{
	if (own->key_mark.start > m->merge->key_mark.start)
		return NULL;
	err *e = val_key_error(m->map, m->merge,
	                       "'<<' brings '%.64s', which is already set on line %u", own->key,
	                       own->key_mark.line);
	return err_hint(e, "put '<<' above the keys that override it");
}

static err *merge_map(struct merger *m, const struct val *from)
{
	if (!val_is(from, VAL_MAP))
		return not_a_map(from);
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, from)) {
		const struct val_entry *own = val_entryn(m->own, entry->key, entry->key_len);
		if (own)
			TRY(check_order(m, own));
		else
			val_setn(m->arena, m->merged, entry->key, entry->key_len, entry->value);
	}
	return NULL;
}

static err *merge_value(struct merger *m, const struct val *value)
{
	if (!val_is(value, VAL_LIST))
		return merge_map(m, value);
	/* Backwards: an earlier map of the list wins over a later one. */
	for (size_t i = val_len(value); i > 0; i--)
		TRY(merge_map(m, val_at(value, i - 1)));
	return NULL;
}

/* Own keys in their order, then the merged ones. */
static err *fill(struct merger *m, struct val *map)
{
	size_t count = val_len(m->own) + val_len(m->merged);
	struct val_entry *all = mem_zalloc(count + 1, sizeof(*all));
	size_t used = 0;
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, m->own))
		all[used++] = *entry;
	for (VAL_EACH_ENTRY(j, entry, m->merged)) {
		all[used] = *entry;
		all[used].flags = VAL_IS_MERGED;
		all[used++].key_mark = m->merge->key_mark;
	}
	size_t duplicate;
	bool filled = val_fill_map(m->arena, map, all, used, &duplicate);
	mem_free(all);
	return filled ? NULL : err_new(ERR_INTERNAL, "merged keys collide");
}

static err *own_keys(struct arena *a, const struct val *map, const struct val_entry *entries,
                     size_t len, struct val **ret_own)
{
	struct val *own = val_new_map(a);
	own->source = map->source;
	for (size_t i = 0; i < len; i++) {
		if (is_merge(&entries[i]))
			continue;
		const struct val_entry *first = val_entryn(own, entries[i].key, entries[i].key_len);
		if (first)
			return val_key_error(map, &entries[i],
			                     "the key '%.64s' is already set on line %u, column %u",
			                     entries[i].key, first->key_mark.line,
			                     first->key_mark.column);
		val_add_entry(a, own, &entries[i]);
	}
	*ret_own = own;
	return NULL;
}

err *yaml_merge_entries(struct arena *a, struct val *map, const struct val_entry *entries,
                        size_t len)
{
	struct val *own = NULL;
	TRY(own_keys(a, map, entries, len, &own));
	struct merger m = { .arena = a, .map = map, .own = own, .merged = val_new_map(a) };
	for (size_t i = 0; i < len; i++) {
		if (!is_merge(&entries[i]))
			continue;
		m.merge = &entries[i];
		TRY(merge_value(&m, entries[i].value));
	}
	return fill(&m, map);
}
