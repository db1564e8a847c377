#include "base/base.h"

#include "target_center/internal.h"

#include "base/limits.h"
#include "crypto/encode.h"
#include "json/json.h"
#include "pal/clock.h"
#include "schema/schema.h"

enum { REQUEST_MS = 30000 };

static const struct schema text_list = { .kind = SCHEMA_STR, .format = &schema_not_empty };

static const struct schema config_set_schema = {
	.name = "ConfigSet",
	.kind = SCHEMA_OBJECT,
	.about = "Keys and values below a path of a configuration center.",
	.fields =
		(const struct schema[]){
			{ .name = "apiVersion",
	                  .kind = SCHEMA_STR,
	                  .required = true,
	                  .choices = (const char *const[]){ CENTER_API_VERSION, NULL } },
			{ .name = "kind",
	                  .kind = SCHEMA_STR,
	                  .required = true,
	                  .choices = (const char *const[]){ "ConfigSet", NULL } },
			{ .name = "metadata", .kind = SCHEMA_ANY, .required = true },
			{ .name = "spec",
	                  .kind = SCHEMA_OBJECT,
	                  .required = true,
	                  .groups = (const struct schema_group[]){ { SCHEMA_AT_LEAST_ONE,
	                                                             (const char *const[]){
									     "data", "dataFrom",
									     "files", NULL } },
	                                                           SCHEMA_GROUP_END },
	                  .fields =
	                          (const struct schema[]){
					  { .name = "path",
	                                    .kind = SCHEMA_STR,
	                                    .about =
	                                            "below the center's own path; its top when absent" },
					  { .name = "data",
	                                    .kind = SCHEMA_MAP,
	                                    .about =
	                                            "keys and values; maps in it are levels: {db: {host: x}} is db/host" },
					  { .name = "dataFrom",
	                                    .kind = SCHEMA_LIST,
	                                    .of =
	                                            &text_list,
	                                    .about =
	                                            "documents (YAML, JSON, TOML, dotenv, properties) whose leaves are keys; "
	                                            "relative to this manifest" },
					  { .name = "files",
	                                    .kind = SCHEMA_MAP,
	                                    .of =
	                                            &text_list,
	                                    .about =
	                                            "keys whose value is a whole file, relative to this manifest" },
					  SCHEMA_END } },
			SCHEMA_END },
};

void center_schema_to_json(struct str *out)
{
	schema_to_json(&config_set_schema, "config.fettle.dev_configset_v1.json", out);
}

/* --- small things --- */

struct kv_set *center_keep(struct center *center, struct kv_set *take_set)
{
	kv_set_seal(take_set);
	AUTO(mutex_hold) hold = mutex_hold(center->mutex);
	vec_push(&center->sets, take_set);
	return take_set;
}

struct deadline center_deadline(const struct center *center)
{
	int64_t end_ns = center->target.context->deadline_ns;
	struct deadline usual = deadline_after(REQUEST_MS);
	return end_ns && end_ns < usual.at_ns ? (struct deadline){ .at_ns = end_ns } : usual;
}

const char *center_fingerprint(const struct center *center, const struct kv_set *set,
                               bool is_sensitive, struct arena *arena)
{
	uint8_t digest[SHA256_BYTES];
	AUTO(str) hex = STR_INIT;
	if (kv_set_len(set) == 0)
		return "";
	memcpy(digest, kv_set_hash(set), sizeof(digest));
	struct view key = { (const char *)center->target.context->tag_key, CRYPTO_TAG_KEY_BYTES };
	if (is_sensitive)
		hmac_sha256(key, (struct view){ (const char *)kv_set_hash(set), SHA256_BYTES },
		            digest);
	hex_add(&hex, digest, sizeof(digest));
	return arena_strdup(arena, hex.ptr);
}

/* --- manifests --- */

static bool handles(const char *group, const char *kind, const char **ret_hint)
{
	bool is_ours = str_equal(group, "config.fettle.dev");
	*ret_hint = is_ours ? "the kind is ConfigSet"
	                    : "a configuration center takes ConfigSet of " CENTER_API_VERSION
	                      " only";
	return is_ours && str_equal(kind, "ConfigSet");
}

/* "/a//b/" → "a/b" */
static const char *clean_path(struct arena *arena, const char *path)
{
	AUTO(str) clean = STR_INIT;
	struct view rest = view_of(path), part;
	while (view_split(&rest, '/', &part))
		if (part.len)
			str_addf(&clean, "%s%.*s", clean.len ? "/" : "", (int)part.len, part.ptr);
	return arena_strdup(arena, clean.ptr ? clean.ptr : "");
}

static err *read_file(struct center *center, const struct object *object,
                      const struct val *reference, struct str *ret_text)
{
	const struct target_context *context = center->target.context;
	err *e = context->read_source(context->context, object, reference->as.str.ptr,
	                              LIMIT_CONTENT_BYTES, ret_text);
	if (err_is(e, ERR_NOT_FOUND))
		e = err_as(e, ERR_INVALID); /* the manifest is wrong, not the disk */
	return e ? val_place(err_wrap(e, "cannot read '%s'", reference->as.str.ptr), reference)
	         : NULL;
}

static err *add_document(struct center *center, const struct object *object,
                         const struct val *reference, struct kv_set *set)
{
	AUTO(arena) arena = ARENA_INIT;
	AUTO(str) text = STR_INIT;
	struct val *root;
	TRY(read_file(center, object, reference, &text));
	TRY(kv_parse_document(reference->as.str.ptr, view_str(&text), &arena, &root));
	if (!val_is(root, VAL_MAP) && val_len(root))
		return val_error(reference, "'%s' is no map of keys", reference->as.str.ptr);
	return kv_add_document(set, "", root);
}

static err *add_files(struct center *center, const struct object *object, const struct val *files,
                      struct kv_set *set)
{
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, files)) {
		AUTO(str) text = STR_INIT;
		TRY(read_file(center, object, entry->value, &text));
		TRY(kv_set_add(set, entry->key, entry->key_len, view_str(&text), 0));
	}
	return NULL;
}

/* Files first, so that what stands in the manifest itself has the last word. */
static err *fill(struct center *center, const struct object *object, struct kv_set *set)
{
	const struct val *spec = val_get(object->doc, "spec"), *reference;
	for (VAL_EACH_ITEM(i, reference, val_get(spec, "dataFrom")))
		TRY(add_document(center, object, reference, set));
	TRY(add_files(center, object, val_get(spec, "files"), set));
	const struct val *data = val_get(spec, "data");
	return data ? kv_add_document(set, "", data) : NULL;
}

/* Where keys have no levels, neither path nor keys may have any. */
static err *check_flat(const struct center *center, const struct object *object)
{
	const struct center_object *compiled = compiled_of(object);
	if (!(kv_features(center->kv) & KV_IS_FLAT))
		return NULL;
	for (size_t i = 0; i < kv_set_len(compiled->desired); i++) {
		AUTOFREE char *full = kv_join(compiled->path, kv_set_at(compiled->desired, i)->key);
		if (strchr(full, '/'))
			return err_hint(
				object_error(object, ERR_INVALID,
			                     "%s: '%s' has levels, and keys of '%s' have none",
			                     object->display, full, kv_display(center->kv)),
				"leave out path, and name whole documents under files");
	}
	return NULL;
}

static err *compile(struct target *target, struct object_set *set, struct object *object)
{
	struct center *center = center_of(target);
	TRY(schema_check(&config_set_schema, object->doc));
	struct center_object *compiled = ARENA_NEW(&set->arena, struct center_object);
	struct kv_set *desired = kv_set_new();
	object->compiled = compiled;
	object->is_sensitive = object->is_decrypted;
	err *e = fill(center, object, desired);
	compiled->desired = center_keep(center, desired);
	TRY(e);
	if (kv_set_len(compiled->desired) == 0)
		return object_error(object, ERR_INVALID, "%s names no key", object->display);
	compiled->path =
		clean_path(&set->arena, val_get_str(val_get(object->doc, "spec"), "path", ""));
	compiled->fingerprint =
		center_fingerprint(center, compiled->desired, object->is_sensitive, &set->arena);
	return check_flat(center, object);
}

/* No key may belong to two of them. */
static err *link_set(struct target *target, struct object_set *set)
{
	(void)target;
	struct map owners = MAP_INIT;
	err *all = NULL;
	for (size_t i = 0; i < set->len; i++) {
		const struct center_object *compiled = compiled_of(set->items[i]);
		for (size_t k = 0; k < kv_set_len(compiled->desired); k++) {
			const char *key = kv_set_at(compiled->desired, k)->key;
			AUTOFREE char *full = kv_join(compiled->path, key);
			const struct object *other = map_get(&owners, full);
			if (other)
				all = err_join(all, object_error(set->items[i], ERR_INVALID,
				                                 "%s: the key '%s' is in %s, too",
				                                 set->items[i]->display, full,
				                                 other->display));
			map_set(&owners, full, set->items[i]);
		}
	}
	map_clear(&owners);
	return all;
}

static err *snapshot(struct target *target, const struct object *object, struct str *out)
{
	(void)target;
	const struct center_object *compiled = compiled_of(object);
	AUTO(arena) arena = ARENA_INIT;
	struct val *doc = val_shallow_copy(&arena, object->doc);
	struct val *spec = val_new_map(&arena), *data = val_new_map(&arena);
	for (size_t i = 0; i < kv_set_len(compiled->desired); i++) {
		const struct kv_pair *pair = kv_set_at(compiled->desired, i);
		val_set(&arena, data, arena_strdup(&arena, pair->key),
		        val_new_strn(&arena, pair->value, pair->len));
	}
	val_set_str(&arena, spec, "path", compiled->path);
	val_set(&arena, spec, "data", data);
	val_set(&arena, doc, "spec", spec);
	json_write(doc, JSON_ONE_LINE, out);
	return NULL;
}

/* --- life --- */

static void close_target(struct target *target)
{
	struct center *center = center_of(target);
	for (size_t i = 0; i < center->sets.len; i++)
		kv_set_free(center->sets.ptr[i]);
	vec_clear(&center->sets);
	mutex_free(center->mutex);
	mem_free(center->state_path);
	arena_clear(&center->arena);
	mem_free(center);
}

static const struct target_ops center_ops = {
	.name = "center",
	.concurrency = 1,
	.handles = handles,
	.compile = compile,
	.link = link_set,
	.plan = center_plan,
	.plan_removal = center_plan_removal,
	.apply = center_apply,
	.remove = center_remove,
	.snapshot = snapshot,
	.inspect = center_inspect,
	.state_load = center_state_load,
	.state_save = center_state_save,
	.close = close_target,
};

err *center_target_open(struct kv *kv, const struct target_context *context,
                        struct target **ret_target)
{
	if (!(kv_features(kv) & KV_CAN_CHANGE))
		return err_hint(err_new(ERR_USAGE, "'%s' cannot be changed", kv_display(kv)),
		                "sources of the kind '%s' are only read", kv_scheme(kv));
	struct center *center = MEM_NEW(struct center);
	center->target.ops = &center_ops;
	center->target.context = context;
	center->kv = kv;
	center->mutex = mutex_new();
	center->target.identity = arena_printf(&center->arena, "center:%s", kv_display(kv));
	*ret_target = &center->target;
	return NULL;
}
