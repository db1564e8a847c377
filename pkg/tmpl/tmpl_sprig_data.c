#include "base/base.h"

#include "tmpl/tmpl_sprig.h"

#include "tmpl/tmpl_text.h"

#include <stdlib.h>

static struct arena *arena_of(const struct tmpl_call *call)
{
	return &call->x->arena;
}

/* Trees are read-only but share parts: the casts below only hand a part on. */
static struct val *shared(const struct tmpl_call *call, const struct val *v)
{
	return v ? (struct val *)(uintptr_t)v : val_new_null(arena_of(call));
}

static void push_all(const struct tmpl_call *call, struct val *list, const struct val *from,
                     size_t start, size_t end)
{
	for (size_t i = start; i < end; i++)
		val_push(arena_of(call), list, from->as.list.items[i]);
}

static bool equal(const struct val *a, const struct val *b)
{
	return a && b ? a->kind == b->kind && val_equal(a, b) : a == b;
}

static bool has(const struct val *list, const struct val *v)
{
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, list))
		if (equal(item, v))
			return true;
	return false;
}

err *sprig_list(const struct tmpl_call *call, const struct val **ret)
{
	struct val *list = val_new_list(arena_of(call));
	for (size_t i = 0; i < call->count; i++)
		val_push(arena_of(call), list, shared(call, call->args[i]));
	*ret = list;
	return NULL;
}

err *sprig_end(const struct tmpl_call *call, const struct val **ret)
{
	size_t len = val_len(call->args[0]);
	*ret = len ? val_at(call->args[0], call->func->tag == SPRIG_FIRST ? 0 : len - 1) : NULL;
	return NULL;
}

/* All but the first, or the last. */
err *sprig_part(const struct tmpl_call *call, const struct val **ret)
{
	struct val *list = val_new_list(arena_of(call));
	size_t len = val_len(call->args[0]);
	bool without_first = call->func->tag == SPRIG_FIRST;
	if (len)
		push_all(call, list, call->args[0], without_first, len - !without_first);
	*ret = list;
	return NULL;
}

err *sprig_append(const struct tmpl_call *call, const struct val **ret)
{
	struct val *list = val_new_list(arena_of(call));
	if (call->func->tag == SPRIG_FIRST)
		val_push(arena_of(call), list, shared(call, call->args[1]));
	push_all(call, list, call->args[0], 0, val_len(call->args[0]));
	if (call->func->tag == SPRIG_LAST)
		val_push(arena_of(call), list, shared(call, call->args[1]));
	*ret = list;
	return NULL;
}

err *sprig_concat(const struct tmpl_call *call, const struct val **ret)
{
	struct val *list = val_new_list(arena_of(call));
	for (size_t i = 0; i < call->count; i++)
		push_all(call, list, call->args[i], 0, val_len(call->args[i]));
	*ret = list;
	return NULL;
}

err *sprig_reverse(const struct tmpl_call *call, const struct val **ret)
{
	struct val *list = val_new_list(arena_of(call));
	for (size_t i = val_len(call->args[0]); i > 0; i--)
		val_push(arena_of(call), list, call->args[0]->as.list.items[i - 1]);
	*ret = list;
	return NULL;
}

/* The items for which `keeps` is true. */
static err *filter(const struct tmpl_call *call,
                   bool (*keeps)(const struct tmpl_call *, const struct val *list,
                                 const struct val *item),
                   const struct val **ret)
{
	struct val *list = val_new_list(arena_of(call));
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, call->args[0])) {
		if (keeps(call, list, item))
			val_push(arena_of(call), list, shared(call, item));
		TRY(tmpl_step(call->x, call->at));
	}
	*ret = list;
	return NULL;
}

static bool is_new(const struct tmpl_call *call, const struct val *list, const struct val *item)
{
	call->x->steps += val_len(list);
	return !has(list, item);
}

static bool is_full(const struct tmpl_call *call, const struct val *list, const struct val *item)
{
	(void)call, (void)list;
	return tmpl_truth(item);
}

static bool is_wanted(const struct tmpl_call *call, const struct val *list, const struct val *item)
{
	(void)list;
	for (size_t i = 1; i < call->count; i++)
		if (equal(call->args[i], item))
			return false;
	return true;
}

err *sprig_uniq(const struct tmpl_call *call, const struct val **ret)
{
	return filter(call, is_new, ret);
}

err *sprig_compact(const struct tmpl_call *call, const struct val **ret)
{
	return filter(call, is_full, ret);
}

err *sprig_without(const struct tmpl_call *call, const struct val **ret)
{
	return filter(call, is_wanted, ret);
}

err *sprig_has(const struct tmpl_call *call, const struct val **ret)
{
	*ret = call_bool(call, has(call->args[1], call->args[0]));
	return NULL;
}

/* strslice: nil is left out, everything else is printed; what is no list is a list of one. */
static struct val *texts(const struct tmpl_call *call, const struct val *v)
{
	struct arena *a = arena_of(call);
	struct val *list = val_new_list(a);
	const struct val *one[] = { v };
	size_t count = val_is(v, VAL_LIST) ? val_len(v) : 1;
	for (size_t i = 0; i < count; i++) {
		AUTO(str) text = STR_INIT;
		const struct val *item = val_is(v, VAL_LIST) ? v->as.list.items[i] : one[0];
		if (!item || item->kind == VAL_NULL)
			continue;
		tmpl_print(item, &text);
		val_push(a, list, val_new_strn(a, text.ptr, text.len));
	}
	return list;
}

static int by_text(const void *a, const void *b)
{
	const struct val *const *x = a, *const *y = b;
	return strcmp((*x)->as.str.ptr, (*y)->as.str.ptr);
}

err *sprig_sort_alpha(const struct tmpl_call *call, const struct val **ret)
{
	struct val *list = texts(call, call->args[0]);
	if (list->as.list.len > 1)
		qsort(list->as.list.items, list->as.list.len, sizeof(struct val *), by_text);
	*ret = list;
	return NULL;
}

err *sprig_join(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) text = STR_INIT;
	text_join(texts(call, call->args[1]), call_view(call, 0), &text);
	*ret = call_str_result(call, &text);
	return NULL;
}

err *sprig_split_list(const struct tmpl_call *call, const struct val **ret)
{
	*ret = text_split(arena_of(call), call_view(call, 1), call_view(call, 0));
	return NULL;
}

/* --- maps --- */

err *sprig_dict(const struct tmpl_call *call, const struct val **ret)
{
	struct arena *a = arena_of(call);
	struct val *map = val_new_map(a);
	for (size_t i = 0; i < call->count; i += 2) {
		AUTO(str) key = STR_INIT;
		tmpl_print(call->args[i], &key);
		struct val *value =
			i + 1 < call->count ? shared(call, call->args[i + 1]) : val_new_str(a, "");
		val_set(a, map, arena_strdup(a, key.ptr), value);
	}
	*ret = map;
	return NULL;
}

err *sprig_get(const struct tmpl_call *call, const struct val **ret)
{
	const struct val *found = val_get(call->args[0], call_str(call, 1));
	*ret = found ? found : call_text(call, "", 0);
	return NULL;
}

static bool is_made_here(const struct val *map)
{
	return map->source == NULL;
}

/* Changes the map itself, as in Sprig; only one this rendering made, never the caller's data. */
err *sprig_set(const struct tmpl_call *call, const struct val **ret)
{
	struct val *map = (struct val *)(uintptr_t)call->args[0];
	if (!is_made_here(map))
		return call_error(call,
		                  "set: the data cannot be changed, only a dict of this template");
	val_set(arena_of(call), map, arena_strdup(arena_of(call), call_str(call, 1)),
	        shared(call, call->args[2]));
	*ret = map;
	return NULL;
}

err *sprig_unset(const struct tmpl_call *call, const struct val **ret)
{
	struct val *map = (struct val *)(uintptr_t)call->args[0];
	if (!is_made_here(map))
		return call_error(
			call, "unset: the data cannot be changed, only a dict of this template");
	(void)val_remove(map, call_str(call, 1));
	*ret = map;
	return NULL;
}

err *sprig_has_key(const struct tmpl_call *call, const struct val **ret)
{
	*ret = call_bool(call, val_get(call->args[0], call_str(call, 1)) != NULL);
	return NULL;
}

/* Sorted: in Sprig their order is by chance. */
err *sprig_keys(const struct tmpl_call *call, const struct val **ret)
{
	struct val *list = val_new_list(arena_of(call));
	const struct val_entry **entries = tmpl_sorted(arena_of(call), call->args[0]);
	for (size_t i = 0; i < val_len(call->args[0]); i++)
		val_push(arena_of(call), list,
		         val_new_strn(arena_of(call), entries[i]->key, entries[i]->key_len));
	*ret = list;
	return NULL;
}

err *sprig_values(const struct tmpl_call *call, const struct val **ret)
{
	struct val *list = val_new_list(arena_of(call));
	const struct val_entry **entries = tmpl_sorted(arena_of(call), call->args[0]);
	for (size_t i = 0; i < val_len(call->args[0]); i++)
		val_push(arena_of(call), list, entries[i]->value);
	*ret = list;
	return NULL;
}

err *sprig_pick(const struct tmpl_call *call, const struct val **ret)
{
	struct arena *a = arena_of(call);
	struct val *map = val_new_map(a);
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, call->args[0])) {
		bool is_named = false;
		for (size_t k = 1; k < call->count && !is_named; k++)
			is_named = strcmp(call_str(call, k), entry->key) == 0;
		if (is_named != (call->func->tag == 1))
			val_set(a, map, entry->key, entry->value);
	}
	*ret = map;
	return NULL;
}

err *sprig_pluck(const struct tmpl_call *call, const struct val **ret)
{
	struct val *list = val_new_list(arena_of(call));
	for (size_t i = 1; i < call->count; i++) {
		const struct val *found = val_get(call->args[i], call_str(call, 0));
		if (found)
			val_push(arena_of(call), list, shared(call, found));
	}
	*ret = list;
	return NULL;
}

static struct val *merged(struct arena *a, const struct val *target, const struct val *source)
{
	struct val *map = val_shallow_copy(a, target);
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, source)) {
		const struct val *known = val_get(map, entry->key);
		if (val_is(known, VAL_MAP) && val_is(entry->value, VAL_MAP))
			val_set(a, map, entry->key, merged(a, known, entry->value));
		else if (!tmpl_truth(known))
			val_set(a, map, entry->key, entry->value);
	}
	return map;
}

/* Earlier ones win. */
err *sprig_merge(const struct tmpl_call *call, const struct val **ret)
{
	struct val *map = val_new_map(arena_of(call));
	for (size_t i = 0; i < call->count; i++)
		map = merged(arena_of(call), map, call->args[i]);
	*ret = map;
	return NULL;
}

err *sprig_deep_equal(const struct tmpl_call *call, const struct val **ret)
{
	*ret = call_bool(call, equal(call->args[0], call->args[1]));
	return NULL;
}
