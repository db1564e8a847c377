#include "base/base.h"

#include "target_kube/fields.h"

#include "base/vec.h"
#include "json/json.h"

/* --- entries --- */

bool fields_is_ours(const struct val *entry)
{
	return str_equal(val_get_str(entry, "manager", ""), KUBE_FIELD_MANAGER) &&
	       str_equal(val_get_str(entry, "operation", ""), "Apply") &&
	       !*val_get_str(entry, "subresource", "");
}

const struct val *fields_entries(const struct val *live)
{
	return val_get(val_get(live, "metadata"), "managedFields");
}

const struct val *fields_our_entry(const struct val *live, bool *ret_is_unique)
{
	const struct val *entry, *found = NULL;
	*ret_is_unique = true;
	for (VAL_EACH_ITEM(i, entry, fields_entries(live))) {
		if (!fields_is_ours(entry))
			continue;
		if (found)
			*ret_is_unique = false;
		found = entry;
	}
	return found;
}

/* --- keys of a field set --- */

static bool has_prefix(const struct val_entry *child, char kind)
{
	return child->key_len > 2 && child->key[0] == kind && child->key[1] == ':';
}

static bool is_self(const struct val_entry *child)
{
	return child->key_len == 1 && child->key[0] == '.';
}

static size_t children(const struct val *fields)
{
	return val_len(fields) - (val_get(fields, ".") ? 1 : 0);
}

static const struct val *field_child(const struct val *fields, const char *key, size_t len)
{
	char name[256];
	if (len + 3 > sizeof(name)) {
		AUTOFREE char *longer = str_format("f:%.*s", (int)len, key);
		return val_getn(fields, longer, len + 2);
	}
	name[0] = 'f';
	name[1] = ':';
	memcpy(name + 2, key, len);
	return val_getn(fields, name, len + 2);
}

/* The keys of an item, `k:{"name":"app"}` as a map; NULL when it cannot be read. */
static const struct val *item_keys(const struct val_entry *child, struct arena *a)
{
	struct val *keys = NULL;
	err *e = json_read(child->key + 2, child->key_len - 2, "field set", a, &keys);
	if (e) {
		err_ignore(e, "what is not understood is doubtful");
		return NULL;
	}
	return val_is(keys, VAL_MAP) ? keys : NULL;
}

/* All keys there with these values; with `may_omit` a key may be missing from the item. */
static bool has_keys(const struct val *item, const struct val *keys, bool may_omit)
{
	const struct val_entry *key;
	size_t found = 0;
	for (VAL_EACH_ENTRY(i, key, keys)) {
		const struct val *value = val_getn(item, key->key, key->key_len);
		if (!value && may_omit)
			continue;
		if (!value || !val_equal(value, key->value))
			return false;
		found++;
	}
	return found > 0;
}

/* Position of the only item with these keys; SIZE_MAX when there is none or more than one. */
static size_t find_item(const struct val *list, const struct val *keys, bool may_omit)
{
	const struct val *item;
	size_t at = SIZE_MAX;
	for (VAL_EACH_ITEM(i, item, list)) {
		if (!has_keys(item, keys, may_omit))
			continue;
		if (at != SIZE_MAX)
			return SIZE_MAX;
		at = i;
	}
	return at;
}

const struct val *fields_find(const struct val *list, const struct val *keys, bool is_member,
                              bool may_omit)
{
	const struct val *item;
	if (!is_member)
		return val_at(list, find_item(list, keys, may_omit));
	for (VAL_EACH_ITEM(i, item, list))
		if (val_equal(item, keys))
			return item;
	return NULL;
}

/* --- the proof --- */

struct proof {
	const char *why; /* static text of the first doubt */
	struct arena arena;
};

static bool doubt(struct proof *proof, const char *why)
{
	if (!proof->why)
		proof->why = why;
	return false;
}

static bool prove(struct proof *proof, const struct val *wanted, const struct val *fields,
                  const struct val *live);

static bool has_null(const struct val *v)
{
	const struct val *item;
	const struct val_entry *entry;
	if (!v || val_is(v, VAL_NULL))
		return true;
	for (VAL_EACH_ITEM(i, item, v))
		if (has_null(item))
			return true;
	for (VAL_EACH_ENTRY(k, entry, v))
		if (has_null(entry->value))
			return true;
	return false;
}

static bool prove_leaf(struct proof *proof, const struct val *wanted, const struct val *live)
{
	if (!live)
		return doubt(proof, "a field is not there");
	if (has_null(wanted))
		return doubt(proof, "a null");
	if (wanted->kind != live->kind)
		return doubt(proof, "a value of another type");
	return val_equal(wanted, live) || doubt(proof, "a value differs");
}

static bool prove_map(struct proof *proof, const struct val *wanted, const struct val *fields,
                      const struct val *live)
{
	const struct val_entry *entry;
	if (!val_is(live, VAL_MAP))
		return doubt(proof, "a map is not there");
	if (children(fields) != val_len(wanted))
		return doubt(proof, "we own another number of fields");
	for (VAL_EACH_ENTRY(i, entry, wanted)) {
		const struct val *child = field_child(fields, entry->key, entry->key_len);
		if (!child)
			return doubt(proof, "a field is not ours yet");
		if (!prove(proof, entry->value, child,
		           val_getn(live, entry->key, entry->key_len)))
			return false;
	}
	return true;
}

/* Our items must stand in the same order on both sides: an apply would move them. */
static bool prove_order(struct proof *proof, const size_t *live_at, size_t count)
{
	size_t last = 0;
	for (size_t i = 0; i < count; i++) {
		if (live_at[i] == SIZE_MAX)
			return doubt(proof, "an item of a list is not owned");
		if (i > 0 && live_at[i] <= last)
			return doubt(proof, "items in another order");
		last = live_at[i];
	}
	return true;
}

static bool prove_item(struct proof *proof, const struct val_entry *child, const struct val *wanted,
                       const struct val *live, size_t *live_at)
{
	const struct val *keys = item_keys(child, &proof->arena);
	if (!keys)
		return doubt(proof, "a key that cannot be read");
	size_t at = find_item(wanted, keys, true), there = find_item(live, keys, false);
	if (at == SIZE_MAX || there == SIZE_MAX)
		return doubt(proof, "an item is missing or ambiguous");
	if (live_at[at] != SIZE_MAX)
		return doubt(proof, "an item with two keys");
	live_at[at] = there;
	return prove(proof, val_at(wanted, at), child->value, val_at(live, there));
}

static bool prove_member(struct proof *proof, const struct val_entry *child,
                         const struct val *wanted, const struct val *live, size_t *live_at)
{
	const struct val *item;
	struct val *member = NULL;
	size_t at = SIZE_MAX, there = SIZE_MAX;
	err *e = json_read(child->key + 2, child->key_len - 2, "field set", &proof->arena, &member);
	if (e) {
		err_ignore(e, "what is not understood is doubtful");
		return doubt(proof, "a member that cannot be read");
	}
	for (VAL_EACH_ITEM(i, item, wanted))
		if (val_equal(item, member)) {
			if (at != SIZE_MAX)
				return doubt(proof, "a member twice");
			at = i;
		}
	for (VAL_EACH_ITEM(i, item, live))
		if (val_equal(item, member))
			there = i;
	if (at == SIZE_MAX || there == SIZE_MAX)
		return doubt(proof, "a member is missing");
	live_at[at] = there;
	return true;
}

static bool prove_list(struct proof *proof, const struct val *wanted, const struct val *fields,
                       const struct val *live)
{
	const struct val_entry *child;
	size_t count = val_len(wanted);
	if (!val_is(live, VAL_LIST))
		return doubt(proof, "a list is not there");
	if (children(fields) != count)
		return doubt(proof, "we own another number of items");
	size_t *live_at = arena_alloc(&proof->arena, (count + 1) * sizeof(*live_at));
	for (size_t i = 0; i < count; i++)
		live_at[i] = SIZE_MAX;
	for (VAL_EACH_ENTRY(k, child, fields)) {
		if (is_self(child))
			continue;
		bool is_item = has_prefix(child, 'k'), is_member = has_prefix(child, 'v');
		if (!is_item && !is_member)
			return doubt(proof, "a list owned in an unknown way");
		if (is_item ? !prove_item(proof, child, wanted, live, live_at)
		            : !prove_member(proof, child, wanted, live, live_at))
			return false;
	}
	return prove_order(proof, live_at, count);
}

static bool prove(struct proof *proof, const struct val *wanted, const struct val *fields,
                  const struct val *live)
{
	if (!val_is(fields, VAL_MAP))
		return doubt(proof, "a field set that is no map");
	/* A leaf: a scalar, or a part that is replaced as a whole. `.` alone is an empty map or list. */
	if (val_len(fields) == 0)
		return prove_leaf(proof, wanted, live);
	if (children(fields) == 0)
		return val_len(wanted) == 0 && live && wanted->kind == live->kind
		               ? true
		               : doubt(proof, "an empty part is not empty");
	if (val_is(wanted, VAL_MAP))
		return prove_map(proof, wanted, fields, live);
	if (val_is(wanted, VAL_LIST))
		return prove_list(proof, wanted, fields, live);
	return doubt(proof, "a value in place of a part");
}

/* What the server takes from the URL or keeps itself, and no field set names. */
static bool is_unowned_metadata(const char *key)
{
	return str_equal(key, "name") || str_equal(key, "namespace") || str_equal(key, "uid");
}

static bool prove_metadata(struct proof *proof, const struct val *wanted, const struct val *fields,
                           const struct val *live)
{
	const struct val_entry *entry;
	size_t count = 0;
	for (VAL_EACH_ENTRY(i, entry, wanted)) {
		if (is_unowned_metadata(entry->key))
			continue;
		const struct val *child = field_child(fields, entry->key, entry->key_len);
		count++;
		if (!child)
			return doubt(proof, "a field of the metadata is not ours yet");
		if (!prove(proof, entry->value, child, val_getn(live, entry->key, entry->key_len)))
			return false;
	}
	return children(fields) == count || doubt(proof, "we own more of the metadata");
}

static bool prove_object(struct proof *proof, const struct val *body, const struct val *fields,
                         const struct val *live)
{
	const struct val_entry *entry;
	size_t count = 0;
	for (VAL_EACH_ENTRY(i, entry, body)) {
		bool is_metadata = str_equal(entry->key, "metadata");
		if (str_equal(entry->key, "apiVersion") || str_equal(entry->key, "kind"))
			continue;
		if (str_equal(entry->key, "status"))
			return doubt(proof, "a status");
		const struct val *child = field_child(fields, entry->key, entry->key_len);
		const struct val *there = val_getn(live, entry->key, entry->key_len);
		count += child != NULL;
		if (!child && !is_metadata)
			return doubt(proof, "a field is not ours yet");
		if (is_metadata ? !prove_metadata(proof, entry->value, child, there)
		                : !prove(proof, entry->value, child, there))
			return false;
	}
	return children(fields) == count || doubt(proof, "we own more fields");
}

bool fields_prove_unchanged(const struct val *body, const struct val *live, const char **ret_why)
{
	struct proof proof = { .why = NULL };
	bool is_unique, is_proved = false;
	const struct val *entry = fields_our_entry(live, &is_unique);
	const char *version = val_get_str(body, "apiVersion", "");
	if (!entry || !is_unique)
		doubt(&proof, entry ? "two entries of ours" : "not applied by us yet");
	else if (!str_equal(val_get_str(entry, "apiVersion", ""), version) ||
	         !str_equal(val_get_str(live, "apiVersion", version), version))
		doubt(&proof, "applied in another version");
	else
		is_proved = prove_object(&proof, body, val_get(entry, "fieldsV1"), live);
	arena_clear(&proof.arena);
	if (ret_why)
		*ret_why = proof.why;
	return is_proved;
}

/* --- what we own, as it is --- */

static void write_owned(const struct val *fields, const struct val *live, struct arena *a,
                        struct str *out)
{
	const struct val_entry *child;
	if (children(fields) == 0) {
		if (live)
			json_write(live, JSON_SORTED, out);
		else
			str_addch(out, '-');
		return;
	}
	str_addch(out, '{');
	for (VAL_EACH_ENTRY(i, child, fields)) {
		if (is_self(child))
			continue;
		const struct val *value = NULL;
		str_add(out, child->key, child->key_len);
		str_addch(out, '=');
		if (has_prefix(child, 'f'))
			value = val_getn(live, child->key + 2, child->key_len - 2);
		if (has_prefix(child, 'k')) {
			const struct val *keys = item_keys(child, a);
			value = val_at(live, find_item(live, keys, false));
		}
		if (has_prefix(child, 'v'))
			str_addch(out, val_is(live, VAL_LIST) ? '+' : '-');
		else
			write_owned(child->value, value, a, out);
		str_addch(out, ';');
	}
	str_addch(out, '}');
}

void fields_owned_text(const struct val *live, struct str *out)
{
	struct arena arena = ARENA_INIT;
	bool is_unique;
	const struct val *entry = fields_our_entry(live, &is_unique);
	if (entry)
		write_owned(val_get(entry, "fieldsV1"), live, &arena, out);
	arena_clear(&arena);
}

/* --- who owns a field --- */

/* One step of a path: a key, or [name="app"] as a map of keys, or [2]. */
struct step {
	struct view key;
	const struct val *keys;
	bool is_item;
};

static bool next_bracket(struct view *path, struct arena *a, struct step *step)
{
	const char *end = memchr(path->ptr, ']', path->len);
	if (!end)
		return false;
	struct view inside = { path->ptr + 1, (size_t)(end - path->ptr) - 1 };
	path->len -= (size_t)(end - path->ptr) + 1;
	path->ptr = end + 1;
	step->is_item = true;
	if (inside.len && *inside.ptr == '"') { /* ["odd.name"] is a key */
		step->is_item = false;
		step->key = (struct view){ inside.ptr + 1, inside.len >= 2 ? inside.len - 2 : 0 };
		return true;
	}
	AUTO(str) json = STR_INIT;
	struct view part;
	struct val *keys = NULL;
	str_addch(&json, '{');
	while (view_split(&inside, ',', &part)) {
		const char *equals = memchr(part.ptr, '=', part.len);
		if (!equals)
			return true; /* an index: nobody owns by it */
		str_addf(&json, "%s\"%.*s\":%.*s", json.len > 1 ? "," : "", (int)(equals - part.ptr),
		         part.ptr, (int)(part.len - (size_t)(equals - part.ptr) - 1), equals + 1);
	}
	str_addch(&json, '}');
	err_ignore(json_read(json.ptr, json.len, "path", a, &keys), "then nobody owns it");
	step->keys = keys;
	return true;
}

static bool next_step(struct view *path, struct arena *a, struct step *step)
{
	*step = (struct step){ .keys = NULL };
	if (path->len && *path->ptr == '.') {
		path->ptr++;
		path->len--;
	}
	if (!path->len)
		return false;
	if (*path->ptr == '[')
		return next_bracket(path, a, step);
	size_t len = 0;
	while (len < path->len && path->ptr[len] != '.' && path->ptr[len] != '[')
		len++;
	step->key = (struct view){ path->ptr, len };
	path->ptr += len;
	path->len -= len;
	return true;
}

static const struct val *follow_item(const struct val *fields, const struct val *keys,
                                     struct arena *a)
{
	const struct val_entry *child;
	for (VAL_EACH_ENTRY(i, child, fields)) {
		const struct val *there = has_prefix(child, 'k') ? item_keys(child, a) : NULL;
		if (there && keys && has_keys(there, keys, false))
			return child->value;
	}
	return NULL;
}

static bool owns(const struct val *fields, const char *path, struct arena *a)
{
	struct view rest = view_of(path);
	struct step step;
	while (val_len(fields) > 0 && next_step(&rest, a, &step))
		fields = step.is_item ? follow_item(fields, step.keys, a)
		                      : field_child(fields, step.key.ptr, step.key.len);
	return fields != NULL;
}

size_t fields_owners(const struct val *live, const char *path, struct field_owner *owners, size_t max)
{
	struct arena arena = ARENA_INIT;
	const struct val *entry;
	size_t count = 0;
	for (VAL_EACH_ITEM(i, entry, fields_entries(live))) {
		if (!owns(val_get(entry, "fieldsV1"), path, &arena))
			continue;
		if (count < max)
			owners[count] = (struct field_owner){
				.manager = val_get_str(entry, "manager", ""),
				.operation = val_get_str(entry, "operation", ""),
				.subresource = val_get_str(entry, "subresource", ""),
				.time = val_get_str(entry, "time", ""),
			};
		count++;
	}
	arena_clear(&arena);
	return count;
}

/* --- noise --- */

static const char *const noise[] = { "managedFields", "uid", "resourceVersion", "generation",
	                             "creationTimestamp", "selfLink" };

bool fields_is_noise(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(noise); i++)
		if (str_equal(noise[i], key))
			return true;
	return false;
}

struct val *fields_without_noise(struct arena *arena, const struct val *object)
{
	struct val *copy = val_shallow_copy(arena, object);
	const struct val *metadata = val_get(object, "metadata");
	val_remove(copy, "status");
	if (!val_is(metadata, VAL_MAP))
		return copy;
	struct val *quiet = val_shallow_copy(arena, metadata);
	for (size_t i = 0; i < ARRAY_LEN(noise); i++)
		val_remove(quiet, noise[i]);
	val_set(arena, copy, "metadata", quiet);
	return copy;
}
