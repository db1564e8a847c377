/*
 * Any bytes as YAML: an error, or documents whose marks lie inside the text, and which are equal
 * after being written and read again.
 */
#include "base/base.h"

#include "json/json.h"
#include "val/val.h"
#include "yaml/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_mark(const struct val_source *source, struct val_mark mark)
{
	require(mark.start <= mark.end && mark.end <= source->len);
	require(mark.line >= 1 && mark.column >= 1);
}

/* YAML knows five line ends: \n, \r and three of Unicode. */
static bool has_line_end(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (strchr("\n\r\xc2\xe2", text.ptr[i]))
			return true;
	return false;
}

/* Where the text of a scalar is its value, the mark must cut out exactly that. */
static void check_text(struct view text, uint8_t style, const char *value, size_t len)
{
	if (style == VAL_STYLE_PLAIN && !has_line_end(text))
		require(view_equal(text, (struct view){ value, len }));
	if (style == VAL_STYLE_DOUBLE || style == VAL_STYLE_SINGLE) {
		char quote = style == VAL_STYLE_DOUBLE ? '"' : '\'';
		require(text.len >= 2 && text.ptr[0] == quote && text.ptr[text.len - 1] == quote);
	}
	if (style == VAL_STYLE_LITERAL || style == VAL_STYLE_FOLDED)
		require(text.len >= 1 && text.ptr[0] == (style == VAL_STYLE_LITERAL ? '|' : '>'));
}

/* The column counts from the byte behind the line feed (other line ends exist, but are rare). */
static void check_column(const struct val_source *source, struct val_mark mark)
{
	size_t line_start = mark.start - (mark.column - 1);
	require(mark.column - 1 <= mark.start);
	require(line_start == 0 ||
	        memchr(source->text + line_start, '\n', mark.start - line_start) == NULL);
}

static void check_marks(const struct val *v)
{
	require(v->source != NULL);
	check_mark(v->source, v->mark);
	check_column(v->source, v->mark);
	bool is_own = !(v->flags & (VAL_IS_ALIAS | VAL_HAS_TAG));
	if (v->kind == VAL_STR && is_own)
		check_text(val_source_text(v), v->style, v->as.str.ptr, v->as.str.len);
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, v))
		check_marks(item);
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(j, entry, v)) {
		check_mark(v->source, entry->key_mark);
		require(val_getn(v, entry->key, entry->key_len) == entry->value);
		check_marks(entry->value);
	}
}

static void check_document(struct arena *a, const struct val *root)
{
	AUTO(str) text = STR_INIT;
	struct yaml_docs again;
	check_marks(root);
	yaml_write(root, &text);
	err *e = yaml_load(text.ptr, text.len, "written", a, &again);
	require(e == NULL);
	require(again.len == 1 && val_equal(root, again.ptr[0].root));
	require(val_equal(root, val_copy(a, root)));
	require(val_diff(a, root, again.ptr[0].root).len == 0);
	str_reset(&text);
	json_write(root, JSON_SORTED, &text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) a = ARENA_INIT;
	struct yaml_docs docs;
	AUTOERR err *e = yaml_load((const char *)data, size, "input", &a, &docs);
	if (e) {
		require(err_is(e, ERR_INVALID) || err_is(e, ERR_LIMIT));
		require(err_place(e) != NULL);
		return 0;
	}
	for (size_t i = 0; i < docs.len; i++) {
		require(docs.ptr[i].start <= docs.ptr[i].end && docs.ptr[i].end <= size);
		check_document(&a, docs.ptr[i].root);
	}
	return 0;
}
