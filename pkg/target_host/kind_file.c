#include "base/base.h"

#include "target_host/file.h"

#include "base/limits.h"
#include "json/json.h"
#include "target_host/specs.h"

#define CHECK_TIMEOUT_MS (30 * 1000)

/* A unit file or drop-in that comes as a File: systemd has to hear of it before anything else. */
static void add_daemon_reload(const struct host *host, struct file *file, struct arena *arena)
{
	const char *hint;
	const char **own = file->base.handlers;
	if (!file->base.rel || !str_starts(file->base.rel, HOST_UNIT_FOLDER "/") ||
	    host_units_refusal(host, &hint))
		return;
	file->base.handlers = arena_zalloc(arena, 3, sizeof(*file->base.handlers));
	file->base.handlers[0] = "daemon-reload";
	file->base.handlers[1] = own ? own[0] : NULL;
}

static err *compile(struct host *host, struct object_set *set, struct object *object)
{
	struct file *file = ARENA_NEW(&set->arena, struct file);
	const struct val *spec = val_get(object->doc, "spec");
	bool has_content;
	file->base.kind = &host_kind_file;
	file->base.path_at = val_get(spec, "path");
	file->base.location = file->base.path_at->as.str.ptr;
	file->base.shape = object->is_sensitive ? SHAPE_KEYED : 0;
	err *e = host_path(host, file->base.location, &set->arena, &file->base.rel);
	e = e ? val_place(e, file->base.path_at) : NULL;
	e = err_join(e,
	             host_content_compile(host, set, object, spec, &file->content, &has_content));
	e = err_join(e, host_attributes_compile(host, &set->arena, spec, &file->base));
	file->check = host_argv(&set->arena, val_get(spec, "check"));
	file->check_timeout_ms = host_duration(spec, "checkTimeout", CHECK_TIMEOUT_MS);
	file->base.handlers = host_handlers_compile(host, val_get(spec, "onChange"), &set->arena);
	add_daemon_reload(host, file, &set->arena);
	if (!e)
		object->compiled = file;
	return e;
}

/* --- fingerprints --- */

static void print_content(struct str *text, unsigned shape, const char *hash)
{
	str_addf(text, "file\n%s=%s\n", shape & SHAPE_KEYED ? "keyed" : "sha256", hash);
}

static const char *desired(struct host *host, const struct object *object, struct arena *arena)
{
	const struct file *file = object->compiled;
	AUTO(str) text = STR_INIT;
	char hash[SHA256_HEX_SIZE];
	host_content_hash(host, file->content, file->base.shape & SHAPE_KEYED, hash);
	print_content(&text, file->base.shape, hash);
	host_print_wanted(&text, file->base.shape, FS_FILE, &file->base.attributes);
	return host_fingerprint(arena, &text);
}

err *file_live(struct host *host, const struct host_place *place, struct arena *arena,
               const char **ret_live, const char **ret_note)
{
	(void)ret_note;
	struct fs_stat stat;
	*ret_live = "";
	TRY(fs_root_probe(host->root, place->rel, &stat));
	if (stat.type == FS_NONE)
		return NULL;
	AUTO(str) bytes = STR_INIT;
	char hash[SHA256_HEX_SIZE] = "";
	if (stat.type == FS_FILE && stat.size <= LIMIT_CONTENT_BYTES) {
		err *e = fs_root_read(host->root, place->rel, LIMIT_CONTENT_BYTES, &bytes, &stat);
		if (err_is(e, ERR_NOT_FOUND)) {
			err_ignore(e, "removed since we looked: gone");
			return NULL;
		}
		TRY(e);
		host_content_hash(host, view_str(&bytes), place->shape & SHAPE_KEYED, hash);
	} else {
		/* Never equal to a file of ours, which is smaller. */
		snprintf(hash, sizeof(hash), "%s %" PRIu64, fs_type_name(stat.type), stat.size);
	}
	AUTO(str) text = STR_INIT;
	print_content(&text, place->shape, hash);
	host_print_live(host, &text, place->shape, &stat);
	*ret_live = host_fingerprint(arena, &text);
	return NULL;
}

/* --- plan --- */

static err *show_changes(struct host *host, const struct file *file, bool is_same,
                         const struct fs_stat *live, struct plan_item *item)
{
	AUTO(str) old = STR_INIT;
	struct view before = { NULL, 0 };
	bool is_large = live->size > LIMIT_CONTENT_BYTES;
	if (live->type == FS_FILE && !is_same && !is_large) {
		TRY(fs_root_read(host->root, file->base.rel, LIMIT_CONTENT_BYTES, &old, NULL));
		before = view_str(&old);
	}
	if (live->type == FS_SYMLINK) {
		TRY(fs_root_readlink(host->root, file->base.rel, &old));
		plan_change_text(item, "symlink", old.ptr, NULL);
	}
	if (!is_same)
		host_change_content(host, item, "content", before, file->content,
		                    item->is_sensitive);
	host_change_attributes(host, item, &file->base.attributes,
	                       live->type == FS_FILE ? live : NULL);
	return NULL;
}

/* What stands where a file should be. Only an empty folder gives way. */
static err *judge_folder(struct host *host, const char *rel, struct plan_item *item)
{
	AUTO(fs_list) names = { 0 };
	TRY(fs_root_list(host->root, rel, &names));
	item->action = PLAN_REPLACE;
	if (names.len == 0)
		return NULL;
	host_plan_refuse(item, "a folder that is not empty is in its place",
	                 "move the folder away, or change spec.path");
	return NULL;
}

static err *plan_difference(struct host *host, const struct object *object,
                            const struct target_record *record, bool is_same,
                            const struct fs_stat *live, struct plan_item *item)
{
	const struct file *file = object->compiled;
	struct file_undo *undo = ARENA_NEW(&item->arena, struct file_undo);
	undo->old = *live;
	undo->is_same_content = is_same;
	item->undo = undo;
	item->action = live->type == FS_NONE   ? PLAN_CREATE
	               : live->type == FS_FILE ? PLAN_UPDATE
	                                       : PLAN_REPLACE;
	if (live->type == FS_DIR)
		TRY(judge_folder(host, file->base.rel, item));
	if (live->type == FS_OTHER)
		host_plan_refuse(item, "a socket, pipe or device is in its place", NULL);
	if (live->type == FS_NONE)
		TRY(host_missing_parents(host, file->base.rel, &item->arena, &undo->dirs,
		                         &undo->dir_count));
	TRY(show_changes(host, file, is_same, live, item));
	item->uid = host_uid_make(item, file->base.shape, record, undo->dirs, undo->dir_count);
	return host_plan_differs(host, object, record, live->type != FS_NONE, item);
}

static err *plan(struct host *host, const struct object *object, const struct target_record *record,
                 unsigned flags, struct plan_item *item)
{
	const struct file *file = object->compiled;
	bool is_same;
	struct fs_stat live;
	TRY(fs_root_same(host->root, file->base.rel, file->content, &is_same, &live));
	if (is_same && host_attributes_match(&file->base.attributes, &live))
		return host_plan_same(host, object, record, flags, item);
	return plan_difference(host, object, record, is_same, &live, item);
}

/* --- change --- */

static err *apply(struct host *host, struct plan_item *item)
{
	const struct file *file = item->object->compiled;
	struct file_undo *undo = item->undo;
	if (item->action == PLAN_RUN)
		return NULL;
	struct host_place place = host_place_of(item->object);
	TRY(host_check_unchanged(host, item, &place));
	if (item->handlers)
		TRY(file_keep_old(host, file->base.rel, &item->arena, undo));
	TRY(file_write(host, file, undo));
	undo->is_applied = true;
	if (str_starts(file->base.rel, HOST_UNIT_FOLDER "/"))
		host_units_changed(host);
	return NULL;
}

static err *revert(struct host *host, struct plan_item *item)
{
	const struct file_undo *undo = item->undo;
	AUTO(arena) arena = ARENA_INIT;
	const char *rel;
	if (!undo || !undo->is_applied)
		return NULL;
	TRY(host_path(host, item->location, &arena, &rel));
	return file_put_back(host, rel, undo);
}

/* --- removal --- */

/* What the file told others about when it changed, they are told when it goes. */
static err *take_handlers(struct host *host, const struct host_place *place, struct plan_item *item)
{
	const char *manifest = place->record->manifest, *hint;
	struct val *root = NULL;
	if (!manifest)
		return NULL;
	TRY(json_load(manifest, strlen(manifest), "record", &item->arena, &root));
	const struct val *on_change = val_get(val_get(root, "spec"), "onChange");
	const char **handlers = host_handlers_compile(NULL, on_change, &item->arena);
	if (!host_handlers_need_units(handlers) || !host_units_refusal(host, &hint))
		item->handlers = handlers;
	return NULL;
}

static err *show_removal(struct host *host, const struct host_place *place, struct plan_item *item)
{
	AUTO(str) old = STR_INIT;
	struct fs_stat live;
	TRY(take_handlers(host, place, item));
	TRY(fs_root_probe(host->root, place->rel, &live));
	if (live.type != FS_FILE || live.size > LIMIT_CONTENT_BYTES)
		return NULL;
	TRY(fs_root_read(host->root, place->rel, LIMIT_CONTENT_BYTES, &old, NULL));
	host_change_content(host, item, "content", view_str(&old), (struct view){ NULL, 0 },
	                    item->is_sensitive);
	return NULL;
}

static err *remove_file(struct host *host, const struct host_place *place, struct plan_item *item)
{
	struct file_undo *undo = ARENA_NEW(&item->arena, struct file_undo);
	TRY(fs_root_stat(host->root, place->rel, &undo->old));
	if (item->handlers)
		TRY(file_keep_old(host, place->rel, &item->arena, undo));
	TRY(fs_root_unlink(host->root, place->rel, FS_NO_DIR_SYNC));
	item->undo = undo;
	undo->is_applied = true;
	host_touch(host, place->rel);
	if (str_starts(place->rel, HOST_UNIT_FOLDER "/"))
		host_units_changed(host);
	return NULL;
}

const struct host_kind host_kind_file = {
	.group = HOST_GROUP,
	.name = "File",
	.schema = &host_schema_file,
	.compile = compile,
	.plan = plan,
	.apply = apply,
	.revert = revert,
	.live = file_live,
	.desired = desired,
	.remove = remove_file,
	.show_removal = show_removal,
};
