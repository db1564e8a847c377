#include "base/base.h"

#include "base/vec.h"
#include "val/val.h"

static bool is_number(const struct val *v)
{
	return v->kind == VAL_INT || v->kind == VAL_FLOAT;
}

static bool int_equals_float(int64_t integer, double number)
{
	/* Outside this range the cast below would be undefined. */
	if (!(number >= -9223372036854775808.0 && number < 9223372036854775808.0))
		return false;
	return (int64_t)number == integer && (double)(int64_t)number == number;
}

static bool numbers_equal(const struct val *x, const struct val *y)
{
	if (x->kind == VAL_INT && y->kind == VAL_INT)
		return x->as.integer == y->as.integer;
	if (x->kind == VAL_INT)
		return int_equals_float(x->as.integer, y->as.number);
	if (y->kind == VAL_INT)
		return int_equals_float(y->as.integer, x->as.number);
	return x->as.number >= y->as.number && x->as.number <= y->as.number;
}

static bool lists_equal(const struct val *x, const struct val *y)
{
	if (x->as.list.len != y->as.list.len)
		return false;
	for (size_t i = 0; i < x->as.list.len; i++)
		if (!val_equal(x->as.list.items[i], y->as.list.items[i]))
			return false;
	return true;
}

static bool maps_equal(const struct val *x, const struct val *y)
{
	if (x->as.map.len != y->as.map.len)
		return false;
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, x)) {
		/* Nearly always in the same order: look at the same position first. */
		const struct val_entry *twin = &y->as.map.entries[i];
		const struct val *other =
			twin->key_len == entry->key_len &&
					memcmp(twin->key, entry->key, entry->key_len) == 0
				? twin->value
				: val_getn(y, entry->key, entry->key_len);
		if (!other || !val_equal(entry->value, other))
			return false;
	}
	return true;
}

bool val_equal(const struct val *x, const struct val *y)
{
	if (x == y)
		return true;
	if (!x || !y)
		return false;
	if (is_number(x) && is_number(y))
		return numbers_equal(x, y);
	if (x->kind != y->kind)
		return false;
	switch ((enum val_kind)x->kind) {
	case VAL_BOOL:
		return x->as.boolean == y->as.boolean;
	case VAL_STR:
		return x->as.str.len == y->as.str.len &&
		       memcmp(x->as.str.ptr, y->as.str.ptr, x->as.str.len) == 0;
	case VAL_LIST:
		return lists_equal(x, y);
	case VAL_MAP:
		return maps_equal(x, y);
	default:
		return true;
	}
}

/* --- copies --- */

struct val *val_copy(struct arena *a, const struct val *v)
{
	if (!v)
		return NULL;
	struct val *copy = NULL;
	const struct val *item;
	const struct val_entry *entry;
	switch ((enum val_kind)v->kind) {
	case VAL_STR:
		return val_new_strn(a, v->as.str.ptr, v->as.str.len);
	case VAL_LIST:
		copy = val_new_list(a);
		for (VAL_EACH_ITEM(i, item, v))
			val_push(a, copy, val_copy(a, item));
		return copy;
	case VAL_MAP:
		copy = val_new_map(a);
		for (VAL_EACH_ENTRY(i, entry, v))
			val_setn(a, copy, entry->key, entry->key_len, val_copy(a, entry->value));
		return copy;
	default:
		copy = val_new_null(a);
		copy->kind = v->kind;
		copy->as = v->as;
		return copy;
	}
}

struct val *val_shallow_copy(struct arena *a, const struct val *v)
{
	struct val *copy = arena_alloc(a, sizeof(*copy));
	*copy = *v;
	if (v->kind == VAL_LIST) {
		memset(&copy->as, 0, sizeof(copy->as));
		val_fill_list(a, copy, v->as.list.items, v->as.list.len);
	} else if (v->kind == VAL_MAP) {
		memset(&copy->as, 0, sizeof(copy->as));
		size_t duplicate;
		bool filled = val_fill_map(a, copy, v->as.map.entries, v->as.map.len, &duplicate);
		assert(filled);
		(void)filled;
	}
	return copy;
}

/* --- RFC 7396 --- */

static struct val *without_nulls(struct arena *a, const struct val *patch);

struct val *val_merge(struct arena *a, const struct val *target, const struct val *patch)
{
	if (!val_is(patch, VAL_MAP))
		return val_shallow_copy(a, patch);
	if (!val_is(target, VAL_MAP))
		return without_nulls(a, patch);
	struct val *merged = val_shallow_copy(a, target);
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, patch)) {
		if (entry->value->kind == VAL_NULL)
			val_removen(merged, entry->key, entry->key_len);
		else
			val_setn(a, merged, entry->key, entry->key_len,
			         val_merge(a, val_getn(merged, entry->key, entry->key_len),
			                   entry->value));
	}
	return merged;
}

/* A patch applied to nothing: its nulls remove what is not there. */
static struct val *without_nulls(struct arena *a, const struct val *patch)
{
	struct val *empty = val_new_map(a);
	empty->mark = patch->mark;
	empty->source = patch->source;
	return val_merge(a, empty, patch);
}

/* --- differences --- */

struct differ {
	struct arena *arena;
	struct str path;
	VEC(struct val_change) changes;
};

static void compare(struct differ *d, const struct val *before, const struct val *after);

static void add_change(struct differ *d, const struct val *before, const struct val *after)
{
	struct val_change change = {
		.path = arena_strndup(d->arena, d->path.ptr, d->path.len),
		.before = before,
		.after = after,
	};
	vec_push(&d->changes, change);
}

static void compare_maps(struct differ *d, const struct val *before, const struct val *after)
{
	size_t depth = d->path.len;
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, before)) {
		val_path_add_key(&d->path, entry->key, entry->key_len);
		compare(d, entry->value, val_getn(after, entry->key, entry->key_len));
		str_truncate(&d->path, depth);
	}
	for (VAL_EACH_ENTRY(i, entry, after)) {
		if (val_getn(before, entry->key, entry->key_len))
			continue;
		val_path_add_key(&d->path, entry->key, entry->key_len);
		add_change(d, NULL, entry->value);
		str_truncate(&d->path, depth);
	}
}

static void compare_lists(struct differ *d, const struct val *before, const struct val *after)
{
	size_t depth = d->path.len;
	size_t len = MAX(val_len(before), val_len(after));
	for (size_t i = 0; i < len; i++) {
		val_path_add_index(&d->path, i);
		compare(d, val_at(before, i), val_at(after, i));
		str_truncate(&d->path, depth);
	}
}

static void compare(struct differ *d, const struct val *before, const struct val *after)
{
	if (val_is(before, VAL_MAP) && val_is(after, VAL_MAP))
		compare_maps(d, before, after);
	else if (val_is(before, VAL_LIST) && val_is(after, VAL_LIST))
		compare_lists(d, before, after);
	else if (!val_equal(before, after))
		add_change(d, before, after);
}

struct val_changes val_diff(struct arena *a, const struct val *before, const struct val *after)
{
	struct differ d = { .arena = a, .path = STR_INIT, .changes = VEC_INIT };
	compare(&d, before, after);
	struct val_changes changes = { NULL, d.changes.len };
	if (changes.len) {
		changes.ptr = arena_alloc(a, changes.len * sizeof(*changes.ptr));
		memcpy(changes.ptr, d.changes.ptr, changes.len * sizeof(*changes.ptr));
	}
	vec_clear(&d.changes);
	str_clear(&d.path);
	return changes;
}
