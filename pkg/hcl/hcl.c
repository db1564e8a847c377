#include "base/base.h"

#include <ctype.h>

#include "base/limits.h"
#include "base/num.h"
#include "hcl/hcl.h"
#include "val/val_reader.h"

static void pass(struct val_reader *r)
{
	if (r->text[r->at++] == '\n') {
		r->line++;
		r->line_start = r->at;
	}
}

/* Blanks, line ends and comments. */
static err *skip(struct val_reader *r)
{
	while (r->at < r->len) {
		if (val_reader_at(r, "#") || val_reader_at(r, "//")) {
			while (r->at < r->len && r->text[r->at] != '\n')
				r->at++;
		} else if (val_reader_at(r, "/*")) {
			size_t start = r->at;
			while (r->at < r->len && !val_reader_at(r, "*/"))
				pass(r);
			if (r->at >= r->len)
				return val_reader_error(r, start, "a comment that is not closed");
			r->at += 2;
		} else if (isspace((unsigned char)r->text[r->at])) {
			pass(r);
		} else {
			return NULL;
		}
	}
	return NULL;
}

/* --- strings --- */

/* "${ … }" with all that is in it, quotes too. */
static err *read_interpolation(struct val_reader *r, struct str *out)
{
	size_t start = r->at;
	unsigned open = 0;
	do {
		if (r->at >= r->len)
			return val_reader_error(r, start, "'${' without '}'");
		open += val_reader_at(r, "{");
		open -= val_reader_at(r, "}");
		str_addch(out, r->text[r->at]);
		pass(r);
	} while (open || !str_ends(out->ptr, "}"));
	return NULL;
}

static err *read_escape(struct val_reader *r, struct str *out)
{
	static const char from[] = "abfnrtv\\\"", to[] = "\a\b\f\n\r\t\v\\\"";
	char c = r->text[++r->at];
	const char *found = c ? strchr(from, c) : NULL;
	if (c >= '0' && c <= '7')
		return val_reader_code(r, 3, 8, out);
	if (!found && !(c && strchr("xuU", c)))
		return val_reader_error(r, r->at,
		                        "unknown escape; a backslash itself is written twice");
	r->at++;
	if (!found)
		return val_reader_code(r, c == 'x' ? 2 : c == 'u' ? 4 : 8, 16, out);
	str_addch(out, to[found - from]);
	return NULL;
}

static err *read_string(struct val_reader *r, struct str *out)
{
	size_t start = r->at++;
	while (!val_reader_at(r, "\"")) {
		if (r->at >= r->len || r->text[r->at] == '\n')
			return val_reader_error(r, start, "a string that does not end on its line");
		if (val_reader_at(r, "\\"))
			TRY(read_escape(r, out));
		else if (val_reader_at(r, "${"))
			TRY(read_interpolation(r, out));
		else
			str_addch(out, r->text[r->at++]);
	}
	r->at++;
	return NULL;
}

static struct view line_here(const struct val_reader *r)
{
	const char *feed = memchr(r->text + r->at, '\n', r->len - r->at);
	size_t len = feed ? (size_t)(feed - r->text) - r->at : r->len - r->at;
	len -= len && r->text[r->at + len - 1] == '\r';
	return (struct view){ r->text + r->at, len };
}

static void next_line(struct val_reader *r)
{
	while (r->at < r->len && r->text[r->at] != '\n')
		r->at++;
	if (r->at < r->len)
		pass(r);
}

static size_t blanks_of(struct view line)
{
	size_t n = 0;
	while (n < line.len && (line.ptr[n] == ' ' || line.ptr[n] == '\t'))
		n++;
	return n;
}

/* <<-MARK takes away the indentation of the closing mark, if every line has it; else none. */
static void unindent(const struct str *text, size_t indent, struct str *out)
{
	const struct view lines = { text->ptr,
		                    text->len - (text->len > 0) }; /* without the last line end */
	struct view rest = lines, line;
	bool may = true;
	while (view_split(&rest, '\n', &line))
		may &= line.len == 0 || blanks_of(line) >= indent;
	rest = lines;
	while (text->len && view_split(&rest, '\n', &line)) {
		size_t skipped = may ? MIN(indent, line.len) : 0;
		str_add(out, line.ptr + skipped, line.len - skipped);
		str_addch(out, '\n');
	}
}

static err *read_heredoc(struct val_reader *r, struct str *out)
{
	size_t start = r->at;
	AUTO(str) text = STR_INIT;
	r->at += 2;
	bool is_indented = val_reader_at(r, "-");
	r->at += is_indented;
	struct view mark = line_here(r), line;
	if (mark.len == 0)
		return val_reader_error(r, r->at, "a text needs a mark behind '<<'");
	for (next_line(r);; next_line(r)) {
		if (r->at >= r->len)
			return val_reader_error(r, start,
			                        "the text does not end with a line '%.*s'",
			                        (int)MIN(mark.len, (size_t)60), mark.ptr);
		line = line_here(r);
		size_t blanks = blanks_of(line);
		if (view_equal((struct view){ line.ptr + blanks, line.len - blanks }, mark))
			break;
		str_add(&text, line.ptr, line.len);
		str_addch(&text, '\n');
	}
	r->at += line.len;
	if (is_indented)
		unindent(&text, blanks_of(line), out);
	else
		str_add_str(out, &text);
	return NULL;
}

/* --- values --- */

static err *read_value(struct val_reader *r, struct val **ret_v);
static err *read_body(struct val_reader *r, bool is_top, struct val *map);

static err *read_text(struct val_reader *r, struct val **ret_v)
{
	AUTO(str) text = STR_INIT;
	TRY(val_reader_new(r, VAL_STR, r->at, ret_v));
	TRY(val_reader_at(r, "\"") ? read_string(r, &text) : read_heredoc(r, &text));
	(*ret_v)->style = VAL_STYLE_DOUBLE;
	(*ret_v)->as.str.ptr = arena_strndup(r->arena, text.ptr, text.len);
	(*ret_v)->as.str.len = text.len;
	(*ret_v)->mark.end = (uint32_t)r->at;
	return NULL;
}

static bool set_number(struct view word, struct val *v)
{
	char *end;
	v->kind = VAL_INT;
	if (num_parse_prefixed(word.ptr, word.len, &v->as.integer))
		return true;
	AUTOFREE char *text = mem_strndup(word.ptr, word.len);
	bool is_decimal = strspn(text, "0123456789+-.eE") == word.len;
	v->kind = VAL_FLOAT;
	v->as.number = strtod(text, &end);
	return is_decimal && *end == '\0' && end != text && v->as.number - v->as.number == 0;
}

static err *read_word(struct val_reader *r, struct val **ret_v)
{
	size_t start = r->at;
	while (r->at < r->len &&
	       (isalnum((unsigned char)r->text[r->at]) || strchr("+-._", r->text[r->at])))
		r->at++;
	const struct view word = { r->text + start, r->at - start };
	if (word.len == 0)
		return val_reader_error(r, start, "expected a value");
	TRY(val_reader_new(r, VAL_BOOL, start, ret_v));
	(*ret_v)->style = VAL_STYLE_PLAIN;
	(*ret_v)->as.boolean = view_is(word, "true");
	if (view_is(word, "true") || view_is(word, "false") || set_number(word, *ret_v))
		return NULL;
	return val_reader_error(r, start, "'%.*s' is no number or boolean; texts are quoted",
	                        (int)MIN(word.len, (size_t)60), word.ptr);
}

static err *read_nested(struct val_reader *r, struct val **ret_v)
{
	bool is_list = val_reader_at(r, "[");
	TRY(val_reader_enter(r));
	TRY(val_reader_new(r, is_list ? VAL_LIST : VAL_MAP, r->at, ret_v));
	(*ret_v)->style = VAL_STYLE_FLOW;
	if (!is_list)
		r->at++;
	TRY(is_list ? val_reader_list(r, *ret_v, skip, read_value) : read_body(r, false, *ret_v));
	val_reader_leave(r);
	(*ret_v)->mark.end = (uint32_t)r->at;
	return NULL;
}

static err *read_value(struct val_reader *r, struct val **ret_v)
{
	if (val_reader_at(r, "[") || val_reader_at(r, "{"))
		return read_nested(r, ret_v);
	return val_reader_at(r, "\"") || val_reader_at(r, "<<") ? read_text(r, ret_v)
	                                                        : read_word(r, ret_v);
}

/* --- members --- */

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || (c && strchr("_-.", c));
}

static err *read_key(struct val_reader *r, const char **ret_key)
{
	AUTO(str) key = STR_INIT;
	size_t start = r->at;
	if (val_reader_at(r, "\""))
		TRY(read_string(r, &key));
	else
		while (r->at < r->len && is_name(r->text[r->at]))
			str_addch(&key, r->text[r->at++]);
	if (r->at == start)
		return val_reader_error(r, start, "expected a name");
	if (key.len > LIMIT_KEY_BYTES)
		return err_as(
			val_reader_error(r, start, "a name longer than %u bytes", LIMIT_KEY_BYTES),
			ERR_LIMIT);
	*ret_key = arena_strndup(r->arena, key.ptr, key.len);
	return NULL;
}

/* `name label… {`: another map of that name, labels below it. */
static err *read_block(struct val_reader *r, struct val *map, const char *key)
{
	struct val *list = NULL, *found = (struct val *)(uintptr_t)val_get(map, key), *item;
	if (found && !val_is(found, VAL_LIST))
		return val_reader_error(r, r->at, "'%s' has a value already", key);
	if (found)
		list = found;
	else
		TRY(val_reader_new(r, VAL_LIST, r->at, &list));
	if (!found)
		val_set(r->arena, map, key, list);
	if (val_reader_at(r, "{")) {
		TRY(read_nested(r, &item));
		val_push(r->arena, list, item);
		return NULL;
	}
	const char *label;
	TRY(val_reader_new(r, VAL_MAP, r->at, &item));
	TRY(read_key(r, &label));
	TRY(skip(r));
	if (!val_reader_at(r, "{") && !val_reader_at(r, "\""))
		return val_reader_error(r, r->at, "expected '{'");
	val_push(r->arena, list, item);
	TRY(val_reader_enter(r));
	TRY(read_block(r, item, label));
	val_reader_leave(r);
	return NULL;
}

static err *read_member(struct val_reader *r, struct val *map)
{
	const char *key;
	size_t start = r->at;
	TRY(read_key(r, &key));
	TRY(skip(r));
	if (val_reader_at(r, "{") || val_reader_at(r, "\""))
		return read_block(r, map, key);
	if (!val_reader_at(r, "="))
		return val_reader_error(r, r->at, "expected '=' or '{' behind '%s'", key);
	r->at++;
	TRY(skip(r));
	struct val *value;
	TRY(read_value(r, &value));
	if (val_get(map, key))
		return val_reader_error(r, start, "'%s' is there twice", key);
	val_set(r->arena, map, key, value);
	return NULL;
}

/* Members, with commas or without, to the end or the '}'. */
static err *read_body(struct val_reader *r, bool is_top, struct val *map)
{
	for (;;) {
		TRY(skip(r));
		if (r->at >= r->len && is_top)
			return NULL;
		if (r->at >= r->len)
			return val_reader_error(r, r->at, "a block that is not closed");
		if (!is_top && val_reader_at(r, "}"))
			break;
		TRY(read_member(r, map));
		TRY(skip(r));
		r->at += val_reader_at(r, ",");
	}
	r->at++;
	return NULL;
}

err *hcl_load(const char *text, size_t len, const char *name, struct arena *a,
              struct val **ret_root)
{
	struct val_reader r;
	struct val *root;
	TRY(val_reader_init(&r, text, len, name, a));
	TRY(val_reader_new(&r, VAL_MAP, r.at, &root));
	root->style = VAL_STYLE_BLOCK;
	TRY(read_body(&r, true, root));
	root->mark.end = (uint32_t)len;
	*ret_root = root;
	return NULL;
}
