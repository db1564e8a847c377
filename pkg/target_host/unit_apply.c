#include "base/base.h"

#include "target_host/unit.h"

#include "base/path.h"
#include "pal/clock.h"

#define START_SETTLE_MS 300
#define START_LOOKS     3

static struct host_place file_place(const struct unit *unit)
{
	return (struct host_place){ .rel = unit->file_rel, .location = unit->file.base.location };
}

static err *check_file(struct host *host, const struct plan_item *item,
                       const struct unit_undo *undo)
{
	const struct unit *unit = item->object->compiled;
	struct host_place place = file_place(unit);
	AUTO(arena) arena = ARENA_INIT;
	const char *now;
	TRY(file_live(host, &place, &arena, &now, NULL));
	if (str_equal(now, undo->seen_file))
		return NULL;
	return err_hint(err_new(ERR_CONFLICT, "'%s' changed since the plan was made",
	                        unit->file.base.location),
	                "run the command again to see what changed");
}

static err *write_file(struct host *host, struct plan_item *item, struct unit_undo *undo)
{
	const struct unit *unit = item->object->compiled;
	TRY(check_file(host, item, undo));
	TRY(file_keep_old(host, unit->file_rel, &item->arena, &undo->file));
	TRY(file_write(host, &unit->file, &undo->file));
	undo->file.is_applied = true;
	host_units_changed(host);
	return NULL;
}

/* What triggers ask for: nothing, a reload, or, stronger, a restart. */
enum push { PUSH_NONE, PUSH_RELOAD, PUSH_RESTART };

static bool is_reload(const struct unit *unit, const struct object *trigger)
{
	for (struct object **at = unit->reload_on; at && *at; at++)
		if (*at == trigger)
			return true;
	return false;
}

static enum push find_push(const struct unit *unit, const struct plan_item *item)
{
	enum push push = PUSH_NONE;
	const struct unit_undo *undo = item->undo;
	for (const struct object **at = item->triggers; at && *at; at++)
		push = MAX(push, is_reload(unit, *at) ? PUSH_RELOAD : PUSH_RESTART);
	/* A run that was cut off: what it would have done is not known, a restart covers it all. */
	if (item->action == PLAN_RUN && !item->triggers)
		push = PUSH_RESTART;
	if (undo && (undo->file_differs || undo->owes_restart))
		push = PUSH_RESTART;
	return push;
}

static err *has_failed(struct host *host, const struct unit *unit, bool *ret_has_failed)
{
	AUTO(arena) arena = ARENA_INIT;
	AUTO(map) units = MAP_INIT;
	TRY(host_units_read(host, &unit->name, 1, &units, &arena));
	const struct unit_live *live = map_get(&units, unit->name);
	*ret_has_failed =
		live && (str_equal(live->active, "failed") || str_equal(live->sub, "auto-restart"));
	return NULL;
}

/*
 * `start` succeeds as soon as the process exists; what cannot read its configuration ends a moment
 * later. systemd has no "wait until it stays up", so we look a few times.
 */
static err *check_running(struct host *host, const struct unit *unit)
{
	for (int look = 0; look < START_LOOKS; look++) {
		bool is_down;
		clock_sleep_ms(START_SETTLE_MS / START_LOOKS);
		TRY(has_failed(host, unit, &is_down));
		if (is_down)
			return host_unit_log(host,
			                     err_new(ERR_IO, "it failed right after its start"),
			                     unit->name);
	}
	return NULL;
}

static err *set_state(struct host *host, const struct unit *unit, const struct plan_item *item)
{
	const struct unit_undo *undo = item->undo;
	bool is_managed = unit->file.base.shape & SHAPE_STATE;
	if (is_managed && !unit->wants_started)
		return undo && undo->state_differs ? host_systemctl(host, "stop", unit->name)
		                                   : NULL;
	if (is_managed && undo && undo->state_differs) {
		TRY(host_systemctl(host, "start", unit->name));
		return check_running(host, unit);
	}
	enum push push = find_push(unit, item);
	if (push == PUSH_NONE || (!is_managed && !unit->has_references))
		return NULL;
	if (push == PUSH_RELOAD)
		return host_systemctl(host, "reload-if-running", unit->name);
	TRY(host_systemctl(host, "try-restart", unit->name));
	return check_running(host, unit);
}

static err *set_runtime(struct host *host, const struct unit *unit, const struct plan_item *item)
{
	const struct unit_undo *undo = item->undo;
	const char *hint;
	if (!host_units_refusal(host, &hint))
		TRY(host_daemon_reload(host));
	if (undo && undo->enabled_differs)
		TRY(host_systemctl(host, unit->wants_enabled ? "enable" : "disable", unit->name));
	if (host_units_refusal(host, &hint))
		return NULL;
	return set_state(host, unit, item);
}

/* The unit file that does not start must not stay: the old one ran. */
static err *go_back(struct host *host, const struct unit *unit, const struct unit_undo *undo,
                    err *take_cause)
{
	const char *hint;
	err *e = file_put_back(host, unit->file_rel, &undo->file);
	host_units_changed(host);
	if (!e && !host_units_refusal(host, &hint))
		e = host_daemon_reload(host);
	if (!e && undo->was_running)
		e = host_systemctl(host, "restart", unit->name);
	if (!e)
		return err_wrap(take_cause,
		                "the old unit file is back, because the new one failed");
	return err_join(err_wrap(take_cause, "the new unit file failed"),
	                err_wrap(e, "and the old one could not be brought back"));
}

err *unit_apply(struct host *host, struct plan_item *item)
{
	const struct unit *unit = item->object->compiled;
	struct unit_undo *undo = item->undo;
	/* The run that was cut off may not have come to tell systemd. */
	if (item->action == PLAN_RUN)
		host_units_changed(host);
	if (undo && undo->file_differs)
		TRY(write_file(host, item, undo));
	bool has_runtime =
		(unit->file.base.shape & (SHAPE_ENABLED | SHAPE_STATE)) || unit->has_references;
	err *e = has_runtime ? set_runtime(host, unit, item) : NULL;
	if (e && undo && undo->file.is_applied)
		return go_back(host, unit, undo, e);
	return e;
}

err *unit_revert(struct host *host, struct plan_item *item)
{
	const struct unit *unit = item->object ? item->object->compiled : NULL;
	const struct unit_undo *undo = item->undo;
	if (!unit || !undo || !undo->file.is_applied)
		return NULL;
	TRY(file_put_back(host, unit->file_rel, &undo->file));
	host_units_changed(host);
	return NULL;
}

err *unit_remove(struct host *host, const struct host_place *place, struct plan_item *item)
{
	(void)item;
	const char *hint, *name = path_base(place->location);
	bool is_offline = host_units_refusal(host, &hint) != NULL;
	if (!is_offline)
		TRY(host_systemctl(host, "stop", name));
	if (!is_offline || (place->shape & SHAPE_ENABLED))
		TRY(host_systemctl(host, "disable", name));
	if (!place->rel)
		return NULL;
	TRY(fs_root_unlink(host->root, place->rel, FS_NO_DIR_SYNC));
	host_touch(host, place->rel);
	host_units_changed(host);
	return is_offline ? NULL : host_daemon_reload(host);
}
