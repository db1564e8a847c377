/* The frame of an edit: find the place, make the change in the text, prove it. */
#include "base/base.h"

#include "yaml/yaml_edit_internal.h"

/* --- the tree with the change: what the new text must read as --- */

struct tree_change {
	struct arena *arena;
	const struct val *at;
	const struct yaml_change *change;
	err *e;
};

static struct val *made_member(struct arena *a, const char *const *keys, const struct val *value)
{
	if (!keys[0])
		return (struct val *)(uintptr_t)value;
	struct val *map = val_new_map(a);
	val_set(a, map, keys[0], made_member(a, keys + 1, value));
	return map;
}

static struct val *copy_renamed(struct arena *a, const struct val *map, const char *from,
                                const char *to)
{
	struct val *copy = val_new_map(a);
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, map))
		val_setn(a, copy, str_equal(entry->key, from) ? to : entry->key,
		         str_equal(entry->key, from) ? strlen(to) : entry->key_len, entry->value);
	return copy;
}

static struct val *appended(struct arena *a, const struct val *list, const struct val *value)
{
	struct val *copy = val_new_list(a);
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, list))
		val_push(a, copy, (struct val *)(uintptr_t)item);
	val_push(a, copy, (struct val *)(uintptr_t)value);
	return copy;
}

static struct val *without_item(struct arena *a, const struct val *list, size_t index)
{
	struct val *copy = val_new_list(a);
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, list))
		if (i != index)
			val_push(a, copy, (struct val *)(uintptr_t)item);
	return copy;
}

/* The value that stands where `keys` of `v` lead, with the change made. */
static struct val *changed_below(struct tree_change *t, const struct val *v,
                                 const char *const *keys)
{
	static const char *const none[] = { NULL };
	const struct yaml_change *change = t->change;
	keys = keys ? keys : none;
	bool removes = change->kind == YAML_REMOVE || change->kind == YAML_RENAME;
	if (removes && keys[0] && !keys[1] && val_get(v, keys[0])) {
		if (change->kind == YAML_RENAME)
			return copy_renamed(t->arena, v, keys[0], change->key);
		struct val *copy = val_shallow_copy(t->arena, v);
		val_remove(copy, keys[0]);
		return copy;
	}
	if (!keys[0]) {
		if (change->kind == YAML_SET)
			return (struct val *)(uintptr_t)change->value;
		if (change->kind == YAML_APPEND)
			return appended(t->arena, v, change->value);
		return without_item(t->arena, v, change->index);
	}
	const struct val *child = val_get(v, keys[0]);
	if (!child && removes) {
		t->e = err_new(ERR_INVALID, "there is no '%s' to change", keys[0]);
		return (struct val *)(uintptr_t)v;
	}
	struct val *copy =
		val_is(v, VAL_MAP) ? val_shallow_copy(t->arena, v) : val_new_map(t->arena);
	struct val *now;
	if (child)
		now = changed_below(t, child, keys + 1);
	else if (change->kind == YAML_APPEND)
		now = made_member(t->arena, keys + 1, appended(t->arena, NULL, change->value));
	else
		now = made_member(t->arena, keys + 1, change->value);
	val_set(t->arena, copy, keys[0], now);
	return copy;
}

static const struct val *changed_tree(struct tree_change *t, const struct val *v)
{
	if (v == t->at)
		return changed_below(t, v, t->change->keys);
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, v)) {
		const struct val *now = changed_tree(t, entry->value);
		if (now != entry->value) {
			struct val *copy = val_shallow_copy(t->arena, v);
			val_setn(t->arena, copy, entry->key, entry->key_len,
			         (struct val *)(uintptr_t)now);
			return copy;
		}
	}
	const struct val *item;
	for (VAL_EACH_ITEM(k, item, v)) {
		const struct val *now = changed_tree(t, item);
		if (now != item) {
			struct val *copy = val_shallow_copy(t->arena, v);
			copy->as.list.items[k] = (struct val *)(uintptr_t)now;
			return copy;
		}
	}
	return v;
}

static err *find_at(const struct val *root, const char *path, const struct val **ret_at)
{
	const struct val *at = *path ? val_path(root, path) : root;
	if (!at)
		return err_new(ERR_INVALID, "there is no '%s' in the document", path);
	*ret_at = at;
	return NULL;
}

err *yaml_change_tree(struct arena *a, const struct val *root, const struct yaml_change *change,
                      const struct val **ret_root)
{
	struct tree_change t = { .arena = a, .change = change };
	TRY(find_at(root, change->at, &t.at));
	const struct val *now = changed_tree(&t, root);
	TRY(t.e);
	*ret_root = now;
	return NULL;
}

/* --- the place in the text --- */

struct spot {
	const struct val_entry *holder; /* whose value it is; NULL: root or item of a list */
	bool is_shared;                 /* below an anchor, an alias or a merge */
};

/* The way from `v` down to `at`, telling what is on it. */
static bool find_spot(const struct val *v, const struct val *at, struct spot *spot)
{
	const struct val_entry *entry;
	const struct val *item;
	bool is_shared = v && (v->flags & (VAL_HAS_ANCHOR | VAL_IS_ALIAS));
	if (v == at) {
		spot->is_shared |= is_shared;
		return true;
	}
	for (VAL_EACH_ENTRY(i, entry, v)) {
		if (entry->value == at)
			spot->holder = entry;
		if (find_spot(entry->value, at, spot)) {
			spot->is_shared |= is_shared || (entry->flags & VAL_IS_MERGED);
			return true;
		}
	}
	for (VAL_EACH_ITEM(k, item, v))
		if (find_spot(item, at, spot)) {
			spot->is_shared |= is_shared;
			return true;
		}
	return false;
}

static err *refuse_shared(void)
{
	return err_new(ERR_UNSUPPORTED,
	               "it is part of an anchor or alias, so other values would change too");
}

static bool is_one_line_key(const struct yaml_editor *editor, const struct val_entry *entry)
{
	const char *key = editor->text + entry->key_mark.start;
	return !memchr(key, '\n', entry->key_mark.end - entry->key_mark.start);
}

/* Follow as many keys as there are; NULL-terminated rest in `*keys`. */
static err *descend(struct yaml_editor *editor, const struct val **at,
                    const struct val_entry **holder, const char *const **keys, size_t stop_before)
{
	size_t left = 0;
	while ((*keys)[left])
		left++;
	while (left > stop_before && val_is(*at, VAL_MAP)) {
		const struct val_entry *entry = val_entry(*at, (*keys)[0]);
		if (!entry)
			return NULL;
		bool is_shared = entry->value->flags & (VAL_HAS_ANCHOR | VAL_IS_ALIAS);
		/* Replacing an alias changes only this place; going through it changes its anchor. */
		if ((entry->flags & VAL_IS_MERGED) ||
		    (is_shared && (left > 1 || (entry->value->flags & VAL_HAS_ANCHOR))))
			return refuse_shared();
		if (!is_one_line_key(editor, entry))
			return err_new(ERR_UNSUPPORTED, "the key '%s' takes several lines",
			               entry->key);
		*holder = entry;
		*at = entry->value;
		(*keys)++;
		left--;
	}
	return NULL;
}

/* Where a change happens: the value, the entry that holds it, and the keys that are not there yet. */
struct place {
	const struct val *at;
	const struct val_entry *holder;
	const char *const *keys;
};

static err *edit_append(struct yaml_editor *editor, struct place place, const struct val *value)
{
	TRY(descend(editor, &place.at, &place.holder, &place.keys, 0));
	if (!place.keys[0] && val_is(place.at, VAL_LIST))
		return yaml_edit_append(editor, place.at, value);
	if (!place.keys[0] && !val_is(place.at, VAL_NULL))
		return err_new(ERR_INVALID, "the value is no list");
	AUTO(arena) a = ARENA_INIT;
	return yaml_edit_set(editor, place.at, place.holder, place.keys, appended(&a, NULL, value));
}

/* The entry that the last key names. */
static err *find_entry(struct yaml_editor *editor, struct place *place,
                       const struct val_entry **ret_entry)
{
	TRY(descend(editor, &place->at, &place->holder, &place->keys, 1));
	const struct val_entry *entry = val_entry(place->at, place->keys[0]);
	if (!entry || place->keys[1])
		return err_new(ERR_INVALID, "there is no '%s' to change", place->keys[0]);
	if (entry->flags & VAL_IS_MERGED)
		return refuse_shared();
	*ret_entry = entry;
	return NULL;
}

static err *edit_remove(struct yaml_editor *editor, struct place place, size_t index)
{
	if (!place.keys[0])
		return yaml_edit_remove_item(editor, place.at, place.holder, index);
	const struct val_entry *entry;
	TRY(find_entry(editor, &place, &entry));
	return yaml_edit_remove_entry(editor, place.at, place.holder, entry);
}

static err *edit_rename(struct yaml_editor *editor, struct place place, const char *to)
{
	const struct val_entry *entry;
	TRY(find_entry(editor, &place, &entry));
	AUTO(str) key = STR_INIT;
	yaml_add_key(editor, to, &key);
	yaml_editor_replace(editor, entry->key_mark.start, entry->key_mark.end, key.ptr, key.len);
	return NULL;
}

static err *edit_text(struct yaml_editor *editor, const struct yaml_change *change)
{
	static const char *const none[] = { NULL };
	struct place place = { .keys = change->keys ? change->keys : none };
	TRY(find_at(editor->root, change->at, &place.at));
	struct spot spot = { NULL, false };
	find_spot(editor->root, place.at, &spot);
	if (spot.is_shared)
		return refuse_shared();
	place.holder = spot.holder;
	switch (change->kind) {
	case YAML_APPEND:
		return edit_append(editor, place, change->value);
	case YAML_REMOVE:
		return edit_remove(editor, place, change->index);
	case YAML_RENAME:
		return edit_rename(editor, place, change->key);
	case YAML_SET:
		break;
	}
	TRY(descend(editor, &place.at, &place.holder, &place.keys, 0));
	return yaml_edit_set(editor, place.at, place.holder, place.keys, change->value);
}

/* --- the frame --- */

void yaml_editor_replace(struct yaml_editor *editor, size_t start, size_t end, const char *text,
                         size_t len)
{
	struct yaml_piece piece = { start, end, mem_strndup(text, len), len };
	vec_push(&editor->pieces, piece);
}

static int by_start(const void *a, const void *b)
{
	const struct yaml_piece *x = a, *y = b;
	return x->start < y->start ? -1 : x->start > y->start;
}

static void join_pieces(struct yaml_editor *editor, struct str *out)
{
	if (editor->pieces.len > 1)
		qsort(editor->pieces.ptr, editor->pieces.len, sizeof(editor->pieces.ptr[0]),
		      by_start);
	size_t at = 0;
	for (size_t i = 0; i < editor->pieces.len; i++) {
		const struct yaml_piece *piece = &editor->pieces.ptr[i];
		str_add(out, editor->text + at, piece->start - at);
		str_add(out, piece->text, piece->len);
		at = piece->end;
	}
	str_add(out, editor->text + at, editor->len - at);
}

static void editor_clear(struct yaml_editor *editor)
{
	for (size_t i = 0; i < editor->pieces.len; i++)
		mem_free(editor->pieces.ptr[i].text);
	vec_clear(&editor->pieces);
}

static err *load_slice(const struct str *text, struct arena *a, const struct val **ret_root)
{
	struct yaml_docs docs;
	TRY(yaml_load(text->ptr, text->len, "document", a, &docs));
	if (docs.len > 1)
		return err_new(ERR_UNSUPPORTED, "the text would become several documents");
	*ret_root = docs.len ? docs.ptr[0].root : val_new_null(a);
	return NULL;
}

/* One change: `text` becomes the new text, `*root` its tree. */
static err *make_change(struct str *text, bool is_json, const struct yaml_change *change,
                        struct arena *a, const struct val **root)
{
	const struct val *expected, *found;
	TRY(yaml_change_tree(a, *root, change, &expected));
	if (val_equal(expected, *root))
		return NULL; /* it is so already, however it is written */
	struct yaml_editor editor = {
		.text = text->ptr, .len = text->len, .root = *root, .is_json = is_json
	};
	yaml_editor_look(&editor);
	AUTO(str) now = STR_INIT;
	err *e = edit_text(&editor, change);
	if (!e)
		join_pieces(&editor, &now);
	editor_clear(&editor);
	TRY(e);
	e = load_slice(&now, a, &found);
	if (e)
		return err_as(err_wrap(e, "the change cannot be written here"), ERR_UNSUPPORTED);
	if (!val_equal(expected, found))
		return err_new(ERR_UNSUPPORTED, "more than the change would change");
	str_reset(text);
	str_add_str(text, &now);
	*root = found;
	return NULL;
}

/* What is different between the old text and the new one, in one piece. */
static void shrink(const char *before, size_t before_len, const struct str *after, size_t offset,
                   struct arena *a, struct yaml_edit *ret_edit)
{
	size_t same = 0, most = MIN(before_len, after->len), tail = 0;
	while (same < most && before[same] == after->ptr[same])
		same++;
	while (tail < most - same &&
	       before[before_len - 1 - tail] == after->ptr[after->len - 1 - tail])
		tail++;
	/* Never through the middle of a character. */
	while (same > 0 && ((unsigned char)before[same] & 0xc0) == 0x80)
		same--;
	while (tail > 0 && ((unsigned char)before[before_len - tail] & 0xc0) == 0x80)
		tail--;
	*ret_edit = (struct yaml_edit){
		.start = offset + same,
		.end = offset + before_len - tail,
		.text = arena_strndup(a, after->ptr + same, after->len - tail - same),
		.len = after->len - tail - same,
	};
}

err *yaml_edit(const char *text, size_t len, const struct yaml_doc *doc, bool is_json,
               const struct yaml_change *changes, size_t n_changes, struct arena *a,
               struct yaml_edit *ret_edit)
{
	AUTO(arena) scratch = ARENA_INIT;
	AUTO(str) now = STR_INIT;
	size_t end = MIN(doc->end, len);
	str_add(&now, text + doc->start, end - doc->start);
	const struct val *root;
	TRY(load_slice(&now, &scratch, &root));
	for (size_t i = 0; i < n_changes; i++)
		TRY(make_change(&now, is_json, &changes[i], &scratch, &root));
	shrink(text + doc->start, end - doc->start, &now, doc->start, a, ret_edit);
	return NULL;
}
