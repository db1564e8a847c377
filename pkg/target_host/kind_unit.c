#include "base/base.h"

#include "target_host/unit.h"

#include "base/limits.h"
#include "base/path.h"
#include "base/vec.h"
#include "target_host/specs.h"

/* --- live state --- */

bool unit_is_running(const struct unit_live *live)
{
	return str_equal(live->active, "active") || str_equal(live->active, "activating") ||
	       str_equal(live->active, "reloading");
}

static bool is_enabled(const struct unit_live *live)
{
	return str_equal(live->file_state, "enabled") || str_equal(live->file_state, "alias") ||
	       str_equal(live->file_state, "enabled-runtime");
}

static const struct unit_live no_unit = { "not-found", "inactive", "dead", "" };

static err *look(struct host *host, const char *name, unsigned shape, struct map *own,
                 struct arena *arena, const struct unit_live **ret_live)
{
	*ret_live = map_get(&host->units, name);
	if (!*ret_live && (shape & (SHAPE_ENABLED | SHAPE_STATE))) {
		TRY(host_units_read(host, &name, 1, own, arena));
		*ret_live = map_get(own, name);
	}
	*ret_live = *ret_live ? *ret_live : &no_unit;
	return NULL;
}

err *host_prepare(struct target *target, const struct object_set *set, const bool *only,
                  const struct target_record *const *removals, size_t removal_count)
{
	(void)only, (void)removals, (void)removal_count;
	struct host *host = host_of(target);
	const char *hint;
	bool is_offline = host_units_refusal(host, &hint) != NULL;
	VEC(const char *) names = VEC_INIT;
	map_clear(&host->units);
	arena_reset(&host->unit_arena);
	for (size_t i = 0; i < set->len; i++) {
		const struct host_object *base = set->items[i]->compiled;
		if (base->kind != &host_kind_unit)
			continue;
		const struct unit *unit = set->items[i]->compiled;
		bool needs_state =
			!is_offline && ((base->shape & SHAPE_STATE) || unit->has_references);
		if ((base->shape & SHAPE_ENABLED) || needs_state)
			vec_push(&names, unit->name);
	}
	err *e = host_units_read(host, names.ptr, names.len, &host->units, &host->unit_arena);
	vec_clear(&names);
	if (!is_offline || !err_is(e, ERR_NOT_FOUND))
		return e;
	err_ignore(e, "there is no systemctl: each unit that needs it says so");
	return NULL;
}

/* --- fingerprints --- */

static const char *print_unit(struct arena *arena, unsigned shape, const char *file, bool enabled,
                              bool started)
{
	AUTO(str) text = STR_INIT;
	str_addz(&text, "unit\n");
	if (shape & SHAPE_CONTENT)
		str_addf(&text, "file=%s\n", file);
	if (shape & SHAPE_ENABLED)
		str_addf(&text, "enabled=%d\n", enabled);
	if (shape & SHAPE_STATE)
		str_addf(&text, "started=%d\n", started);
	return host_fingerprint(arena, &text);
}

static const char *desired(struct host *host, const struct object *object, struct arena *arena)
{
	const struct unit *unit = object->compiled;
	char hash[SHA256_HEX_SIZE];
	host_content_hash(host, unit->file.content, unit->file.base.shape & SHAPE_KEYED, hash);
	return print_unit(arena, unit->file.base.shape, hash, unit->wants_enabled,
	                  unit->wants_started);
}

static err *hash_file(struct host *host, const struct host_place *place,
                      char ret_hash[SHA256_HEX_SIZE], bool *ret_exists)
{
	struct fs_stat stat;
	AUTO(str) bytes = STR_INIT;
	ret_hash[0] = '\0';
	*ret_exists = false;
	if (!place->rel)
		return NULL;
	TRY(fs_root_probe(host->root, place->rel, &stat));
	*ret_exists = stat.type != FS_NONE;
	if (stat.type == FS_FILE) {
		TRY(fs_root_read(host->root, place->rel, LIMIT_CONTENT_BYTES, &bytes, NULL));
		host_content_hash(host, view_str(&bytes), place->shape & SHAPE_KEYED, ret_hash);
	}
	return NULL;
}

static err *live(struct host *host, const struct host_place *place, struct arena *arena,
                 const char **ret_live, const char **ret_note)
{
	const struct unit_live *unit;
	AUTO(map) own = MAP_INIT;
	char hash[SHA256_HEX_SIZE];
	bool file_exists;
	TRY(hash_file(host, place, hash, &file_exists));
	TRY(look(host, path_base(place->location), place->shape, &own, arena, &unit));
	if (ret_note)
		*ret_note = arena_printf(arena, "%s (%s)", unit->active, unit->sub);
	bool is_there = file_exists || (!place->rel && !str_equal(unit->load, "not-found"));
	*ret_live = "";
	if (is_there)
		*ret_live = print_unit(arena, place->shape, hash, is_enabled(unit),
		                       unit_is_running(unit));
	return NULL;
}

/* --- plan --- */

static bool refuse_unit(struct host *host, const struct unit *unit, const struct unit_live *live,
                        struct plan_item *item)
{
	const char *hint, *refusal = host_units_refusal(host, &hint);
	unsigned shape = unit->file.base.shape;
	AUTO(str) path = STR_INIT;
	if (refusal && ((shape & SHAPE_STATE) || unit->has_references)) {
		host_plan_refuse(item, refusal, hint);
		return true;
	}
	if (refusal && (shape & SHAPE_ENABLED)) {
		err *e = proc_find("systemctl", &path);
		if (e)
			host_plan_refuse(item, "enabling a unit needs systemctl, which is not here",
			                 "leave out 'enabled', or install systemd");
		err_ignore(e, "said in the plan");
		if (item->action == PLAN_REFUSED)
			return true;
	}
	bool is_fixed = str_equal(live->file_state, "static") ||
	                str_equal(live->file_state, "masked") ||
	                str_equal(live->file_state, "generated");
	if (unit->wants_enabled && !unit->has_content && is_fixed) {
		AUTOFREE char *reason = str_format("a %s unit cannot be enabled", live->file_state);
		host_plan_refuse(item, reason, "leave out 'enabled'");
		return true;
	}
	return false;
}

static err *show_changes(struct host *host, const struct unit *unit, const struct unit_live *live,
                         struct unit_undo *undo, struct plan_item *item)
{
	AUTO(str) old = STR_INIT;
	if (undo->file_differs) {
		if (undo->file.old.type == FS_FILE)
			TRY(fs_root_read(host->root, unit->file_rel, LIMIT_CONTENT_BYTES, &old,
			                 NULL));
		host_change_content(host, item, "content",
		                    undo->file.old.type == FS_FILE ? view_str(&old)
		                                                   : (struct view){ NULL, 0 },
		                    unit->file.content, item->is_sensitive);
	}
	bool is_new = undo->file_differs && undo->file.old.type == FS_NONE;
	if (undo->enabled_differs)
		plan_change_text(item, "enabled",
		                 is_new             ? NULL
		                 : is_enabled(live) ? "yes"
		                                    : "no",
		                 unit->wants_enabled ? "yes" : "no");
	if (undo->state_differs)
		plan_change_text(item, "state", is_new ? NULL : live->active,
		                 unit->wants_started ? "started" : "stopped");
	return NULL;
}

static err *compare_file(struct host *host, const struct unit *unit, struct unit_undo *undo)
{
	bool is_same = true;
	if (!unit->has_content)
		return NULL;
	TRY(fs_root_same(host->root, unit->file_rel, unit->file.content, &is_same,
	                 &undo->file.old));
	undo->file_differs = !is_same;
	return NULL;
}

static err *plan_difference(struct host *host, const struct object *object,
                            const struct target_record *record, const struct unit_live *live_unit,
                            struct unit_undo *undo, struct plan_item *item)
{
	const struct unit *unit = object->compiled;
	struct host_place file = { .rel = unit->file_rel };
	bool exists = unit->has_content ? undo->file.old.type != FS_NONE
	                                : !str_equal(live_unit->load, "not-found");
	item->undo = undo;
	item->action = exists ? PLAN_UPDATE : PLAN_CREATE;
	if (undo->file_differs && undo->file.old.type == FS_SYMLINK)
		item->action = PLAN_REPLACE;
	if (undo->file.old.type == FS_DIR || undo->file.old.type == FS_OTHER)
		host_plan_refuse(item, "something that is no file is in its place", NULL);
	TRY(file_live(host, &file, &item->arena, &undo->seen_file, NULL));
	if (undo->file.old.type == FS_NONE && unit->has_content)
		TRY(host_missing_parents(host, unit->file_rel, &item->arena, &undo->file.dirs,
		                         &undo->file.dir_count));
	TRY(show_changes(host, unit, live_unit, undo, item));
	item->uid = host_uid_make(item, unit->file.base.shape, record, undo->file.dirs,
	                          undo->file.dir_count);
	return host_plan_differs(host, object, record, exists, item);
}

static err *plan(struct host *host, const struct object *object, const struct target_record *record,
                 unsigned flags, struct plan_item *item)
{
	const struct unit *unit = object->compiled;
	const struct unit_live *live_unit = map_get(&host->units, unit->name);
	live_unit = live_unit ? live_unit : &no_unit;
	if (refuse_unit(host, unit, live_unit, item))
		return NULL;
	struct unit_undo *undo = ARENA_NEW(&item->arena, struct unit_undo);
	unsigned shape = unit->file.base.shape;
	TRY(compare_file(host, unit, undo));
	undo->was_running = unit_is_running(live_unit);
	undo->owes_restart = record && record->is_pending;
	undo->enabled_differs =
		(shape & SHAPE_ENABLED) && is_enabled(live_unit) != unit->wants_enabled;
	undo->state_differs = (shape & SHAPE_STATE) && undo->was_running != unit->wants_started;
	if (undo->file_differs || undo->enabled_differs || undo->state_differs)
		return plan_difference(host, object, record, live_unit, undo, item);
	TRY(host_plan_same(host, object, record, flags, item));
	if (record && record->is_pending && (unit->has_references || (shape & SHAPE_STATE))) {
		item->action = PLAN_RUN;
		item->reason = "an earlier run was cut off before the unit was restarted";
	}
	return NULL;
}

/* --- removal --- */

static err *show_removal(struct host *host, const struct host_place *place, struct plan_item *item)
{
	AUTO(str) old = STR_INIT;
	if (!place->rel) {
		item->action = PLAN_FORGET;
		item->has_drifted = false;
		item->hint = NULL;
		item->reason = "fettle did not make the unit; it stays as it is";
		return NULL;
	}
	TRY(fs_root_read(host->root, place->rel, LIMIT_CONTENT_BYTES, &old, NULL));
	host_change_content(host, item, "content", view_str(&old), (struct view){ NULL, 0 },
	                    item->is_sensitive);
	return NULL;
}

const struct host_kind host_kind_unit = {
	.group = HOST_GROUP,
	.name = "Unit",
	.schema = &host_schema_unit,
	.compile = unit_compile,
	.plan = plan,
	.apply = unit_apply,
	.revert = unit_revert,
	.live = live,
	.desired = desired,
	.remove = unit_remove,
	.show_removal = show_removal,
};
