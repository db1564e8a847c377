/* confd's functions, by its documentation (v0.16). What is acted on comes first here. */
#include "base/base.h"

#include "tmpl/tmpl_text.h"

#include "base/num.h"
#include "base/path.h"

#include <stdlib.h>

enum { LIMIT_SEQ = 1000000 };

static struct arena *arena_of(const struct tmpl_call *call)
{
	return &call->x->arena;
}

/* --- the store --- */

enum store_kind { STORE_EXISTS, STORE_GET, STORE_VALUE, STORE_PAIRS, STORE_VALUES, STORE_NAMES };

static err *no_key(const struct tmpl_call *call)
{
	return call_error(call, "error calling %s: key does not exist: %s", call->func->name,
	                  call_str(call, 0));
}

/* get: {Key, Value}; getv: the value, or a default; gets, getvs: by a pattern; ls, lsdir: names. */
static err *do_store(const struct tmpl_call *call, const struct val **ret)
{
	enum tmpl_state state = TMPL_ABSENT;
	const struct val *value = NULL;
	struct arena *a = arena_of(call);
	struct val *pair;
	TRY(call_lookup(call, call->func->name, call_str(call, 0), &state, &value));
	switch ((enum store_kind)call->func->tag) {
	case STORE_EXISTS:
		*ret = call_bool(call, state == TMPL_KNOWN);
		return NULL;
	case STORE_GET:
		if (state == TMPL_ABSENT)
			return no_key(call);
		pair = val_new_map(a);
		val_set_str(a, pair, "Key", call_str(call, 0));
		val_set(a, pair, "Value",
		        (struct val *)(uintptr_t)(value ? value : val_new_str(a, "")));
		*ret = pair;
		return NULL;
	case STORE_VALUE:
		if (state == TMPL_ABSENT && call->count < 2)
			return no_key(call);
		*ret = value                                     ? value
		       : call->count > 1 && state == TMPL_ABSENT ? call->args[1]
		                                                 : val_new_str(a, "");
		return NULL;
	default:
		*ret = value ? value : val_new_list(a);
		return NULL;
	}
}

static err *do_getenv(const struct tmpl_call *call, const struct val **ret)
{
	enum tmpl_state state = TMPL_ABSENT;
	const struct val *value = NULL;
	TRY(call_lookup(call, "env", call_str(call, 0), &state, &value));
	bool is_empty = !value || value->as.str.len == 0;
	*ret = is_empty && call->count > 1 ? call->args[1] : value ? value : call_text(call, "", 0);
	return NULL;
}

/* --- text --- */

static err *do_base(const struct tmpl_call *call, const struct val **ret)
{
	struct view text = call_view(call, 0);
	while (text.len > 1 && text.ptr[text.len - 1] == '/')
		text.len--;
	size_t start = text.len;
	while (start > 0 && text.ptr[start - 1] != '/')
		start--;
	if (text.len == 0)
		*ret = call_text(call, ".", 1);
	else if (text.len == 1 && text.ptr[0] == '/')
		*ret = call_text(call, "/", 1);
	else
		*ret = call_text(call, text.ptr + start, text.len - start);
	return NULL;
}

static err *do_dir(const struct tmpl_call *call, const struct val **ret)
{
	struct view text = call_view(call, 0);
	size_t end = text.len;
	while (end > 0 && text.ptr[end - 1] != '/')
		end--;
	AUTOFREE char *part = mem_strndup(text.ptr, end);
	AUTOFREE char *clean = path_clean(*part ? part : ".");
	*ret = call_text(call, clean, strlen(clean));
	return NULL;
}

static err *do_split(const struct tmpl_call *call, const struct val **ret)
{
	*ret = text_split(arena_of(call), call_view(call, 0), call_view(call, 1));
	return NULL;
}

static err *do_join(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) text = STR_INIT;
	text_join(call->args[0], call_view(call, 1), &text);
	*ret = call_str_result(call, &text);
	return NULL;
}

static err *do_case(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) text = STR_INIT;
	TRY(text_case(call, call_view(call, 0), call->func->tag, &text));
	*ret = call_str_result(call, &text);
	return NULL;
}

static err *do_contains(const struct tmpl_call *call, const struct val **ret)
{
	struct view text = call_view(call, 0), part = call_view(call, 1);
	*ret = call_bool(call, str_find(text.ptr, text.len, part.ptr, part.len) != NULL);
	return NULL;
}

/* replace text old new n: the first n, all when n is negative. */
static err *do_replace(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) out = STR_INIT;
	struct view text = call_view(call, 0), from = call_view(call, 1), to = call_view(call, 2);
	int64_t left = call_int(call, 3);
	size_t pos = 0;
	if (left < 0) {
		text_replace(text, from, to, &out);
		*ret = call_str_result(call, &out);
		return NULL;
	}
	if (from.len == 0)
		return call_error(
			call, "replace: an empty text to replace is not supported with a count");
	for (; left > 0; left--) {
		const char *found = str_find(text.ptr + pos, text.len - pos, from.ptr, from.len);
		if (!found)
			break;
		str_add(&out, text.ptr + pos, (size_t)(found - text.ptr) - pos);
		str_add(&out, to.ptr, to.len);
		pos = (size_t)(found - text.ptr) + from.len;
	}
	str_add(&out, text.ptr + pos, text.len - pos);
	*ret = call_str_result(call, &out);
	return NULL;
}

static err *do_trim_suffix(const struct tmpl_call *call, const struct val **ret)
{
	struct view text = call_view(call, 0), end = call_view(call, 1);
	if (end.len <= text.len && memcmp(text.ptr + text.len - end.len, end.ptr, end.len) == 0)
		text.len -= end.len;
	*ret = call_text(call, text.ptr, text.len);
	return NULL;
}

/* --- documents and lists --- */

static err *do_json(const struct tmpl_call *call, const struct val **ret)
{
	TRY(text_parse_json(call, call_view(call, 0), ret));
	enum val_kind wanted = call->func->tag ? VAL_LIST : VAL_MAP;
	return val_is(*ret, wanted) ? NULL
	                            : call_error(call, "%s: that is no JSON %s", call->func->name,
	                                         call->func->tag ? "array" : "object");
}

static err *do_map(const struct tmpl_call *call, const struct val **ret)
{
	struct arena *a = arena_of(call);
	struct val *map = val_new_map(a);
	if (call->count % 2)
		return call_error(call, "map: an odd number of arguments");
	for (size_t i = 0; i < call->count; i += 2) {
		if (!val_is(call->args[i], VAL_STR))
			return call_error(call, "map: keys must be strings");
		val_set(a, map, call_str(call, i), (struct val *)(uintptr_t)call->args[i + 1]);
	}
	*ret = map;
	return NULL;
}

static err *do_reverse(const struct tmpl_call *call, const struct val **ret)
{
	struct arena *a = arena_of(call);
	struct val *list = val_new_list(a);
	for (size_t i = val_len(call->args[0]); i > 0; i--)
		val_push(a, list, call->args[0]->as.list.items[i - 1]);
	*ret = list;
	return NULL;
}

static size_t length(const struct val *v)
{
	const struct val *key = val_is(v, VAL_MAP) ? val_get(v, "Key") : v;
	return val_is(key, VAL_STR) ? key->as.str.len : 0;
}

/* Stable, as confd's sort is not; equal lengths keep their order. */
static err *do_sort_by_length(const struct tmpl_call *call, const struct val **ret)
{
	struct arena *a = arena_of(call);
	struct val *list = val_shallow_copy(a, call->args[0]);
	for (size_t i = 1; i < list->as.list.len; i++) {
		struct val *item = list->as.list.items[i];
		size_t k = i;
		for (; k > 0 && length(list->as.list.items[k - 1]) > length(item); k--)
			list->as.list.items[k] = list->as.list.items[k - 1];
		list->as.list.items[k] = item;
		TRY(tmpl_step(call->x, call->at));
	}
	*ret = list;
	return NULL;
}

static err *do_seq(const struct tmpl_call *call, const struct val **ret)
{
	struct arena *a = arena_of(call);
	int64_t from = call_int(call, 0), to = call_int(call, 1);
	struct val *list = val_new_list(a);
	if (to > from && to - from > LIMIT_SEQ)
		return call_error(call, "seq: more than %d numbers", LIMIT_SEQ);
	for (int64_t i = from; i <= to; i++)
		val_push(a, list, val_new_int(a, i));
	*ret = list;
	return NULL;
}

/* --- numbers --- */

static err *do_maths(const struct tmpl_call *call, const struct val **ret)
{
	int64_t a = call_int(call, 0), b = call_int(call, 1), result = 0;
	bool overflows = false;
	switch (call->func->tag) {
	case '+':
		overflows = __builtin_add_overflow(a, b, &result);
		break;
	case '-':
		overflows = __builtin_sub_overflow(a, b, &result);
		break;
	case '*':
		overflows = __builtin_mul_overflow(a, b, &result);
		break;
	default:
		if (b == 0)
			return call_error(call, "%s: integer divide by zero", call->func->name);
		result = b == -1                  ? (call->func->tag == '/' ? 0 - a : 0)
		         : call->func->tag == '/' ? a / b
		                                  : a % b;
	}
	if (overflows)
		return call_error(call, "%s: the number is too large", call->func->name);
	*ret = call_integer(call, result);
	return NULL;
}

static err *do_atoi(const struct tmpl_call *call, const struct val **ret)
{
	struct view text = call_view(call, 0);
	int64_t number = 0;
	if (!num_parse_i64(text.ptr, text.len, &number))
		return call_error(call, "atoi: parsing '%.60s': invalid syntax", text.ptr);
	*ret = call_integer(call, number);
	return NULL;
}

const struct tmpl_func tmpl_confd_functions[] = {
	{ "exists", "s", do_store, STORE_EXISTS },
	{ "get", "s", do_store, STORE_GET },
	{ "getv", "s?s", do_store, STORE_VALUE },
	{ "gets", "s", do_store, STORE_PAIRS },
	{ "getvs", "s", do_store, STORE_VALUES },
	{ "ls", "s", do_store, STORE_NAMES },
	{ "lsdir", "s", do_store, STORE_NAMES },
	{ "getenv", "s?s", do_getenv, 0 },
	{ "base", "s", do_base, 0 },
	{ "dir", "s", do_dir, 0 },
	{ "split", "ss", do_split, 0 },
	{ "join", "ls", do_join, 0 },
	{ "toUpper", "s", do_case, 1 },
	{ "toLower", "s", do_case, 0 },
	{ "contains", "ss", do_contains, 0 },
	{ "replace", "sssi", do_replace, 0 },
	{ "trimSuffix", "ss", do_trim_suffix, 0 },
	{ "json", "s", do_json, 0 },
	{ "jsonArray", "s", do_json, 1 },
	{ "map", ".*", do_map, 0 },
	{ "base64Encode", "s", text_base64, 0 },
	{ "base64Decode", "s", text_base64_decode, 0 },
	{ "parseBool", "s", text_parse_bool, 0 },
	{ "reverse", "l", do_reverse, 0 },
	{ "sortByLength", "l", do_sort_by_length, 0 },
	{ "sortKVByLength", "l", do_sort_by_length, 0 },
	{ "seq", "ii", do_seq, 0 },
	{ "add", "ii", do_maths, '+' },
	{ "sub", "ii", do_maths, '-' },
	{ "mul", "ii", do_maths, '*' },
	{ "div", "ii", do_maths, '/' },
	{ "mod", "ii", do_maths, '%' },
	{ "atoi", "s", do_atoi, 0 },
	/* Known, and refused by name. */
	{ "cget", "!", NULL, 0 },
	{ "cgets", "!", NULL, 0 },
	{ "cgetv", "!", NULL, 0 },
	{ "cgetvs", "!", NULL, 0 },
	{ "datetime", "!", NULL, 0 },
	{ "fileExists", "!", NULL, 0 },
	{ "lookupIP", "!", NULL, 0 },
	{ "lookupIPV4", "!", NULL, 0 },
	{ "lookupIPV6", "!", NULL, 0 },
	{ "lookupSRV", "!", NULL, 0 },
	{ "lookupIfaceIPV4", "!", NULL, 0 },
	{ "lookupIfaceIPV6", "!", NULL, 0 },
	{ NULL, NULL, NULL, 0 },
};
