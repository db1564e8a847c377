/* Objects of Kubernetes' own kinds, against the packed table. */
#include "base/base.h"

#include "schema/kube_walk.h"

#include "base/suggest.h"
#include "schema/kube_table.h"

#define FIELDS_MAX    128u
#define CHOICES_MAX   64u
#define LIST_KEYS_MAX 8u
#define HOME_DEPTH    3u /* how far down the home of a misplaced field is looked for */

struct check {
	struct kube_walk *walk;
	uint16_t bit; /* of the minor */
};

static void check_type(const struct check *c, const struct kube_frame *frame, uint16_t type,
                       const struct val *v);

static const char *string_at(uint16_t offset)
{
	return kube_table.strings + offset;
}

/* --- members --- */

static const struct kube_property *rows_of(const struct kube_definition *definition)
{
	return kube_table.properties + definition->first;
}

/* strcmp, where a call for each step of a search would show. */
static inline int order_of(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (int)(unsigned char)*a - (int)(unsigned char)*b;
}

/* The first row of a name; NULL: there is none. */
static const struct kube_property *find_rows(const struct kube_definition *definition,
                                             const char *name)
{
	const struct kube_property *rows = rows_of(definition);
	size_t low = 0, high = definition->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = order_of(string_at(rows[middle].name), name);
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	bool is_found = low < definition->count && str_equal(string_at(rows[low].name), name);
	return is_found ? &rows[low] : NULL;
}

/* The row of the minor among those of one name. */
static const struct kube_property *row_of_minor(const struct kube_definition *definition,
                                                const struct kube_property *row, uint16_t bit)
{
	const struct kube_property *end = rows_of(definition) + definition->count;
	for (uint16_t name = row->name; row < end && row->name == name; row++)
		if (row->minors & bit)
			return row;
	return NULL;
}

static unsigned minors_of_rows(const struct kube_definition *definition,
                               const struct kube_property *row)
{
	unsigned minors = 0;
	const struct kube_property *end = rows_of(definition) + definition->count;
	for (uint16_t name = row->name; row < end && row->name == name; row++)
		minors |= row->minors & ~KUBE_REQUIRED_BIT;
	return minors;
}

/* "since Kubernetes 1.33 only": why a field of other minors is not one of this. */
static void tell_other_minor(const struct check *c, const struct kube_frame *frame, unsigned minors)
{
	AUTO(str) why = STR_INIT;
	unsigned minor = c->walk->check->minor, first = 0;
	while (!(minors >> first & 1u))
		first++;
	first += kube_table.first_minor;
	if (first > minor)
		str_addf(&why, "Kubernetes 1.%u does not have it, 1.%u was the first to", minor,
		         first);
	else
		str_addf(&why, "Kubernetes 1.%u no longer has it", minor);
	kube_tell_unknown(c->walk, frame, NULL, why.ptr);
}

static const char *nearest_field(const struct check *c, const struct kube_definition *definition,
                                 const struct val *map, const char *name)
{
	const char *names[FIELDS_MAX];
	size_t n = 0;
	const struct kube_property *rows = rows_of(definition);
	for (size_t i = 0; i < definition->count && n < FIELDS_MAX; i++) {
		const char *candidate = string_at(rows[i].name);
		if ((rows[i].minors & c->bit) && !val_get(map, candidate))
			names[n++] = candidate;
	}
	return suggest_nearest(name, names, n);
}

/* --- fields in the wrong place --- */

static bool has_field(const struct check *c, const struct kube_definition *definition,
                      const char *name)
{
	const struct kube_property *row = find_rows(definition, name);
	return row && row_of_minor(definition, row, c->bit);
}

/* The path below the definition, through objects only, to one that has the field. */
static bool find_below(const struct check *c, const struct kube_definition *definition,
                       const char *name, unsigned depth, struct str *path)
{
	const struct kube_property *rows = rows_of(definition);
	size_t before = path->len;
	for (size_t i = 0; i < definition->count; i++) {
		const struct kube_type *type = &kube_table.types[rows[i].type];
		if (!(rows[i].minors & c->bit) || type->kind != KUBE_OBJECT ||
		    str_equal(string_at(rows[i].name), "status"))
			continue;
		const struct kube_definition *inner = &kube_table.definitions[type->ref];
		str_addf(path, "%s%s", before ? "." : "", string_at(rows[i].name));
		if (depth == 1 ? has_field(c, inner, name)
		               : find_below(c, inner, name, depth - 1, path))
			return true;
		str_truncate(path, before);
	}
	return false;
}

/* "spec.template.spec has it": where a field that is unknown here belongs. */
static bool find_home(const struct check *c, const struct kube_frame *frame,
                      const struct kube_definition *definition, struct str *path)
{
	const char *name = frame->entry->key;
	for (const struct kube_frame *up = frame->up; up; up = up->up)
		if (up->map && up->schema && has_field(c, up->schema, name)) {
			kube_add_path(up->up, path);
			return path->len > 0;
		}
	kube_add_path(frame->up, path);
	for (unsigned depth = 1; depth <= HOME_DEPTH; depth++)
		if (find_below(c, definition, name, depth, path))
			return true;
	return false;
}

static void tell_unknown(const struct check *c, const struct kube_frame *frame,
                         const struct kube_definition *definition)
{
	AUTO(str) home = STR_INIT;
	AUTO(str) why = STR_INIT;
	const char *near = nearest_field(c, definition, frame->map, frame->entry->key);
	if (!near && !c->walk->silent && find_home(c, frame, definition, &home))
		str_addf(&why, "%s has it", home.ptr);
	kube_tell_unknown(c->walk, frame, near, why.len ? why.ptr : NULL);
}

static void check_member(const struct check *c, const struct kube_frame *frame,
                         const struct kube_definition *definition)
{
	const char *name = frame->entry->key;
	const struct kube_property *row = find_rows(definition, name);
	const struct kube_property *now = row ? row_of_minor(definition, row, c->bit) : NULL;
	if (now)
		check_type(c, frame, now->type, frame->entry->value);
	else if (kube_is_directive(c->walk, name))
		return;
	else if (row)
		tell_other_minor(c, frame, minors_of_rows(definition, row));
	else
		tell_unknown(c, frame, definition);
}

static bool is_missing(const struct val *map, const char *name)
{
	const struct val *v = val_get(map, name);
	return !v || v->kind == VAL_NULL;
}

static void check_required(const struct check *c, const struct kube_frame *frame,
                           const struct kube_definition *definition, const struct val *map)
{
	const struct kube_property *rows = rows_of(definition);
	if (c->walk->check->is_patch || c->walk->is_in_status)
		return;
	for (size_t i = 0; i < definition->count; i++)
		if ((rows[i].minors & KUBE_REQUIRED_BIT) && (rows[i].minors & c->bit) &&
		    is_missing(map, string_at(rows[i].name)))
			kube_tell_missing(c->walk, frame, map, string_at(rows[i].name));
}

static void check_object(const struct check *c, const struct kube_frame *frame,
                         const struct kube_definition *definition, const struct val *map)
{
	const struct val_entry *entry;
	bool is_root = !frame, was_in_status = c->walk->is_in_status;
	for (VAL_EACH_ENTRY(i, entry, map)) {
		const struct kube_frame member = {
			.up = frame, .map = map, .entry = entry, .schema = definition
		};
		if (entry->value->kind == VAL_MAP && str_equal(entry->key, "status"))
			c->walk->is_in_status = true;
		if (!(is_root && c->walk->check->is_encrypted && str_equal(entry->key, "sops")))
			check_member(c, &member, definition);
		c->walk->is_in_status = was_in_status;
	}
	check_required(c, frame, definition, map);
}

static void check_map(const struct check *c, const struct kube_frame *frame, uint16_t of,
                      const struct val *map)
{
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, map)) {
		const struct kube_frame member = { .up = frame, .map = map, .entry = entry };
		if (!kube_is_directive(c->walk, entry->key))
			check_type(c, &member, of, entry->value);
	}
}

/* --- lists --- */

static void check_items(const struct check *c, const struct kube_frame *frame,
                        const struct kube_type *type, const struct val *list)
{
	const struct val *item;
	const uint16_t *keys = kube_table.keys + type->keys;
	const char *item_key = type->keys && keys[0] == 1 ? string_at(keys[1]) : NULL;
	for (VAL_EACH_ITEM(i, item, list)) {
		const struct kube_frame at = {
			.up = frame, .item = item, .index = i, .item_key = item_key
		};
		check_type(c, &at, type->ref, item);
	}
}

static void check_list(const struct check *c, const struct kube_frame *frame,
                       const struct kube_type *type, const struct val *list)
{
	check_items(c, frame, type, list);
	const uint16_t *keys = kube_table.keys + type->keys;
	const char *names[LIST_KEYS_MAX], *defaults[LIST_KEYS_MAX];
	struct kube_unique unique = { .keys = names, .defaults = defaults };
	if (type->list_type == KUBE_LIST_ATOMIC || c->walk->check->is_patch)
		return;
	if (type->list_type == KUBE_LIST_MAP) {
		for (size_t i = 0; i < keys[0] && i < LIST_KEYS_MAX; i++) {
			names[i] = string_at(keys[1 + 2 * i]);
			defaults[i] = string_at(keys[2 + 2 * i]);
		}
		unique.n_keys = MIN(keys[0], LIST_KEYS_MAX);
		if (!unique.n_keys)
			return;
	}
	kube_check_unique(c->walk, frame, list, &unique);
}

/* --- scalars --- */

static void tell_format(const struct check *c, const struct kube_frame *frame, const struct val *v,
                        const char *expected)
{
	const struct kube_tell what = { .kind = KUBE_BAD_FORMAT, .at = v };
	kube_tell(c->walk, frame, &what, "expected %s", expected);
}

/* Left empty, an optional choice is as good as left away. */
static void check_choice(const struct check *c, const struct kube_frame *frame,
                         const struct kube_type *type, const struct val *v)
{
	const uint16_t *values = kube_table.enums + type->enumeration;
	const char *choices[CHOICES_MAX];
	size_t n = MIN(values[0], CHOICES_MAX);
	for (size_t i = 0; i < n; i++) {
		choices[i] = string_at(values[1 + i]);
		if (str_equal(choices[i], v->as.str.ptr))
			return;
	}
	if (v->as.str.len && !c->walk->is_in_status)
		kube_tell_choice(c->walk, frame, v, choices, n);
}

static void check_str(const struct check *c, const struct kube_frame *frame,
                      const struct kube_type *type, const struct val *v)
{
	if (v->kind != VAL_STR) {
		kube_tell_type(c->walk, frame, v, VAL_STR, "a string");
		return;
	}
	if (type->enumeration)
		check_choice(c, frame, type, v);
	if (type->format == KUBE_FORMAT_BYTE && !kube_is_base64(v->as.str.ptr, v->as.str.len))
		tell_format(c, frame, v, "base64");
	if (type->format == KUBE_FORMAT_DATE_TIME &&
	    !kube_is_date_time(v->as.str.ptr, v->as.str.len))
		tell_format(c, frame, v, "a time such as 2026-01-31T10:00:00Z");
}

static void check_int(const struct check *c, const struct kube_frame *frame,
                      const struct kube_type *type, const struct val *v)
{
	bool is_int32 = type->format == KUBE_FORMAT_INT32;
	if (!kube_is_whole(v, INT64_MIN, INT64_MAX))
		kube_tell_type(c->walk, frame, v, VAL_INT, "an integer");
	else if (is_int32 && !kube_is_whole(v, INT32_MIN, INT32_MAX))
		tell_format(c, frame, v, "an integer of 32 bits");
}

static void check_int_or_str(const struct check *c, const struct kube_frame *frame,
                             const struct val *v)
{
	if (v->kind == VAL_STR)
		return;
	if (!kube_is_whole(v, INT64_MIN, INT64_MAX))
		kube_tell_type(c->walk, frame, v, VAL_NULL, "an integer or a string");
	else if (!kube_is_whole(v, INT32_MIN, INT32_MAX))
		tell_format(c, frame, v, "an integer of 32 bits");
}

static void check_quantity(const struct check *c, const struct kube_frame *frame,
                           const struct val *v)
{
	if (v->kind == VAL_INT || v->kind == VAL_FLOAT)
		return;
	if (v->kind != VAL_STR)
		kube_tell_type(c->walk, frame, v, VAL_NULL, "a quantity");
	else if (!kube_is_quantity(v->as.str.ptr, v->as.str.len))
		tell_format(c, frame, v, "a quantity such as 500m, 1.5 or 128Mi");
}

static void check_scalar(const struct check *c, const struct kube_frame *frame,
                         const struct kube_type *type, const struct val *v)
{
	switch ((enum kube_type_kind)type->kind) {
	case KUBE_STR:
		check_str(c, frame, type, v);
		break;
	case KUBE_INT:
		check_int(c, frame, type, v);
		break;
	case KUBE_NUMBER:
		if (v->kind != VAL_INT && v->kind != VAL_FLOAT)
			kube_tell_type(c->walk, frame, v, VAL_FLOAT, "a number");
		break;
	case KUBE_BOOL:
		if (v->kind != VAL_BOOL)
			kube_tell_type(c->walk, frame, v, VAL_BOOL, "true or false");
		break;
	case KUBE_INT_OR_STR:
		check_int_or_str(c, frame, v);
		break;
	case KUBE_QUANTITY:
		check_quantity(c, frame, v);
		break;
	case KUBE_ANY:
	case KUBE_OPEN:
	case KUBE_OBJECT:
	case KUBE_MAP:
	case KUBE_LIST:
		break;
	}
}

/* A null is to the server as if nothing were there. */
static void check_type(const struct check *c, const struct kube_frame *frame, uint16_t number,
                       const struct val *v)
{
	const struct kube_type *type = &kube_table.types[number];
	if (v->kind == VAL_NULL || kube_is_opaque(c->walk, v))
		return;
	bool is_object = type->kind == KUBE_OBJECT || type->kind == KUBE_MAP;
	if (is_object && v->kind != VAL_MAP)
		kube_tell_type(c->walk, frame, v, VAL_MAP, "an object");
	else if (type->kind == KUBE_OBJECT)
		check_object(c, frame, &kube_table.definitions[type->ref], v);
	else if (type->kind == KUBE_MAP)
		check_map(c, frame, type->ref, v);
	else if (type->kind == KUBE_LIST && v->kind != VAL_LIST)
		kube_tell_type(c->walk, frame, v, VAL_LIST, "a list");
	else if (type->kind == KUBE_LIST)
		check_list(c, frame, type, v);
	else
		check_scalar(c, frame, type, v);
}

static uint16_t bit_of(unsigned minor)
{
	return (uint16_t)(1u << (minor - kube_table.first_minor));
}

void kube_check_object(const struct kube_check *check, const struct kube_api *api,
                       const struct val *object)
{
	struct kube_walk walk = { .check = check, .root = object };
	const struct check c = { &walk, bit_of(check->minor) };
	check_type(&c, NULL, api->type, object);
}

void kube_check_metadata(struct kube_walk *walk, const struct kube_frame *frame,
                         const struct val *metadata)
{
	/* Every Namespace has the metadata that every object has. */
	struct kube_api api;
	const struct check c = { walk, bit_of(walk->check->minor) };
	bool is_known = kube_api_find("v1", "Namespace", &api);
	assert(is_known);
	(void)is_known;
	const struct kube_definition *object =
		&kube_table.definitions[kube_table.types[api.type].ref];
	const struct kube_property *row =
		row_of_minor(object, find_rows(object, "metadata"), c.bit);
	bool was_custom = walk->is_custom;
	walk->is_custom = false;
	check_type(&c, frame, row->type, metadata);
	walk->is_custom = was_custom;
}
