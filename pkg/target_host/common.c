#include "base/base.h"

#include "target_host/internal.h"

#include "base/path.h"
#include "json/json.h"
#include "target_host/specs.h"

struct host_place host_place_of(const struct object *object)
{
	const struct host_object *compiled = object->compiled;
	return (struct host_place){ .key = object->key,
		                    .rel = compiled->rel,
		                    .location = compiled->location ? compiled->location : "",
		                    .shape = compiled->shape };
}

void host_plan_refuse(struct plan_item *item, const char *reason, const char *hint)
{
	item->action = PLAN_REFUSED;
	item->reason = arena_strdup(&item->arena, reason);
	item->hint = hint ? arena_strdup(&item->arena, hint) : NULL;
}

err *host_plan_same(struct host *host, const struct object *object,
                    const struct target_record *record, unsigned flags, struct plan_item *item)
{
	const struct host_object *compiled = object->compiled;
	item->is_foreign = !record;
	if (record && !record->is_pending && !(flags & TARGET_WANT_FINGERPRINTS))
		return NULL;
	item->desired = item->live = compiled->kind->desired(host, object, &item->arena);
	item->uid = host_uid_make(item, compiled->shape, record, NULL, 0);
	if (record && record->is_pending && compiled->handlers) {
		item->action = PLAN_RUN;
		item->handlers = compiled->handlers;
		item->reason = "an earlier run was cut off before onChange ran";
	}
	return NULL;
}

/* Compared as it was recorded: what the manifest did not manage then is nobody's drift. */
static err *find_drift(struct host *host, const struct object *object,
                       const struct target_record *record, struct plan_item *item)
{
	const struct host_object *compiled = object->compiled;
	if (!record || !record->fingerprint[0])
		return NULL;
	struct host_uid uid;
	host_uid_parse(record->uid, &item->arena, &uid);
	const char *live = item->live;
	if (uid.has_shape && uid.shape != compiled->shape && live[0]) {
		struct host_place place = host_place_of(object);
		place.shape = uid.shape;
		TRY(compiled->kind->live(host, &place, &item->arena, &live, NULL));
	}
	bool is_ours = str_equal(live, record->fingerprint) ||
	               (record->is_pending && str_equal(live, record->pending_fingerprint));
	item->has_drifted = !is_ours;
	return NULL;
}

static const char *usual_reason(const struct plan_item *item)
{
	if (item->has_drifted)
		return item->action == PLAN_CREATE ? "was removed since the last apply"
		                                   : "changed since the last apply";
	return item->is_foreign ? "was there before fettle" : NULL;
}

err *host_plan_differs(struct host *host, const struct object *object,
                       const struct target_record *record, bool exists, struct plan_item *item)
{
	const struct host_object *compiled = object->compiled;
	struct host_place place = host_place_of(object);
	item->desired = compiled->kind->desired(host, object, &item->arena);
	item->live = "";
	if (exists)
		TRY(compiled->kind->live(host, &place, &item->arena, &item->live, NULL));
	item->is_foreign = exists && !record;
	TRY(find_drift(host, object, record, item));
	item->handlers = compiled->handlers;
	if (!item->reason)
		item->reason = usual_reason(item);
	const char *hint, *refusal = host_units_refusal(host, &hint);
	if (refusal && host_handlers_need_units(item->handlers))
		host_plan_refuse(item, refusal, hint);
	return NULL;
}

err *host_check_unchanged(struct host *host, const struct plan_item *item,
                          const struct host_place *place)
{
	AUTO(arena) arena = ARENA_INIT;
	const char *live = "";
	const struct host_kind *kind = host_kind_of_key(item->key);
	TRY(kind->live(host, place, &arena, &live, NULL));
	if (str_equal(live, item->live))
		return NULL;
	return err_hint(err_new(ERR_CONFLICT, "'%s' changed since the plan was made",
	                        item->location ? item->location : item->display),
	                "run the command again to see what changed");
}

/* --- records whose manifest is gone --- */

/* A run that was killed may have left no word of ours; the manifest tells the same. */
static unsigned shape_of_manifest(const struct val *manifest)
{
	static const struct {
		const char *field;
		unsigned flag;
	} fields[] = {
		{ "mode", SHAPE_MODE },       { "owner", SHAPE_OWNER },
		{ "group", SHAPE_GROUP },     { "content", SHAPE_CONTENT },
		{ "enabled", SHAPE_ENABLED }, { "state", SHAPE_STATE },
	};
	const struct val *spec = val_get(manifest, "spec");
	const struct val *annotations = val_get(val_get(manifest, "metadata"), "annotations");
	unsigned shape = 0;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (val_get(spec, fields[i].field))
			shape |= fields[i].flag;
	if (spec)
		return shape;
	shape |= val_get(annotations, HOST_ANNOTATION_OWNER) ? SHAPE_OWNER : 0u;
	shape |= val_get(annotations, HOST_ANNOTATION_GROUP) ? SHAPE_GROUP : 0u;
	return shape | SHAPE_MODE;
}

/* Shape and place of a record, by what is known of it. */
static err *find_shape(const struct target_record *record, struct arena *arena, unsigned *ret_shape)
{
	struct host_uid uid;
	struct val *manifest;
	host_uid_parse(record->uid, arena, &uid);
	*ret_shape = uid.shape;
	if (uid.has_shape)
		return NULL;
	if (record->is_sensitive)
		*ret_shape = SHAPE_KEYED | SHAPE_MODE;
	if (!record->manifest)
		return NULL;
	TRY(json_load(record->manifest, strlen(record->manifest), "record", arena, &manifest));
	*ret_shape = shape_of_manifest(manifest);
	return NULL;
}

err *host_place_of_record(struct host *host, const struct target_record *record,
                          struct arena *arena, struct host_place *ret_place)
{
	struct host_place place = { .key = record->key, .record = record };
	TRY(find_shape(record, arena, &place.shape));
	place.location = record->location ? record->location : "";
	if (path_is_absolute(place.location))
		TRY(host_path(host, record->location, arena, &place.rel));
	*ret_place = place;
	return NULL;
}

/* Another object of the set took the place over, or keeps its things in it. */
static const char *taken_over(const struct host *host, const struct host_place *place,
                              struct arena *arena)
{
	const struct object *other = place->rel ? map_get(&host->by_path, place->rel) : NULL;
	if (other)
		return arena_printf(arena, "%s manages it now", other->display);
	other = place->rel ? map_get(&host->above, place->rel) : NULL;
	return other ? arena_printf(arena, "%s is in it", other->display) : NULL;
}

err *host_plan_removal(struct target *target, const struct target_record *record,
                       struct plan_item *item)
{
	struct host *host = host_of(target);
	const struct host_kind *kind = host_kind_of_key(record->key);
	if (!kind)
		return err_new(ERR_CORRUPT, "the record '%s' is of no kind of the host target",
		               record->key);
	struct host_place place;
	TRY(host_place_of_record(host, record, &item->arena, &place));
	item->is_sensitive = record->is_sensitive;
	item->desired = item->live = "";
	item->reason = taken_over(host, &place, &item->arena);
	if (!item->reason)
		TRY(kind->live(host, &place, &item->arena, &item->live, NULL));
	if (item->reason || !item->live[0]) {
		item->action = PLAN_FORGET;
		item->reason = item->reason ? item->reason : "it is gone already";
		return NULL;
	}
	item->action = PLAN_DELETE;
	item->has_drifted =
		!str_equal(item->live, record->fingerprint) &&
		!(record->is_pending && str_equal(item->live, record->pending_fingerprint));
	if (item->has_drifted)
		host_plan_refuse(item, "it changed since fettle wrote it",
		                 "add --prune-changed to delete it all the same");
	return kind->show_removal ? kind->show_removal(host, &place, item) : NULL;
}

err *host_remove(struct target *target, struct plan_item *item, const struct target_record *record)
{
	struct host *host = host_of(target);
	const struct host_kind *kind = host_kind_of_key(record->key);
	struct host_place place;
	TRY(host_place_of_record(host, record, &item->arena, &place));
	TRY(host_check_unchanged(host, item, &place));
	TRY(kind->remove(host, &place, item));
	return host_remove_dirs(host, record->uid);
}

err *host_inspect(struct target *target, const struct target_record *record, struct arena *arena,
                  const char **ret_live, const char **ret_note)
{
	struct host *host = host_of(target);
	const struct host_kind *kind = host_kind_of_key(record->key);
	if (!kind)
		return err_new(ERR_CORRUPT, "the record '%s' is of no kind of the host target",
		               record->key);
	struct host_place place;
	TRY(host_place_of_record(host, record, arena, &place));
	*ret_note = NULL;
	return kind->live(host, &place, arena, ret_live, ret_note);
}
