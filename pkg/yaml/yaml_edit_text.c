/* Reading the layout of a document, and writing values in it. */
#include "base/base.h"

#include "yaml/yaml_edit_internal.h"

#include "base/utf8.h"
#include "yaml/yaml_internal.h"

#define DEFAULT_STEP 2u

/* --- layout --- */

size_t yaml_line_start(const struct yaml_editor *editor, size_t at)
{
	while (at > 0 && editor->text[at - 1] != '\n')
		at--;
	return at;
}

size_t yaml_line_end(const struct yaml_editor *editor, size_t at)
{
	const char *newline = memchr(editor->text + at, '\n', editor->len - at);
	return newline ? (size_t)(newline - editor->text) : editor->len;
}

size_t yaml_content_end(const struct yaml_editor *editor, size_t at)
{
	while (at > 0 && strchr(" \t\r\n", editor->text[at - 1]))
		at--;
	return at;
}

bool yaml_has_comment(const struct yaml_editor *editor, size_t start, size_t end)
{
	return end > start && memchr(editor->text + start, '#', end - start) != NULL;
}

size_t yaml_after_colon(const struct yaml_editor *editor, const struct val_entry *entry)
{
	const char *colon =
		memchr(editor->text + entry->key_mark.end, ':', editor->len - entry->key_mark.end);
	return colon ? (size_t)(colon - editor->text) + 1 : entry->key_mark.end;
}

bool yaml_is_empty(const struct val *v)
{
	return val_is(v, VAL_NULL) && v->mark.end == v->mark.start;
}

size_t yaml_entry_end(const struct yaml_editor *editor, const struct val_entry *entry)
{
	return yaml_is_empty(entry->value) ? yaml_after_colon(editor, entry)
	                                   : entry->value->mark.end;
}

const struct val_entry *yaml_last_entry(const struct val *map)
{
	const struct val_entry *entry, *last = NULL;
	for (VAL_EACH_ENTRY(i, entry, map))
		if (!(entry->flags & VAL_IS_MERGED) &&
		    (!last || entry->key_mark.start > last->key_mark.start))
			last = entry;
	return last;
}

bool yaml_is_flow(const struct yaml_editor *editor, const struct val *v)
{
	return editor->is_json || v->style == VAL_STYLE_FLOW;
}

/* The first map in a map tells how far levels are apart; the first list below a key, its own. */
static void look(struct yaml_editor *editor, const struct val *v, size_t column, bool is_member,
                 bool *has_list)
{
	bool is_block = v->style == VAL_STYLE_BLOCK && val_len(v) > 0 && !(v->flags & VAL_IS_ALIAS);
	if (is_block && is_member && v->kind == VAL_MAP && editor->step == 0 &&
	    v->mark.column > column)
		editor->step = v->mark.column - column;
	if (is_block && is_member && v->kind == VAL_LIST && !*has_list) {
		editor->list_step = v->mark.column > column ? v->mark.column - column : 0;
		*has_list = true;
	}
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, v)) {
		if (editor->step && *has_list)
			return;
		if (is_block && !(entry->flags & VAL_IS_MERGED))
			look(editor, entry->value, entry->key_mark.column, true, has_list);
	}
	const struct val *item;
	for (VAL_EACH_ITEM(k, item, v)) {
		if (editor->step && *has_list)
			return;
		if (is_block)
			look(editor, item, 0, false, has_list);
	}
}

void yaml_editor_look(struct yaml_editor *editor)
{
	const char *newline = memchr(editor->text, '\n', editor->len);
	editor->newline = newline && newline > editor->text && newline[-1] == '\r' ? "\r\n" : "\n";
	bool has_list = false;
	look(editor, editor->root, 0, false, &has_list);
	if (editor->step == 0)
		editor->step = DEFAULT_STEP;
	if (!has_list)
		editor->list_step = editor->step;
}

/* --- writing --- */

static void add_json_text(const char *text, size_t len, struct str *out)
{
	str_addch(out, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == '"' || c == '\\')
			str_addf(out, "\\%c", c);
		else if (c == '\n')
			str_addz(out, "\\n");
		else if (c == '\t')
			str_addz(out, "\\t");
		else if (c < 0x20 || c == 0x7f)
			str_addf(out, "\\u%04x", c);
		else
			str_addch(out, (char)c);
	}
	str_addch(out, '"');
}

/* On one line; in flow style `,[]{}` would end a plain text. */
static void add_scalar(const struct yaml_editor *editor, const struct val *v, bool is_in_flow,
                       struct str *out)
{
	bool is_text = val_is(v, VAL_STR);
	if (is_text && (editor->is_json || memchr(v->as.str.ptr, '\n', v->as.str.len))) {
		add_json_text(v->as.str.ptr, v->as.str.len, out);
		return;
	}
	AUTO(str) plain = STR_INIT;
	yaml_write(v, &plain);
	str_truncate(&plain, plain.len - 1);
	if (is_text && is_in_flow && plain.len && !strchr("'\"", plain.ptr[0]) &&
	    strpbrk(plain.ptr, ",[]{}:#"))
		add_json_text(v->as.str.ptr, v->as.str.len, out);
	else
		str_add_str(out, &plain);
}

void yaml_add_key(const struct yaml_editor *editor, const char *key, struct str *out)
{
	struct val text = { .kind = VAL_STR, .as.str = { key, strlen(key) } };
	add_scalar(editor, &text, true, out);
}

void yaml_add_flow(const struct yaml_editor *editor, const struct val *v, struct str *out)
{
	const struct val_entry *entry;
	const struct val *item;
	if (val_is(v, VAL_MAP)) {
		str_addch(out, '{');
		for (VAL_EACH_ENTRY(i, entry, v)) {
			str_addz(out, i ? ", " : "");
			yaml_add_key(editor, entry->key, out);
			str_addz(out, ": ");
			yaml_add_flow(editor, entry->value, out);
		}
		str_addch(out, '}');
	} else if (val_is(v, VAL_LIST)) {
		str_addch(out, '[');
		for (VAL_EACH_ITEM(k, item, v)) {
			str_addz(out, k ? ", " : "");
			yaml_add_flow(editor, item, out);
		}
		str_addch(out, ']');
	} else {
		add_scalar(editor, v, true, out);
	}
}

static bool can_be_single(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || (unsigned char)text[i] >= 0x7f)
			return false;
	return true;
}

void yaml_add_scalar_like(const struct yaml_editor *editor, const struct val *old,
                          const struct val *v, struct str *out)
{
	const char *text = v->as.str.ptr;
	bool is_text = val_is(v, VAL_STR);
	if (is_text && old->style == VAL_STYLE_DOUBLE) {
		add_json_text(text, v->as.str.len, out);
	} else if (is_text && old->style == VAL_STYLE_SINGLE &&
	           can_be_single(text, v->as.str.len)) {
		str_addch(out, '\'');
		for (size_t i = 0; i < v->as.str.len; i++)
			str_addf(out, text[i] == '\'' ? "''" : "%c", text[i]);
		str_addch(out, '\'');
	} else {
		add_scalar(editor, v, false, out);
	}
}

static void end_line(const struct yaml_editor *editor, struct str *out)
{
	str_addz(out, editor->newline);
}

/* A map or list that has members, as lines from `indent` on. */
static void add_block(const struct yaml_editor *editor, const struct val *v, size_t indent,
                      struct str *out)
{
	const struct val_entry *entry;
	const struct val *item;
	for (VAL_EACH_ENTRY(i, entry, v)) {
		const char *const keys[] = { entry->key, NULL };
		yaml_add_member(editor, keys, entry->value, indent, out);
	}
	for (VAL_EACH_ITEM(k, item, v))
		yaml_add_item(editor, item, indent, out);
}

void yaml_add_member(const struct yaml_editor *editor, const char *const *keys, const struct val *v,
                     size_t indent, struct str *out)
{
	str_add_repeat(out, ' ', indent);
	yaml_add_key(editor, keys[0], out);
	str_addch(out, ':');
	if (keys[1]) {
		end_line(editor, out);
		yaml_add_member(editor, keys + 1, v, indent + editor->step, out);
	} else if (val_len(v) > 0) {
		end_line(editor, out);
		add_block(editor, v,
		          indent + (val_is(v, VAL_LIST) ? editor->list_step : editor->step), out);
	} else {
		str_addch(out, ' ');
		yaml_add_flow(editor, v, out);
		end_line(editor, out);
	}
}

void yaml_add_item(const struct yaml_editor *editor, const struct val *v, size_t indent,
                   struct str *out)
{
	AUTO(str) lines = STR_INIT;
	str_add_repeat(out, ' ', indent);
	str_addz(out, "- ");
	if (val_len(v) > 0) {
		/* The first line stands behind the dash already. */
		add_block(editor, v, indent + 2, &lines);
		str_add(out, lines.ptr + indent + 2, lines.len - indent - 2);
	} else {
		yaml_add_flow(editor, v, out);
		end_line(editor, out);
	}
}
