#include "base/base.h"

#include "target_host/internal.h"

#include "pal/user.h"

uint32_t host_mode_visible(uint32_t mode, enum fs_type type)
{
	if (host_platform.has_modes)
		return mode & 07777;
	/* Only files know a bit of it: read-only or not. */
	return type == FS_FILE ? mode & 0200 : 0;
}

err *host_mode_parse(const struct val *v, uint32_t *ret_mode)
{
	unsigned mode;
	if (val_is(v, VAL_STR)) {
		if (!schema_parse_octal_mode(v->as.str.ptr, v->as.str.len, &mode))
			return val_error(v, "'%s' is not a mode such as \"0644\"", v->as.str.ptr);
		*ret_mode = mode;
		return NULL;
	}
	/* YAML reads 0644 as the number 420: what was written decides what was meant. */
	struct view text = val_source_text(v);
	bool is_octal = text.len > 1 && text.ptr[0] == '0';
	if (is_octal && v->as.integer >= 0 && v->as.integer <= 07777) {
		*ret_mode = (uint32_t)v->as.integer;
		return NULL;
	}
	return err_hint(val_error(v, "mode %" PRId64 " is not written in octal", v->as.integer),
	                "put it in quotes, with a leading zero: mode: \"0%" PRId64 "\"",
	                v->as.integer);
}

typedef err *id_of_name(struct fs_root *root, const char *name, uint32_t *ret_id);

struct owner {
	uint32_t id;
	const char *name;
	bool is_unknown;
};

static err *compile_owner(struct host *host, struct arena *arena, const struct val *v,
                          id_of_name *find, struct owner *ret_owner)
{
	if (!v)
		return NULL;
	if (!host_platform.has_owners)
		return val_error(v, "an owner or group has no meaning on %s", host_platform.name);
	if (val_is(v, VAL_INT)) {
		if (v->as.integer < 0 || v->as.integer >= FS_KEEP)
			return val_error(v, "%" PRId64 " is not a user or group number",
			                 v->as.integer);
		ret_owner->id = (uint32_t)v->as.integer;
		ret_owner->name = arena_printf(arena, "%" PRIu32, ret_owner->id);
		return NULL;
	}
	ret_owner->name = v->as.str.ptr;
	err *e = find(host->root, ret_owner->name, &ret_owner->id);
	if (!err_is(e, ERR_NOT_FOUND))
		return e ? val_place(e, v) : NULL;
	err_ignore(e, "a Command of the set may make it; link decides");
	ret_owner->is_unknown = true;
	return NULL;
}

err *host_attributes_compile(struct host *host, struct arena *arena, const struct val *spec,
                             struct host_object *object)
{
	struct owner user = { .id = FS_KEEP }, group = { .id = FS_KEEP };
	struct host_attributes *a = &object->attributes;
	*a = (struct host_attributes){ .mode = FS_KEEP };
	const struct val *mode = val_get(spec, "mode");
	err *e = mode ? host_mode_parse(mode, &a->mode) : NULL;
	a->owner_at = val_get(spec, "owner");
	a->group_at = val_get(spec, "group");
	e = err_join(e, compile_owner(host, arena, a->owner_at, user_id, &user));
	e = err_join(e, compile_owner(host, arena, a->group_at, user_group_id, &group));
	a->uid = user.id;
	a->owner = user.name;
	a->owner_unknown = user.is_unknown;
	a->gid = group.id;
	a->group = group.name;
	a->group_unknown = group.is_unknown;
	object->shape |= (mode ? SHAPE_MODE : 0u) | (a->owner_at ? SHAPE_OWNER : 0u) |
	                 (a->group_at ? SHAPE_GROUP : 0u);
	return e;
}

err *host_attributes_resolve(struct host *host, const struct host_attributes *wanted,
                             struct host_attributes *ret_resolved)
{
	struct host_attributes resolved = *wanted;
	if (resolved.owner_unknown)
		TRY(user_id(host->root, resolved.owner, &resolved.uid));
	if (resolved.group_unknown)
		TRY(user_group_id(host->root, resolved.group, &resolved.gid));
	resolved.owner_unknown = resolved.group_unknown = false;
	*ret_resolved = resolved;
	return NULL;
}

bool host_attributes_match(const struct host_attributes *wanted, const struct fs_stat *live)
{
	if (wanted->owner_unknown || wanted->group_unknown)
		return false;
	return (wanted->mode == FS_KEEP || host_mode_visible(wanted->mode, live->type) ==
	                                           host_mode_visible(live->mode, live->type)) &&
	       (wanted->uid == FS_KEEP || wanted->uid == live->uid) &&
	       (wanted->gid == FS_KEEP || wanted->gid == live->gid);
}

static void change_mode(struct plan_item *item, const struct host_attributes *wanted,
                        const struct fs_stat *live)
{
	char before[16], after[16];
	if (wanted->mode == FS_KEEP || (live && host_mode_visible(wanted->mode, live->type) ==
	                                                host_mode_visible(live->mode, live->type)))
		return;
	snprintf(before, sizeof(before), "%04" PRIo32, live ? live->mode : 0);
	snprintf(after, sizeof(after), "%04" PRIo32, wanted->mode);
	plan_change_text(item, "mode", live ? before : NULL, after);
}

typedef void name_of_id(struct fs_root *root, uint32_t id, struct str *ret_name);

static void change_owner(struct host *host, struct plan_item *item, const char *path,
                         const char *wanted, const uint32_t *live_id, name_of_id *find)
{
	AUTO(str) before = STR_INIT;
	if (live_id)
		find(host->root, *live_id, &before);
	plan_change_text(item, path, live_id ? before.ptr : NULL, wanted);
}

void host_change_attributes(struct host *host, struct plan_item *item,
                            const struct host_attributes *wanted, const struct fs_stat *live)
{
	change_mode(item, wanted, live);
	if (wanted->owner && (!live || wanted->owner_unknown || wanted->uid != live->uid))
		change_owner(host, item, "owner", wanted->owner, live ? &live->uid : NULL,
		             user_name);
	if (wanted->group && (!live || wanted->group_unknown || wanted->gid != live->gid))
		change_owner(host, item, "group", wanted->group, live ? &live->gid : NULL,
		             user_group_name);
}

err *host_attributes_apply(struct host *host, const char *rel, const struct host_attributes *wanted,
                           const struct fs_stat *live)
{
	bool owner_differs = (wanted->uid != FS_KEEP && wanted->uid != live->uid) ||
	                     (wanted->gid != FS_KEEP && wanted->gid != live->gid);
	/* Owner first: changing it clears the set-user and set-group bits. */
	if (owner_differs)
		TRY(fs_root_chown(host->root, rel, wanted->uid, wanted->gid));
	uint32_t mode = wanted->mode == FS_KEEP ? live->mode : wanted->mode;
	bool mode_differs = host_mode_visible(mode, live->type) !=
	                    host_mode_visible(live->mode, live->type);
	if (mode_differs || (owner_differs && (mode & 06000)))
		TRY(fs_root_chmod(host->root, rel, mode));
	return NULL;
}
