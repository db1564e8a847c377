#include "base/base.h"

#include "target_host/internal.h"

#include "base/path.h"

static struct host_object *compiled_of(const struct object *object)
{
	return object->compiled;
}

static const char *file_of(const struct val *v)
{
	return v && v->source ? v->source->name : "?";
}

/* --- one owner for each path --- */

static err *claim_path(struct host *host, struct object *object)
{
	const struct host_object *mine = compiled_of(object);
	if (!mine->rel)
		return NULL;
	const struct object *other = map_get(&host->by_path, mine->rel);
	if (!other) {
		map_set(&host->by_path, mine->rel, object);
		return NULL;
	}
	const struct val *place = compiled_of(other)->path_at;
	return err_hint(val_place(err_new(ERR_INVALID, "%s and %s both manage '%s'",
	                                  object->display, other->display, mine->location),
	                          mine->path_at),
	                "the other one is at %s:%" PRIu32, file_of(place),
	                place ? place->mark.line : 0);
}

static void claim_above(struct host *host, struct object *object)
{
	const char *rel = compiled_of(object)->rel;
	AUTOFREE char *path = mem_strdup(rel ? rel : "");
	for (char *slash = strrchr(path, '/'); slash; slash = strrchr(path, '/')) {
		*slash = '\0';
		if (map_has(&host->above, path))
			return;
		map_set(&host->above, path, object);
	}
}

/* --- what must be there first --- */

/* The nearest object that manages a folder above `rel`, or `rel` itself with `or_self`. */
static struct object *nearest(struct host *host, const char *rel, bool or_self)
{
	AUTOFREE char *path = mem_strdup(rel);
	struct object *found = or_self ? map_get(&host->by_path, path) : NULL;
	for (char *slash = strrchr(path, '/'); slash && !found; slash = strrchr(path, '/')) {
		*slash = '\0';
		found = map_get(&host->by_path, path);
	}
	return found;
}

static err *link_parent(struct host *host, struct object_set *set, struct object *object)
{
	const struct host_object *mine = compiled_of(object);
	struct object *parent = mine->rel ? nearest(host, mine->rel, false) : NULL;
	if (!parent)
		return NULL;
	const struct host_kind *kind = compiled_of(parent)->kind;
	if (kind == &host_kind_directory || kind == &host_kind_symlink) {
		object_edge_add(set, object, parent, false);
		return NULL;
	}
	bool is_folder = kind == &host_kind_config_map || kind == &host_kind_secret;
	return err_hint(val_place(err_new(ERR_INVALID, "'%s' is inside '%s', which is %s of %s",
	                                  mine->location, compiled_of(parent)->location,
	                                  is_folder ? "the folder" : "the file", parent->display),
	                          mine->path_at),
	                "%s",
	                is_folder ? "that folder is replaced as a whole; choose another path"
	                          : "nothing can be inside a file");
}

/* A program or working folder that another object brings must be there before the Command runs. */
static err *link_command(struct host *host, struct object_set *set, struct object *object)
{
	const struct val *spec = val_get(object->doc, "spec");
	const char *paths[] = {
		val_get_str(spec, "workingDirectory", NULL),
		val_len(val_get(spec, "apply")) ? val_at(val_get(spec, "apply"), 0)->as.str.ptr
						: NULL,
	};
	AUTO(arena) arena = ARENA_INIT;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		const char *rel;
		if (!paths[i] || !path_is_absolute(paths[i]))
			continue;
		err *e = host_path(host, paths[i], &arena, &rel);
		if (e) {
			err_ignore(e, "the root itself, or outside of what objects manage");
			continue;
		}
		struct object *needed = nearest(host, rel, true);
		if (needed && needed != object)
			object_edge_add(set, object, needed, false);
	}
	return NULL;
}

/* --- owners --- */

/* A user that is not there may be made by a Command of the set; without one it never will be. */
static err *check_owners(const struct object *object)
{
	const struct host_attributes *a = &compiled_of(object)->attributes;
	err *e = NULL;
	if (a->owner_unknown)
		e = val_place(err_new(ERR_INVALID, "there is no user '%s'", a->owner), a->owner_at);
	if (a->group_unknown)
		e = err_join(e, val_place(err_new(ERR_INVALID, "there is no group '%s'", a->group),
		                          a->group_at));
	return e;
}

static bool has_command(const struct object_set *set)
{
	for (size_t i = 0; i < set->len; i++)
		if (compiled_of(set->items[i])->kind == &host_kind_command)
			return true;
	return false;
}

static err *link_object(struct host *host, struct object_set *set, struct object *object)
{
	const struct host_kind *kind = compiled_of(object)->kind;
	TRY(link_parent(host, set, object));
	if (kind == &host_kind_unit)
		return host_unit_link(host, set, object);
	return kind == &host_kind_command ? link_command(host, set, object) : NULL;
}

err *host_link(struct target *target, struct object_set *set)
{
	struct host *host = host_of(target);
	err *e = NULL;
	map_clear(&host->by_path);
	map_clear(&host->above);
	bool may_make_users = has_command(set);
	for (size_t i = 0; i < set->len; i++) {
		e = err_join(e, claim_path(host, set->items[i]));
		if (!may_make_users)
			e = err_join(e, check_owners(set->items[i]));
	}
	for (size_t i = 0; i < set->len; i++)
		claim_above(host, set->items[i]);
	for (size_t i = 0; i < set->len; i++)
		e = err_join(e, link_object(host, set, set->items[i]));
	map_clear(&host->owners);
	arena_reset(&host->owner_arena);
	return e;
}
