#include "base/base.h"

#include "json/json.h"
#include "schema/schema.h"

static const char *const type_names[] = {
	[SCHEMA_ANY] = NULL,        [SCHEMA_BOOL] = "boolean", [SCHEMA_INT] = "integer",
	[SCHEMA_NUMBER] = "number", [SCHEMA_STR] = "string",   [SCHEMA_LIST] = "array",
	[SCHEMA_OBJECT] = "object", [SCHEMA_MAP] = "object",
};

static void write_schema(struct json_writer *w, const struct schema *schema);

static void write_child(struct json_writer *w, const char *key, const struct schema *schema)
{
	json_key(w, key);
	json_begin_object(w);
	if (schema)
		write_schema(w, schema);
	json_end_object(w);
}

static void write_names(struct json_writer *w, const char *const *names)
{
	json_begin_array(w);
	for (size_t i = 0; names[i]; i++)
		json_text(w, names[i]);
	json_end_array(w);
}

/* --- groups --- */

static void write_required_pair(struct json_writer *w, const char *first, const char *second)
{
	json_begin_object(w);
	json_key(w, "required");
	write_names(w, (const char *const[]){ first, second, NULL });
	json_end_object(w);
}

/* { "oneOf": [ { "required": ["a"] }, ... ] } */
static void write_alternatives(struct json_writer *w, const char *word, const char *const *names)
{
	json_key(w, word);
	json_begin_array(w);
	for (size_t i = 0; names[i]; i++)
		write_required_pair(w, names[i], NULL);
	json_end_array(w);
}

/* No two of them together. */
static void write_at_most_one(struct json_writer *w, const char *const *names)
{
	json_key(w, "not");
	json_begin_object(w);
	json_key(w, "anyOf");
	json_begin_array(w);
	for (size_t i = 0; names[i]; i++)
		for (size_t j = i + 1; names[j]; j++)
			write_required_pair(w, names[i], names[j]);
	json_end_array(w);
	json_end_object(w);
}

static void write_requires(struct json_writer *w, const char *const *names)
{
	json_key(w, "dependentRequired");
	json_begin_object(w);
	json_key(w, names[0]);
	write_names(w, names + 1);
	json_end_object(w);
}

static void write_group(struct json_writer *w, const struct schema_group *group)
{
	json_begin_object(w);
	switch (group->kind) {
	case SCHEMA_EXACTLY_ONE:
		write_alternatives(w, "oneOf", group->names);
		break;
	case SCHEMA_AT_LEAST_ONE:
		write_alternatives(w, "anyOf", group->names);
		break;
	case SCHEMA_AT_MOST_ONE:
		write_at_most_one(w, group->names);
		break;
	case SCHEMA_REQUIRES:
		write_requires(w, group->names);
		break;
	}
	json_end_object(w);
}

static void write_groups(struct json_writer *w, const struct schema_group *groups)
{
	if (!groups || !groups->names)
		return;
	json_key(w, "allOf");
	json_begin_array(w);
	for (; groups->names; groups++)
		write_group(w, groups);
	json_end_array(w);
}

/* --- types --- */

static void write_object(struct json_writer *w, const struct schema *schema)
{
	bool has_required = false;
	json_key(w, "properties");
	json_begin_object(w);
	for (const struct schema *field = schema->fields; field && field->name; field++) {
		if (field->instead)
			continue;
		write_child(w, field->name, field);
		has_required |= field->required;
	}
	json_end_object(w);
	if (has_required) {
		json_key(w, "required");
		json_begin_array(w);
		for (const struct schema *field = schema->fields; field->name; field++)
			if (field->required && !field->instead)
				json_text(w, field->name);
		json_end_array(w);
	}
	json_key_bool(w, "additionalProperties", schema->is_open);
	write_groups(w, schema->groups);
}

static void write_len(struct json_writer *w, const struct schema *schema, const char *min_key,
                      const char *max_key)
{
	if (schema->min_len)
		json_key_int(w, min_key, (int64_t)schema->min_len);
	if (schema->max_len)
		json_key_int(w, max_key, (int64_t)schema->max_len);
}

static void write_string(struct json_writer *w, const struct schema *schema)
{
	if (schema->choices && schema->choices[0] && !schema->choices[1]) {
		json_key_string(w, "const", schema->choices[0]);
	} else if (schema->choices) {
		json_key(w, "enum");
		write_names(w, schema->choices);
	}
	if (schema->format && schema->format->pattern)
		json_key_string(w, "pattern", schema->format->pattern);
	write_len(w, schema, "minLength", "maxLength");
}

static void write_map(struct json_writer *w, const struct schema *schema)
{
	write_child(w, "additionalProperties", schema->of);
	if (schema->key_format && schema->key_format->pattern) {
		json_key(w, "propertyNames");
		json_begin_object(w);
		json_key_string(w, "pattern", schema->key_format->pattern);
		json_end_object(w);
	}
	write_len(w, schema, "minProperties", "maxProperties");
}

static void write_type(struct json_writer *w, const struct schema *schema)
{
	if (type_names[schema->kind])
		json_key_string(w, "type", type_names[schema->kind]);
	switch (schema->kind) {
	case SCHEMA_STR:
		write_string(w, schema);
		return;
	case SCHEMA_INT:
	case SCHEMA_NUMBER:
		if (schema->max > schema->min) {
			json_key_int(w, "minimum", schema->min);
			json_key_int(w, "maximum", schema->max);
		}
		return;
	case SCHEMA_LIST:
		write_child(w, "items", schema->of);
		write_len(w, schema, "minItems", "maxItems");
		return;
	case SCHEMA_OBJECT:
		write_object(w, schema);
		return;
	case SCHEMA_MAP:
		write_map(w, schema);
		return;
	default:
		return;
	}
}

static void write_default(struct json_writer *w, const char *text)
{
	AUTO(arena) a = ARENA_INIT;
	struct val *v = NULL;
	err *e = json_load(text, strlen(text), "default", &a, &v);
	assert(!e); /* a typo in a table; the unit test of each table finds it */
	if (e)
		err_ignore(e, "a default that is no JSON is left out");
	else
		json_key_val(w, "default", v);
}

static void write_schema(struct json_writer *w, const struct schema *schema)
{
	if (schema->about)
		json_key_string(w, "description", schema->about);
	if (schema->fallback)
		write_default(w, schema->fallback);
	if (schema->is_secret)
		json_key_bool(w, "writeOnly", true);
	if (!schema->also) {
		write_type(w, schema);
		return;
	}
	json_key(w, "anyOf");
	json_begin_array(w);
	for (const struct schema *one = schema; one; one = one->also) {
		json_begin_object(w);
		write_type(w, one);
		json_end_object(w);
	}
	json_end_array(w);
}

void schema_to_json(const struct schema *schema, const char *id, struct str *out)
{
	struct json_writer w = json_writer_init(out, JSON_PRETTY);
	json_begin_object(&w);
	json_key_string(&w, "$schema", "https://json-schema.org/draft/2020-12/schema");
	if (id)
		json_key_string(&w, "$id", id);
	if (schema->name)
		json_key_string(&w, "title", schema->name);
	write_schema(&w, schema);
	json_end_object(&w);
}
