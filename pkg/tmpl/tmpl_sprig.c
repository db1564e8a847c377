/* Sprig's pure functions (v3.3): texts, defaults, numbers. Lists and maps: tmpl_sprig_data.c. */
#include "base/base.h"

#include "tmpl/tmpl_number.h"
#include "tmpl/tmpl_sprig.h"
#include "tmpl/tmpl_text.h"

#include "base/num.h"
#include "base/utf8.h"
#include "yaml/yaml.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

enum { LIMIT_UNTIL = 1000000, LIMIT_REPEAT = 16 << 20 };

static struct arena *arena_of(const struct tmpl_call *call)
{
	return &call->x->arena;
}

static struct view printed(const struct tmpl_call *call, const struct val *v)
{
	AUTO(str) text = STR_INIT;
	if (val_is(v, VAL_STR))
		return (struct view){ v->as.str.ptr, v->as.str.len };
	tmpl_print(v, &text);
	return (struct view){ arena_strndup(arena_of(call), text.ptr, text.len), text.len };
}

/* --- defaults --- */

static err *do_default(const struct tmpl_call *call, const struct val **ret)
{
	bool has_value = call->count > 1 && tmpl_truth(call->args[1]);
	*ret = call->args[has_value];
	return NULL;
}

static err *do_empty(const struct tmpl_call *call, const struct val **ret)
{
	*ret = call_bool(call, !tmpl_truth(call->args[0]));
	return NULL;
}

static err *do_coalesce(const struct tmpl_call *call, const struct val **ret)
{
	*ret = NULL;
	for (size_t i = 0; i < call->count && !*ret; i++)
		if (tmpl_truth(call->args[i]))
			*ret = call->args[i];
	return NULL;
}

static err *do_ternary(const struct tmpl_call *call, const struct val **ret)
{
	*ret = call->args[call->args[2]->as.boolean ? 0 : 1];
	return NULL;
}

static err *do_all_any(const struct tmpl_call *call, const struct val **ret)
{
	bool is_any = call->func->tag, result = !is_any;
	for (size_t i = 0; i < call->count; i++)
		result = is_any ? result || tmpl_truth(call->args[i])
		                : result && tmpl_truth(call->args[i]);
	*ret = call_bool(call, result);
	return NULL;
}

static err *do_fail(const struct tmpl_call *call, const struct val **ret)
{
	(void)ret;
	return call_error(call, "%s", call_str(call, 0));
}

/* --- texts --- */

enum text_kind { TEXT_UPPER, TEXT_LOWER, TEXT_TITLE, TEXT_UNTITLE, TEXT_TRIM, TEXT_NO_SPACE };

static err *do_text(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) out = STR_INIT;
	struct view text = call_view(call, 0);
	switch ((enum text_kind)call->func->tag) {
	case TEXT_UPPER:
		TRY(text_case(call, text, true, &out));
		break;
	case TEXT_LOWER:
		TRY(text_case(call, text, false, &out));
		break;
	case TEXT_TITLE:
		TRY(text_title(call, text, &out));
		break;
	case TEXT_UNTITLE:
		for (size_t i = 0; i < text.len; i++) {
			bool is_start = i == 0 || isspace((unsigned char)text.ptr[i - 1]);
			str_addch(&out, is_start ? (char)tolower((unsigned char)text.ptr[i])
			                         : text.ptr[i]);
		}
		break;
	case TEXT_TRIM:
		text = text_trim(text, " \t\r\n\v\f");
		str_add(&out, text.ptr, text.len);
		break;
	case TEXT_NO_SPACE:
		for (size_t i = 0; i < text.len; i++)
			if (!isspace((unsigned char)text.ptr[i]))
				str_addch(&out, text.ptr[i]);
		break;
	}
	*ret = call_str_result(call, &out);
	return NULL;
}

/* quote, squote: every argument that is not nil, printed and quoted. */
static err *do_quote(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) out = STR_INIT;
	for (size_t i = 0; i < call->count; i++) {
		if (!call->args[i] || call->args[i]->kind == VAL_NULL)
			continue;
		if (out.len)
			str_addch(&out, ' ');
		struct view text = printed(call, call->args[i]);
		const struct val *both[] = { val_new_str(arena_of(call), "%q"),
			                     val_new_strn(arena_of(call), text.ptr, text.len) };
		struct tmpl_call format = { call->x, call->func, call->at, both, 2 };
		if (call->func->tag)
			str_addf(&out, "'%.*s'", (int)text.len, text.ptr);
		else
			TRY(tmpl_sprintf(&format, &out));
	}
	*ret = call_str_result(call, &out);
	return NULL;
}

static err *do_trim_all(const struct tmpl_call *call, const struct val **ret)
{
	struct view text = text_trim(call_view(call, 1), call_str(call, 0));
	*ret = call_text(call, text.ptr, text.len);
	return NULL;
}

/* trimPrefix, trimSuffix, hasPrefix, hasSuffix: what to look for first. */
enum end_kind { END_TRIM_PREFIX, END_TRIM_SUFFIX, END_HAS_PREFIX, END_HAS_SUFFIX };

static err *do_end(const struct tmpl_call *call, const struct val **ret)
{
	struct view what = call_view(call, 0), text = call_view(call, 1);
	bool is_suffix = call->func->tag == END_TRIM_SUFFIX || call->func->tag == END_HAS_SUFFIX;
	bool fits = what.len <= text.len && memcmp(text.ptr + (is_suffix ? text.len - what.len : 0),
	                                           what.ptr, what.len) == 0;
	if (call->func->tag == END_HAS_PREFIX || call->func->tag == END_HAS_SUFFIX) {
		*ret = call_bool(call, fits);
		return NULL;
	}
	if (fits)
		text = (struct view){ text.ptr + (is_suffix ? 0 : what.len), text.len - what.len };
	*ret = call_text(call, text.ptr, text.len);
	return NULL;
}

static err *do_contains(const struct tmpl_call *call, const struct val **ret)
{
	struct view part = call_view(call, 0), text = call_view(call, 1);
	*ret = call_bool(call, str_find(text.ptr, text.len, part.ptr, part.len) != NULL);
	return NULL;
}

static err *do_replace(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) out = STR_INIT;
	text_replace(call_view(call, 2), call_view(call, 0), call_view(call, 1), &out);
	*ret = call_str_result(call, &out);
	return NULL;
}

/* indent replaces every line end by one with spaces, and begins with them. */
static err *do_indent(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) out = STR_INIT;
	int64_t spaces = call_int(call, 0);
	if (spaces < 0 || spaces > 1000)
		return call_error(call, "%s: %" PRId64 " spaces", call->func->name, spaces);
	if (call->func->tag)
		str_addch(&out, '\n');
	text_indent(call_view(call, 1), (size_t)spaces, false, &out);
	*ret = call_str_result(call, &out);
	return NULL;
}

static err *do_repeat(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) out = STR_INIT;
	int64_t count = call_int(call, 0);
	struct view text = call_view(call, 1);
	if (count < 0 || (text.len && (uint64_t)count > LIMIT_REPEAT / text.len))
		return call_error(call, "repeat: %" PRId64 " times is not possible", count);
	for (int64_t i = 0; i < count; i++)
		str_add(&out, text.ptr, text.len);
	*ret = call_str_result(call, &out);
	return NULL;
}

static err *do_cat(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) out = STR_INIT;
	bool is_first = true;
	for (size_t i = 0; i < call->count; i++) {
		if (!call->args[i] || call->args[i]->kind == VAL_NULL)
			continue;
		if (!is_first)
			str_addch(&out, ' ');
		tmpl_print(call->args[i], &out);
		is_first = false;
	}
	*ret = call_str_result(call, &out);
	return NULL;
}

/* trunc n text: the first n bytes, the last ones when n is negative. */
static err *do_trunc(const struct tmpl_call *call, const struct val **ret)
{
	int64_t count = call_int(call, 0);
	struct view text = call_view(call, 1);
	if (count >= 0 && (uint64_t)count < text.len)
		text.len = (size_t)count;
	else if (count < 0 && (uint64_t)(0 - count) < text.len)
		text = (struct view){ text.ptr + text.len - (uint64_t)(0 - count),
			              (size_t)(0 - count) };
	*ret = call_text(call, text.ptr, text.len);
	return NULL;
}

static err *do_substr(const struct tmpl_call *call, const struct val **ret)
{
	int64_t from = call_int(call, 0), to = call_int(call, 1);
	struct view text = call_view(call, 2);
	int64_t len = (int64_t)text.len;
	from = from < 0 ? 0 : from;
	if (to < 0 || to > len)
		to = len;
	if (from > to)
		return call_error(call, "substr: %" PRId64 " is behind %" PRId64, from, to);
	*ret = call_text(call, text.ptr + from, (size_t)(to - from));
	return NULL;
}

static err *do_plural(const struct tmpl_call *call, const struct val **ret)
{
	*ret = call->args[call_int(call, 2) == 1 ? 0 : 1];
	return NULL;
}

static err *do_to_string(const struct tmpl_call *call, const struct val **ret)
{
	struct view text = printed(call, call->args[0]);
	*ret = call_text(call, text.ptr, text.len);
	return NULL;
}

static err *do_regex_replace(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) out = STR_INIT;
	TRY(text_regex_replace(call, call_str(call, 0), call_view(call, 1), call_view(call, 2),
	                       call->func->tag, &out));
	*ret = call_str_result(call, &out);
	return NULL;
}

/* --- encodings --- */

enum json_kind { JSON_LINE, JSON_INDENTED, JSON_RAW };

static err *do_to_json(const struct tmpl_call *call, const struct val **ret)
{
	AUTO(str) out = STR_INIT;
	text_json(call->args[0], call->func->tag == JSON_RAW,
	          call->func->tag == JSON_INDENTED ? "  " : NULL, &out);
	*ret = call_str_result(call, &out);
	return NULL;
}

static err *do_from_json(const struct tmpl_call *call, const struct val **ret)
{
	return text_parse_json(call, call_view(call, 0), ret);
}

/* --- numbers: texts are read, too --- */

/* "12.00" is 12 to cast, "12.50" no integer. */
static struct view trim_zero_decimal(struct view text)
{
	size_t len = text.len;
	while (len > 0 && text.ptr[len - 1] == '0')
		len--;
	bool has_zeros = len < text.len;
	return has_zeros && len > 0 && text.ptr[len - 1] == '.' ? (struct view){ text.ptr, len - 1 }
	                                                        : text;
}

/* cast.ToInt64: 0 for what is no number. */
static int64_t to_int(const struct val *v)
{
	int64_t number = 0;
	if (val_is(v, VAL_INT))
		return v->as.integer;
	/* Beyond 64 bits, and for NaN, what Go gives on x86-64. */
	if (val_is(v, VAL_FLOAT))
		return v->as.number >= -0x1p63 && v->as.number < 0x1p63 ? (int64_t)v->as.number
		                                                        : INT64_MIN;
	if (val_is(v, VAL_BOOL))
		return v->as.boolean;
	if (!val_is(v, VAL_STR))
		return 0;
	struct view text = { v->as.str.ptr, v->as.str.len };
	return go_parse_int(trim_zero_decimal(text), &number) ? number : 0;
}

static double to_float(const struct val *v)
{
	double number = 0;
	if (val_is(v, VAL_FLOAT))
		return v->as.number;
	if (val_is(v, VAL_STR))
		return go_parse_float((struct view){ v->as.str.ptr, v->as.str.len }, &number) ? number
		                                                                              : 0;
	return (double)to_int(v);
}

static err *do_to_int(const struct tmpl_call *call, const struct val **ret)
{
	*ret = call_integer(call, to_int(call->args[0]));
	return NULL;
}

static err *do_atoi(const struct tmpl_call *call, const struct val **ret)
{
	*ret = call_integer(call, go_atoi(call_view(call, 0)));
	return NULL;
}

static err *do_to_float(const struct tmpl_call *call, const struct val **ret)
{
	*ret = val_new_float(arena_of(call), to_float(call->args[0]));
	return NULL;
}

static int64_t wrap(char what, int64_t a, int64_t b)
{
	uint64_t x = (uint64_t)a, y = (uint64_t)b;
	switch (what) {
	case '+':
		return (int64_t)(x + y);
	case '-':
		return (int64_t)(x - y);
	case '*':
		return (int64_t)(x * y);
	case '<':
		return MIN(a, b);
	case '>':
		return MAX(a, b);
	case '/':
		return b == -1 ? (int64_t)(0 - x) : a / b;
	default:
		return b == -1 ? 0 : a % b;
	}
}

static err *do_maths(const struct tmpl_call *call, const struct val **ret)
{
	int64_t result = to_int(call->args[0]);
	for (size_t i = 1; i < call->count; i++) {
		int64_t number = to_int(call->args[i]);
		if (number == 0 && (call->func->tag == '/' || call->func->tag == '%'))
			return call_error(call, "error calling %s: division by zero",
			                  call->func->name);
		result = wrap((char)call->func->tag, result, number);
	}
	*ret = call_integer(call, result);
	return NULL;
}

static err *do_add1(const struct tmpl_call *call, const struct val **ret)
{
	*ret = call_integer(call, wrap('+', to_int(call->args[0]), 1));
	return NULL;
}

static err *do_floor(const struct tmpl_call *call, const struct val **ret)
{
	double number = to_float(call->args[0]);
	*ret = val_new_float(arena_of(call), call->func->tag ? ceil(number) : floor(number));
	return NULL;
}

/* round number places: half away from zero. */
static err *do_round(const struct tmpl_call *call, const struct val **ret)
{
	double number = to_float(call->args[0]), scale = pow(10, (double)call_int(call, 1)),
	       digit = scale * number;
	double rest = fmod(digit, 1);
	double rounded = number > 0 ? (rest >= 0.5 ? ceil(digit) : floor(digit))
	                            : (rest >= 0.5 ? ceil(digit) : floor(digit));
	*ret = val_new_float(arena_of(call), rounded / scale);
	return NULL;
}

static err *number_list(const struct tmpl_call *call, int64_t from, int64_t to, int64_t step,
                        const struct val **ret)
{
	struct arena *a = arena_of(call);
	struct val *list = val_new_list(a);
	*ret = list;
	if (step == 0 || (to > from && step < 0) || (to < from && step > 0))
		return NULL;
	if ((to > from ? to - from : from - to) / (step < 0 ? -step : step) > LIMIT_UNTIL)
		return call_error(call, "%s: more than %d numbers", call->func->name, LIMIT_UNTIL);
	for (int64_t i = from; step > 0 ? i < to : i > to; i += step)
		val_push(a, list, val_new_int(a, i));
	return NULL;
}

static err *do_until(const struct tmpl_call *call, const struct val **ret)
{
	int64_t to = call_int(call, 0);
	return number_list(call, 0, to, to < 0 ? -1 : 1, ret);
}

static err *do_until_step(const struct tmpl_call *call, const struct val **ret)
{
	return number_list(call, call_int(call, 0), call_int(call, 1), call_int(call, 2), ret);
}

/* --- types --- */

/* Sprig's functions make int64 where Go's constants are int: the tree does not know which. */
static err *check_type(const struct tmpl_call *call, const struct val *v)
{
	return val_is(v, VAL_INT) && !v->source
	               ? call_error(call, "%s: the type of a computed number is not supported",
	                            call->func->name)
	               : NULL;
}

static err *do_type_of(const struct tmpl_call *call, const struct val **ret)
{
	TRY(check_type(call, call->args[0]));
	const char *type = tmpl_type(call->args[0]);
	*ret = call_text(call, type, strlen(type));
	return NULL;
}

static const char *kind_of(const struct val *v)
{
	return val_is(v, VAL_LIST)         ? "slice"
	       : val_is(v, VAL_MAP)        ? "map"
	       : !v || v->kind == VAL_NULL ? "invalid"
	                                   : tmpl_type(v);
}

static err *do_kind_of(const struct tmpl_call *call, const struct val **ret)
{
	TRY(check_type(call, call->args[0]));
	const char *kind = kind_of(call->args[0]);
	*ret = call_text(call, kind, strlen(kind));
	return NULL;
}

static err *do_kind_is(const struct tmpl_call *call, const struct val **ret)
{
	TRY(check_type(call, call->args[1]));
	*ret = call_bool(call, strcmp(call_str(call, 0), kind_of(call->args[1])) == 0);
	return NULL;
}

static err *do_env(const struct tmpl_call *call, const struct val **ret)
{
	enum tmpl_state state = TMPL_ABSENT;
	const struct val *value = NULL;
	TRY(call_lookup(call, "env", call_str(call, 0), &state, &value));
	*ret = value ? value : call_text(call, "", 0);
	return NULL;
}

const struct tmpl_func tmpl_sprig_functions[] = {
	{ "default", ".?.", do_default, 0 },
	{ "empty", ".", do_empty, 0 },
	{ "coalesce", ".*", do_coalesce, 0 },
	{ "ternary", "..b", do_ternary, 0 },
	{ "all", ".*", do_all_any, 0 },
	{ "any", ".*", do_all_any, 1 },
	{ "fail", "s", do_fail, 0 },
	{ "upper", "s", do_text, TEXT_UPPER },
	{ "lower", "s", do_text, TEXT_LOWER },
	{ "title", "s", do_text, TEXT_TITLE },
	{ "untitle", "s", do_text, TEXT_UNTITLE },
	{ "trim", "s", do_text, TEXT_TRIM },
	{ "nospace", "s", do_text, TEXT_NO_SPACE },
	{ "quote", ".*", do_quote, 0 },
	{ "squote", ".*", do_quote, 1 },
	{ "trimAll", "ss", do_trim_all, 0 },
	{ "trimPrefix", "ss", do_end, END_TRIM_PREFIX },
	{ "trimSuffix", "ss", do_end, END_TRIM_SUFFIX },
	{ "hasPrefix", "ss", do_end, END_HAS_PREFIX },
	{ "hasSuffix", "ss", do_end, END_HAS_SUFFIX },
	{ "contains", "ss", do_contains, 0 },
	{ "replace", "sss", do_replace, 0 },
	{ "indent", "is", do_indent, 0 },
	{ "nindent", "is", do_indent, 1 },
	{ "repeat", "is", do_repeat, 0 },
	{ "cat", ".*", do_cat, 0 },
	{ "trunc", "is", do_trunc, 0 },
	{ "substr", "iis", do_substr, 0 },
	{ "plural", "ssi", do_plural, 0 },
	{ "toString", ".", do_to_string, 0 },
	{ "regexMatch", "ss", text_regex_match, 0 },
	{ "regexReplaceAll", "sss", do_regex_replace, 0 },
	{ "regexReplaceAllLiteral", "sss", do_regex_replace, 1 },
	{ "b64enc", "s", text_base64, 0 },
	{ "b64dec", "s", text_base64_decode, 0 },
	{ "sha256sum", "s", text_sha256, 0 },
	{ "toJson", ".", do_to_json, JSON_LINE },
	{ "toPrettyJson", ".", do_to_json, JSON_INDENTED },
	{ "toRawJson", ".", do_to_json, JSON_RAW },
	{ "fromJson", "s", do_from_json, 0 },
	{ "int", ".", do_to_int, 0 },
	{ "int64", ".", do_to_int, 0 },
	{ "atoi", "s", do_atoi, 0 },
	{ "float64", ".", do_to_float, 0 },
	{ "add", "..*", do_maths, '+' },
	{ "sub", "..", do_maths, '-' },
	{ "mul", "..*", do_maths, '*' },
	{ "div", "..", do_maths, '/' },
	{ "mod", "..", do_maths, '%' },
	{ "min", "..*", do_maths, '<' },
	{ "max", "..*", do_maths, '>' },
	{ "add1", ".", do_add1, 0 },
	{ "floor", ".", do_floor, 0 },
	{ "ceil", ".", do_floor, 1 },
	{ "round", ".i", do_round, 0 },
	{ "until", "i", do_until, 0 },
	{ "untilStep", "iii", do_until_step, 0 },
	{ "typeOf", ".", do_type_of, 0 },
	{ "kindOf", ".", do_kind_of, 0 },
	{ "kindIs", "s.", do_kind_is, 0 },
	{ "env", "s", do_env, 0 },
	{ "list", ".*", sprig_list, 0 },
	{ "tuple", ".*", sprig_list, 0 },
	{ "first", "l", sprig_end, SPRIG_FIRST },
	{ "last", "l", sprig_end, SPRIG_LAST },
	{ "rest", "l", sprig_part, SPRIG_FIRST },
	{ "initial", "l", sprig_part, SPRIG_LAST },
	{ "append", "l.", sprig_append, SPRIG_LAST },
	{ "push", "l.", sprig_append, SPRIG_LAST },
	{ "prepend", "l.", sprig_append, SPRIG_FIRST },
	{ "concat", "l*", sprig_concat, 0 },
	{ "reverse", "l", sprig_reverse, 0 },
	{ "uniq", "l", sprig_uniq, 0 },
	{ "compact", "l", sprig_compact, 0 },
	{ "without", "l.*", sprig_without, 0 },
	{ "has", ".l", sprig_has, 0 },
	{ "sortAlpha", ".", sprig_sort_alpha, 0 },
	{ "join", "s.", sprig_join, 0 },
	{ "splitList", "ss", sprig_split_list, 0 },
	{ "dict", ".*", sprig_dict, 0 },
	{ "get", "ms", sprig_get, 0 },
	{ "set", "ms.", sprig_set, 0 },
	{ "unset", "ms", sprig_unset, 0 },
	{ "hasKey", "ms", sprig_has_key, 0 },
	{ "keys", "m", sprig_keys, 0 },
	{ "values", "m", sprig_values, 0 },
	{ "pick", "ms*", sprig_pick, 0 },
	{ "omit", "ms*", sprig_pick, 1 },
	{ "pluck", "sm*", sprig_pluck, 0 },
	{ "merge", "m*", sprig_merge, 0 },
	{ "deepEqual", "..", sprig_deep_equal, 0 },
	/* Known, and refused by name: they ask the time, the network or chance, or write. */
	{ "now", "!", NULL, 0 },
	{ "date", "!", NULL, 0 },
	{ "ago", "!", NULL, 0 },
	{ "uuidv4", "!", NULL, 0 },
	{ "randAlpha", "!", NULL, 0 },
	{ "randAlphaNum", "!", NULL, 0 },
	{ "randNumeric", "!", NULL, 0 },
	{ "expandenv", "!", NULL, 0 },
	{ "getHostByName", "!", NULL, 0 },
	{ "genPrivateKey", "!", NULL, 0 },
	{ "htpasswd", "!", NULL, 0 },
	{ "bcrypt", "!", NULL, 0 },
	{ "semver", "!", NULL, 0 },
	{ "semverCompare", "!", NULL, 0 },
	{ "snakecase", "!", NULL, 0 },
	{ "camelcase", "!", NULL, 0 },
	{ "kebabcase", "!", NULL, 0 },
	{ "wrap", "!", NULL, 0 },
	{ "abbrev", "!", NULL, 0 },
	{ "split", "!", NULL, 0 },
	{ NULL, NULL, NULL, 0 },
};
