/*
 * Mustache (https://mustache.github.io/mustache.5.html, specification 1.4 without lambdas): variables,
 * sections, inverted sections, comments, partials, delimiters, dotted names. A partial is asked of the
 * host as "partial".
 */
#include "base/base.h"

#include "tmpl/tmpl_private.h"

#include "base/vec.h"

struct tag {
	char kind; /* '\0': text, '&', '{' raw, 'v' escaped, '#', '^', '/', '>', '!' , '=' */
	size_t at;
	struct view text;   /* of text, or the name */
	struct view indent; /* of a partial that stands alone in its line */
	size_t close;       /* of a section: index of its end */
};

struct tags {
	struct tag *ptr;
	size_t len, cap;
};

struct scanner {
	const struct tmpl *tmpl;
	struct view text;
	size_t pos;
	struct str left, right; /* delimiters now */
	struct tags *tags;
	unsigned depth;
};

/* --- parsing --- */

static struct view trimmed(struct view text)
{
	while (text.len && strchr(" \t\r\n", text.ptr[0]))
		text = (struct view){ text.ptr + 1, text.len - 1 };
	while (text.len && strchr(" \t\r\n", text.ptr[text.len - 1]))
		text.len--;
	return text;
}

static err *set_delimiters(struct scanner *s, size_t at, struct view content)
{
	struct view rest = trimmed(content);
	size_t first = 0, last = rest.len;
	while (first < rest.len && !strchr(" \t\r\n", rest.ptr[first]))
		first++;
	while (last > 0 && !strchr(" \t\r\n", rest.ptr[last - 1]))
		last--;
	if (first == 0 || first >= rest.len || last == 0 || last == rest.len ||
	    memchr(rest.ptr, '=', rest.len))
		return tmpl_error(s->tmpl, at, "expected two delimiters");
	str_reset(&s->left);
	str_reset(&s->right);
	str_add(&s->left, rest.ptr, first);
	str_add(&s->right, rest.ptr + last, rest.len - last);
	return NULL;
}

/* A tag that stands alone takes its whole line with it. */
static void stand_alone(struct scanner *s, size_t text_start, size_t open, size_t *text_end,
                        struct tag *tag)
{
	size_t line = open, after = s->pos;
	while (line > text_start && strchr(" \t", s->text.ptr[line - 1]))
		line--;
	bool starts_line = line == 0 || s->text.ptr[line - 1] == '\n';
	while (after < s->text.len && strchr(" \t", s->text.ptr[after]))
		after++;
	bool has_return = after + 1 < s->text.len && s->text.ptr[after] == '\r' &&
	                  s->text.ptr[after + 1] == '\n';
	bool ends_line = after >= s->text.len || s->text.ptr[after] == '\n' || has_return;
	if (!starts_line || !ends_line)
		return;
	tag->indent = (struct view){ s->text.ptr + line, open - line };
	*text_end = line;
	s->pos = MIN(after + 1 + has_return, s->text.len);
}

static err *scan_tag(struct scanner *s, size_t text_start, size_t open, size_t *ret_text_end,
                     struct tag *tag)
{
	size_t pos = open + s->left.len;
	char kind = pos < s->text.len ? s->text.ptr[pos] : '\0';
	bool is_known = kind && strchr("#^/!>=&{", kind);
	AUTO(str) close = STR_INIT;
	if (kind == '=' || kind == '{')
		str_addch(&close, kind == '{' ? '}' : '=');
	str_add_str(&close, &s->right);
	pos += is_known;
	const char *end = str_find(s->text.ptr + pos, s->text.len - pos, close.ptr, close.len);
	if (!end)
		return tmpl_error(s->tmpl, open, "this tag is not closed");
	struct view content = { s->text.ptr + pos, (size_t)(end - s->text.ptr) - pos };
	*tag = (struct tag){ .kind = is_known ? kind : 'v', .at = open, .text = trimmed(content) };
	s->pos = (size_t)(end - s->text.ptr) + close.len;
	*ret_text_end = open;
	if (kind && strchr("<$", kind))
		return tmpl_error(s->tmpl, open,
		                  "blocks and parents of templates are not supported");
	if (tag->text.len == 0 && tag->kind != '!')
		return tmpl_error(s->tmpl, open, "a tag without a name");
	if (is_known && kind != '&' && kind != '{')
		stand_alone(s, text_start, open, ret_text_end, tag);
	return kind == '=' ? set_delimiters(s, open, content) : NULL;
}

static void add_text(struct scanner *s, size_t from, size_t to)
{
	if (from < to)
		vec_push(s->tags,
		         ((struct tag){ .at = from, .text = { s->text.ptr + from, to - from } }));
}

static err *scan_all(struct scanner *s)
{
	for (;;) {
		size_t start = s->pos, text_end;
		const char *open = str_find(s->text.ptr + start, s->text.len - start, s->left.ptr,
		                            s->left.len);
		struct tag tag;
		if (!open) {
			add_text(s, start, s->text.len);
			return NULL;
		}
		TRY(scan_tag(s, start, (size_t)(open - s->text.ptr), &text_end, &tag));
		add_text(s, start, text_end);
		if (tag.kind != '!' && tag.kind != '=')
			vec_push(s->tags, tag);
	}
}

/* Finds the end of each section. */
static err *match_sections(const struct tmpl *tmpl, struct tags *tags)
{
	VEC(size_t) open = VEC_INIT;
	err *e = NULL;
	for (size_t i = 0; i < tags->len && !e; i++) {
		struct tag *tag = &tags->ptr[i];
		if (tag->kind == '#' || tag->kind == '^') {
			vec_push(&open, i);
			if (open.len > TMPL_MAX_DEPTH)
				e = tmpl_error(tmpl, tag->at, "nested deeper than %u levels",
				               TMPL_MAX_DEPTH);
		} else if (tag->kind == '/') {
			struct tag *begin = open.len ? &tags->ptr[open.ptr[--open.len]] : NULL;
			if (!begin || !view_equal(begin->text, tag->text))
				e = tmpl_error(tmpl, tag->at, "this ends no section '%.*s'",
				               (int)tag->text.len, tag->text.ptr);
			else
				begin->close = i;
		}
	}
	if (!e && open.len)
		e = tmpl_error(tmpl, tags->ptr[open.ptr[open.len - 1]].at,
		               "this section is not closed");
	vec_clear(&open);
	return e;
}

static err *parse(const struct tmpl *tmpl, struct view text, bool is_partial, struct tags *tags)
{
	struct scanner s = {
		.tmpl = tmpl, .text = text, .left = STR_INIT, .right = STR_INIT, .tags = tags
	};
	str_addz(&s.left,
	         !is_partial && tmpl->options.left_delim ? tmpl->options.left_delim : "{{");
	str_addz(&s.right,
	         !is_partial && tmpl->options.right_delim ? tmpl->options.right_delim : "}}");
	err *e = scan_all(&s);
	if (!e)
		e = match_sections(tmpl, tags);
	str_clear(&s.left);
	str_clear(&s.right);
	return e;
}

/* --- rendering --- */

struct context {
	const struct context *outer;
	const struct val *value;
};

static err *render(struct exec *x, const struct context *context, const struct tags *tags,
                   size_t from, size_t to, struct str *out);

static const struct val *find(const struct context *context, struct view name)
{
	struct view part, rest = name;
	const struct val *value = NULL;
	if (view_is(name, "."))
		return context->value;
	(void)view_split(&rest, '.', &part);
	for (; context && !value; context = context->outer)
		value = val_getn(context->value, part.ptr, part.len);
	while (value && view_split(&rest, '.', &part))
		value = val_getn(value, part.ptr, part.len);
	return value;
}

static void add_escaped(const struct str *text, struct str *out)
{
	for (size_t i = 0; i < text->len; i++)
		switch (text->ptr[i]) {
		case '&':
			str_addz(out, "&amp;");
			break;
		case '<':
			str_addz(out, "&lt;");
			break;
		case '>':
			str_addz(out, "&gt;");
			break;
		case '"':
			str_addz(out, "&quot;");
			break;
		default:
			str_addch(out, text->ptr[i]);
		}
}

static err *add_value(struct exec *x, const struct context *context, const struct tag *tag,
                      struct str *out)
{
	AUTO(str) text = STR_INIT;
	const struct val *value = find(context, tag->text);
	if (!value && x->tmpl->options.missing == TMPL_MISSING_ERROR)
		return tmpl_error(x->tmpl, tag->at, "there is no '%.*s'", (int)tag->text.len,
		                  tag->text.ptr);
	if (value && value->kind != VAL_NULL)
		tmpl_print(value, &text);
	if (tag->kind == 'v')
		add_escaped(&text, out);
	else
		str_add_str(out, &text);
	return NULL;
}

static bool is_true(const struct val *v)
{
	if (val_is(v, VAL_BOOL))
		return v->as.boolean;
	return v && v->kind != VAL_NULL && !(v->kind == VAL_LIST && val_len(v) == 0);
}

static err *add_section(struct exec *x, const struct context *context, const struct tags *tags,
                        size_t index, struct str *out)
{
	const struct tag *tag = &tags->ptr[index];
	const struct val *value = find(context, tag->text), *item;
	if (tag->kind == '^')
		return is_true(value) ? NULL : render(x, context, tags, index + 1, tag->close, out);
	if (!is_true(value))
		return NULL;
	if (value->kind != VAL_LIST) {
		struct context inner = { context, value };
		return render(x, &inner, tags, index + 1, tag->close, out);
	}
	for (VAL_EACH_ITEM(i, item, value)) {
		struct context inner = { context, item };
		TRY(render(x, &inner, tags, index + 1, tag->close, out));
	}
	return NULL;
}

/* Every line of the partial's text gets the indentation of its tag. */
static struct view indented(struct exec *x, struct view text, struct view indent)
{
	AUTO(str) out = STR_INIT;
	if (indent.len == 0)
		return text;
	for (size_t i = 0; i < text.len; i++) {
		if (i == 0 || text.ptr[i - 1] == '\n')
			str_add(&out, indent.ptr, indent.len);
		str_addch(&out, text.ptr[i]);
	}
	return (struct view){ arena_strndup(&x->arena, out.ptr, out.len), out.len };
}

static err *add_partial(struct exec *x, const struct context *context, const struct tag *tag,
                        struct str *out)
{
	const struct tmpl_func partial = { "partial", "s", NULL, 0 };
	struct tmpl_call call = { x, &partial, tag->at, NULL, 0 };
	const struct val *text = NULL;
	struct tags tags = VEC_INIT;
	enum tmpl_state state = TMPL_ABSENT;
	TRY(call_lookup(&call, "partial", arena_strndup(&x->arena, tag->text.ptr, tag->text.len),
	                &state, &text));
	if (!val_is(text, VAL_STR))
		return NULL; /* an unknown partial is empty */
	if (++x->depth > TMPL_MAX_DEPTH)
		return tmpl_error(x->tmpl, tag->at, "partials nested deeper than %u levels",
		                  TMPL_MAX_DEPTH);
	err *e =
		parse(x->tmpl,
	              indented(x, (struct view){ text->as.str.ptr, text->as.str.len }, tag->indent),
	              true, &tags);
	if (!e)
		e = render(x, context, &tags, 0, tags.len, out);
	x->depth--;
	vec_clear(&tags);
	return e;
}

static err *render(struct exec *x, const struct context *context, const struct tags *tags,
                   size_t from, size_t to, struct str *out)
{
	for (size_t i = from; i < to; i++) {
		const struct tag *tag = &tags->ptr[i];
		TRY(tmpl_step(x, tag->at));
		switch (tag->kind) {
		case '\0':
			str_add(out, tag->text.ptr, tag->text.len);
			break;
		case '#':
		case '^':
			TRY(add_section(x, context, tags, i, out));
			i = tag->close;
			break;
		case '>':
			TRY(add_partial(x, context, tag, out));
			break;
		default:
			TRY(add_value(x, context, tag, out));
		}
	}
	return NULL;
}

err *tmpl_mustache(struct exec *x, const struct tmpl *tmpl, const struct val *data, struct str *out)
{
	struct tags tags = VEC_INIT;
	struct context context = { NULL, data };
	err *e = parse(tmpl, tmpl->text, false, &tags);
	if (!e && out)
		e = render(x, &context, &tags, 0, tags.len, out);
	vec_clear(&tags);
	return e;
}
