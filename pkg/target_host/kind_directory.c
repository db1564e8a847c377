#include "base/base.h"

#include "target_host/internal.h"

#include "base/path.h"
#include "base/vec.h"
#include "target_host/specs.h"

struct directory {
	struct host_object base; /* first */
	bool purge;
};

/* An entry of a purged folder that no object manages. */
struct extra {
	const char *rel;
	enum fs_type type;
};

struct directory_undo {
	struct fs_stat old;
	const char *seen; /* fingerprint of the folder itself; item->live has the extras too */
	const char **dirs;
	size_t dir_count;
	VEC(struct extra) extras; /* memory in the item's arena */
};

static err *compile(struct host *host, struct object_set *set, struct object *object)
{
	struct directory *directory = ARENA_NEW(&set->arena, struct directory);
	const struct val *spec = val_get(object->doc, "spec");
	directory->base.kind = &host_kind_directory;
	directory->base.path_at = val_get(spec, "path");
	directory->base.location = directory->base.path_at->as.str.ptr;
	directory->purge = val_get_bool(spec, "purge", false);
	err *e = host_path(host, directory->base.location, &set->arena, &directory->base.rel);
	e = e ? val_place(e, directory->base.path_at) : NULL;
	e = err_join(e, host_attributes_compile(host, &set->arena, spec, &directory->base));
	if (!e)
		object->compiled = directory;
	return e;
}

/* --- fingerprints --- */

static const char *desired(struct host *host, const struct object *object, struct arena *arena)
{
	(void)host;
	const struct host_object *base = object->compiled;
	AUTO(str) text = STR_INIT;
	str_addf(&text, "%s\n", fs_type_name(FS_DIR));
	host_print_wanted(&text, base->shape, FS_DIR, &base->attributes);
	return host_fingerprint(arena, &text);
}

static err *live(struct host *host, const struct host_place *place, struct arena *arena,
                 const char **ret_live, const char **ret_note)
{
	(void)ret_note;
	struct fs_stat stat;
	AUTO(str) text = STR_INIT;
	*ret_live = "";
	TRY(fs_root_probe(host->root, place->rel, &stat));
	if (stat.type == FS_NONE)
		return NULL;
	str_addf(&text, "%s\n", fs_type_name(stat.type));
	host_print_live(host, &text, place->shape, &stat);
	*ret_live = host_fingerprint(arena, &text);
	return NULL;
}

/* --- purge --- */

/* Our own temp files, ".<name>.fettle-XXXXXXXXXX": swept, not purged. */
static bool is_temp(const char *name)
{
	const char *mark = strstr(name, ".fettle-");
	return name[0] == '.' && mark && strlen(mark) == strlen(".fettle-") + 10;
}

static bool is_kept(const struct host *host, const char *name, const char *rel)
{
	return map_has(&host->by_path, rel) || map_has(&host->above, rel) || is_temp(name) ||
	       str_equal(name, ".fettle") || str_starts(name, "..");
}

/* Does another project own something there, or below, or is it left as it is on purpose? */
static bool is_claimed(const struct host *host, const char *rel, struct arena *arena)
{
	const struct map *claims = host->target.claims;
	size_t len = strlen(rel);
	struct map_entry *entry = claims ? map_first(claims) : NULL;
	for (; entry; entry = map_next(claims, entry)) {
		const char *place;
		if (!path_is_absolute(entry->key))
			continue;
		err *e = host_path(host, entry->key, arena, &place);
		if (e)
			err_ignore(e, "what is no place in this root is not in the folder");
		else if (strncmp(place, rel, len) == 0 && (!place[len] || place[len] == '/'))
			return true;
	}
	return false;
}

static err *add_extra(struct host *host, struct plan_item *item, struct directory_undo *undo,
                      const struct extra *extra, struct str *full)
{
	AUTO(fs_list) names = { 0 };
	const char *name = strrchr(extra->rel, '/') ? strrchr(extra->rel, '/') + 1 : extra->rel;
	if (extra->type == FS_DIR)
		TRY(fs_root_list(host->root, extra->rel, &names));
	if (names.len) {
		str_addf(full, "%s%s", full->len ? ", " : "", name);
		return NULL;
	}
	AUTOFREE char *path = str_format("entry %s", name);
	plan_change_text(item, path, fs_type_name(extra->type), NULL);
	undo->extras.ptr[undo->extras.len++] = *extra;
	return NULL;
}

static err *find_extras(struct host *host, const struct directory *directory,
                        struct plan_item *item, struct directory_undo *undo)
{
	AUTO(fs_list) names = { 0 };
	AUTO(str) full = STR_INIT;
	TRY(fs_root_list(host->root, directory->base.rel, &names));
	undo->extras.ptr = arena_zalloc(&item->arena, names.len + 1, sizeof(*undo->extras.ptr));
	for (size_t i = 0; i < names.len; i++) {
		AUTOFREE char *rel = str_format("%s/%s", directory->base.rel, names.ptr[i].name);
		if (is_kept(host, names.ptr[i].name, rel) ||
		    is_claimed(host, rel, &item->arena))
			continue;
		struct extra extra = { arena_strdup(&item->arena, rel), names.ptr[i].type };
		TRY(add_extra(host, item, undo, &extra, &full));
	}
	if (full.len == 0)
		return NULL;
	AUTOFREE char *reason =
		str_format("purge would remove folders that are not empty: %s", full.ptr);
	host_plan_refuse(item, reason, "remove them yourself, or manage them with a Directory");
	return NULL;
}

/* The folder is what it should be, but for what is in it. */
static void print_extras(struct plan_item *item, const struct directory_undo *undo)
{
	if (!undo->extras.len)
		return;
	AUTO(str) text = STR_INIT;
	str_addf(&text, "%s\n", item->live);
	for (size_t i = 0; i < undo->extras.len; i++)
		str_addf(&text, "extra %s\n", undo->extras.ptr[i].rel);
	item->live = host_fingerprint(&item->arena, &text);
}

/* --- plan --- */

/* A symlink to a folder is somebody's decision about where things are: never replaced unasked. */
static err *judge_symlink(struct host *host, const char *rel, struct plan_item *item)
{
	AUTO(str) target = STR_INIT;
	TRY(fs_root_readlink(host->root, rel, &target));
	AUTOFREE char *reason = str_format("a symlink to '%s' is in its place", target.ptr);
	host_plan_refuse(item, reason,
	                 "manage the folder it points to, or remove the symlink first");
	return NULL;
}

static err *judge(struct host *host, const struct object *object, const struct fs_stat *stat,
                  struct plan_item *item)
{
	const struct directory *directory = object->compiled;
	struct directory_undo *undo = item->undo;
	const char *rel = directory->base.rel;
	switch (stat->type) {
	case FS_NONE:
		item->action = PLAN_CREATE;
		return host_missing_parents(host, rel, &item->arena, &undo->dirs, &undo->dir_count);
	case FS_DIR:
		item->action = PLAN_UPDATE;
		return directory->purge ? find_extras(host, directory, item, undo) : NULL;
	case FS_FILE:
		item->action = PLAN_REPLACE;
		plan_change_text(item, "type", "file", "folder");
		return NULL;
	case FS_SYMLINK:
		return judge_symlink(host, rel, item);
	case FS_OTHER:
		host_plan_refuse(item, "a socket, pipe or device is in its place", NULL);
		return NULL;
	}
	return NULL;
}

static err *plan(struct host *host, const struct object *object, const struct target_record *record,
                 unsigned flags, struct plan_item *item)
{
	const struct directory *directory = object->compiled;
	const struct host_attributes *wanted = &directory->base.attributes;
	struct fs_stat stat;
	TRY(fs_root_probe(host->root, directory->base.rel, &stat));
	bool is_right = stat.type == FS_DIR && host_attributes_match(wanted, &stat);
	if (is_right && !directory->purge)
		return host_plan_same(host, object, record, flags, item);
	struct directory_undo *undo = ARENA_NEW(&item->arena, struct directory_undo);
	undo->old = stat;
	item->undo = undo;
	TRY(judge(host, object, &stat, item));
	if (is_right && !undo->extras.len && item->action == PLAN_UPDATE) {
		item->action = PLAN_NONE;
		return host_plan_same(host, object, record, flags, item);
	}
	host_change_attributes(host, item, wanted, stat.type == FS_DIR ? &stat : NULL);
	if (stat.type == FS_NONE && !item->changes)
		plan_change_text(item, "type", NULL, "folder");
	item->uid = host_uid_make(item, directory->base.shape, record, undo->dirs, undo->dir_count);
	TRY(host_plan_differs(host, object, record, stat.type != FS_NONE, item));
	undo->seen = item->live;
	print_extras(item, undo);
	item->has_drifted = item->has_drifted || (record && undo->extras.len);
	return NULL;
}

/* --- change --- */

static err *check_seen(struct host *host, const struct plan_item *item)
{
	const struct directory_undo *undo = item->undo;
	struct plan_item folder = *item;
	struct host_place place = host_place_of(item->object);
	folder.live = undo->seen;
	return host_check_unchanged(host, &folder, &place);
}

static err *purge(struct host *host, const struct directory_undo *undo)
{
	for (size_t i = 0; i < undo->extras.len; i++) {
		const struct extra *extra = &undo->extras.ptr[i];
		err *e = extra->type == FS_DIR
		                 ? fs_root_rmdir(host->root, extra->rel, FS_NO_DIR_SYNC)
		                 : fs_root_unlink(host->root, extra->rel, FS_NO_DIR_SYNC);
		if (err_is(e, ERR_NOT_FOUND))
			err_ignore(e, "gone already");
		else if (e)
			return err_wrap(e, "cannot purge '%s'", extra->rel);
		host_touch(host, extra->rel);
	}
	return NULL;
}

static err *make(struct host *host, const struct directory *directory,
                 const struct directory_undo *undo, const struct host_attributes *wanted)
{
	const char *rel = directory->base.rel;
	if (undo->dir_count)
		TRY(host_make_parents(host, rel));
	if (undo->old.type == FS_FILE)
		TRY(fs_root_unlink(host->root, rel, FS_NO_DIR_SYNC));
	err *e = fs_root_mkdir(host->root, rel, wanted->mode == FS_KEEP ? 0755 : wanted->mode);
	if (err_is(e, ERR_NOT_FOUND)) {
		err_ignore(e, "a removal may have taken the empty folder above with it");
		TRY(host_make_parents(host, rel));
		e = fs_root_mkdir(host->root, rel, wanted->mode == FS_KEEP ? 0755 : wanted->mode);
	}
	TRY(e);
	host_touch(host, rel);
	return NULL;
}

static err *apply(struct host *host, struct plan_item *item)
{
	const struct directory *directory = item->object->compiled;
	const struct directory_undo *undo = item->undo;
	struct host_attributes wanted;
	struct fs_stat stat;
	if (item->action == PLAN_RUN)
		return NULL;
	TRY(check_seen(host, item));
	TRY(host_attributes_resolve(host, &directory->base.attributes, &wanted));
	if (undo->old.type != FS_DIR)
		TRY(make(host, directory, undo, &wanted));
	TRY(fs_root_stat(host->root, directory->base.rel, &stat));
	TRY(host_attributes_apply(host, directory->base.rel, &wanted, &stat));
	return purge(host, undo);
}

/* --- removal --- */

/* Only an empty folder goes; what others put into it is worth more than a tidy machine. */
static err *remove_directory(struct host *host, const struct host_place *place,
                             struct plan_item *item)
{
	AUTO(fs_list) names = { 0 };
	err *e = fs_root_rmdir(host->root, place->rel, FS_NO_DIR_SYNC);
	if (!err_is(e, ERR_EXISTS)) {
		TRY(e);
		host_touch(host, place->rel);
		return NULL;
	}
	err_ignore(e, "left alone and reported");
	TRY(fs_root_list(host->root, place->rel, &names));
	AUTO(str) text = STR_INIT;
	for (size_t i = 0; i < names.len && i < 3; i++)
		str_addf(&text, "%s%s", i ? ", " : "", names.ptr[i].name);
	item->action = PLAN_FORGET;
	item->reason = arena_printf(&item->arena, "left alone: it still holds %s%s", text.ptr,
	                            names.len > 3 ? ", …" : "");
	return NULL;
}

const struct host_kind host_kind_directory = {
	.group = HOST_GROUP,
	.name = "Directory",
	.schema = &host_schema_directory,
	.compile = compile,
	.plan = plan,
	.apply = apply,
	.live = live,
	.desired = desired,
	.remove = remove_directory,
};
