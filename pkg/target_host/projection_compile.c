#include "base/base.h"

#include "target_host/projection.h"

#include "base/path.h"
#include "target_host/specs.h"
#include "yaml/yaml.h"

/* Take one of the maps, but for keys of `instead`. */
static err *add_map(struct arena *arena, const struct val *map, const struct val *instead,
                    bool is_base64, struct projection *projection)
{
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, map)) {
		if (val_get(instead, entry->key))
			continue;
		struct projected *file = &projection->files[projection->count++];
		file->key = entry->key;
		file->bytes = (struct view){ entry->value->as.str.ptr, entry->value->as.str.len };
		if (is_base64)
			TRY(host_base64_decode(entry->value, arena, &file->bytes));
	}
	return NULL;
}

/* As the API server has it: stringData wins over data, binaryData must not repeat a key. */
static err *compile_data(struct arena *arena, const struct object *object, bool is_secret,
                         struct projection *projection)
{
	const struct val *data = val_get(object->doc, "data");
	const struct val *more = val_get(object->doc, is_secret ? "stringData" : "binaryData");
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, more))
		if (!is_secret && val_get(data, entry->key))
			return val_key_error(more, entry, "'%s' is in data and in binaryData",
			                     entry->key);
	projection->files =
		arena_zalloc(arena, val_len(data) + val_len(more) + 1, sizeof(struct projected));
	TRY(add_map(arena, data, more, is_secret, projection));
	TRY(add_map(arena, more, NULL, !is_secret, projection));
	qsort(projection->files, projection->count, sizeof(struct projected), projected_by_key);
	return NULL;
}

static const struct val *annotation_at(const struct object *object, const char *name)
{
	return val_get(val_get(val_get(object->doc, "metadata"), "annotations"), name);
}

/* The annotations as a spec, so that they read like the fields of a File. */
static err *compile_attributes(struct host *host, struct arena *arena, const struct object *object,
                               bool is_secret, struct projection *projection)
{
	static const char *const names[][2] = { { "mode", HOST_ANNOTATION_MODE },
		                                { "owner", HOST_ANNOTATION_OWNER },
		                                { "group", HOST_ANNOTATION_GROUP } };
	struct val *spec = val_new_map(arena);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct val *v = annotation_at(object, names[i][1]);
		if (v)
			val_set(arena, spec, names[i][0], val_copy(arena, v));
	}
	TRY(host_attributes_compile(host, arena, spec, &projection->base));
	if (projection->base.attributes.mode == FS_KEEP)
		projection->base.attributes.mode = is_secret ? 0600 : 0644;
	projection->base.shape |= SHAPE_MODE | (is_secret ? SHAPE_KEYED : 0u);
	return NULL;
}

static err *compile_on_change(struct host *host, struct arena *arena, const struct object *object,
                              struct projection *projection)
{
	const struct val *at = annotation_at(object, HOST_ANNOTATION_ON_CHANGE);
	struct val *on_change;
	if (!at)
		return NULL;
	err *e = yaml_load_one(at->as.str.ptr, at->as.str.len,
	                       "annotation " HOST_ANNOTATION_ON_CHANGE, arena, &on_change);
	if (!e)
		e = schema_check(&host_schema_on_change, on_change);
	if (e)
		return val_place(err_wrap(e, "%s", object->display), at);
	projection->base.handlers = host_handlers_compile(host, on_change, arena);
	return NULL;
}

err *projection_compile(struct host *host, struct object_set *set, struct object *object)
{
	struct projection *projection = ARENA_NEW(&set->arena, struct projection);
	bool is_secret = str_equal(object->kind, "Secret");
	const struct val *path = annotation_at(object, HOST_ANNOTATION_PATH);
	if (is_secret)
		object->is_sensitive = true;
	if (!path)
		return err_hint(object_error(object, ERR_INVALID,
		                             "on a host a %s needs a folder to go to",
		                             object->kind),
		                "add metadata.annotations: {%s: /etc/%s}", HOST_ANNOTATION_PATH,
		                object->name);
	projection->base.kind = is_secret ? &host_kind_secret : &host_kind_config_map;
	projection->base.path_at = path;
	projection->base.location = path->as.str.ptr;
	err *e = path_is_absolute(path->as.str.ptr)
	                 ? host_path(host, path->as.str.ptr, &set->arena, &projection->base.rel)
	                 : err_new(ERR_INVALID, "'%s' is not an absolute path", path->as.str.ptr);
	e = e ? val_place(e, path) : NULL;
	e = err_join(e, compile_data(&set->arena, object, is_secret, projection));
	e = err_join(e, compile_attributes(host, &set->arena, object, is_secret, projection));
	e = err_join(e, compile_on_change(host, &set->arena, object, projection));
	if (!e)
		object->compiled = projection;
	return e;
}
