/* The functions every Go template has. */
#include "base/base.h"

#include "tmpl/tmpl_private.h"

#include "base/utf8.h"

static err *never(const struct tmpl_call *call, const struct val **ret)
{
	(void)ret;
	return call_error(call, "'%s' is evaluated by itself", call->func->name); /* and, or */
}

static err *do_not(const struct tmpl_call *call, const struct val **ret)
{
	*ret = call_bool(call, !tmpl_truth(call->args[0]));
	return NULL;
}

static err *do_len(const struct tmpl_call *call, const struct val **ret)
{
	const struct val *v = call->args[0];
	if (val_is(v, VAL_STR))
		*ret = call_integer(call, (int64_t)v->as.str.len);
	else if (val_is(v, VAL_LIST) || val_is(v, VAL_MAP))
		*ret = call_integer(call, (int64_t)val_len(v));
	else
		return call_error(call, "error calling len: len of %s",
		                  v ? tmpl_type(v) : "nil pointer");
	return NULL;
}

static err *index_one(const struct tmpl_call *call, const struct val *v, const struct val *key,
                      const struct val **ret)
{
	bool is_map = val_is(v, VAL_MAP), is_str = val_is(v, VAL_STR);
	size_t len = is_str ? v->as.str.len : val_len(v);
	if (!v || v->kind == VAL_NULL)
		return call_error(call, "error calling index: index of untyped nil");
	if (is_map && !val_is(key, VAL_STR))
		return call_error(call, "error calling index: value has type %s; should be string",
		                  tmpl_type(key));
	if (is_map) {
		*ret = val_getn(v, key->as.str.ptr, key->as.str.len);
		return NULL;
	}
	if (!is_str && v->kind != VAL_LIST)
		return call_error(call, "error calling index: can't index item of type %s",
		                  tmpl_type(v));
	if (!val_is(key, VAL_INT))
		return call_error(call,
		                  "error calling index: cannot index slice/array with type %s",
		                  tmpl_type(key));
	int64_t i = key->as.integer;
	if (i < 0 || (uint64_t)i >= len)
		return call_error(call, "error calling index: index out of range: %" PRId64, i);
	*ret = is_str ? call_integer(call, (unsigned char)v->as.str.ptr[i]) : val_at(v, (size_t)i);
	return NULL;
}

static err *do_index(const struct tmpl_call *call, const struct val **ret)
{
	const struct val *v = call->args[0];
	for (size_t i = 1; i < call->count; i++)
		TRY(index_one(call, v, call->args[i], &v));
	*ret = v;
	return NULL;
}

static err *do_slice(const struct tmpl_call *call, const struct val **ret)
{
	const struct val *v = call->args[0];
	bool is_str = val_is(v, VAL_STR);
	if (!is_str && !val_is(v, VAL_LIST))
		return call_error(call, "error calling slice: can't slice item of type %s",
		                  tmpl_type(v));
	int64_t len = (int64_t)(is_str ? v->as.str.len : val_len(v));
	int64_t from = call->count > 1 ? call_int(call, 1) : 0,
		to = call->count > 2 ? call_int(call, 2) : len;
	if (call->count > 3)
		return call_error(call, "error calling slice: a third index is not supported");
	if (from < 0 || to < 0 || from > len || to > len)
		return call_error(call, "error calling slice: index out of range: %" PRId64,
		                  from < 0 || from > len ? from : to);
	if (from > to)
		return call_error(
			call, "error calling slice: invalid slice index: %" PRId64 " > %" PRId64,
			from, to);
	if (is_str) {
		*ret = call_text(call, v->as.str.ptr + from, (size_t)(to - from));
		return NULL;
	}
	struct val *list = val_new_list(&call->x->arena);
	for (int64_t i = from; i < to; i++)
		val_push(&call->x->arena, list, v->as.list.items[i]);
	*ret = list;
	return NULL;
}

static err *do_print(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) text = STR_INIT;
	tmpl_sprint(call->args, call->count, call->func->tag, &text);
	*ret = call_str_result(call, &text);
	return NULL;
}

static err *do_printf(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) text = STR_INIT;
	TRY(tmpl_sprintf(call, &text));
	*ret = call_str_result(call, &text);
	return NULL;
}

/* --- escaping: what they are given is printed first --- */

static void printed(const struct tmpl_call *call, struct str *text)
{
	struct arena *a = &call->x->arena;
	const struct val **args = arena_alloc(a, (call->count + 1) * sizeof(*args));
	for (size_t i = 0; i < call->count; i++)
		args[i] = call->args[i] && call->args[i]->kind != VAL_NULL
		                  ? call->args[i]
		                  : val_new_str(a, "<no value>");
	tmpl_sprint(args, call->count, false, text);
}

static err *do_html(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) text = STR_INIT;
	AUTO(str) out = STR_INIT;
	printed(call, &text);
	for (size_t i = 0; i < text.len; i++)
		switch (text.ptr[i]) {
		case '"':
			str_addz(&out, "&#34;");
			break;
		case '\'':
			str_addz(&out, "&#39;");
			break;
		case '&':
			str_addz(&out, "&amp;");
			break;
		case '<':
			str_addz(&out, "&lt;");
			break;
		case '>':
			str_addz(&out, "&gt;");
			break;
		case '\0':
			str_addz(&out, "\xef\xbf\xbd");
			break;
		default:
			str_addch(&out, text.ptr[i]);
		}
	*ret = call_str_result(call, &out);
	return NULL;
}

static err *do_js(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) text = STR_INIT;
	AUTO(str) out = STR_INIT;
	printed(call, &text);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c == '\\' || c == '\'' || c == '"')
			str_addf(&out, "\\%c", c);
		else if (c < ' ' || strchr("<>&=", c))
			str_addf(&out, "\\u%04X", c);
		else
			str_addch(&out, (char)c);
	}
	*ret = call_str_result(call, &out);
	return NULL;
}

static err *do_urlquery(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) text = STR_INIT;
	AUTO(str) out = STR_INIT;
	printed(call, &text);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		                (c >= 'A' && c <= 'Z') || (c && strchr("-_.~", c));
		if (c == ' ')
			str_addch(&out, '+');
		else if (is_plain)
			str_addch(&out, (char)c);
		else
			str_addf(&out, "%%%02X", c);
	}
	*ret = call_str_result(call, &out);
	return NULL;
}

/* --- comparison --- */

enum compare { EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL };

static bool is_nil(const struct val *v)
{
	return !v || v->kind == VAL_NULL;
}

static err *equal(const struct tmpl_call *call, const struct val *a, const struct val *b,
                  bool *ret_equal)
{
	*ret_equal = false;
	if (is_nil(a) || is_nil(b)) {
		*ret_equal = is_nil(a) && is_nil(b);
		return NULL;
	}
	if (a->kind == VAL_LIST || a->kind == VAL_MAP || b->kind == VAL_LIST || b->kind == VAL_MAP)
		return call_error(call, "error calling %s: non-comparable type %s",
		                  call->func->name,
		                  tmpl_type(a->kind == VAL_LIST || a->kind == VAL_MAP ? a : b));
	if (a->kind != b->kind)
		return call_error(call, "error calling %s: incompatible types for comparison",
		                  call->func->name);
	*ret_equal = val_equal(a, b);
	return NULL;
}

/* eq a b c: a equals b or c. */
static err *do_equal(const struct tmpl_call *call, const struct val **ret)
{
	bool is_equal = false;
	for (size_t i = 1; i < call->count && !is_equal; i++)
		TRY(equal(call, call->args[0], call->args[i], &is_equal));
	*ret = call_bool(call, is_equal == (call->func->tag == EQUAL));
	return NULL;
}

static err *order(const struct tmpl_call *call, int *ret_order)
{
	const struct val *a = call->args[0], *b = call->args[1];
	bool has_order = !is_nil(a) && !is_nil(b) &&
	                 (a->kind == VAL_INT || a->kind == VAL_FLOAT || a->kind == VAL_STR);
	if (!has_order)
		return call_error(call, "error calling %s: invalid type for comparison",
		                  call->func->name);
	if (a->kind != b->kind)
		return call_error(call, "error calling %s: incompatible types for comparison",
		                  call->func->name);
	if (a->kind == VAL_INT)
		*ret_order = (a->as.integer > b->as.integer) - (a->as.integer < b->as.integer);
	else if (a->kind == VAL_FLOAT)
		*ret_order = (a->as.number > b->as.number) - (a->as.number < b->as.number);
	else
		*ret_order = strcmp(a->as.str.ptr, b->as.str.ptr);
	return NULL;
}

static err *do_order(const struct tmpl_call *call, const struct val **ret)
{
	int found = 0;
	TRY(order(call, &found));
	enum compare how = (enum compare)call->func->tag;
	*ret = call_bool(call, how == LESS         ? found < 0
	                       : how == LESS_EQUAL ? found <= 0
	                       : how == GREATER    ? found > 0
	                                           : found >= 0);
	return NULL;
}

const struct tmpl_func tmpl_builtins[] = {
	{ "and", ".*", never, 0 },         { "or", ".*", never, 0 },
	{ "not", ".", do_not, 0 },         { "len", ".", do_len, 0 },
	{ "index", "..*", do_index, 0 },   { "slice", ".i*", do_slice, 0 },
	{ "print", ".*", do_print, 0 },    { "println", ".*", do_print, 1 },
	{ "printf", "s.*", do_printf, 0 }, { "html", ".*", do_html, 0 },
	{ "js", ".*", do_js, 0 },          { "urlquery", ".*", do_urlquery, 0 },
	{ "eq", "...*", do_equal, EQUAL }, { "ne", "..", do_equal, NOT_EQUAL },
	{ "lt", "..", do_order, LESS },    { "le", "..", do_order, LESS_EQUAL },
	{ "gt", "..", do_order, GREATER }, { "ge", "..", do_order, GREATER_EQUAL },
	{ "call", "!", NULL, 0 },          { NULL, NULL, NULL, 0 },
};
