/*
 * INI documents as sops reads them (go-ini): `=` or `:`, values in "", '', `` or """ """, a backslash at
 * the end goes on in the next line, all comment lines above an entry together with the one behind it are
 * one comment of that entry. Keys above the first section belong to the section DEFAULT.
 */
#include "base/base.h"

#include "base/map.h"
#include "val/val.h"
#include "vault/sops_ini.h"
#include "vault/sops_tree.h"
#include "vault/sops_value.h"

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct reader {
	struct sops_doc *doc;
	struct sops_item *root, *section, *flat;
	const char *text;
	size_t len, at;
	uint32_t line;
	struct map seen; /* keys of this section */
	unsigned counter;
	/* The comment lines since the last entry. */
	struct str comment;
	uint32_t comment_start, comment_end, comment_line;
};

/* --- values --- */

static size_t line_end(const char *text, size_t len, size_t at)
{
	const char *feed = memchr(text + at, '\n', len - at);
	return feed ? (size_t)(feed - text) : len;
}

static size_t trimmed_end(const char *text, size_t start, size_t end)
{
	while (end > start && is_space(text[end - 1]))
		end--;
	return end;
}

/* The last place of `quote` between start and end; false when there is none. */
static bool find_last(const char *text, size_t start, size_t end, const char *quote, size_t *ret_at)
{
	size_t len = strlen(quote);
	for (size_t at = end; at >= start + len; at--)
		if (memcmp(text + at - len, quote, len) == 0) {
			*ret_at = at - len;
			return true;
		}
	return false;
}

/* In """ or ``: up to the last quote of the line where the first one is found. */
static bool read_quoted(const char *text, size_t len, const char *quote, struct sops_ini_value *v)
{
	size_t start = v->start + strlen(quote), stop = line_end(text, len, v->start), at;
	bool is_found = find_last(text, start, stop, quote, &at);
	while (!is_found && stop < len) {
		size_t next = stop + 1;
		stop = line_end(text, len, next);
		is_found = find_last(text, next, stop, quote, &at);
	}
	if (!is_found)
		return false;
	str_add(&v->text, text + start, at - start);
	v->end = trimmed_end(text, at, stop);
	v->line_end = stop;
	return true;
}

static void read_continued(const char *text, size_t len, size_t end, struct sops_ini_value *v)
{
	str_add(&v->text, text + v->start, end - 1 - v->start);
	v->end = end;
	while (v->line_end < len) {
		size_t next = v->line_end + 1, stop = line_end(text, len, next);
		while (next < stop && is_space(text[next]))
			next++;
		size_t last = trimmed_end(text, next, stop);
		v->line_end = stop;
		if (last == next)
			return;
		v->end = last;
		str_add(&v->text, text + next, last - next);
		if (text[last - 1] != '\\')
			return;
		str_truncate(&v->text, v->text.len - 1);
	}
}

static bool is_quoted(const struct str *text, char quote)
{
	return text->len >= 2 && text->ptr[0] == quote && text->ptr[text->len - 1] == quote &&
	       !memchr(text->ptr + 1, quote, text->len - 2);
}

static void read_bare(const char *text, size_t end, struct sops_ini_value *v)
{
	v->end = end;
	for (size_t i = v->start; i < end; i++)
		if (text[i] == '#' || text[i] == ';') {
			v->comment_start = i;
			v->comment_end = end;
			v->end = trimmed_end(text, v->start, i);
			break;
		}
	str_add(&v->text, text + v->start, v->end - v->start);
	if (is_quoted(&v->text, '\'') || is_quoted(&v->text, '"')) {
		memmove(v->text.ptr, v->text.ptr + 1, v->text.len - 2);
		str_truncate(&v->text, v->text.len - 2);
	}
}

bool sops_ini_read_value(const char *text, size_t len, size_t at, struct sops_ini_value *ret_value)
{
	struct sops_ini_value v = { .text = STR_INIT, .start = at };
	v.line_end = line_end(text, len, at);
	while (v.start < v.line_end && is_space(text[v.start]))
		v.start++;
	size_t end = trimmed_end(text, v.start, v.line_end), left = v.line_end - v.start;
	bool is_right = true;
	v.end = v.start;
	if (left > 3 && memcmp(text + v.start, "\"\"\"", 3) == 0)
		is_right = read_quoted(text, len, "\"\"\"", &v);
	else if (left > 0 && text[v.start] == '`')
		is_right = read_quoted(text, len, "`", &v);
	else if (end > v.start && text[end - 1] == '\\')
		read_continued(text, len, end, &v);
	else
		read_bare(text, end, &v);
	if (!is_right) {
		str_clear(&v.text);
		return false;
	}
	*ret_value = v;
	return true;
}

/* --- writing --- */

static bool reads_back(const struct str *written, struct view plain)
{
	struct sops_ini_value v;
	if (!sops_ini_read_value(written->ptr, written->len, 0, &v))
		return false;
	bool is_same = view_equal(view_str(&v.text), plain) && v.line_end == written->len &&
	               v.comment_end == 0;
	if (v.text.cap)
		secret_wipe(v.text.ptr, v.text.len);
	str_clear(&v.text);
	return is_same;
}

void sops_ini_write(struct view plain, struct str *out)
{
	static const char *const quotes[] = { "", "`", "\"\"\"", "\"", "'" };
	AUTO(str) written = STR_INIT;
	str_reserve(&written, plain.len + 8);
	for (size_t i = 0; i < ARRAY_LEN(quotes); i++) {
		str_reset(&written);
		str_addz(&written, quotes[i]);
		str_add(&written, plain.ptr, plain.len);
		str_addz(&written, quotes[i]);
		if (reads_back(&written, plain))
			break;
	}
	str_add_str(out, &written);
	secret_wipe(written.ptr, written.len);
}

/* --- comments --- */

static void keep_comment_line(struct reader *r, size_t start, size_t end)
{
	if (r->comment.len == 0) {
		r->comment_start = (uint32_t)start;
		r->comment_line = r->line;
	}
	str_add(&r->comment, r->text + start, MIN(end + 1, r->len) - start);
	r->comment_end = (uint32_t)trimmed_end(r->text, start, end);
}

/* Without the marks and blanks in front of the first line, as sops strips them. */
static struct view strip_marks(struct sops_doc *doc, const struct str *comment)
{
	size_t end = trimmed_end(comment->ptr, 0, comment->len), start = 0;
	const char *marks = comment->len && comment->ptr[0] == '#' ? "# " : "; ";
	while (start < end && strchr(marks, comment->ptr[start]))
		start++;
	return (struct view){ arena_strndup(&doc->arena, comment->ptr + start, end - start),
		              end - start };
}

/*
 * The collected comment with an inline one, as an item of `section`. One that is only inline gets a line
 * of its own above when it is encrypted: start == end is the place of that line.
 */
static void flush_comment(struct reader *r, struct sops_item *section, size_t entry_start,
                          size_t inline_start, size_t inline_end)
{
	bool has_lines = r->comment.len > 0;
	if (inline_end > inline_start)
		str_add(&r->comment, r->text + inline_start, inline_end - inline_start);
	struct view text = strip_marks(r->doc, &r->comment);
	str_reset(&r->comment);
	if (text.len == 0 || !section)
		return;
	struct sops_item *item = sops_item_new(r->doc, SOPS_COMMENT, section);
	item->text = text;
	item->line = has_lines ? r->comment_line : r->line;
	item->column = 1;
	item->start = item->end = (uint32_t)entry_start;
	item->style = VAL_STYLE_BLOCK; /* a line of its own is to be made */
	if (has_lines) {
		const char *marks = r->text[r->comment_start] == '#' ? "# " : "; ";
		item->style = VAL_STYLE_NONE;
		item->start = r->comment_start;
		while (item->start < r->comment_end && strchr(marks, r->text[item->start]))
			item->start++;
		item->end = MAX(r->comment_end, item->start);
	}
	if (inline_end > inline_start) {
		item->drop_start = (uint32_t)trimmed_end(r->text, entry_start, inline_start);
		item->drop_end = (uint32_t)inline_end;
	}
	item->key_start = item->start;
	sops_item_add(section, item);
}

/* --- lines --- */

static err *here(const struct reader *r, const char *what)
{
	return sops_error_at(r->doc, r->line, 1, "%s", what);
}

static struct sops_item *open_section(struct reader *r, struct view name, size_t start)
{
	struct sops_item *section = sops_item_new(r->doc, SOPS_MAP, r->root);
	section->key = name;
	section->key_start = section->start = (uint32_t)start;
	section->end = (uint32_t)r->len;
	section->line = r->line;
	section->column = 1;
	map_clear(&r->seen);
	r->counter = 1;
	r->section = section;
	if (view_is(name, "sops")) {
		section->flags |= SOPS_IS_META;
		r->flat = section;
	} else {
		sops_item_add(r->root, section);
	}
	return section;
}

static err *read_section(struct reader *r, size_t start, size_t end)
{
	size_t close;
	if (!find_last(r->text, start, end, "]", &close))
		return here(r, "the section is not closed");
	if (r->section)
		r->section->end = (uint32_t)(r->comment.len ? r->comment_start : start);
	struct view name = { r->text + start + 1, close - start - 1 };
	/* What stands above the metadata belongs to what comes before. */
	if (view_is(name, "sops"))
		flush_comment(r, r->section, start, 0, 0);
	open_section(r, name, start);
	size_t mark = close + 1;
	while (mark < end && r->text[mark] != '#' && r->text[mark] != ';')
		mark++;
	flush_comment(r, r->section, start, mark, trimmed_end(r->text, mark, end));
	r->at = end + 1;
	return NULL;
}

/* The key's name and where its value begins. */
static err *read_name(struct reader *r, size_t start, size_t end, struct view *ret_name,
                      size_t *ret_value)
{
	const char *text = r->text;
	const char *quote = end - start > 6 && memcmp(text + start, "\"\"\"", 3) == 0 ? "\"\"\""
	                    : text[start] == '"'                                      ? "\""
	                    : text[start] == '`'                                      ? "`"
	                                                                              : "";
	size_t at = start + strlen(quote), name_end = 0;
	if (*quote) {
		size_t first = at;
		while (at < end && memcmp(text + at, quote, strlen(quote)) != 0)
			at++;
		if (at >= end)
			return here(r, "the quotes of the name are not closed");
		*ret_name = (struct view){ text + first, at - first };
		name_end = at;
	}
	while (at < end && text[at] != '=' && text[at] != ':')
		at++;
	if (at >= end)
		return here(r, "neither a section nor `name = value` nor a comment");
	if (!*quote) {
		name_end = trimmed_end(text, start, at);
		if (at == start)
			return here(r, "a value without a name");
		*ret_name = (struct view){ text + start, name_end - start };
	}
	while (ret_name->len && is_space(ret_name->ptr[0])) {
		ret_name->ptr++;
		ret_name->len--;
	}
	*ret_value = at + 1;
	return NULL;
}

static struct view name_of(struct reader *r, struct view name)
{
	if (!view_is(name, "-"))
		return (struct view){ arena_strndup(&r->doc->arena, name.ptr, name.len), name.len };
	char *text = arena_printf(&r->doc->arena, "#%u", r->counter++);
	return view_of(text);
}

static err *read_entry(struct reader *r, size_t start, size_t end)
{
	struct view name;
	size_t at;
	struct sops_ini_value value;
	TRY(read_name(r, start, end, &name, &at));
	if (!r->section)
		open_section(r, view_of("DEFAULT"), start);
	if (!sops_ini_read_value(r->text, r->len, at, &value))
		return here(r, "the quotes of the value are not closed");
	struct sops_item *item = sops_item_new(r->doc, SOPS_VALUE, r->section);
	item->key = name_of(r, name);
	item->type = SOPS_STR;
	item->text = (struct view){ arena_strndup(&r->doc->arena, value.text.ptr, value.text.len),
		                    value.text.len };
	item->start = (uint32_t)value.start;
	item->end = (uint32_t)value.end;
	item->key_start = (uint32_t)start;
	item->line = r->line;
	item->column = 1;
	str_clear(&value.text);
	if (map_get(&r->seen, item->key.ptr))
		return here(r, "this name is already set in this section");
	map_set(&r->seen, item->key.ptr, item);
	sops_item_add(r->section, item);
	flush_comment(r, r->section, start, value.comment_start, value.comment_end);
	for (size_t i = start; i < value.line_end; i++)
		r->line += r->text[i] == '\n';
	r->at = value.line_end + 1;
	return sops_count(r->doc, item);
}

static err *read_line(struct reader *r)
{
	size_t start = r->at, end = line_end(r->text, r->len, r->at);
	r->line++;
	while (start < end && is_space(r->text[start]))
		start++;
	if (start == end) {
		r->at = end + 1;
		return NULL;
	}
	char first = r->text[start];
	if (first == '[')
		return read_section(r, start, end);
	if (first != '#' && first != ';')
		return read_entry(r, start, end);
	keep_comment_line(r, start, end);
	r->at = end + 1;
	return NULL;
}

err *sops_ini_read(struct sops_doc *doc)
{
	struct sops_part part = { .end = (uint32_t)doc->len };
	struct reader r = { .doc = doc,
		            .text = doc->text,
		            .len = doc->len,
		            .seen = MAP_INIT,
		            .comment = STR_INIT,
		            .counter = 1 };
	err *e = NULL;
	if (doc->len >= 3 && memcmp(doc->text, "\xef\xbb\xbf", 3) == 0)
		r.at = 3;
	part.root = r.root = sops_item_new(doc, SOPS_MAP, NULL);
	while (r.at < r.len && !e)
		e = read_line(&r);
	if (!e && r.comment.len)
		/* sops forgets what stands below the last entry; here it is kept, and kept secret. */
		flush_comment(&r, r.section, r.len, 0, 0);
	if (!e && r.flat) {
		part.meta = sops_item_new(doc, SOPS_MAP, NULL);
		part.meta->start = r.flat->start;
		part.meta->end = r.flat->end;
		e = sops_unflatten(doc, r.flat, 0, part.meta);
	}
	vec_push(&doc->parts, part);
	map_clear(&r.seen);
	secret_wipe(r.comment.ptr, r.comment.len);
	str_clear(&r.comment);
	return e;
}
