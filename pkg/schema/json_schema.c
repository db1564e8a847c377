#include "base/base.h"

#include "schema/json_schema.h"

#include "base/limits.h"
#include "base/map.h"
#include "base/num.h"
#include "base/utf8.h"
#include "regex/regex.h"

#include <math.h>
#include <stdarg.h>

enum {
	MAX_MISTAKES = 20,
	MAX_DEPTH = 200,      /* of schemas within schemas, references included */
	MAX_STEPS = 20000000, /* schemas and items looked at */
};

enum draft { DRAFT_4, DRAFT_6, DRAFT_7, DRAFT_2019, DRAFT_2020 };

struct json_schema {
	const struct val *root;
	enum draft draft;
	struct arena arena;
	struct map anchors;  /* "#", "#name", "other.json#", "other.json#name": const struct val * */
	struct map targets;  /* by the address of a schema with $ref: const struct val * */
	struct map patterns; /* by text: struct regex * */
};

/* --- reading: what is supported, names, patterns --- */

static enum draft draft_named(const char *uri)
{
	if (strstr(uri, "draft-04"))
		return DRAFT_4;
	if (strstr(uri, "draft-06"))
		return DRAFT_6;
	if (strstr(uri, "draft-07"))
		return DRAFT_7;
	return strstr(uri, "2019-09") ? DRAFT_2019 : DRAFT_2020;
}

static err *read_draft(const struct val *root, enum draft *ret_draft)
{
	const char *uri = val_get_str(root, "$schema", "");
	if (*uri && !strstr(uri, "//json-schema.org/"))
		return val_error(val_get(root, "$schema"), "'%s' is no dialect of JSON Schema that is known", uri);
	*ret_draft = draft_named(uri);
	return NULL;
}

static bool is_schema(const struct val *v)
{
	return val_is(v, VAL_MAP) || val_is(v, VAL_BOOL);
}

static const char *const refused[] = { "unevaluatedProperties", "unevaluatedItems", "$dynamicRef",
	                               "$recursiveRef" };
/* Keywords whose value is a schema, a list of schemas, or a map of schemas. */
static const char *const schema_words[] = { "additionalProperties", "propertyNames", "additionalItems",
	                                    "contains", "not", "if", "then", "else", "items" };
static const char *const list_words[] = { "allOf", "anyOf", "oneOf", "prefixItems", "items" };
static const char *const map_words[] = { "properties", "patternProperties", "$defs", "definitions",
	                                 "dependentSchemas", "dependencies" };

static err *add_pattern(struct json_schema *s, const struct val *at, const char *text)
{
	struct regex *regex;
	if (map_get(&s->patterns, text))
		return NULL;
	err *e = regex_new(text, &regex);
	if (e)
		return val_place(e, at);
	map_set(&s->patterns, text, regex);
	return NULL;
}

static err *add_name(struct json_schema *s, const char *base, const char *anchor, const struct val *schema)
{
	AUTOFREE char *name = str_format("%s#%s", base, anchor);
	const struct val *other = map_set(&s->anchors, name, (void *)(uintptr_t)schema);
	if (!other || other == schema)
		return NULL;
	return val_error(schema, "another schema of this document is called '%s', too",
	                 *anchor ? anchor : base);
}

/* "http://x/y.json" → "y.json": names are told apart by their last part, which is enough within one document. */
static const char *short_id(struct json_schema *s, const char *id)
{
	size_t len = strcspn(id, "#");
	const char *end = id + len, *at = end;
	while (at > id && at[-1] != '/' && at[-1] != ':')
		at--;
	return arena_strndup(&s->arena, at, (size_t)(end - at));
}

static err *read_names(struct json_schema *s, const struct val *schema, const char **base)
{
	const char *id = val_get_str(schema, s->draft == DRAFT_4 ? "id" : "$id", NULL);
	const char *anchor = val_get_str(schema, "$anchor", NULL);
	/* Before 2019-09 whatever stands beside a reference says nothing. */
	if (s->draft < DRAFT_2019 && val_get(schema, "$ref"))
		id = NULL;
	if (id && id[0] == '#') {
		TRY(add_name(s, *base, id + 1, schema));
	} else if (id) {
		*base = short_id(s, id);
		TRY(add_name(s, *base, "", schema));
	}
	return anchor && s->draft >= DRAFT_2019 ? add_name(s, *base, anchor, schema) : NULL;
}

/* What is done with each schema on a walk through all of them. */
typedef err *visit_fn(struct json_schema *s, const struct val *schema, const char *base);

static err *walk(struct json_schema *s, const struct val *schema, const char *base, unsigned depth,
                 visit_fn *visit);

static err *walk_below(struct json_schema *s, const struct val *schema, const char *base, unsigned depth,
                       visit_fn *visit)
{
	const struct val *item;
	const struct val_entry *entry;
	for (size_t i = 0; i < ARRAY_LEN(schema_words); i++)
		if (is_schema(val_get(schema, schema_words[i])))
			TRY(walk(s, val_get(schema, schema_words[i]), base, depth + 1, visit));
	for (size_t i = 0; i < ARRAY_LEN(list_words); i++)
		for (VAL_EACH_ITEM(k, item, val_get(schema, list_words[i])))
			TRY(walk(s, item, base, depth + 1, visit));
	for (size_t i = 0; i < ARRAY_LEN(map_words); i++)
		for (VAL_EACH_ENTRY(k, entry, val_get(schema, map_words[i])))
			if (!val_is(entry->value, VAL_LIST))
				TRY(walk(s, entry->value, base, depth + 1, visit));
	return NULL;
}

static err *walk(struct json_schema *s, const struct val *schema, const char *base, unsigned depth,
                 visit_fn *visit)
{
	if (depth > LIMIT_DEPTH)
		return err_new(ERR_LIMIT, "a schema nested deeper than %u levels", LIMIT_DEPTH);
	if (!is_schema(schema))
		return val_error(schema, "expected a schema, found %s", val_kind_text(schema));
	TRY(read_names(s, schema, &base));
	TRY(visit(s, schema, base));
	return walk_below(s, schema, base, depth, visit);
}

/* First walk: names, patterns, and what is not supported. */
static err *read_schema(struct json_schema *s, const struct val *schema, const char *base)
{
	const struct val_entry *entry;
	(void)base;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		entry = val_entry(schema, refused[i]);
		if (entry && s->draft >= DRAFT_2019)
			return val_key_error(schema, entry, "'%s' is not supported", refused[i]);
	}
	const struct val *pattern = val_get(schema, "pattern");
	if (val_is(pattern, VAL_STR))
		TRY(add_pattern(s, pattern, pattern->as.str.ptr));
	for (VAL_EACH_ENTRY(k, entry, val_get(schema, "patternProperties")))
		TRY(add_pattern(s, entry->value, entry->key));
	return NULL;
}

/* --- references --- */

/* One step of a JSON pointer, RFC 6901, percent-decoded before. */
static const struct val *pointer_step(const struct val *v, struct view part)
{
	AUTO(str) key = STR_INIT;
	for (size_t i = 0; i < part.len; i++) {
		bool is_tilde = part.ptr[i] == '~' && i + 1 < part.len;
		if (is_tilde)
			i++;
		str_addch(&key, !is_tilde ? part.ptr[i] : part.ptr[i] == '0' ? '~' : '/');
	}
	uint64_t index;
	if (val_is(v, VAL_LIST))
		return key.len && num_parse_u64(key.ptr, key.len, 10, &index) ? val_at(v, index) : NULL;
	return val_getn(v, key.ptr ? key.ptr : "", key.len);
}

static const struct val *follow_pointer(const struct val *v, const char *pointer)
{
	struct view rest = view_of(pointer), part;
	while (v && view_split(&rest, '/', &part))
		v = pointer_step(v, part);
	return v;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	                              : -1;
}

static void percent_decode(const char *text, struct str *out)
{
	for (const char *c = text; *c; c++) {
		int high = *c == '%' ? hex_digit(c[1]) : -1, low = high >= 0 ? hex_digit(c[2]) : -1;
		str_addch(out, low >= 0 ? (char)(high * 16 + low) : *c);
		c += low >= 0 ? 2 : 0;
	}
}

/* What a reference in a schema of that base means; NULL: it is not in the document. */
static const struct val *find_target(struct json_schema *s, const char *base, const char *reference)
{
	size_t len = strcspn(reference, "#");
	AUTO(str) fragment = STR_INIT;
	percent_decode(reference[len] ? reference + len + 1 : "", &fragment);
	const char *text = fragment.len ? fragment.ptr : "";
	bool is_pointer = *text == '/';
	AUTOFREE char *name = str_format("%s#%s", len ? short_id(s, reference) : base,
	                                 is_pointer ? "" : text);
	const struct val *schema = map_get(&s->anchors, name);
	return is_pointer ? follow_pointer(schema, text + 1) : schema;
}

static char *key_of(const struct val *schema)
{
	return str_format("%p", (const void *)schema);
}

static err *take_reference(struct json_schema *s, const struct val *schema, const char *base)
{
	const struct val *reference = val_get(schema, "$ref");
	AUTOFREE char *key = key_of(schema);
	if (!val_is(reference, VAL_STR) || map_get(&s->targets, key))
		return NULL;
	const struct val *target = find_target(s, base, reference->as.str.ptr);
	if (!is_schema(target))
		return err_hint(val_error(reference, "'%s' is not in this document", reference->as.str.ptr),
		                "put the schema it means under $defs");
	map_set(&s->targets, key, (void *)(uintptr_t)target);
	/* It may stand where no walk comes by. */
	TRY(walk(s, target, base, 1, read_schema));
	return walk(s, target, base, 1, take_reference);
}

err *json_schema_new(const struct val *root, struct json_schema **ret_schema)
{
	AUTOPTR(json_schema) s = MEM_NEW(struct json_schema);
	s->root = root;
	TRY(read_draft(root, &s->draft));
	TRY(add_name(s, "", "", root));
	TRY(walk(s, root, "", 0, read_schema));
	TRY(walk(s, root, "", 0, take_reference));
	*ret_schema = steal(&s);
	return NULL;
}

void json_schema_free(struct json_schema *schema)
{
	if (!schema)
		return;
	for (struct map_entry *e = map_first(&schema->patterns); e; e = map_next(&schema->patterns, e))
		regex_free(e->value);
	map_clear(&schema->patterns);
	map_clear(&schema->anchors);
	map_clear(&schema->targets);
	arena_clear(&schema->arena);
	mem_free(schema);
}

/* --- checking --- */

struct check {
	const struct json_schema *s;
	bool is_quiet;    /* only whether it is valid matters: inside anyOf and the like */
	err *mistakes;
	size_t count;
	struct str path;
	unsigned depth;
	size_t steps;
	bool is_too_much;
};

static bool check(struct check *c, const struct val *schema, const struct val *v);

/* False, for the caller to return. */
static bool wrong(struct check *c, const struct val *at, const char *fmt, ...) PRINTF_LIKE(3, 4);
static bool wrong(struct check *c, const struct val *at, const char *fmt, ...)
{
	va_list args;
	if (c->is_quiet || c->count++ >= MAX_MISTAKES)
		return false;
	AUTO(str) text = STR_INIT;
	va_start(args, fmt);
	str_addvf(&text, fmt, args);
	va_end(args);
	c->mistakes = err_join(c->mistakes, val_error(at, "%s: %s", c->path.len ? c->path.ptr : "document",
	                                              text.ptr));
	return false;
}

static bool is_valid_quietly(struct check *c, const struct val *schema, const struct val *v)
{
	bool was_quiet = c->is_quiet;
	c->is_quiet = true;
	bool ok = check(c, schema, v);
	c->is_quiet = was_quiet;
	return ok;
}

static bool is_number(const struct val *v)
{
	return val_is(v, VAL_INT) || val_is(v, VAL_FLOAT);
}

static double number_of(const struct val *v)
{
	return val_is(v, VAL_INT) ? (double)v->as.integer : v->as.number;
}

/* 1 and 1.0 are the same; the order of members does not matter. */
static bool is_equal(const struct val *a, const struct val *b)
{
	const struct val *item;
	const struct val_entry *entry;
	if (is_number(a) && is_number(b))
		return val_is(a, VAL_INT) && val_is(b, VAL_INT) ? a->as.integer == b->as.integer
		                                                : number_of(a) == number_of(b);
	if (a->kind != b->kind || val_len(a) != val_len(b))
		return false;
	if (!val_is(a, VAL_LIST) && !val_is(a, VAL_MAP))
		return val_equal(a, b);
	for (VAL_EACH_ITEM(i, item, a))
		if (!is_equal(item, val_at(b, i)))
			return false;
	for (VAL_EACH_ENTRY(k, entry, a)) {
		const struct val *other = val_getn(b, entry->key, entry->key_len);
		if (!other || !is_equal(entry->value, other))
			return false;
	}
	return true;
}

static bool has_type(const struct check *c, const struct val *v, const char *type)
{
	if (str_equal(type, "integer"))
		return val_is(v, VAL_INT) || (val_is(v, VAL_FLOAT) && c->s->draft != DRAFT_4 &&
		                              v->as.number == floor(v->as.number));
	return (str_equal(type, "number") && is_number(v)) ||
	       (str_equal(type, "string") && val_is(v, VAL_STR)) ||
	       (str_equal(type, "boolean") && val_is(v, VAL_BOOL)) ||
	       (str_equal(type, "null") && val_is(v, VAL_NULL)) ||
	       (str_equal(type, "array") && val_is(v, VAL_LIST)) ||
	       (str_equal(type, "object") && val_is(v, VAL_MAP));
}

static bool check_type(struct check *c, const struct val *schema, const struct val *v)
{
	const struct val *type = val_get(schema, "type"), *item;
	AUTO(str) names = STR_INIT;
	if (!type)
		return true;
	if (val_is(type, VAL_STR))
		return has_type(c, v, type->as.str.ptr) ||
		       wrong(c, v, "expected %s, found %s", type->as.str.ptr, val_kind_text(v));
	for (VAL_EACH_ITEM(i, item, type)) {
		if (val_is(item, VAL_STR) && has_type(c, v, item->as.str.ptr))
			return true;
		str_addf(&names, "%s%s", i ? " or " : "", val_is(item, VAL_STR) ? item->as.str.ptr : "?");
	}
	return wrong(c, v, "expected %s, found %s", names.ptr ? names.ptr : "nothing", val_kind_text(v));
}

static bool check_values(struct check *c, const struct val *schema, const struct val *v)
{
	const struct val *list = val_get(schema, "enum"), *item;
	const struct val_entry *constant = c->s->draft >= DRAFT_6 ? val_entry(schema, "const") : NULL;
	bool is_listed = !val_is(list, VAL_LIST);
	for (VAL_EACH_ITEM(i, item, list))
		is_listed = is_listed || is_equal(item, v);
	if (!is_listed)
		return wrong(c, v, "none of the %zu values that are allowed", val_len(list));
	return !constant || is_equal(constant->value, v) || wrong(c, v, "not the one value that is allowed");
}

/* A limit of the schema, when it is there and a number. */
static bool limit(const struct val *schema, const char *word, double *ret_limit)
{
	const struct val *v = val_get(schema, word);
	if (!is_number(v))
		return false;
	*ret_limit = number_of(v);
	return true;
}

static bool is_multiple(const struct val *v, const struct val *of)
{
	if (val_is(v, VAL_INT) && val_is(of, VAL_INT))
		return of->as.integer == 0 || v->as.integer % of->as.integer == 0;
	double quotient = number_of(v) / number_of(of);
	if (isinf(quotient))
		return fmod(number_of(v), number_of(of)) == 0;
	return fabs(quotient - round(quotient)) < 1e-9 * fmax(1.0, fabs(quotient));
}

static bool check_number(struct check *c, const struct val *schema, const struct val *v)
{
	double bound, n = number_of(v);
	bool ok = true, is_old = c->s->draft == DRAFT_4;
	bool above = is_old && val_get_bool(schema, "exclusiveMinimum", false);
	bool below = is_old && val_get_bool(schema, "exclusiveMaximum", false);
	if (limit(schema, "minimum", &bound) && (n < bound || (above && n == bound)))
		ok = wrong(c, v, "must be %s%g", above ? "more than " : "at least ", bound);
	if (limit(schema, "maximum", &bound) && (n > bound || (below && n == bound)))
		ok = wrong(c, v, "must be %s%g", below ? "less than " : "at most ", bound);
	if (!is_old && limit(schema, "exclusiveMinimum", &bound) && n <= bound)
		ok = wrong(c, v, "must be more than %g", bound);
	if (!is_old && limit(schema, "exclusiveMaximum", &bound) && n >= bound)
		ok = wrong(c, v, "must be less than %g", bound);
	const struct val *of = val_get(schema, "multipleOf");
	if (is_number(of) && !is_multiple(v, of))
		ok = wrong(c, v, "must be a multiple of %g", number_of(of));
	return ok;
}

static bool matches(const struct check *c, const char *pattern, const char *text, size_t len)
{
	bool is_match = false;
	const struct regex *regex = map_get(&c->s->patterns, pattern);
	if (regex)
		err_ignore(regex_matches(regex, (struct view){ text, len }, &is_match),
		           "what cannot be found out does not match");
	return is_match;
}

static bool check_size(struct check *c, const struct val *schema, const struct val *v, const char *least,
                       const char *most, size_t size, const char *what)
{
	double bound;
	if (limit(schema, least, &bound) && (double)size < bound)
		return wrong(c, v, "needs at least %g %s", bound, what);
	if (limit(schema, most, &bound) && (double)size > bound)
		return wrong(c, v, "may have at most %g %s", bound, what);
	return true;
}

static bool check_string(struct check *c, const struct val *schema, const struct val *v)
{
	const struct val *pattern = val_get(schema, "pattern");
	bool ok = check_size(c, schema, v, "minLength", "maxLength",
	                     utf8_count(v->as.str.ptr, v->as.str.len), "characters");
	if (val_is(pattern, VAL_STR) && !matches(c, pattern->as.str.ptr, v->as.str.ptr, v->as.str.len))
		ok = wrong(c, v, "does not match the pattern '%s'", pattern->as.str.ptr);
	return ok;
}

/* --- lists --- */

static bool check_item(struct check *c, const struct val *schema, const struct val *list, size_t index)
{
	size_t len = c->path.len;
	val_path_add_index(&c->path, index);
	bool ok = check(c, schema, val_at(list, index));
	str_truncate(&c->path, len);
	return ok;
}

/* The first ones by position, the rest by one schema: under the names of each draft. */
static bool check_items(struct check *c, const struct val *schema, const struct val *v)
{
	const struct val *items = val_get(schema, "items"), *first = val_get(schema, "prefixItems");
	const struct val *rest = items;
	bool ok = true;
	if (c->s->draft < DRAFT_2020) {
		first = val_is(items, VAL_LIST) ? items : NULL;
		rest = first ? val_get(schema, "additionalItems") : items;
	}
	for (size_t i = 0; i < val_len(v); i++) {
		const struct val *one = i < val_len(first) ? val_at(first, i) : rest;
		if (one && !check_item(c, one, v, i))
			ok = false;
	}
	return ok;
}

static bool check_contains(struct check *c, const struct val *schema, const struct val *v)
{
	const struct val *contains = c->s->draft >= DRAFT_6 ? val_get(schema, "contains") : NULL, *item;
	double least = 1, most = INFINITY, count = 0;
	if (!contains)
		return true;
	if (c->s->draft >= DRAFT_2019) {
		(void)limit(schema, "minContains", &least);
		(void)limit(schema, "maxContains", &most);
	}
	for (VAL_EACH_ITEM(i, item, v))
		count += is_valid_quietly(c, contains, item);
	if (count < least)
		return wrong(c, v, "needs at least %g items of a kind that is not there", least);
	return count <= most || wrong(c, v, "may have at most %g items of a kind", most);
}

static bool check_list(struct check *c, const struct val *schema, const struct val *v)
{
	bool ok = check_size(c, schema, v, "minItems", "maxItems", val_len(v), "items");
	ok &= check_items(c, schema, v);
	ok &= check_contains(c, schema, v);
	if (!val_get_bool(schema, "uniqueItems", false))
		return ok;
	for (size_t i = 0; i < val_len(v); i++)
		for (size_t k = 0; k < i && c->steps++ < MAX_STEPS; k++)
			if (is_equal(val_at(v, i), val_at(v, k)))
				return wrong(c, val_at(v, i), "an item that is there twice");
	return ok;
}

/* --- maps --- */

static bool check_member(struct check *c, const struct val *schema, const struct val_entry *entry)
{
	size_t len = c->path.len;
	val_path_add_key(&c->path, entry->key, entry->key_len);
	bool ok = check(c, schema, entry->value);
	if (!ok && val_is(schema, VAL_BOOL))
		(void)wrong(c, entry->value, "is not allowed here");
	str_truncate(&c->path, len);
	return ok;
}

static bool check_entry(struct check *c, const struct val *schema, const struct val_entry *entry)
{
	const struct val *own = val_getn(val_get(schema, "properties"), entry->key, entry->key_len);
	const struct val *rest = val_get(schema, "additionalProperties");
	const struct val_entry *pattern;
	bool ok = !own || check_member(c, own, entry), is_known = own != NULL;
	for (VAL_EACH_ENTRY(i, pattern, val_get(schema, "patternProperties"))) {
		if (!matches(c, pattern->key, entry->key, entry->key_len))
			continue;
		is_known = true;
		ok &= check_member(c, pattern->value, entry);
	}
	return !is_known && is_schema(rest) ? check_member(c, rest, entry) && ok : ok;
}

static bool check_name(struct check *c, const struct val *schema, const struct val_entry *entry)
{
	const struct val *names = c->s->draft >= DRAFT_6 ? val_get(schema, "propertyNames") : NULL;
	struct val name = { .kind = VAL_STR };
	if (!names)
		return true;
	name.as.str.ptr = entry->key;
	name.as.str.len = entry->key_len;
	return is_valid_quietly(c, names, &name) ||
	       wrong(c, entry->value, "a member cannot be called '%s'", entry->key);
}

static bool check_required(struct check *c, const struct val *names, const struct val *v, const char *by)
{
	const struct val *name;
	bool ok = true;
	for (VAL_EACH_ITEM(i, name, names))
		if (val_is(name, VAL_STR) && !val_getn(v, name->as.str.ptr, name->as.str.len))
			ok = wrong(c, v, "'%s' is missing%s%s", name->as.str.ptr, *by ? ", which goes with " : "", by);
	return ok;
}

static bool check_dependencies(struct check *c, const struct val *schema, const struct val *v)
{
	static const char *const words[] = { "dependencies", "dependentRequired", "dependentSchemas" };
	const struct val_entry *entry;
	bool ok = true;
	for (size_t w = 0; w < ARRAY_LEN(words); w++) {
		if (w > 0 && c->s->draft < DRAFT_2019)
			break;
		for (VAL_EACH_ENTRY(i, entry, val_get(schema, words[w]))) {
			if (!val_getn(v, entry->key, entry->key_len))
				continue;
			ok &= val_is(entry->value, VAL_LIST) ? check_required(c, entry->value, v, entry->key)
			                                     : check(c, entry->value, v);
		}
	}
	return ok;
}

static bool check_map(struct check *c, const struct val *schema, const struct val *v)
{
	const struct val_entry *entry;
	bool ok = check_size(c, schema, v, "minProperties", "maxProperties", val_len(v), "members");
	ok &= check_required(c, val_get(schema, "required"), v, "");
	for (VAL_EACH_ENTRY(i, entry, v)) {
		ok &= check_name(c, schema, entry);
		ok &= check_entry(c, schema, entry);
	}
	return check_dependencies(c, schema, v) && ok;
}

/* --- several schemas at once --- */

static bool check_combined(struct check *c, const struct val *schema, const struct val *v)
{
	const struct val *item, *any = val_get(schema, "anyOf"), *one = val_get(schema, "oneOf");
	bool ok = true;
	size_t count = 0;
	for (VAL_EACH_ITEM(i, item, val_get(schema, "allOf")))
		ok &= check(c, item, v);
	for (VAL_EACH_ITEM(i, item, any))
		count += is_valid_quietly(c, item, v);
	/* With one alternative its own mistakes say more. */
	if (val_len(any) && count == 0)
		ok = val_len(any) == 1 ? check(c, val_at(any, 0), v)
		                       : wrong(c, v, "fits none of %zu alternatives", val_len(any));
	count = 0;
	for (VAL_EACH_ITEM(i, item, one))
		count += is_valid_quietly(c, item, v);
	if (val_len(one) && count != 1)
		ok = wrong(c, v, "fits %zu of %zu alternatives, and must fit one", count, val_len(one));
	const struct val *negated = val_get(schema, "not");
	if (negated && is_valid_quietly(c, negated, v))
		ok = wrong(c, v, "fits what it must not");
	return ok;
}

static bool check_condition(struct check *c, const struct val *schema, const struct val *v)
{
	const struct val *condition = c->s->draft >= DRAFT_7 ? val_get(schema, "if") : NULL;
	if (!condition)
		return true;
	const struct val *then = val_get(schema, is_valid_quietly(c, condition, v) ? "then" : "else");
	return !then || check(c, then, v);
}

static bool check_reference(struct check *c, const struct val *schema, const struct val *v)
{
	if (!val_is(val_get(schema, "$ref"), VAL_STR))
		return true;
	AUTOFREE char *key = key_of(schema);
	const struct val *target = map_get(&c->s->targets, key);
	return !target || check(c, target, v);
}

static bool check_one(struct check *c, const struct val *schema, const struct val *v)
{
	bool has_reference = val_is(val_get(schema, "$ref"), VAL_STR);
	bool ok = check_reference(c, schema, v);
	if (has_reference && c->s->draft < DRAFT_2019)
		return ok;
	if (!check_type(c, schema, v))
		return false; /* more would only say the same */
	ok &= check_values(c, schema, v);
	if (is_number(v))
		ok &= check_number(c, schema, v);
	else if (val_is(v, VAL_STR))
		ok &= check_string(c, schema, v);
	else if (val_is(v, VAL_LIST))
		ok &= check_list(c, schema, v);
	else if (val_is(v, VAL_MAP))
		ok &= check_map(c, schema, v);
	ok &= check_combined(c, schema, v);
	return check_condition(c, schema, v) && ok;
}

static bool check(struct check *c, const struct val *schema, const struct val *v)
{
	if (val_is(schema, VAL_BOOL))
		return schema->as.boolean;
	if (c->depth >= MAX_DEPTH || c->steps++ >= MAX_STEPS)
		c->is_too_much = true;
	if (c->is_too_much)
		return false;
	c->depth++;
	bool ok = check_one(c, schema, v);
	c->depth--;
	return ok;
}

err *json_schema_check(const struct json_schema *schema, const struct val *document)
{
	struct check c = { .s = schema, .path = STR_INIT };
	bool ok = check(&c, schema->root, document);
	str_clear(&c.path);
	if (c.is_too_much) {
		err_free(c.mistakes);
		return err_new(ERR_LIMIT, "schema and document go deeper than %d steps, or take too many",
		               MAX_DEPTH);
	}
	return ok ? NULL : c.mistakes ? c.mistakes : val_error(document, "is not allowed by the schema");
}
