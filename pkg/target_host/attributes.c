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

/* --- owners --- */

struct owner {
	uint32_t id;
	const char *name; /* as this machine calls it; as written while there is no such user */
	bool is_unknown;
};

struct owner_kind {
	char letter; /* of its keys in host->owners */
	err *(*id_of)(struct fs_root *root, const char *name, uint32_t *ret_id);
	void (*name_of)(struct fs_root *root, uint32_t id, struct str *ret_name);
};

static const struct owner_kind user_kind = { 'u', user_id, user_name };
static const struct owner_kind group_kind = { 'g', user_group_id, user_group_name };

static err *look_up(struct host *host, const struct owner_kind *kind, const char *text,
                    struct owner *ret_owner)
{
	AUTO(str) name = STR_INIT;
	struct owner owner = { .id = FS_KEEP };
	err *e = kind->id_of(host->root, text, &owner.id);
	if (e && !err_is(e, ERR_NOT_FOUND))
		return e;
	owner.is_unknown = e != NULL;
	err_ignore(e, "a Command of the set may make it; link decides");
	if (owner.is_unknown)
		str_addz(&name, text);
	else
		kind->name_of(host->root, owner.id, &name);
	owner.name = arena_strdup(&host->owner_arena, name.ptr);
	*ret_owner = owner;
	return NULL;
}

/* Each name is asked for once in a compilation; link forgets them, because users come and go. */
static err *find_owner(struct host *host, const struct owner_kind *kind, const char *text,
                       const struct owner **ret_owner)
{
	AUTOFREE char *key = str_format("%c%s", kind->letter, text);
	struct owner *owner = map_get(&host->owners, key);
	if (!owner) {
		struct owner found;
		TRY(look_up(host, kind, text, &found));
		owner = ARENA_NEW(&host->owner_arena, struct owner);
		*owner = found;
		map_set(&host->owners, key, owner);
	}
	*ret_owner = owner;
	return NULL;
}

static err *compile_owner(struct host *host, const struct val *v, const struct owner_kind *kind,
                          struct owner *ret_owner)
{
	const struct owner *owner;
	AUTO(str) text = STR_INIT;
	if (!v)
		return NULL;
	if (!host_platform.has_owners)
		return val_error(v, "an owner or group has no meaning on %s", host_platform.name);
	if (val_is(v, VAL_INT) && (v->as.integer < 0 || v->as.integer >= FS_KEEP))
		return val_error(v, "%" PRId64 " is not a user or group number", v->as.integer);
	if (val_is(v, VAL_INT))
		str_addf(&text, "%" PRId64, v->as.integer);
	else
		str_addz(&text, v->as.str.ptr);
	err *e = find_owner(host, kind, text.ptr, &owner);
	if (e)
		return val_place(e, v);
	*ret_owner = *owner;
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
	e = err_join(e, compile_owner(host, a->owner_at, &user_kind, &user));
	e = err_join(e, compile_owner(host, a->group_at, &group_kind, &group));
	a->uid = user.id;
	a->owner = user.name ? arena_strdup(arena, user.name) : NULL;
	a->owner_unknown = user.is_unknown;
	a->gid = group.id;
	a->group = group.name ? arena_strdup(arena, group.name) : NULL;
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
	bool mode_differs =
		host_mode_visible(mode, live->type) != host_mode_visible(live->mode, live->type);
	if (mode_differs || (owner_differs && (mode & 06000)))
		TRY(fs_root_chmod(host->root, rel, mode));
	return NULL;
}
