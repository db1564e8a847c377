#include "base/base.h"

#include "target_host/unit.h"

static bool has_install_section(struct view content)
{
	struct view line;
	while (view_split(&content, '\n', &line)) {
		while (line.len &&
		       (line.ptr[line.len - 1] == ' ' || line.ptr[line.len - 1] == '\r'))
			line.len--;
		if (view_is(line, "[Install]"))
			return true;
	}
	return false;
}

static err *compile_name(const struct object *object, struct unit *unit)
{
	const struct val *spec = val_get(object->doc, "spec");
	const struct val *at = val_get(spec, "name");
	unit->name = at ? at->as.str.ptr : object->name;
	if (!at)
		at = val_get(val_get(object->doc, "metadata"), "name");
	unit->file.base.path_at = at;
	const char *why = schema_unit_name.refuses(unit->name, strlen(unit->name));
	if (!why)
		return NULL;
	return err_hint(val_error(at, "'%s' is not the name of a unit%s%s", unit->name,
	                          *why ? ": " : "", why),
	                "name it with its suffix, such as %s.service, in spec.name", object->name);
}

static err *compile_state(const struct object *object, struct unit *unit)
{
	const struct val *spec = val_get(object->doc, "spec");
	const struct val *enabled = val_get(spec, "enabled"), *state = val_get(spec, "state");
	unit->wants_enabled = val_get_bool(spec, "enabled", false);
	unit->wants_started = str_equal(val_get_str(spec, "state", ""), "started");
	unit->has_references =
		val_len(val_get(spec, "restartOn")) || val_len(val_get(spec, "reloadOn"));
	unit->file.base.shape |= (enabled ? SHAPE_ENABLED : 0u) | (state ? SHAPE_STATE : 0u) |
	                         (unit->has_content ? SHAPE_CONTENT : 0u);
	if (unit->wants_enabled && unit->has_content && !has_install_section(unit->file.content))
		return err_hint(val_error(enabled, "a unit without [Install] cannot be enabled"),
		                "add to its content:\n[Install]\nWantedBy=multi-user.target");
	return NULL;
}

err *unit_compile(struct host *host, struct object_set *set, struct object *object)
{
	struct unit *unit = ARENA_NEW(&set->arena, struct unit);
	struct host_object *base = &unit->file.base;
	base->kind = &host_kind_unit;
	base->attributes =
		(struct host_attributes){ .mode = FS_KEEP, .uid = FS_KEEP, .gid = FS_KEEP };
	base->shape = object->is_sensitive ? SHAPE_KEYED : 0;
	err *e = compile_name(object, unit);
	e = err_join(e, host_content_compile(host, set, object, val_get(object->doc, "spec"),
	                                     &unit->file.content, &unit->has_content));
	e = err_join(e, compile_state(object, unit));
	if (e)
		return e;
	static const char *const reload_daemon[] = { "daemon-reload", NULL };
	const char *hint;
	const char **handlers = arena_zalloc(&set->arena, 2, sizeof(*handlers));
	handlers[0] = reload_daemon[0];
	unit->file_rel = arena_printf(&set->arena, HOST_UNIT_FOLDER "/%s", unit->name);
	base->rel = unit->has_content ? unit->file_rel : NULL;
	base->location =
		unit->has_content ? arena_printf(&set->arena, "/%s", unit->file_rel) : unit->name;
	bool has_runtime = (base->shape & (SHAPE_ENABLED | SHAPE_STATE)) || unit->has_references;
	if (unit->has_content && !has_runtime && !host_units_refusal(host, &hint))
		base->handlers = handlers;
	object->compiled = unit;
	return NULL;
}

/* --- references: what restarts or reloads it --- */

static err *link_list(struct object_set *set, struct object *object, const struct val *list,
                      struct object **ret_objects)
{
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, list)) {
		struct object *to;
		TRY(object_set_refer(set, object, item,
		                     (struct view){ item->as.str.ptr, item->as.str.len }, &to));
		object_edge_add(set, object, to, true);
		if (ret_objects)
			ret_objects[i] = to;
	}
	return NULL;
}

/* Files of its own that other objects bring: the unit file itself and drop-ins. */
static void link_files(struct host *host, struct object_set *set, struct object *object)
{
	const struct unit *unit = object->compiled;
	AUTOFREE char *folder = str_format("%s.d", unit->file_rel);
	AUTOFREE char *prefix = str_format("%s/", folder);
	struct object *file = map_get(&host->by_path, unit->file_rel);
	if (file && file != object)
		object_edge_add(set, object, file, true);
	if (!map_has(&host->above, folder))
		return;
	for (size_t i = 0; i < set->len; i++) {
		const struct host_object *other = set->items[i]->compiled;
		if (other && other->rel && str_starts(other->rel, prefix))
			object_edge_add(set, object, set->items[i], true);
	}
}

err *host_unit_link(struct host *host, struct object_set *set, struct object *object)
{
	struct unit *unit = object->compiled;
	const struct val *spec = val_get(object->doc, "spec");
	const struct val *reload = val_get(spec, "reloadOn");
	unit->reload_on = arena_zalloc(&set->arena, val_len(reload) + 1, sizeof(*unit->reload_on));
	TRY(link_list(set, object, val_get(spec, "restartOn"), NULL));
	TRY(link_list(set, object, reload, unit->reload_on));
	if (unit->file.base.shape & SHAPE_STATE)
		link_files(host, set, object);
	return NULL;
}
