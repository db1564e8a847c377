#include "base/base.h"

#include "base/suggest.h"
#include "schema/schema.h"

enum {
	MOST_ERRORS = 50,
	MOST_NAMES = 10, /* longer lists of valid names are not shown */
	LONGEST_SHOWN = 60,
};

struct checker {
	err *errors;
	size_t count;
	struct str path;
};

static const char *const kind_texts[] = {
	[SCHEMA_ANY] = "anything",       [SCHEMA_BOOL] = "true or false",
	[SCHEMA_INT] = "a whole number", [SCHEMA_NUMBER] = "a number",
	[SCHEMA_STR] = "a string",       [SCHEMA_LIST] = "a list",
	[SCHEMA_OBJECT] = "a map",       [SCHEMA_MAP] = "a map",
};

static void add(struct checker *c, err *take_e)
{
	if (c->count++ < MOST_ERRORS)
		c->errors = err_join(c->errors, take_e);
	else
		err_free(take_e);
}

/* " for 'spec.path'", or nothing at the root. */
static const char *for_path(const struct checker *c, struct str *out)
{
	if (c->path.len)
		str_addf(out, " for '%s'", c->path.ptr);
	return out->ptr;
}

static err *add_suggestion(err *take_e, const char *nearest)
{
	return nearest ? err_hint(take_e, "did you mean '%s'?", nearest) : take_e;
}

static void add_names(const char *const *names, const char *separator, struct str *out)
{
	for (size_t i = 0; names[i]; i++)
		str_addf(out, "%s'%s'", i ? separator : "", names[i]);
}

static size_t count_names(const char *const *names)
{
	size_t count = 0;
	while (names[count])
		count++;
	return count;
}

/* --- kinds --- */

static bool kind_fits(enum schema_kind kind, const struct val *v)
{
	switch (kind) {
	case SCHEMA_ANY:
		return true;
	case SCHEMA_BOOL:
		return v->kind == VAL_BOOL;
	case SCHEMA_INT:
		return v->kind == VAL_INT;
	case SCHEMA_NUMBER:
		return v->kind == VAL_INT || v->kind == VAL_FLOAT;
	case SCHEMA_STR:
		return v->kind == VAL_STR;
	case SCHEMA_LIST:
		return v->kind == VAL_LIST;
	case SCHEMA_OBJECT:
	case SCHEMA_MAP:
		return v->kind == VAL_MAP;
	}
	return false;
}

static bool accepts_kind(const struct schema *schema, enum schema_kind kind)
{
	for (; schema; schema = schema->also)
		if (schema->kind == kind)
			return true;
	return false;
}

/* A short text as it was written, for "put it in quotes". */
static struct view written(const struct val *v)
{
	struct view text = val_source_text(v);
	if (text.len > LONGEST_SHOWN || memchr(text.ptr, '\n', text.len))
		text.len = 0;
	return text;
}

static err *hint_kind(err *take_e, const struct schema *schema, const struct val *v)
{
	struct view text = written(v);
	bool is_scalar = v->kind == VAL_BOOL || v->kind == VAL_INT || v->kind == VAL_FLOAT;
	if (is_scalar && text.len && accepts_kind(schema, SCHEMA_STR))
		return err_hint(take_e, "put it in quotes: \"%.*s\"", (int)text.len, text.ptr);
	bool is_quoted = v->style == VAL_STYLE_DOUBLE || v->style == VAL_STYLE_SINGLE;
	if (v->kind == VAL_STR && is_quoted && !schema->is_secret &&
	    (accepts_kind(schema, SCHEMA_BOOL) || accepts_kind(schema, SCHEMA_INT) ||
	     accepts_kind(schema, SCHEMA_NUMBER)))
		return err_hint(take_e, "remove the quotes");
	if (accepts_kind(schema, SCHEMA_LIST) && v->kind != VAL_MAP)
		return err_hint(take_e, "write a list, also for one item: [%.*s]",
		                text.len ? (int)text.len : 3, text.len ? text.ptr : "...");
	return take_e;
}

static err *wrong_kind(const struct checker *c, const struct schema *schema, const struct val *v)
{
	AUTO(str) path = STR_INIT;
	AUTO(str) expected = STR_INIT;
	for (const struct schema *s = schema; s; s = s->also)
		str_addf(&expected, "%s%s", s == schema ? "" : " or ", kind_texts[s->kind]);
	err *e = val_error(v, "expected %s%s, found %s", expected.ptr, for_path(c, &path),
	                   val_kind_text(v));
	if (v->kind == VAL_NULL)
		return err_hint(e, "give it a value, or remove the field");
	return hint_kind(e, schema, v);
}

/* --- strings --- */

/* A secret must reach neither the message nor the snippet. */
static err *string_error(const struct schema *schema, const struct val *v, err *take_e)
{
	if (!schema->is_secret)
		return val_place(take_e, v);
	if (!v->source || v->mark.line == 0)
		return take_e;
	return err_at(take_e, v->source->name, v->mark.line, v->mark.column);
}

/* ", found 'x'", shortened; nothing for secrets. */
static void add_found(const struct schema *schema, const struct val *v, struct str *out)
{
	if (schema->is_secret)
		return;
	if (v->as.str.len == 0) {
		str_addz(out, ", found an empty text");
		return;
	}
	size_t shown = MIN(v->as.str.len, (size_t)LONGEST_SHOWN);
	size_t line = strcspn(v->as.str.ptr, "\n");
	bool is_cut = shown < v->as.str.len || line < shown;
	str_addf(out, ", found '%.*s%s'", (int)MIN(shown, line), v->as.str.ptr,
	         is_cut ? "..." : "");
}

static bool is_choice(const struct schema *schema, const struct val *v)
{
	for (size_t i = 0; schema->choices[i]; i++)
		if (strlen(schema->choices[i]) == v->as.str.len &&
		    memcmp(schema->choices[i], v->as.str.ptr, v->as.str.len) == 0)
			return true;
	return false;
}

static void check_choice(struct checker *c, const struct schema *schema, const struct val *v)
{
	if (is_choice(schema, v))
		return;
	AUTO(str) text = STR_INIT;
	size_t count = count_names(schema->choices);
	if (count <= MOST_NAMES) {
		str_addz(&text, count == 1 ? "expected " : "expected one of ");
		add_names(schema->choices, ", ", &text);
	} else {
		str_addz(&text, "unknown value");
	}
	for_path(c, &text);
	add_found(schema, v, &text);
	err *e = string_error(schema, v, err_new(ERR_INVALID, "%s", text.ptr));
	if (!schema->is_secret)
		e = add_suggestion(e, suggest_nearest(v->as.str.ptr, schema->choices, count));
	add(c, e);
}

static void check_format(struct checker *c, const struct schema *schema, const struct val *v)
{
	const struct schema_format *format = schema->format;
	const char *reason = format->refuses ? format->refuses(v->as.str.ptr, v->as.str.len) : NULL;
	if (!reason)
		return;
	AUTO(str) text = STR_INIT;
	str_addf(&text, "expected %s", format->expected);
	for_path(c, &text);
	add_found(schema, v, &text);
	if (*reason)
		str_addf(&text, ": %s", reason);
	add(c, string_error(schema, v, err_new(ERR_INVALID, "%s", text.ptr)));
}

/* --- sizes --- */

static void check_len(struct checker *c, const struct schema *schema, const struct val *v,
                      size_t len, const char *unit)
{
	AUTO(str) path = STR_INIT;
	bool is_short = len < schema->min_len;
	bool is_long = schema->max_len > 0 && len > schema->max_len;
	if (!is_short && !is_long)
		return;
	err *e = err_new(ERR_INVALID, "expected at %s %zu %s%s, found %zu",
	                 is_short ? "least" : "most", is_short ? schema->min_len : schema->max_len,
	                 unit, for_path(c, &path), len);
	add(c, string_error(schema, v, e));
}

static void check_number(struct checker *c, const struct schema *schema, const struct val *v)
{
	if (schema->max <= schema->min)
		return;
	double number = v->kind == VAL_INT ? (double)v->as.integer : v->as.number;
	if (number >= (double)schema->min && number <= (double)schema->max)
		return;
	AUTO(str) path = STR_INIT;
	AUTO(str) found = STR_INIT;
	if (v->kind == VAL_INT)
		str_addf(&found, "%" PRId64, v->as.integer);
	else
		val_format_float(number, &found);
	add(c, val_error(v, "expected a number from %" PRId64 " to %" PRId64 "%s, found %s",
	                 schema->min, schema->max, for_path(c, &path), found.ptr));
}

/* --- maps --- */

static void check_value(struct checker *c, const struct schema *schema, const struct val *v);

static const struct schema *find_field(const struct schema *fields, const char *name)
{
	for (; fields && fields->name; fields++)
		if (strcmp(fields->name, name) == 0)
			return fields;
	return NULL;
}

static void unknown_field(struct checker *c, const struct schema *schema, const struct val *map,
                          const struct val_entry *entry)
{
	const char *names[256];
	size_t count = 0;
	for (const struct schema *f = schema->fields; f && f->name && count < 255; f++)
		if (!f->instead)
			names[count++] = f->name;
	names[count] = NULL;
	err *e = val_key_error(map, entry, "unknown field '%s'", c->path.ptr);
	const char *nearest = suggest_nearest(entry->key, names, count);
	if (nearest) {
		e = add_suggestion(e, nearest);
	} else if (count > 0 && count <= MOST_NAMES) {
		AUTO(str) known = STR_INIT;
		add_names(names, ", ", &known);
		e = err_hint(e, "the fields here are %s", known.ptr);
	}
	add(c, e);
}

static void check_entry(struct checker *c, const struct schema *schema, const struct val *map,
                        const struct val_entry *entry)
{
	const struct schema *field = find_field(schema->fields, entry->key);
	if (field && field->instead)
		add(c, err_hint(val_key_error(map, entry, "the field '%s' is not supported",
		                              c->path.ptr),
		                "%s", field->instead));
	else if (field)
		check_value(c, field, entry->value);
	else if (!schema->is_open)
		unknown_field(c, schema, map, entry);
}

static void check_required(struct checker *c, const struct schema *schema, const struct val *map)
{
	size_t depth = c->path.len;
	for (const struct schema *field = schema->fields; field && field->name; field++) {
		if (!field->required || val_get(map, field->name))
			continue;
		val_path_add_key(&c->path, field->name, strlen(field->name));
		add(c, val_error(map, "'%s' is missing", c->path.ptr));
		str_truncate(&c->path, depth);
	}
}

/* The entries of `map` that a group names; returns how many. */
static size_t count_set(const struct val *map, const char *const *names,
                        const struct val_entry **ret_last)
{
	size_t count = 0;
	for (size_t i = 0; names[i]; i++) {
		const struct val_entry *entry = val_entry(map, names[i]);
		if (!entry)
			continue;
		*ret_last = entry;
		count++;
	}
	return count;
}

static void check_requires(struct checker *c, const char *const *names, const struct val *map)
{
	const struct val_entry *first = val_entry(map, names[0]);
	for (size_t i = 1; first && names[i]; i++)
		if (!val_get(map, names[i]))
			add(c, val_key_error(map, first, "'%s' needs '%s' beside it", names[0],
			                     names[i]));
}

static void check_group(struct checker *c, const struct schema_group *group, const struct val *map)
{
	if (group->kind == SCHEMA_REQUIRES) {
		check_requires(c, group->names, map);
		return;
	}
	const struct val_entry *last = NULL;
	size_t set = count_set(map, group->names, &last);
	AUTO(str) names = STR_INIT;
	AUTO(str) path = STR_INIT;
	add_names(group->names, ", ", &names);
	if (set == 0 && group->kind != SCHEMA_AT_MOST_ONE)
		add(c, val_error(map, "expected %sone of %s%s, found none",
		                 group->kind == SCHEMA_AT_LEAST_ONE ? "at least " : "", names.ptr,
		                 for_path(c, &path)));
	else if (set > 1 && group->kind != SCHEMA_AT_LEAST_ONE)
		add(c, val_key_error(map, last, "expected only one of %s%s, found %zu", names.ptr,
		                     for_path(c, &path), set));
}

static void check_object(struct checker *c, const struct schema *schema, const struct val *map)
{
	size_t depth = c->path.len;
	check_required(c, schema, map);
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, map)) {
		val_path_add_key(&c->path, entry->key, entry->key_len);
		check_entry(c, schema, map, entry);
		str_truncate(&c->path, depth);
	}
	for (const struct schema_group *group = schema->groups; group && group->names; group++)
		check_group(c, group, map);
}

static void check_key(struct checker *c, const struct schema *schema, const struct val *map,
                      const struct val_entry *entry)
{
	const struct schema_format *format = schema->key_format;
	const char *reason =
		format && format->refuses ? format->refuses(entry->key, entry->key_len) : NULL;
	if (reason)
		add(c, val_key_error(map, entry, "expected %s as key, found '%.64s'%s%s",
		                     format->expected, entry->key, *reason ? ": " : "", reason));
}

static void check_map(struct checker *c, const struct schema *schema, const struct val *map)
{
	size_t depth = c->path.len;
	check_len(c, schema, map, val_len(map), "entries");
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, map)) {
		check_key(c, schema, map, entry);
		val_path_add_key(&c->path, entry->key, entry->key_len);
		if (schema->of)
			check_value(c, schema->of, entry->value);
		str_truncate(&c->path, depth);
	}
}

static void check_list(struct checker *c, const struct schema *schema, const struct val *list)
{
	size_t depth = c->path.len;
	check_len(c, schema, list, val_len(list), "items");
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, list)) {
		val_path_add_index(&c->path, i);
		if (schema->of)
			check_value(c, schema->of, item);
		str_truncate(&c->path, depth);
	}
}

/* --- values --- */

static void check_string(struct checker *c, const struct schema *schema, const struct val *v)
{
	if (schema->choices)
		check_choice(c, schema, v);
	else if (schema->format)
		check_format(c, schema, v);
	check_len(c, schema, v, v->as.str.len, "bytes");
}

static void check_value(struct checker *c, const struct schema *schema, const struct val *v)
{
	if (c->count > MOST_ERRORS)
		return;
	const struct schema *fitting = schema;
	while (fitting && !kind_fits(fitting->kind, v))
		fitting = fitting->also;
	if (!fitting) {
		add(c, wrong_kind(c, schema, v));
		return;
	}
	switch (fitting->kind) {
	case SCHEMA_STR:
		check_string(c, fitting, v);
		return;
	case SCHEMA_INT:
	case SCHEMA_NUMBER:
		check_number(c, fitting, v);
		return;
	case SCHEMA_LIST:
		check_list(c, fitting, v);
		return;
	case SCHEMA_OBJECT:
		check_object(c, fitting, v);
		return;
	case SCHEMA_MAP:
		check_map(c, fitting, v);
		return;
	default:
		return;
	}
}

err *schema_check(const struct schema *schema, const struct val *v)
{
	struct checker c = { .path = STR_INIT };
	if (v)
		check_value(&c, schema, v);
	else
		add(&c,
		    err_new(ERR_INVALID, "expected %s, found nothing", kind_texts[schema->kind]));
	str_clear(&c.path);
	return c.errors;
}
