#include "base/base.h"

#include "target_host/projection.h"

#include "target_host/specs.h"

struct projection_undo {
	struct projection_scan old;
	const char **dirs;
	size_t dir_count;
	bool is_applied;
};

/* --- fingerprints --- */

static void print_content(const struct host *host, struct str *text, unsigned shape,
                          const struct projected *file)
{
	char hash[SHA256_HEX_SIZE];
	host_content_hash(host, file->bytes, shape & SHAPE_KEYED, hash);
	str_addf(text, "key=%s\nhash=%s\n", file->key, hash);
}

static struct fs_stat stat_of(const struct projected *file)
{
	return (struct fs_stat){
		.type = FS_FILE, .mode = file->mode, .uid = file->uid, .gid = file->gid
	};
}

static void resolve_files(const struct projection *projection,
                          const struct host_attributes *attributes, struct arena *arena,
                          struct projected **ret_files)
{
	struct projected *files = arena_zalloc(arena, projection->count + 1, sizeof(*files));
	for (size_t i = 0; i < projection->count; i++) {
		files[i] = projection->files[i];
		files[i].mode = attributes->mode;
		files[i].uid = attributes->uid;
		files[i].gid = attributes->gid;
	}
	*ret_files = files;
}

static const char *desired(struct host *host, const struct object *object, struct arena *arena)
{
	const struct projection *projection = object->compiled;
	unsigned shape = projection->base.shape;
	AUTO(str) text = STR_INIT;
	str_addz(&text, "projection\n");
	for (size_t i = 0; i < projection->count; i++) {
		print_content(host, &text, shape, &projection->files[i]);
		host_print_wanted(&text, shape, FS_FILE, &projection->base.attributes);
	}
	return host_fingerprint(arena, &text);
}

static const char *print_scan(struct host *host, unsigned shape, const struct projection_scan *scan,
                              struct arena *arena)
{
	AUTO(str) text = STR_INIT;
	if (!scan->generation && !scan->link_count && !scan->generation_count)
		return "";
	str_addz(&text, "projection\n");
	for (size_t i = 0; i < scan->file_count; i++) {
		struct fs_stat stat = stat_of(&scan->files[i]);
		print_content(host, &text, shape, &scan->files[i]);
		host_print_live(host, &text, shape, &stat);
	}
	if (!scan->is_tidy || !scan->generation)
		str_addf(&text, "untidy=%zu,%zu\n", scan->link_count, scan->generation_count);
	return host_fingerprint(arena, &text);
}

static err *live(struct host *host, const struct host_place *place, struct arena *arena,
                 const char **ret_live, const char **ret_note)
{
	(void)ret_note;
	AUTO(arena) temp = ARENA_INIT;
	struct projection_scan scan;
	TRY(projection_scan(host, place->rel, &temp, &scan));
	*ret_live = print_scan(host, place->shape, &scan, arena);
	return NULL;
}

/* --- plan --- */

static void show_file(struct host *host, const struct projection_scan *scan,
                      const struct projected *file, const struct host_attributes *wanted,
                      struct plan_item *item)
{
	const struct projected *old = projected_find(scan->files, scan->file_count, file->key);
	struct view before = old ? old->bytes : (struct view){ NULL, 0 };
	AUTOFREE char *path = str_format("data.%s", file->key);
	if (!old || !view_equal(old->bytes, file->bytes))
		host_change_content(host, item, path, before, file->bytes, item->is_sensitive);
	if (!old)
		return;
	struct fs_stat stat = stat_of(old);
	if (!host_attributes_match(wanted, &stat) && !item->changes)
		host_change_attributes(host, item, wanted, &stat);
}

static void show_changes(struct host *host, const struct projection *projection,
                         const struct projection_scan *scan, struct plan_item *item)
{
	for (size_t i = 0; i < projection->count; i++)
		show_file(host, scan, &projection->files[i], &projection->base.attributes, item);
	for (size_t i = 0; i < scan->file_count; i++) {
		const struct projected *old = &scan->files[i];
		AUTOFREE char *path = str_format("data.%s", old->key);
		if (!projected_find(projection->files, projection->count, old->key))
			host_change_content(host, item, path, old->bytes, (struct view){ NULL, 0 },
			                    item->is_sensitive);
	}
	if (!item->changes)
		plan_change_text(item, "layout", "damaged", "repaired");
}

/* Entries of others where a key should be; a file gives way, a folder does not. */
static void judge_others(const struct projection *projection, const struct projection_scan *scan,
                         struct plan_item *item)
{
	for (size_t i = 0; i < scan->other_count; i++) {
		const struct fs_entry *other = &scan->others[i];
		bool is_data = str_equal(other->name, PROJECTION_DATA);
		if (!is_data && !projected_find(projection->files, projection->count, other->name))
			continue;
		AUTOFREE char *text = str_format("a %s named '%s' is in the way",
		                                 fs_type_name(other->type), other->name);
		if (other->type == FS_DIR || other->type == FS_OTHER || is_data)
			host_plan_refuse(item, text, "move it out of the folder");
		else
			plan_change_text(item, other->name, fs_type_name(other->type), "symlink");
	}
}

static bool is_in_sync(const struct projection *projection, const struct projection_scan *scan)
{
	if (!scan->generation || !scan->is_tidy || scan->file_count != projection->count)
		return false;
	for (size_t i = 0; i < projection->count; i++) {
		const struct projected *old = &scan->files[i], *file = &projection->files[i];
		struct fs_stat stat = stat_of(old);
		if (!str_equal(old->key, file->key) || !view_equal(old->bytes, file->bytes) ||
		    !host_attributes_match(&projection->base.attributes, &stat))
			return false;
	}
	return true;
}

static err *plan_difference(struct host *host, const struct object *object,
                            const struct target_record *record, struct projection_undo *undo,
                            struct plan_item *item)
{
	const struct projection *projection = object->compiled;
	const struct projection_scan *scan = &undo->old;
	const char *rel = projection->base.rel;
	bool exists = scan->generation || scan->link_count || scan->generation_count;
	item->action = exists ? PLAN_UPDATE : PLAN_CREATE;
	if (scan->folder_type != FS_NONE && scan->folder_type != FS_DIR)
		host_plan_refuse(item, "something that is no folder is in its place", NULL);
	if (scan->folder_type == FS_NONE) {
		const char **parents;
		size_t count;
		TRY(host_missing_parents(host, rel, &item->arena, &parents, &count));
		undo->dirs = arena_zalloc(&item->arena, count + 1, sizeof(*undo->dirs));
		memcpy(undo->dirs, parents, count * sizeof(*parents));
		undo->dirs[count] = rel;
		undo->dir_count = count + 1;
	}
	show_changes(host, projection, scan, item);
	judge_others(projection, scan, item);
	item->uid =
		host_uid_make(item, projection->base.shape, record, undo->dirs, undo->dir_count);
	return host_plan_differs(host, object, record, exists, item);
}

static err *plan(struct host *host, const struct object *object, const struct target_record *record,
                 unsigned flags, struct plan_item *item)
{
	const struct projection *projection = object->compiled;
	AUTO(arena) temp = ARENA_INIT;
	struct projection_undo *undo = NULL;
	struct projection_scan scan;
	TRY(projection_scan(host, projection->base.rel, &temp, &scan));
	if (is_in_sync(projection, &scan))
		return host_plan_same(host, object, record, flags, item);
	undo = ARENA_NEW(&item->arena, struct projection_undo);
	TRY(projection_scan(host, projection->base.rel, &item->arena, &undo->old));
	item->undo = undo;
	return plan_difference(host, object, record, undo, item);
}

/* --- change --- */

static err *apply(struct host *host, struct plan_item *item)
{
	const struct projection *projection = item->object->compiled;
	struct projection_undo *undo = item->undo;
	struct host_place place = host_place_of(item->object);
	struct host_attributes wanted;
	AUTO(arena) temp = ARENA_INIT;
	struct projected *files;
	if (item->action == PLAN_RUN)
		return NULL;
	TRY(host_check_unchanged(host, item, &place));
	TRY(host_attributes_resolve(host, &projection->base.attributes, &wanted));
	resolve_files(projection, &wanted, &temp, &files);
	TRY(projection_write(host, projection->base.rel, item->desired, files, projection->count));
	undo->is_applied = true;
	return NULL;
}

static err *revert(struct host *host, struct plan_item *item)
{
	const struct projection_undo *undo = item->undo;
	AUTO(arena) temp = ARENA_INIT;
	const char *rel;
	if (!undo || !undo->is_applied)
		return NULL;
	TRY(host_path(host, item->location, &temp, &rel));
	if (undo->old.generation)
		return projection_write(host, rel, item->live, undo->old.files,
		                        undo->old.file_count);
	TRY(projection_erase(host, rel));
	for (size_t i = undo->dir_count; i > 0; i--)
		err_ignore(fs_root_rmdir(host->root, undo->dirs[i - 1], FS_NO_DIR_SYNC),
		           "not empty: others use it");
	return NULL;
}

/* --- removal --- */

static err *show_removal(struct host *host, const struct host_place *place, struct plan_item *item)
{
	struct projection_scan scan;
	AUTO(arena) temp = ARENA_INIT;
	TRY(projection_scan(host, place->rel, &temp, &scan));
	bool is_sensitive = item->is_sensitive || (place->shape & SHAPE_KEYED);
	for (size_t i = 0; i < scan.file_count; i++) {
		AUTOFREE char *path = str_format("data.%s", scan.files[i].key);
		host_change_content(host, item, path, scan.files[i].bytes, (struct view){ NULL, 0 },
		                    is_sensitive);
	}
	return NULL;
}

static err *remove_projection(struct host *host, const struct host_place *place,
                              struct plan_item *item)
{
	(void)item;
	return projection_erase(host, place->rel);
}

static void watch(struct host *host, const struct object *object,
                  void (*add)(void *context, const char *path), void *context)
{
	const struct projection *projection = object->compiled;
	AUTOFREE char *data = str_format("%s/" PROJECTION_DATA, projection->base.rel);
	AUTO(str) path = STR_INIT;
	fs_root_os_path(host->root, data, &path);
	add(context, path.ptr);
}

#define PROJECTION_OPS                                                                 \
	.compile = projection_compile, .plan = plan, .apply = apply, .revert = revert, \
	.live = live, .desired = desired, .remove = remove_projection,                 \
	.show_removal = show_removal, .watch = watch

const struct host_kind host_kind_config_map = {
	.group = "", .name = "ConfigMap", .schema = &host_schema_config_map, PROJECTION_OPS
};

const struct host_kind host_kind_secret = {
	.group = "", .name = "Secret", .schema = &host_schema_secret, PROJECTION_OPS
};
