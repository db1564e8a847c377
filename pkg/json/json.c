/*
 * json_check makes sure of the grammar, jansson decodes strings and numbers and refuses duplicate
 * keys, and one walk over the text, in step with jansson's tree, gives every value its marks.
 */
#include "base/base.h"

#include <jansson.h>

#include "base/num.h"
#include "base/vec.h"
#include "json/json.h"
#include "json/json_check.h"

struct loader {
	struct arena *arena;
	const struct val_source *source;
	const char *text;
	size_t len, at;
	size_t line, line_start; /* of `at`, kept up to date by skip_space */
	VEC(struct val *) items;
	VEC(struct val_entry) entries;
};

static void loader_clear(struct loader *l)
{
	vec_clear(&l->items);
	vec_clear(&l->entries);
}

static void skip_space(struct loader *l)
{
	size_t next = json_skip_space(l->text, l->len, l->at);
	for (; l->at < next; l->at++) {
		if (l->text[l->at] == '\n') {
			l->line++;
			l->line_start = l->at + 1;
		}
	}
}

/* No JSON token spans lines, so the line of its start is the line of its end. */
static struct val_mark mark_here(const struct loader *l, size_t end)
{
	return (struct val_mark){
		.start = (uint32_t)l->at,
		.end = (uint32_t)end,
		.line = (uint32_t)l->line,
		.column = (uint32_t)(l->at - l->line_start + 1),
	};
}

static struct val *load_value(struct loader *l, json_t *node);

static void load_list(struct loader *l, json_t *node, struct val *v)
{
	size_t base = l->items.len;
	v->kind = VAL_LIST;
	v->style = VAL_STYLE_FLOW;
	l->at++;
	for (size_t i = 0; i < json_array_size(node); i++) {
		struct val *item = load_value(l, json_array_get(node, i));
		vec_push(&l->items, item);
		skip_space(l);
		l->at += l->text[l->at] == ',';
	}
	skip_space(l);
	l->at++;
	val_fill_list(l->arena, v, l->items.ptr ? l->items.ptr + base : NULL, l->items.len - base);
	l->items.len = base;
}

static void load_map(struct loader *l, json_t *node, struct val *v)
{
	size_t base = l->entries.len, duplicate;
	v->kind = VAL_MAP;
	v->style = VAL_STYLE_FLOW;
	l->at++;
	/* jansson keeps the order of the text. */
	for (void *at = json_object_iter(node); at; at = json_object_iter_next(node, at)) {
		const char *key = json_object_iter_key(at);
		skip_space(l);
		struct val_entry entry = { .key_style = VAL_STYLE_DOUBLE };
		size_t end = json_skip_string(l->text, l->len, l->at);
		entry.key_mark = mark_here(l, end);
		entry.key_len = (uint32_t)strlen(key);
		entry.key = arena_strndup(l->arena, key, entry.key_len);
		l->at = end;
		skip_space(l);
		l->at++; /* colon */
		entry.value = load_value(l, json_object_iter_value(at));
		vec_push(&l->entries, entry);
		skip_space(l);
		l->at += l->text[l->at] == ',';
	}
	skip_space(l);
	l->at++;
	bool filled = val_fill_map(l->arena, v, l->entries.ptr ? l->entries.ptr + base : NULL,
	                           l->entries.len - base, &duplicate);
	assert(filled); /* jansson refused duplicates */
	(void)filled;
	l->entries.len = base;
}

/* jansson read every number as a double: whole numbers that fit are read from the text. */
static void load_number(struct loader *l, json_t *node, struct val *v)
{
	size_t end = json_skip_word(l->text, l->len, l->at);
	if (num_parse_i64(l->text + l->at, end - l->at, &v->as.integer)) {
		v->kind = VAL_INT;
		return;
	}
	v->kind = VAL_FLOAT;
	v->as.number = json_real_value(node);
}

static void load_scalar(struct loader *l, json_t *node, struct val *v)
{
	v->style = VAL_STYLE_PLAIN;
	switch (json_typeof(node)) {
	case JSON_STRING:
		v->kind = VAL_STR;
		v->style = VAL_STYLE_DOUBLE;
		v->as.str.len = json_string_length(node);
		v->as.str.ptr = arena_strndup(l->arena, json_string_value(node), v->as.str.len);
		l->at = json_skip_string(l->text, l->len, l->at);
		return;
	case JSON_REAL:
		load_number(l, node, v);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		v->kind = VAL_BOOL;
		v->as.boolean = json_is_true(node);
		break;
	default:
		break;
	}
	l->at = json_skip_word(l->text, l->len, l->at);
}

static struct val *load_value(struct loader *l, json_t *node)
{
	skip_space(l);
	struct val *v = ARENA_NEW(l->arena, struct val);
	v->source = l->source;
	v->mark = mark_here(l, l->at);
	if (json_is_array(node))
		load_list(l, node, v);
	else if (json_is_object(node))
		load_map(l, node, v);
	else
		load_scalar(l, node, v);
	v->mark.end = (uint32_t)l->at;
	return v;
}

/* jansson stands behind the string or number it complains about: where that begins. */
static size_t token_start(const char *text, size_t end)
{
	size_t start = end;
	if (start == 0)
		return 0;
	if (text[--start] == '"')
		while (start > 0 &&
		       (text[start - 1] != '"' || (start > 1 && text[start - 2] == '\\')))
			start--;
	while (start > 0 && json_skip_word(text, start, start - 1) == start)
		start--;
	return start - (start > 0 && text[start - 1] == '"');
}

/* What json_check let pass and jansson does not. */
static err *explain(const struct val_source *source, size_t bom, const json_error_t *error)
{
	size_t at = bom + (size_t)MAX(error->position, 0);
	size_t start = token_start(source->text, MIN(at, source->len));
	err *e = NULL;
	switch (json_error_code(error)) {
	case json_error_duplicate_key:
		e = err_new(ERR_INVALID, "this key is set twice in its object");
		break;
	case json_error_numeric_overflow:
		e = err_new(ERR_INVALID, "this number is too large");
		e = err_hint(e, "put it in double quotes if it is a text");
		break;
	case json_error_null_byte_in_key:
		e = err_new(ERR_INVALID, "a key must not contain a zero character");
		break;
	default:
		e = err_new(ERR_INVALID, "not valid JSON: %s", error->text);
		break;
	}
	return err_source(e, source->name, source->text, source->len, start, at);
}

err *json_load(const char *text, size_t len, const char *name, struct arena *a,
               struct val **ret_root)
{
	struct val_source given = { name, text, len };
	size_t bom = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	TRY(json_check(&given, bom));
	json_error_t error;
	/* Numbers as doubles: jansson would refuse whole ones beyond int64, Kubernetes does not. */
	const size_t flags =
		JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL;
	json_t *root = json_loadb(text + bom, len - bom, flags, &error);
	if (!root)
		return explain(&given, bom, &error);
	struct val_source *source = ARENA_NEW(a, struct val_source);
	source->name = arena_strdup(a, name);
	source->text = arena_strndup(a, text, len);
	source->len = len;
	AUTO(loader) l = { .arena = a, .source = source, .text = source->text, .len = len };
	l.at = l.line_start = bom;
	l.line = 1;
	*ret_root = load_value(&l, root);
	json_decref(root);
	return NULL;
}
