#include "base/base.h"

#include "schema/crd_node.h"

#define NODES_MAX 200000u

struct compiling {
	struct arena *arena;
	size_t n_nodes;
	bool is_too_large;
	struct crd_pattern *patterns;
};

static const struct crd_node *compile(struct compiling *c, const struct val *schema);

static const char *keep(struct compiling *c, const char *text)
{
	return text ? arena_strdup(c->arena, text) : NULL;
}

static struct crd_names keep_names(struct compiling *c, const struct val *list)
{
	struct crd_names names = { 0 };
	const struct val *item;
	names.ptr = arena_zalloc(c->arena, val_len(list) + 1, sizeof(*names.ptr));
	for (VAL_EACH_ITEM(i, item, list))
		if (item->kind == VAL_STR)
			names.ptr[names.len++] = keep(c, item->as.str.ptr);
	return names;
}

static int compare_properties(const void *x, const void *y)
{
	return strcmp(((const struct crd_property *)x)->name,
	              ((const struct crd_property *)y)->name);
}

static void compile_properties(struct compiling *c, struct crd_node *node, const struct val *map)
{
	const struct val_entry *entry;
	if (!val_is(map, VAL_MAP))
		return;
	node->properties = arena_zalloc(c->arena, val_len(map) + 1, sizeof(*node->properties));
	for (VAL_EACH_ENTRY(i, entry, map)) {
		const struct crd_node *inner = compile(c, entry->value);
		if (inner)
			node->properties[node->n_properties++] =
				(struct crd_property){ keep(c, entry->key), inner };
	}
	qsort(node->properties, node->n_properties, sizeof(*node->properties), compare_properties);
}

static struct crd_nodes compile_list(struct compiling *c, const struct val *list)
{
	struct crd_nodes nodes = { 0 };
	const struct val *item;
	nodes.ptr = arena_zalloc(c->arena, val_len(list) + 1, sizeof(*nodes.ptr));
	for (VAL_EACH_ITEM(i, item, list)) {
		const struct crd_node *inner = compile(c, item);
		if (inner)
			nodes.ptr[nodes.len++] = inner;
	}
	return nodes;
}

static uint8_t type_of(const struct val *schema)
{
	static const char *const names[] = { "",        "object", "array",  "string",
		                             "integer", "number", "boolean" };
	const char *name = val_get_str(schema, "type", "");
	for (size_t i = 1; i < ARRAY_LEN(names); i++)
		if (str_equal(name, names[i]))
			return (uint8_t)i;
	return CRD_ANY;
}

static uint16_t flags_of(const struct val *schema)
{
	static const struct {
		const char *name;
		uint16_t flag;
	} booleans[] = {
		{ "nullable", CRD_NULLABLE },
		{ "x-kubernetes-preserve-unknown-fields", CRD_PRESERVE },
		{ "x-kubernetes-embedded-resource", CRD_EMBEDDED },
		{ "x-kubernetes-int-or-string", CRD_INT_OR_STRING },
		{ "exclusiveMinimum", CRD_ABOVE_MINIMUM },
		{ "exclusiveMaximum", CRD_BELOW_MAXIMUM },
		{ "additionalProperties", CRD_OPEN },
	};
	unsigned flags = 0;
	for (size_t i = 0; i < ARRAY_LEN(booleans); i++)
		if (val_get_bool(schema, booleans[i].name, false))
			flags |= booleans[i].flag;
	const char *list_type = val_get_str(schema, "x-kubernetes-list-type", "");
	flags |= str_equal(list_type, "map") ? CRD_LIST_MAP : 0;
	flags |= str_equal(list_type, "set") ? CRD_LIST_SET : 0;
	return (uint16_t)flags;
}

static bool number_of(const struct val *schema, const char *key, double *ret_number)
{
	const struct val *v = val_get(schema, key);
	if (!val_is(v, VAL_INT) && !val_is(v, VAL_FLOAT))
		return false;
	*ret_number = v->kind == VAL_INT ? (double)v->as.integer : v->as.number;
	return true;
}

/* minLength, minItems and minProperties are one: of what the type is. */
static void compile_sizes(struct crd_node *node, const struct val *schema)
{
	static const char *const lowest[] = { "minLength", "minItems", "minProperties" };
	static const char *const highest[] = { "maxLength", "maxItems", "maxProperties" };
	node->max_size = SIZE_MAX;
	for (size_t i = 0; i < ARRAY_LEN(lowest); i++) {
		int64_t low = val_get_int(schema, lowest[i], -1);
		int64_t high = val_get_int(schema, highest[i], -1);
		if (low >= 0)
			node->min_size = (size_t)low;
		if (high >= 0)
			node->max_size = (size_t)high;
	}
}

static void compile_numbers(struct crd_node *node, const struct val *schema)
{
	if (number_of(schema, "minimum", &node->minimum))
		node->flags |= CRD_HAS_MINIMUM;
	if (number_of(schema, "maximum", &node->maximum))
		node->flags |= CRD_HAS_MAXIMUM;
	(void)number_of(schema, "multipleOf", &node->multiple_of);
}

static void compile_keys(struct compiling *c, struct crd_node *node, const struct val *schema)
{
	node->keys = keep_names(c, val_get(schema, "x-kubernetes-list-map-keys"));
	node->key_defaults =
		arena_zalloc(c->arena, node->keys.len + 1, sizeof(*node->key_defaults));
	const struct val *properties = val_get(val_get(schema, "items"), "properties");
	for (size_t i = 0; i < node->keys.len; i++) {
		const struct val *key = val_get(properties, node->keys.ptr[i]);
		node->key_defaults[i] = keep(c, val_get_str(key, "default", ""));
	}
}

static struct crd_pattern *keep_pattern(struct compiling *c, const char *text)
{
	if (!text)
		return NULL;
	struct crd_pattern *pattern = ARENA_NEW(c->arena, struct crd_pattern);
	pattern->text = keep(c, text);
	pattern->next = c->patterns;
	c->patterns = pattern;
	return pattern;
}

static void compile_parts(struct compiling *c, struct crd_node *node, const struct val *schema)
{
	const struct val *enumeration = val_get(schema, "enum");
	compile_properties(c, node, val_get(schema, "properties"));
	node->additional = compile(c, val_get(schema, "additionalProperties"));
	node->items = compile(c, val_get(schema, "items"));
	node->negated = compile(c, val_get(schema, "not"));
	node->all_of = compile_list(c, val_get(schema, "allOf"));
	node->any_of = compile_list(c, val_get(schema, "anyOf"));
	node->one_of = compile_list(c, val_get(schema, "oneOf"));
	node->required = keep_names(c, val_get(schema, "required"));
	if (val_is(enumeration, VAL_LIST))
		node->enumeration = val_copy(c->arena, enumeration);
	if (val_get(schema, "default"))
		node->fallback = val_copy(c->arena, val_get(schema, "default"));
	node->pattern = keep_pattern(c, val_get_str(schema, "pattern", NULL));
	node->format = keep(c, val_get_str(schema, "format", NULL));
	if (node->flags & CRD_LIST_MAP)
		compile_keys(c, node, schema);
}

static const struct crd_node *compile(struct compiling *c, const struct val *schema)
{
	if (!val_is(schema, VAL_MAP) || c->is_too_large)
		return NULL;
	if (++c->n_nodes > NODES_MAX) {
		c->is_too_large = true;
		return NULL;
	}
	struct crd_node *node = ARENA_NEW(c->arena, struct crd_node);
	node->type = type_of(schema);
	node->flags = flags_of(schema);
	compile_sizes(node, schema);
	compile_numbers(node, schema);
	compile_parts(c, node, schema);
	return node;
}

/* --- the definition around it --- */

bool crd_is(const struct val *object)
{
	return str_equal(val_get_str(object, "kind", ""), "CustomResourceDefinition") &&
	       str_starts(val_get_str(object, "apiVersion", ""), "apiextensions.k8s.io/");
}

/* `spec` has what v1beta1 says once for all versions; `version` is NULL for its only one. */
static void compile_version(struct compiling *c, const struct val *spec, const struct val *version,
                            struct crd_version *ret_version)
{
	const struct val *schema = val_path(version, "schema.openAPIV3Schema");
	const struct val *shared = val_path(spec, "validation.openAPIV3Schema");
	bool is_beta = !val_get(version, "schema") || val_get(spec, "validation");
	*ret_version = (struct crd_version){
		.name = keep(c, version ? val_get_str(version, "name", "")
		                        : val_get_str(spec, "version", "")),
		.is_served = !version || val_get_bool(version, "served", true),
		.is_deprecated = val_get_bool(version, "deprecated", false),
		.deprecation = keep(c, val_get_str(version, "deprecationWarning", NULL)),
		.root = compile(c, schema ? schema : shared),
		.has_status = val_path(version, "subresources.status") ||
		              val_path(spec, "subresources.status"),
		.is_open = val_get_bool(spec, "preserveUnknownFields", is_beta),
	};
}

static void compile_versions(struct compiling *c, const struct val *spec, struct crd *crd)
{
	const struct val *list = val_get(spec, "versions"), *version;
	size_t n = MAX(val_len(list), (size_t)1);
	struct crd_version *versions = arena_zalloc(c->arena, n, sizeof(*versions));
	for (VAL_EACH_ITEM(i, version, list))
		compile_version(c, spec, version, &versions[crd->n_versions++]);
	if (!crd->n_versions && val_get_str(spec, "version", NULL))
		compile_version(c, spec, NULL, &versions[crd->n_versions++]);
	crd->versions = versions;
}

static err *check_size(const struct compiling *c, const char *kind)
{
	if (!c->is_too_large)
		return NULL;
	return err_new(ERR_LIMIT, "the schema of '%s' has more than %u parts", kind, NODES_MAX);
}

err *crd_compile(const struct val *object, struct arena *a, const struct crd **ret_crd)
{
	struct compiling c = { .arena = a };
	const struct val *spec = val_get(object, "spec");
	const char *group = val_get_str(spec, "group", NULL);
	const char *kind = val_get_str(val_get(spec, "names"), "kind", NULL);
	if (!group || !kind)
		return val_error(object, "the definition has no spec.group or no spec.names.kind");
	struct crd *crd = ARENA_NEW(a, struct crd);
	crd->group = keep(&c, group);
	crd->kind = keep(&c, kind);
	compile_versions(&c, spec, crd);
	crd->patterns = c.patterns;
	TRY(check_size(&c, kind));
	if (!crd->n_versions)
		return val_error(spec, "the definition has no versions");
	*ret_crd = crd;
	return NULL;
}

err *crd_from_schema(const struct val *schema, const struct crd_name *name, struct arena *a,
                     const struct crd **ret_crd)
{
	struct compiling c = { .arena = a };
	struct crd *crd = ARENA_NEW(a, struct crd);
	struct crd_version *version = ARENA_NEW(a, struct crd_version);
	*version = (struct crd_version){ .name = keep(&c, name->version),
		                         .is_served = true,
		                         .root = compile(&c, schema),
		                         .has_status = true };
	*crd = (struct crd){ .group = keep(&c, name->group),
		             .kind = keep(&c, name->kind),
		             .versions = version,
		             .n_versions = 1,
		             .patterns = c.patterns };
	TRY(check_size(&c, name->kind));
	*ret_crd = crd;
	return NULL;
}

void crd_release(const struct crd *crd)
{
	for (struct crd_pattern *p = crd ? crd->patterns : NULL; p; p = p->next) {
		regex_free(atomic_load(&p->regex));
		atomic_store(&p->regex, NULL);
	}
}

const struct crd_version *crd_find_version(const struct crd *crd, const char *version)
{
	for (size_t i = 0; i < crd->n_versions; i++)
		if (str_equal(crd->versions[i].name, version))
			return &crd->versions[i];
	return NULL;
}

const struct crd_node *crd_property(const struct crd_node *node, const char *name)
{
	size_t low = 0, high = node->n_properties;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(node->properties[middle].name, name);
		if (order == 0)
			return node->properties[middle].node;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
