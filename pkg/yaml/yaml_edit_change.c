/* Each kind of change, in block and in flow style. */
#include "base/base.h"

#include "yaml/yaml_edit_internal.h"

static err *refuse_comment(void)
{
	return err_new(ERR_UNSUPPORTED, "a comment would be lost");
}

/* Put whole lines behind the line in which the content before `at` ends. */
static void insert_lines(struct yaml_editor *editor, size_t at, struct str *lines)
{
	size_t end = yaml_line_end(editor, yaml_content_end(editor, at));
	if (end < editor->len) {
		yaml_editor_replace(editor, end + 1, end + 1, lines->ptr, lines->len);
		return;
	}
	size_t newline = strlen(editor->newline);
	AUTO(str) text = STR_INIT;
	str_addz(&text, editor->newline);
	str_add(&text, lines->ptr, lines->len - newline);
	yaml_editor_replace(editor, end, end, text.ptr, text.len);
}

/* --- set --- */

/* Nothing but white space, or white space and a comment, up to the end of the line? */
static bool is_rest_free(const struct yaml_editor *editor, size_t at)
{
	size_t end = yaml_line_end(editor, at);
	while (at < end && strchr(" \t\r", editor->text[at]))
		at++;
	return at == end || editor->text[at] == '#';
}

static struct val *nested(struct arena *a, const char *const *keys, const struct val *value)
{
	if (!keys[0])
		return (struct val *)(uintptr_t)value;
	struct val *map = val_new_map(a);
	val_set(a, map, keys[0], nested(a, keys + 1, value));
	return map;
}

/* `holder:` has nothing, null or an empty map: its members become lines below it. */
static err *fill_block(struct yaml_editor *editor, const struct val_entry *holder,
                       const struct val *v)
{
	size_t colon = yaml_after_colon(editor, holder);
	if (!yaml_is_empty(holder->value))
		yaml_editor_replace(editor, colon, holder->value->mark.end, "", 0);
	size_t indent = holder->key_mark.column - 1;
	AUTO(str) lines = STR_INIT;
	const struct val_entry *entry;
	const struct val *item;
	for (VAL_EACH_ENTRY(i, entry, v)) {
		const char *const keys[] = { entry->key, NULL };
		yaml_add_member(editor, keys, entry->value, indent + editor->step, &lines);
	}
	for (VAL_EACH_ITEM(k, item, v))
		yaml_add_item(editor, item, indent + editor->list_step, &lines);
	insert_lines(editor, yaml_entry_end(editor, holder), &lines);
	return NULL;
}

/* Is the key of `holder` in a block map, so that lines may follow it? */
static bool is_block_holder(const struct yaml_editor *editor, const struct val_entry *holder)
{
	if (editor->is_json || !holder)
		return false;
	return is_rest_free(editor, yaml_entry_end(editor, holder));
}

/* In place of a value: a scalar or flow text on its line, or lines below the key. */
static err *replace_value(struct yaml_editor *editor, const struct val *old,
                          const struct val_entry *holder, const struct val *v)
{
	bool is_block = old->style == VAL_STYLE_BLOCK && val_len(old) > 0;
	bool is_multi =
		is_block || old->style == VAL_STYLE_LITERAL || old->style == VAL_STYLE_FOLDED;
	size_t end = is_multi ? yaml_content_end(editor, old->mark.end) : old->mark.end;
	if (val_len(old) > 0 && yaml_has_comment(editor, old->mark.start, end))
		return refuse_comment();
	if (old->flags & VAL_HAS_TAG)
		return err_new(ERR_UNSUPPORTED, "the value has a tag");
	if (val_len(v) > 0 && !is_multi && val_len(old) == 0 && is_block_holder(editor, holder))
		return fill_block(editor, holder, v);
	AUTO(str) text = STR_INIT;
	size_t start = old->mark.start;
	if (is_block && holder) {
		start = yaml_after_colon(editor, holder);
		if (yaml_has_comment(editor, start, end))
			return refuse_comment();
		str_addch(&text, ' ');
	} else if (yaml_is_empty(old)) {
		start = end = holder ? yaml_after_colon(editor, holder) : end;
		str_addch(&text, ' ');
	}
	if (val_len(v) > 0 || val_is(v, VAL_MAP) || val_is(v, VAL_LIST))
		yaml_add_flow(editor, v, &text);
	else
		yaml_add_scalar_like(editor, old, v, &text);
	yaml_editor_replace(editor, start, end, text.ptr, text.len);
	return NULL;
}

/* Behind the last member: on its line, or on a line of its own where the others are so. */
static void add_separator(const struct yaml_editor *editor, size_t last_start, struct str *out)
{
	size_t line = yaml_line_start(editor, last_start);
	size_t blanks = strspn(editor->text + line, " \t");
	if (line + blanks == last_start && line > 0) {
		str_addz(out, editor->newline);
		str_add(out, editor->text + line, blanks);
	} else {
		str_addch(out, ' ');
	}
}

static err *add_to_flow_map(struct yaml_editor *editor, const struct val *map,
                            const char *const *keys, const struct val *value)
{
	AUTO(arena) a = ARENA_INIT;
	AUTO(str) text = STR_INIT;
	const struct val_entry *last = yaml_last_entry(map);
	size_t at = last ? yaml_entry_end(editor, last) : map->mark.start + 1;
	if (last) {
		str_addch(&text, ',');
		add_separator(editor, last->key_mark.start, &text);
	}
	yaml_add_key(editor, keys[0], &text);
	str_addz(&text, ": ");
	yaml_add_flow(editor, nested(&a, keys + 1, value), &text);
	yaml_editor_replace(editor, at, at, text.ptr, text.len);
	return NULL;
}

static err *add_to_block_map(struct yaml_editor *editor, const struct val *map,
                             const char *const *keys, const struct val *value)
{
	const struct val_entry *last = yaml_last_entry(map);
	if (!last)
		return err_new(ERR_UNSUPPORTED, "all members of the map are merged in");
	AUTO(str) lines = STR_INIT;
	yaml_add_member(editor, keys, value, last->key_mark.column - 1, &lines);
	insert_lines(editor, yaml_entry_end(editor, last), &lines);
	return NULL;
}

err *yaml_edit_set(struct yaml_editor *editor, const struct val *at, const struct val_entry *holder,
                   const char *const *keys, const struct val *value)
{
	if (!keys[0])
		return replace_value(editor, at, holder, value);
	AUTO(arena) a = ARENA_INIT;
	bool is_void = val_is(at, VAL_NULL) || (val_is(at, VAL_MAP) && val_len(at) == 0);
	if (is_void && at != editor->root)
		return replace_value(editor, at, holder, nested(&a, keys, value));
	if (!val_is(at, VAL_MAP))
		return err_new(ERR_INVALID, "'%s' cannot be set in %s", keys[0], val_kind_text(at));
	if (yaml_is_flow(editor, at))
		return add_to_flow_map(editor, at, keys, value);
	return add_to_block_map(editor, at, keys, value);
}

/* --- append --- */

/* Where the text of an item ends, an empty one at its dash. */
static size_t item_end(const struct val *item)
{
	return item->mark.end;
}

err *yaml_edit_append(struct yaml_editor *editor, const struct val *list, const struct val *value)
{
	AUTO(str) text = STR_INIT;
	const struct val *last = val_len(list) ? val_at(list, val_len(list) - 1) : NULL;
	if (yaml_is_flow(editor, list)) {
		size_t at = last ? item_end(last) : list->mark.start + 1;
		if (last) {
			str_addch(&text, ',');
			add_separator(editor, last->mark.start, &text);
		}
		yaml_add_flow(editor, value, &text);
		yaml_editor_replace(editor, at, at, text.ptr, text.len);
		return NULL;
	}
	yaml_add_item(editor, value, list->mark.column - 1, &text);
	insert_lines(editor, last ? item_end(last) : list->mark.end, &text);
	return NULL;
}

/* --- remove --- */

/* From `start` on: an element of a flow collection and one comma. */
static void remove_from_flow(struct yaml_editor *editor, size_t start, size_t end, bool is_first)
{
	size_t after = end, before = start;
	while (after < editor->len && strchr(" \t\r\n", editor->text[after]))
		after++;
	if (after < editor->len && editor->text[after] == ',') {
		after++;
		while (after < editor->len && strchr(" \t", editor->text[after]))
			after++;
		/* A line of its own goes as a whole. */
		size_t line = yaml_line_start(editor, start);
		bool is_own_line = strspn(editor->text + line, " \t") == start - line;
		if (after < editor->len && strchr("\r\n", editor->text[after]) && is_own_line) {
			after = yaml_line_end(editor, after);
			after += after < editor->len;
			before = line;
		}
		yaml_editor_replace(editor, before, after, "", 0);
		return;
	}
	if (!is_first) {
		while (before > 0 && editor->text[before - 1] != ',')
			before--;
		before -= before > 0;
	}
	yaml_editor_replace(editor, before, end, "", 0);
}

/* `key:` whose last member goes is an empty map or list. */
static err *empty_collection(struct yaml_editor *editor, const struct val *v,
                             const struct val_entry *holder, const char *text)
{
	size_t end = yaml_content_end(editor, v->mark.end);
	size_t start = holder ? yaml_after_colon(editor, holder) : v->mark.start;
	if (yaml_has_comment(editor, start, end))
		return refuse_comment();
	AUTO(str) now = STR_INIT;
	str_addf(&now, "%s%s", holder ? " " : "", text);
	yaml_editor_replace(editor, start, end, now.ptr, now.len);
	return NULL;
}

/* Comment lines right above that belong to the line: same column, no blank line between. */
static size_t with_comments_above(const struct yaml_editor *editor, size_t line, size_t indent)
{
	while (line > 0) {
		size_t above = yaml_line_start(editor, line - 1);
		if (strspn(editor->text + above, " ") != indent ||
		    editor->text[above + indent] != '#')
			return line;
		line = above;
	}
	return line;
}

static void remove_lines(struct yaml_editor *editor, size_t start, size_t content_end,
                         bool has_comments_above)
{
	size_t line = yaml_line_start(editor, start);
	size_t end = yaml_line_end(editor, yaml_content_end(editor, content_end));
	if (has_comments_above)
		line = with_comments_above(editor, line, start - line);
	if (end < editor->len) {
		yaml_editor_replace(editor, line, end + 1, "", 0);
		return;
	}
	/* The last line had no line end: the one before loses its own. */
	size_t before = line;
	if (before > 0 && editor->text[before - 1] == '\n')
		before--;
	if (before > 0 && before < line && editor->text[before - 1] == '\r')
		before--;
	yaml_editor_replace(editor, before, end, "", 0);
}

static const struct val_entry *next_own(const struct val *map, const struct val_entry *entry)
{
	const struct val_entry *other, *next = NULL;
	for (VAL_EACH_ENTRY(i, other, map))
		if (!(other->flags & VAL_IS_MERGED) &&
		    other->key_mark.start > entry->key_mark.start &&
		    (!next || other->key_mark.start < next->key_mark.start))
			next = other;
	return next;
}

err *yaml_edit_remove_entry(struct yaml_editor *editor, const struct val *map,
                            const struct val_entry *holder, const struct val_entry *entry)
{
	size_t end = yaml_entry_end(editor, entry);
	if (entry->value->flags & VAL_HAS_ANCHOR)
		return err_new(ERR_UNSUPPORTED, "its anchor may be used by others");
	bool is_first = map->mark.start == entry->key_mark.start;
	if (yaml_is_flow(editor, map)) {
		size_t open = yaml_content_end(editor, entry->key_mark.start);
		is_first = open > 0 && editor->text[open - 1] == '{';
		remove_from_flow(editor, entry->key_mark.start, end, is_first);
		return NULL;
	}
	if (val_len(map) == 1)
		return empty_collection(editor, map, holder, "{}");
	size_t line = yaml_line_start(editor, entry->key_mark.start);
	bool is_own_line = strspn(editor->text + line, " ") == entry->key_mark.start - line;
	if (is_own_line) {
		remove_lines(editor, entry->key_mark.start, end, !is_first);
		return NULL;
	}
	/* Behind a dash: the next key takes its place. */
	const struct val_entry *next = next_own(map, entry);
	if (!next)
		return err_new(ERR_UNSUPPORTED, "no other key can take its place");
	if (yaml_has_comment(editor, end, next->key_mark.start))
		return refuse_comment();
	yaml_editor_replace(editor, entry->key_mark.start, next->key_mark.start, "", 0);
	return NULL;
}

/* The dash of a block item; SIZE_MAX when it is not the first thing of its line. */
static size_t dash_of(const struct yaml_editor *editor, const struct val *item)
{
	size_t line = yaml_line_start(editor, item->mark.start);
	size_t dash = line + strspn(editor->text + line, " ");
	bool is_alone = editor->text[dash] == '-' && dash < item->mark.start + 1;
	return is_alone ? dash : SIZE_MAX;
}

err *yaml_edit_remove_item(struct yaml_editor *editor, const struct val *list,
                           const struct val_entry *holder, size_t index)
{
	const struct val *item = val_at(list, index);
	if (!item)
		return err_new(ERR_INVALID, "there is no item %zu to remove", index);
	if (item->flags & VAL_HAS_ANCHOR)
		return err_new(ERR_UNSUPPORTED, "its anchor may be used by others");
	if (yaml_is_flow(editor, list)) {
		remove_from_flow(editor, item->mark.start, item->mark.end, index == 0);
		return NULL;
	}
	if (val_len(list) == 1)
		return empty_collection(editor, list, holder, "[]");
	size_t dash = dash_of(editor, item);
	if (dash == SIZE_MAX)
		return err_new(ERR_UNSUPPORTED, "the item does not begin its line");
	remove_lines(editor, dash, item->mark.end, index > 0);
	return NULL;
}
