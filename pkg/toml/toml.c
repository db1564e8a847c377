/* Lines, keys, tables, arrays. */
#include "base/base.h"

#include <ctype.h>

#include "base/limits.h"
#include "toml/toml_private.h"

/*
 * While reading, a table says in its flags how it came to be; that decides who may add to it. A header adds
 * to what headers have passed through or dotted keys made, and defines a table once; dotted keys add only to
 * what dotted keys made.
 */
enum table_state {
	IS_PASSED = 1u << 4,  /* part of the name of a header below it, so far */
	IS_DEFINED = 1u << 5, /* has its header */
	IS_DOTTED = 1u << 6,  /* made by a dotted key */
	IS_ARRAY = 1u << 7,   /* a list of tables, [[name]] */
	TABLE_STATES = 15u << 4,
};

/* --- lines --- */

void toml_skip_blanks(struct val_reader *r)
{
	while (val_reader_at(r, " ") || val_reader_at(r, "\t"))
		r->at++;
}

static err *skip_comment(struct val_reader *r)
{
	if (!val_reader_at(r, "#"))
		return NULL;
	for (; r->at < r->len && !val_reader_at(r, "\n") && !val_reader_at(r, "\r\n"); r->at++) {
		unsigned char c = (unsigned char)r->text[r->at];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return val_reader_error(r, r->at, "a control character in a comment");
	}
	return NULL;
}

static bool skip_line_end(struct val_reader *r)
{
	if (!val_reader_at(r, "\n") && !val_reader_at(r, "\r\n"))
		return false;
	r->at += r->text[r->at] == '\r' ? 2 : 1;
	r->line++;
	r->line_start = r->at;
	return true;
}

err *toml_skip_lines(struct val_reader *r)
{
	do {
		toml_skip_blanks(r);
		TRY(skip_comment(r));
	} while (skip_line_end(r));
	return NULL;
}

err *toml_end_line(struct val_reader *r)
{
	toml_skip_blanks(r);
	TRY(skip_comment(r));
	if (r->at < r->len && !skip_line_end(r))
		return val_reader_error(r, r->at, "expected the end of the line");
	return NULL;
}

/* --- keys --- */

static bool is_bare(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static err *read_key_part(struct val_reader *r, struct val_entry *ret_key)
{
	size_t start = r->at;
	struct view name = { r->text + start, 0 };
	ret_key->key_style = VAL_STYLE_PLAIN;
	if (val_reader_at(r, "\"") || val_reader_at(r, "'")) {
		ret_key->key_style = val_reader_at(r, "'") ? VAL_STYLE_SINGLE : VAL_STYLE_DOUBLE;
		TRY(toml_read_string(r, true, &name));
	} else {
		while (r->at < r->len && is_bare(r->text[r->at]))
			r->at++;
		name.len = r->at - start;
		if (name.len == 0)
			return val_reader_error(
				r, start, "expected a key: letters, digits, '_', '-', or a string");
	}
	if (name.len > LIMIT_KEY_BYTES)
		return err_as(
			val_reader_error(r, start, "a key longer than %u bytes", LIMIT_KEY_BYTES),
			ERR_LIMIT);
	ret_key->key = arena_strndup(r->arena, name.ptr, name.len);
	ret_key->key_len = (uint32_t)name.len;
	ret_key->key_mark = val_reader_mark(r, start);
	return NULL;
}

/* One part, and whether a dot and another one follow. */
static err *read_key(struct val_reader *r, struct val_entry *ret_key, bool *ret_more)
{
	toml_skip_blanks(r);
	*ret_key = (struct val_entry){ .value = NULL };
	TRY(read_key_part(r, ret_key));
	toml_skip_blanks(r);
	*ret_more = val_reader_at(r, ".");
	r->at += *ret_more;
	return NULL;
}

/* --- tables --- */

static err *add(struct val_reader *r, struct val *table, struct val_entry *key, struct val *value)
{
	key->value = value;
	val_add_entry(r->arena, table, key);
	return NULL;
}

static err *add_table(struct val_reader *r, struct val *table, struct val_entry *key,
                      unsigned state, struct val **ret_v)
{
	TRY(val_reader_new(r, VAL_MAP, key->key_mark.start, ret_v));
	(*ret_v)->style = VAL_STYLE_BLOCK;
	(*ret_v)->flags = (uint8_t)state;
	return add(r, table, key, *ret_v);
}

static struct val *find(const struct val *table, const struct val_entry *key)
{
	const struct val_entry *entry = val_entryn(table, key->key, key->key_len);
	return entry ? entry->value : NULL;
}

static err *exists(const struct val_reader *r, const struct val_entry *key, const char *what)
{
	return val_reader_error(r, key->key_mark.start, "'%s' %s", key->key, what);
}

/* The table a name of a header passes through; of a list of tables its last. */
static err *pass(struct val_reader *r, struct val *table, struct val_entry *key, struct val **ret_v)
{
	struct val *v = find(table, key);
	if (!v)
		return add_table(r, table, key, IS_PASSED, ret_v);
	if (v->flags & IS_ARRAY)
		v = v->as.list.items[v->as.list.len - 1];
	if (v->kind != VAL_MAP || !(v->flags & TABLE_STATES))
		return exists(r, key, "is a value already, not a table");
	*ret_v = v;
	return NULL;
}

static err *define(struct val_reader *r, struct val *table, struct val_entry *key,
                   struct val **ret_v)
{
	struct val *v = find(table, key);
	if (!v)
		return add_table(r, table, key, IS_DEFINED, ret_v);
	if (v->kind != VAL_MAP || (v->flags & TABLE_STATES) != IS_PASSED)
		return exists(r, key, "is defined already");
	v->flags = IS_DEFINED;
	*ret_v = v;
	return NULL;
}

static err *append(struct val_reader *r, struct val *table, struct val_entry *key,
                   struct val **ret_v)
{
	struct val *list = find(table, key), *v;
	if (list && !(list->flags & IS_ARRAY))
		return exists(r, key, "is defined already, and is no list of tables");
	if (!list) {
		TRY(val_reader_new(r, VAL_LIST, key->key_mark.start, &list));
		list->style = VAL_STYLE_BLOCK;
		list->flags = IS_ARRAY;
		TRY(add(r, table, key, list));
	}
	TRY(val_reader_new(r, VAL_MAP, key->key_mark.start, &v));
	v->style = VAL_STYLE_BLOCK;
	v->flags = IS_DEFINED;
	val_push(r->arena, list, v);
	*ret_v = v;
	return NULL;
}

/* [name] or [[name]] */
static err *read_header(struct val_reader *r, struct val *root, struct val **ret_table)
{
	const char *close = val_reader_at(r, "[[") ? "]]" : "]";
	struct val *table = root;
	struct val_entry key;
	bool more;
	unsigned depth = 0;
	r->at += strlen(close);
	do {
		TRY(read_key(r, &key, &more));
		if (++depth > LIMIT_DEPTH)
			return err_as(exists(r, &key, "is nested too deep"), ERR_LIMIT);
		if (more)
			TRY(pass(r, table, &key, &table));
	} while (more);
	TRY(close[1] ? append(r, table, &key, &table) : define(r, table, &key, &table));
	if (!val_reader_at(r, close))
		return val_reader_error(r, r->at, "expected '%s'", close);
	r->at += strlen(close);
	*ret_table = table;
	return toml_end_line(r);
}

/* --- values --- */

static err *read_value(struct val_reader *r, struct val **ret_v);

/* key = value */
static err *read_pair(struct val_reader *r, struct val *table)
{
	struct val_entry key;
	struct val *value;
	bool more;
	unsigned depth = 0;
	for (;;) {
		TRY(read_key(r, &key, &more));
		struct val *found = find(table, &key);
		if (!more)
			break;
		if (++depth > LIMIT_DEPTH)
			return err_as(exists(r, &key, "is nested too deep"), ERR_LIMIT);
		if (found && !(found->kind == VAL_MAP && (found->flags & IS_DOTTED)))
			return exists(r, &key, "is defined already");
		if (found)
			table = found;
		else
			TRY(add_table(r, table, &key, IS_DOTTED, &table));
	}
	if (find(table, &key))
		return exists(r, &key, "is there twice");
	if (!val_reader_at(r, "="))
		return val_reader_error(r, r->at, "expected '='");
	r->at++;
	toml_skip_blanks(r);
	TRY(read_value(r, &value));
	return add(r, table, &key, value);
}

/* What is in braces is whole: nothing adds to it, or to what its dotted keys made, later. */
static void close_table(struct val *v)
{
	const struct val_entry *entry;
	v->flags = 0;
	for (VAL_EACH_ENTRY(i, entry, v))
		if (entry->value->kind == VAL_MAP && entry->value->flags)
			close_table(entry->value);
}

static err *read_inline_table(struct val_reader *r, struct val *v)
{
	v->style = VAL_STYLE_FLOW;
	r->at++;
	toml_skip_blanks(r);
	while (!val_reader_at(r, "}")) {
		TRY(read_pair(r, v));
		toml_skip_blanks(r);
		bool more = val_reader_at(r, ",");
		if (!more && !val_reader_at(r, "}"))
			return val_reader_error(r, r->at, "expected ',' or '}' on the same line");
		r->at += more;
		toml_skip_blanks(r);
		if (more && val_reader_at(r, "}"))
			return val_reader_error(r, r->at, "a comma with nothing behind it");
	}
	r->at++;
	close_table(v);
	return NULL;
}

static err *read_nested(struct val_reader *r, struct val **ret_v)
{
	bool is_list = val_reader_at(r, "[");
	TRY(val_reader_new(r, is_list ? VAL_LIST : VAL_MAP, r->at, ret_v));
	TRY(val_reader_enter(r));
	TRY(is_list ? val_reader_list(r, *ret_v, toml_skip_lines, read_value)
	            : read_inline_table(r, *ret_v));
	val_reader_leave(r);
	(*ret_v)->mark.end = (uint32_t)r->at;
	return NULL;
}

static err *read_value(struct val_reader *r, struct val **ret_v)
{
	if (val_reader_at(r, "[") || val_reader_at(r, "{"))
		return read_nested(r, ret_v);
	if (!val_reader_at(r, "\"") && !val_reader_at(r, "'"))
		return toml_read_word(r, ret_v);
	bool is_literal = val_reader_at(r, "'");
	struct view text;
	TRY(val_reader_new(r, VAL_STR, r->at, ret_v));
	TRY(toml_read_string(r, false, &text));
	(*ret_v)->style = is_literal ? VAL_STYLE_SINGLE : VAL_STYLE_DOUBLE;
	(*ret_v)->as.str.ptr = text.ptr;
	(*ret_v)->as.str.len = text.len;
	(*ret_v)->mark.end = (uint32_t)r->at;
	return NULL;
}

/* --- all of it --- */

/* The flags were ours while reading; nothing that can be seen stays of them. */
static void forget_states(struct val *v)
{
	v->flags = 0;
	for (size_t i = 0; v->kind == VAL_MAP && i < v->as.map.len; i++)
		forget_states(v->as.map.entries[i].value);
	for (size_t i = 0; v->kind == VAL_LIST && i < v->as.list.len; i++)
		forget_states(v->as.list.items[i]);
}

static err *read_document(struct val_reader *r, struct val *root)
{
	struct val *table = root;
	for (;;) {
		TRY(toml_skip_lines(r));
		if (r->at >= r->len)
			return NULL;
		if (val_reader_at(r, "[")) {
			TRY(read_header(r, root, &table));
			continue;
		}
		TRY(read_pair(r, table));
		TRY(toml_end_line(r));
	}
}

err *toml_load(const char *text, size_t len, const char *name, struct arena *a,
               struct val **ret_root)
{
	struct val_reader r;
	struct val *root;
	TRY(val_reader_init(&r, text, len, name, a));
	TRY(val_reader_new(&r, VAL_MAP, r.at, &root));
	root->style = VAL_STYLE_BLOCK;
	root->flags = IS_DEFINED;
	TRY(read_document(&r, root));
	root->mark.end = (uint32_t)len;
	forget_states(root);
	*ret_root = root;
	return NULL;
}
