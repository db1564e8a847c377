#include "base/base.h"

#include "target_host/internal.h"

#include "target_host/specs.h"

struct symlink {
	struct host_object base; /* first */
	const char *target;
};

struct symlink_undo {
	const char **dirs;
	size_t dir_count;
};

static err *compile(struct host *host, struct object_set *set, struct object *object)
{
	struct symlink *symlink = ARENA_NEW(&set->arena, struct symlink);
	const struct val *spec = val_get(object->doc, "spec");
	symlink->base.kind = &host_kind_symlink;
	symlink->base.path_at = val_get(spec, "path");
	symlink->base.location = symlink->base.path_at->as.str.ptr;
	symlink->target = val_get_str(spec, "target", "");
	err *e = host_path(host, symlink->base.location, &set->arena, &symlink->base.rel);
	if (e)
		return val_place(e, symlink->base.path_at);
	object->compiled = symlink;
	return NULL;
}

static const char *print_symlink(struct arena *arena, const char *what, const char *text)
{
	AUTO(str) canonical = STR_INIT;
	str_addf(&canonical, "%s\n%s\n", what, text);
	return host_fingerprint(arena, &canonical);
}

static const char *desired(struct host *host, const struct object *object, struct arena *arena)
{
	(void)host;
	const struct symlink *symlink = object->compiled;
	return print_symlink(arena, "symlink", symlink->target);
}

static err *live(struct host *host, const struct host_place *place, struct arena *arena,
                 const char **ret_live, const char **ret_note)
{
	(void)ret_note;
	struct fs_stat stat;
	AUTO(str) target = STR_INIT;
	*ret_live = "";
	TRY(fs_root_probe(host->root, place->rel, &stat));
	if (stat.type == FS_NONE)
		return NULL;
	if (stat.type == FS_SYMLINK)
		TRY(fs_root_readlink(host->root, place->rel, &target));
	else
		str_addf(&target, "%" PRIu64 " %" PRId64, stat.inode, stat.mtime_ns);
	*ret_live = print_symlink(arena, fs_type_name(stat.type), target.ptr);
	return NULL;
}

static err *judge(struct host *host, const char *rel, enum fs_type type, struct plan_item *item)
{
	AUTO(fs_list) names = { 0 };
	item->action = type == FS_NONE      ? PLAN_CREATE
	               : type == FS_SYMLINK ? PLAN_UPDATE
	                                    : PLAN_REPLACE;
	if (type == FS_OTHER)
		host_plan_refuse(item, "a socket, pipe or device is in its place", NULL);
	if (type != FS_DIR)
		return NULL;
	TRY(fs_root_list(host->root, rel, &names));
	if (names.len)
		host_plan_refuse(item, "a folder that is not empty is in its place",
		                 "move the folder away, or change spec.path");
	return NULL;
}

static err *plan(struct host *host, const struct object *object, const struct target_record *record,
                 unsigned flags, struct plan_item *item)
{
	const struct symlink *symlink = object->compiled;
	struct fs_stat stat;
	AUTO(str) target = STR_INIT;
	TRY(fs_root_probe(host->root, symlink->base.rel, &stat));
	if (stat.type == FS_SYMLINK)
		TRY(fs_root_readlink(host->root, symlink->base.rel, &target));
	if (stat.type == FS_SYMLINK && str_equal(target.ptr, symlink->target))
		return host_plan_same(host, object, record, flags, item);
	struct symlink_undo *undo = ARENA_NEW(&item->arena, struct symlink_undo);
	item->undo = undo;
	TRY(judge(host, symlink->base.rel, stat.type, item));
	if (stat.type == FS_NONE)
		TRY(host_missing_parents(host, symlink->base.rel, &item->arena, &undo->dirs,
		                         &undo->dir_count));
	else if (stat.type != FS_SYMLINK)
		str_addf(&target, "(%s)", fs_type_name(stat.type));
	plan_change_text(item, "target", stat.type == FS_NONE ? NULL : target.ptr, symlink->target);
	item->uid = host_uid_make(item, 0, record, undo->dirs, undo->dir_count);
	return host_plan_differs(host, object, record, stat.type != FS_NONE, item);
}

static err *apply(struct host *host, struct plan_item *item)
{
	const struct symlink *symlink = item->object->compiled;
	const struct symlink_undo *undo = item->undo;
	const char *rel = symlink->base.rel;
	struct host_place place = host_place_of(item->object);
	struct fs_stat stat;
	TRY(host_check_unchanged(host, item, &place));
	TRY(fs_root_probe(host->root, rel, &stat));
	if (stat.type == FS_DIR)
		TRY(fs_root_rmdir(host->root, rel, FS_NO_DIR_SYNC));
	if (undo && undo->dir_count)
		TRY(host_make_parents(host, rel));
	TRY(fs_root_symlink_atomic(host->root, symlink->target, rel, FS_NO_DIR_SYNC));
	host_touch(host, rel);
	return NULL;
}

static err *remove_symlink(struct host *host, const struct host_place *place,
                           struct plan_item *item)
{
	(void)item;
	TRY(fs_root_unlink(host->root, place->rel, FS_NO_DIR_SYNC));
	host_touch(host, place->rel);
	return NULL;
}

static err *show_removal(struct host *host, const struct host_place *place, struct plan_item *item)
{
	AUTO(str) target = STR_INIT;
	err *e = fs_root_readlink(host->root, place->rel, &target);
	if (!e)
		plan_change_text(item, "target", target.ptr, NULL);
	err_ignore(e, "no symlink any more: the item is refused, and says so");
	return NULL;
}

const struct host_kind host_kind_symlink = {
	.group = HOST_GROUP,
	.name = "Symlink",
	.schema = &host_schema_symlink,
	.compile = compile,
	.plan = plan,
	.apply = apply,
	.live = live,
	.desired = desired,
	.remove = remove_symlink,
	.show_removal = show_removal,
};
