/* consul-template's functions, by its documentation (v0.41). Arguments that are piped come last. */
#include "base/base.h"

#include "tmpl/tmpl_text.h"

#include "base/num.h"
#include "crypto/encode.h"
#include "crypto/hash.h"
#include "pal/clock.h"

#include <ctype.h>
#include <stdlib.h>

enum { LIMIT_LOOP = 1000000 };

static struct arena *arena_of(const struct tmpl_call *call)
{
	return &call->x->arena;
}

/* --- sources --- */

enum lookup_kind { LOOKUP_TEXT, LOOKUP_LIST, LOOKUP_MAP, LOOKUP_OR_DEFAULT, LOOKUP_EXISTS };

static err *do_lookup(const struct tmpl_call *call, const struct val **ret)
{
	enum tmpl_state state = TMPL_ABSENT;
	const struct val *value = NULL;
	const char *path = call->count ? call_str(call, 0) : "";
	if (call->count > 1 && call->func->tag != LOOKUP_OR_DEFAULT)
		return call_error(call, "%s: more than one argument is not supported",
		                  call->func->name);
	TRY(call_lookup(call, call->func->name, path, &state, &value));
	switch ((enum lookup_kind)call->func->tag) {
	case LOOKUP_TEXT:
		*ret = value ? value : call_text(call, "", 0);
		break;
	case LOOKUP_OR_DEFAULT:
		*ret = value                  ? value
		       : state == TMPL_ABSENT ? call->args[1]
		                              : call_text(call, "", 0);
		break;
	case LOOKUP_EXISTS:
		*ret = call_bool(call, state == TMPL_KNOWN);
		break;
	case LOOKUP_LIST:
		*ret = value ? value : val_new_list(arena_of(call));
		break;
	case LOOKUP_MAP:
		*ret = value;
		break;
	}
	return NULL;
}

static err *do_env(const struct tmpl_call *call, const struct val **ret)
{
	enum tmpl_state state = TMPL_ABSENT;
	const struct val *value = NULL;
	bool must_be = strcmp(call->func->name, "mustEnv") == 0;
	TRY(call_lookup(call, "env", call_str(call, 0), &state, &value));
	if (!value && must_be)
		return call_error(call, "%s: environment variable is not set", call_str(call, 0));
	bool is_empty = !value || value->as.str.len == 0;
	*ret = is_empty && call->count > 1 ? call->args[1] : value ? value : call_text(call, "", 0);
	return NULL;
}

/* --- trees of keys --- */

static struct val *child(struct arena *a, struct val *map, const char *key, size_t len)
{
	struct val *known = (struct val *)(uintptr_t)val_getn(map, key, len);
	if (known && known->kind == VAL_MAP)
		return known;
	struct val *made = val_new_map(a);
	val_setn(a, map, arena_strndup(a, key, len), len, made);
	return made;
}

/* Pairs with paths as keys become maps in maps. */
static err *do_explode(const struct tmpl_call *call, const struct val **ret)
{
	struct arena *a = arena_of(call);
	struct val *root = val_new_map(a);
	const struct val *pair;
	for (VAL_EACH_ITEM(i, pair, call->args[0])) {
		struct val *map = root;
		struct view rest = view_of(val_get_str(pair, "Key", "")), part, last = { NULL, 0 };
		while (view_split(&rest, '/', &part)) {
			if (last.ptr)
				map = child(a, map, last.ptr, last.len);
			last = part;
		}
		const struct val *value = val_get(pair, "Value");
		if (last.ptr && value)
			val_setn(a, map, arena_strndup(a, last.ptr, last.len), last.len,
			         (struct val *)(uintptr_t)value);
	}
	*ret = root;
	return NULL;
}

/* {first part of the key: {rest of it: pair}} */
static err *do_by_key(const struct tmpl_call *call, const struct val **ret)
{
	struct arena *a = arena_of(call);
	struct val *root = val_new_map(a);
	const struct val *pair;
	for (VAL_EACH_ITEM(i, pair, call->args[0])) {
		const char *key = val_get_str(pair, "Key", ""), *slash = strchr(key, '/');
		if (!slash)
			continue;
		struct val *copy = val_shallow_copy(a, pair);
		val_set_str(a, copy, "Key", slash + 1);
		val_set(a, child(a, root, key, (size_t)(slash - key)), arena_strdup(a, slash + 1),
		        copy);
	}
	*ret = root;
	return NULL;
}

static struct val *merge(struct arena *a, const struct val *target, const struct val *source,
                         bool overrides)
{
	struct val *merged = val_shallow_copy(a, target);
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, source)) {
		const struct val *known = val_getn(merged, entry->key, entry->key_len);
		struct val *value = entry->value;
		if (val_is(known, VAL_MAP) && val_is(value, VAL_MAP))
			value = merge(a, known, value, overrides);
		else if (known && !overrides)
			continue;
		val_setn(a, merged, entry->key, entry->key_len, value);
	}
	return merged;
}

/* What the first has stays, unless the second overrides. */
static err *do_merge_map(const struct tmpl_call *call, const struct val **ret)
{
	*ret = merge(arena_of(call), call->args[0], call->args[1], call->func->tag);
	return NULL;
}

/* --- parsing and printing --- */

static err *do_parse_json(const struct tmpl_call *call, const struct val **ret)
{
	struct view text = call_view(call, 0);
	*ret = val_new_map(arena_of(call));
	return text.len ? text_parse_json(call, text, ret) : NULL;
}

static err *do_parse_yaml(const struct tmpl_call *call, const struct val **ret)
{
	struct view text = call_view(call, 0);
	*ret = val_new_map(arena_of(call));
	return text.len ? text_parse_yaml(call, text, ret) : NULL;
}

enum number_kind { NUMBER_INT, NUMBER_UINT, NUMBER_FLOAT, NUMBER_BOOL };

static err *no_number(const struct tmpl_call *call)
{
	return call_error(call, "%s: parsing '%.60s': invalid syntax", call->func->name,
	                  call_str(call, 0));
}

static err *do_parse_number(const struct tmpl_call *call, const struct val **ret)
{
	struct view text = call_view(call, 0);
	char *end;
	int64_t integer = 0;
	if (text.len == 0) {
		*ret = call->func->tag == NUMBER_BOOL    ? call_bool(call, false)
		       : call->func->tag == NUMBER_FLOAT ? val_new_float(arena_of(call), 0)
		                                         : call_integer(call, 0);
		return NULL;
	}
	if (call->func->tag == NUMBER_BOOL)
		return text_parse_bool(call, ret);
	if (call->func->tag == NUMBER_FLOAT) {
		double number = strtod(text.ptr, &end);
		if (*end || isspace((unsigned char)text.ptr[0]) || strpbrk(text.ptr, "xXnN"))
			return no_number(call);
		*ret = val_new_float(arena_of(call), number);
		return NULL;
	}
	bool has_sign = text.ptr[0] == '+' || text.ptr[0] == '-';
	bool is_fine = num_parse_i64(text.ptr + (text.ptr[0] == '+'),
	                             text.len - (text.ptr[0] == '+'), &integer);
	if (!is_fine || (has_sign && call->func->tag == NUMBER_UINT))
		return no_number(call);
	*ret = call_integer(call, integer);
	return NULL;
}

enum json_kind { JSON_ESCAPED = 1, JSON_INDENTED = 2 };

static err *do_to_json(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) text = STR_INIT;
	text_json(call->args[0], !(call->func->tag & JSON_ESCAPED),
	          call->func->tag & JSON_INDENTED ? "  " : NULL, &text);
	*ret = call_str_result(call, &text);
	return NULL;
}

static err *do_to_yaml(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) text = STR_INIT;
	TRY(text_yaml(call, call->args[0], &text));
	while (text.len && text.ptr[text.len - 1] == '\n')
		str_truncate(&text, text.len - 1);
	*ret = call_str_result(call, &text);
	return NULL;
}

/* --- membership --- */

static bool has_element(const struct val *in, const struct val *v)
{
	const struct val *item;
	const struct val_entry *entry;
	if (val_is(in, VAL_STR))
		return val_is(v, VAL_STR) &&
		       str_find(in->as.str.ptr, in->as.str.len, v->as.str.ptr, v->as.str.len);
	for (VAL_EACH_ITEM(i, item, in))
		if (item->kind == v->kind && val_equal(item, v))
			return true;
	for (VAL_EACH_ENTRY(i, entry, in))
		if (val_is(v, VAL_STR) && view_equal((struct view){ entry->key, entry->key_len },
		                                     (struct view){ v->as.str.ptr, v->as.str.len }))
			return true;
	return false;
}

/* in list value; contains value list. */
static err *do_in(const struct tmpl_call *call, const struct val **ret)
{
	const struct val *in = call->args[call->func->tag], *v = call->args[1 - call->func->tag];
	*ret = call_bool(call, in && v && has_element(in, v));
	return NULL;
}

enum contains_kind { CONTAINS_ALL, CONTAINS_ANY, CONTAINS_NONE, CONTAINS_NOT_ALL };

static err *do_contains(const struct tmpl_call *call, const struct val **ret)
{
	const struct val *wanted = call->args[0], *in = call->args[1], *item;
	size_t found = 0;
	for (VAL_EACH_ITEM(i, item, wanted))
		found += has_element(in, item);
	switch ((enum contains_kind)call->func->tag) {
	case CONTAINS_ALL:
		*ret = call_bool(call, found == val_len(wanted));
		break;
	case CONTAINS_ANY:
		*ret = call_bool(call, found > 0);
		break;
	case CONTAINS_NONE:
		*ret = call_bool(call, found == 0);
		break;
	case CONTAINS_NOT_ALL:
		*ret = call_bool(call, found < val_len(wanted));
		break;
	}
	return NULL;
}

/* loop 3: 0 1 2; loop 2 5: 2 3 4. */
static err *do_loop(const struct tmpl_call *call, const struct val **ret)
{
	struct arena *a = arena_of(call);
	int64_t from = call->count > 1 ? call_int(call, 0) : 0,
		to = call_int(call, call->count - 1);
	struct val *list = val_new_list(a);
	if (to > from && to - from > LIMIT_LOOP)
		return call_error(call, "loop: more than %d rounds", LIMIT_LOOP);
	for (int64_t i = from; i < to; i++)
		val_push(a, list, val_new_int(a, i));
	*ret = list;
	return NULL;
}

/* --- text --- */

static err *do_join(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) text = STR_INIT;
	text_join(call->args[1], call_view(call, 0), &text);
	*ret = call_str_result(call, &text);
	return NULL;
}

static err *do_split(const struct tmpl_call *call, const struct val **ret)
{
	struct view text = text_trim(call_view(call, 1), " \t\r\n\v\f");
	*ret = text.len ? text_split(arena_of(call), text, call_view(call, 0))
	                : val_new_list(arena_of(call));
	return NULL;
}

static err *do_split_to_map(const struct tmpl_call *call, const struct val **ret)
{
	struct arena *a = arena_of(call);
	struct val *map = val_new_map(a);
	const struct val *item;
	struct view divider = call_view(call, 1);
	if (divider.len == 0 || call_view(call, 0).len == 0)
		return call_error(call, "splitToMap: an empty separator");
	for (VAL_EACH_ITEM(i, item, text_split(a, call_view(call, 2), call_view(call, 0)))) {
		const char *found =
			str_find(item->as.str.ptr, item->as.str.len, divider.ptr, divider.len);
		size_t len = found ? (size_t)(found - item->as.str.ptr) : item->as.str.len;
		const char *value =
			found ? found + divider.len : item->as.str.ptr + item->as.str.len;
		if (item->as.str.len)
			val_setn(a, map, arena_strndup(a, item->as.str.ptr, len), len,
			         val_new_str(a, value));
	}
	*ret = map;
	return NULL;
}

static err *do_trim(const struct tmpl_call *call, const struct val **ret)
{
	struct view text = call_view(call, call->count - 1);
	text = text_trim(text, call->count > 1 ? call_str(call, 0) : " \t\r\n\v\f");
	*ret = call_text(call, text.ptr, text.len);
	return NULL;
}

/* trimPrefix prefix text */
static err *do_trim_end(const struct tmpl_call *call, const struct val **ret)
{
	struct view what = call_view(call, 0), text = call_view(call, 1);
	bool is_prefix = !call->func->tag;
	bool fits = what.len <= text.len && memcmp(text.ptr + (is_prefix ? 0 : text.len - what.len),
	                                           what.ptr, what.len) == 0;
	if (fits)
		text = (struct view){ text.ptr + (is_prefix ? what.len : 0), text.len - what.len };
	*ret = call_text(call, text.ptr, text.len);
	return NULL;
}

static err *do_indent(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) text = STR_INIT;
	int64_t spaces = call_int(call, 0);
	if (spaces < 0 || spaces > 1000)
		return call_error(call, "indent value must be a positive integer");
	text_indent(call_view(call, 1), (size_t)spaces, true, &text);
	*ret = call_str_result(call, &text);
	return NULL;
}

static err *do_replace_all(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) text = STR_INIT;
	text_replace(call_view(call, 2), call_view(call, 0), call_view(call, 1), &text);
	*ret = call_str_result(call, &text);
	return NULL;
}

static err *do_regex_replace(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) text = STR_INIT;
	TRY(text_regex_replace(call, call_str(call, 0), call_view(call, 2), call_view(call, 1),
	                       false, &text));
	*ret = call_str_result(call, &text);
	return NULL;
}

enum case_kind { CASE_LOWER, CASE_UPPER, CASE_TITLE };

static err *do_case(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) text = STR_INIT;
	if (call->func->tag == CASE_TITLE)
		TRY(text_title(call, call_view(call, 0), &text));
	else
		TRY(text_case(call, call_view(call, 0), call->func->tag == CASE_UPPER, &text));
	*ret = call_str_result(call, &text);
	return NULL;
}

static err *do_hmac(const struct tmpl_call *call, const struct val **ret)
{
	uint8_t digest[SHA256_BYTES];
	AUTO(str) hex = STR_INIT;
	hmac_sha256(call_view(call, 1), call_view(call, 0), digest);
	hex_add(&hex, digest, sizeof(digest));
	*ret = call_str_result(call, &hex);
	return NULL;
}

static err *do_timestamp(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) text = STR_INIT;
	int64_t now_s = call->x->host ? call->x->host->now_s : 0;
	const char *layout = call->count ? call_str(call, 0) : "2006-01-02T15:04:05Z07:00";
	if (strcmp(layout, "unix") == 0)
		str_addf(&text, "%" PRId64, now_s);
	else
		TRY(text_time(call, now_s, layout, &text));
	*ret = call_str_result(call, &text);
	return NULL;
}

/* --- maths: the piped number is the left one --- */

enum maths { ADD, SUBTRACT, MULTIPLY, DIVIDE, MODULO, MINIMUM, MAXIMUM };

static err *integer_maths(const struct tmpl_call *call, int64_t a, int64_t b,
                          const struct val **ret)
{
	int64_t result = 0;
	bool overflows = false;
	enum maths what = (enum maths)call->func->tag;
	if ((what == DIVIDE || what == MODULO) && b == 0)
		return call_error(call, "%s: division by zero", call->func->name);
	switch (what) {
	case ADD:
		overflows = __builtin_add_overflow(a, b, &result);
		break;
	case SUBTRACT:
		overflows = __builtin_sub_overflow(a, b, &result);
		break;
	case MULTIPLY:
		overflows = __builtin_mul_overflow(a, b, &result);
		break;
	case DIVIDE:
		result = b == -1 ? 0 - a : a / b;
		break;
	case MODULO:
		result = b == -1 ? 0 : a % b;
		break;
	case MINIMUM:
		result = MIN(a, b);
		break;
	case MAXIMUM:
		result = MAX(a, b);
		break;
	}
	if (overflows)
		return call_error(call, "%s: the number is too large", call->func->name);
	*ret = call_integer(call, result);
	return NULL;
}

static err *do_maths(const struct tmpl_call *call, const struct val **ret)
{
	double a = call_number(call, 1), b = call_number(call, 0), result = 0;
	if (val_is(call->args[0], VAL_INT) && val_is(call->args[1], VAL_INT))
		return integer_maths(call, call_int(call, 1), call_int(call, 0), ret);
	switch ((enum maths)call->func->tag) {
	case ADD:
		result = a + b;
		break;
	case SUBTRACT:
		result = a - b;
		break;
	case MULTIPLY:
		result = a * b;
		break;
	case DIVIDE:
		result = a / b;
		break;
	case MODULO:
		return call_error(call, "modulo: unknown type for float64");
	case MINIMUM:
		result = MIN(a, b);
		break;
	case MAXIMUM:
		result = MAX(a, b);
		break;
	}
	*ret = val_new_float(arena_of(call), result);
	return NULL;
}

const struct tmpl_func tmpl_consul_functions[] = {
	{ "key", "s", do_lookup, LOOKUP_TEXT },
	{ "keyExists", "s", do_lookup, LOOKUP_EXISTS },
	{ "keyOrDefault", "ss", do_lookup, LOOKUP_OR_DEFAULT },
	{ "ls", "s", do_lookup, LOOKUP_LIST },
	{ "safeLs", "s", do_lookup, LOOKUP_LIST },
	{ "tree", "s", do_lookup, LOOKUP_LIST },
	{ "safeTree", "s", do_lookup, LOOKUP_LIST },
	{ "secret", "ss*", do_lookup, LOOKUP_MAP },
	{ "secrets", "s", do_lookup, LOOKUP_LIST },
	{ "file", "s", do_lookup, LOOKUP_TEXT },
	{ "env", "s", do_env, 0 },
	{ "mustEnv", "s", do_env, 0 },
	{ "envOrDefault", "ss", do_env, 0 },
	{ "explode", "l", do_explode, 0 },
	{ "byKey", "l", do_by_key, 0 },
	{ "mergeMap", "mm", do_merge_map, 0 },
	{ "mergeMapWithOverride", "mm", do_merge_map, 1 },
	{ "parseJSON", "s", do_parse_json, 0 },
	{ "parseYAML", "s", do_parse_yaml, 0 },
	{ "parseInt", "s", do_parse_number, NUMBER_INT },
	{ "parseUint", "s", do_parse_number, NUMBER_UINT },
	{ "parseFloat", "s", do_parse_number, NUMBER_FLOAT },
	{ "parseBool", "s", do_parse_number, NUMBER_BOOL },
	{ "toJSON", ".", do_to_json, JSON_ESCAPED },
	{ "toJSONPretty", ".", do_to_json, JSON_ESCAPED | JSON_INDENTED },
	{ "toUnescapedJSON", ".", do_to_json, 0 },
	{ "toUnescapedJSONPretty", ".", do_to_json, JSON_INDENTED },
	{ "toYAML", ".", do_to_yaml, 0 },
	{ "in", "..", do_in, 0 },
	{ "contains", "..", do_in, 1 },
	{ "containsAll", "l.", do_contains, CONTAINS_ALL },
	{ "containsAny", "l.", do_contains, CONTAINS_ANY },
	{ "containsNone", "l.", do_contains, CONTAINS_NONE },
	{ "containsNotAll", "l.", do_contains, CONTAINS_NOT_ALL },
	{ "loop", "i?i", do_loop, 0 },
	{ "base64Encode", "s", text_base64, 0 },
	{ "base64URLEncode", "s", text_base64, BASE64_URL },
	{ "base64Decode", "s", text_base64_decode, 0 },
	{ "base64URLDecode", "s", text_base64_decode, BASE64_URL },
	{ "join", "sl", do_join, 0 },
	{ "split", "ss", do_split, 0 },
	{ "splitToMap", "sss", do_split_to_map, 0 },
	{ "trim", "ss", do_trim, 0 },
	{ "trimSpace", "s", do_trim, 0 },
	{ "trimPrefix", "ss", do_trim_end, 0 },
	{ "trimSuffix", "ss", do_trim_end, 1 },
	{ "indent", "is", do_indent, 0 },
	{ "replaceAll", "sss", do_replace_all, 0 },
	{ "regexMatch", "ss", text_regex_match, 0 },
	{ "regexReplaceAll", "sss", do_regex_replace, 0 },
	{ "toLower", "s", do_case, CASE_LOWER },
	{ "toUpper", "s", do_case, CASE_UPPER },
	{ "toTitle", "s", do_case, CASE_TITLE },
	{ "sha256Hex", "s", text_sha256, 0 },
	{ "hmacSHA256Hex", "ss", do_hmac, 0 },
	{ "timestamp", "?s", do_timestamp, 0 },
	{ "add", "ff", do_maths, ADD },
	{ "subtract", "ff", do_maths, SUBTRACT },
	{ "multiply", "ff", do_maths, MULTIPLY },
	{ "divide", "ff", do_maths, DIVIDE },
	{ "modulo", "ff", do_maths, MODULO },
	{ "minimum", "ff", do_maths, MINIMUM },
	{ "maximum", "ff", do_maths, MAXIMUM },
	/* Known, and refused by name: no program, no file of their own, no catalogue yet. */
	{ "executeTemplate", "!", NULL, 0 },
	{ "plugin", "!", NULL, 0 },
	{ "writeToFile", "!", NULL, 0 },
	{ "scratch", "!", NULL, 0 },
	{ "service", "!", NULL, 0 },
	{ "services", "!", NULL, 0 },
	{ "node", "!", NULL, 0 },
	{ "nodes", "!", NULL, 0 },
	{ "datacenters", "!", NULL, 0 },
	{ "connect", "!", NULL, 0 },
	{ "caRoots", "!", NULL, 0 },
	{ "caLeaf", "!", NULL, 0 },
	{ "pkiCert", "!", NULL, 0 },
	{ "partitions", "!", NULL, 0 },
	{ "peerings", "!", NULL, 0 },
	{ "exportedServices", "!", NULL, 0 },
	{ "importedServices", "!", NULL, 0 },
	{ "nomadVar", "!", NULL, 0 },
	{ "nomadVarExists", "!", NULL, 0 },
	{ "nomadVarList", "!", NULL, 0 },
	{ "nomadVarListSafe", "!", NULL, 0 },
	{ "nomadService", "!", NULL, 0 },
	{ "nomadServices", "!", NULL, 0 },
	{ "explodeMap", "!", NULL, 0 },
	{ "byTag", "!", NULL, 0 },
	{ "byMeta", "!", NULL, 0 },
	{ "toTOML", "!", NULL, 0 },
	{ "md5sum", "!", NULL, 0 },
	{ "sockaddr", "!", NULL, 0 },
	{ "spew_dump", "!", NULL, 0 },
	{ "spew_printf", "!", NULL, 0 },
	{ "spew_sdump", "!", NULL, 0 },
	{ "spew_sprintf", "!", NULL, 0 },
	{ NULL, NULL, NULL, 0 },
};
