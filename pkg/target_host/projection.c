#include "base/base.h"

#include "target_host/projection.h"

#include "base/limits.h"

int projected_by_key(const void *a, const void *b)
{
	const struct projected *x = a, *y = b;
	return strcmp(x->key, y->key);
}

const struct projected *projected_find(const struct projected *files, size_t count, const char *key)
{
	struct projected wanted = { .key = key };
	return count ? bsearch(&wanted, files, count, sizeof(*files), projected_by_key) : NULL;
}

/* --- looking --- */

static bool is_generation(const char *name)
{
	return str_starts(name, PROJECTION_GENERATION) && !strchr(name, '/');
}

/* Target of the symlink `rel/name` in the arena; NULL when it is gone. */
static err *read_link(struct host *host, const char *rel, const char *name, struct arena *arena,
                      const char **ret_target)
{
	AUTOFREE char *path = str_format("%s/%s", rel, name);
	AUTO(str) target = STR_INIT;
	err *e = fs_root_readlink(host->root, path, &target);
	*ret_target = NULL;
	if (err_is(e, ERR_NOT_FOUND) || err_is(e, ERR_INVALID)) {
		err_ignore(e, "it went away under our eyes");
		return NULL;
	}
	TRY(e);
	*ret_target = arena_strdup(arena, target.ptr);
	return NULL;
}

static err *sort_entry(struct host *host, const char *rel, const struct fs_entry *entry,
                       struct arena *arena, struct projection_scan *scan)
{
	const char *target = NULL;
	const char *name = arena_strdup(arena, entry->name);
	if (entry->type == FS_SYMLINK)
		TRY(read_link(host, rel, name, arena, &target));
	if (entry->type == FS_DIR && is_generation(name)) {
		scan->generations[scan->generation_count++] = name;
	} else if (target && str_equal(name, PROJECTION_DATA) && is_generation(target)) {
		scan->generation = target;
	} else if (target && str_starts(target, PROJECTION_DATA "/") &&
	           str_equal(target + strlen(PROJECTION_DATA "/"), name)) {
		scan->links[scan->link_count++] = name;
	} else {
		scan->others[scan->other_count].name = arena_strdup(arena, name);
		scan->others[scan->other_count++].type = entry->type;
	}
	return NULL;
}

static err *read_files(struct host *host, const char *rel, struct arena *arena,
                       struct projection_scan *scan)
{
	AUTO(fs_list) names = { 0 };
	AUTOFREE char *folder = str_format("%s/%s", rel, scan->generation);
	err *e = fs_root_list(host->root, folder, &names);
	if (err_is(e, ERR_NOT_FOUND)) {
		err_ignore(e, "..data points nowhere: as if there were none");
		scan->generation = NULL;
		return NULL;
	}
	TRY(e);
	scan->files = arena_zalloc(arena, names.len + 1, sizeof(*scan->files));
	for (size_t i = 0; i < names.len; i++) {
		AUTOFREE char *path = str_format("%s/%s", folder, names.ptr[i].name);
		AUTO(str) bytes = STR_INIT;
		struct fs_stat stat = { 0 };
		if (names.ptr[i].type == FS_FILE)
			TRY(fs_root_read(host->root, path, LIMIT_CONTENT_BYTES, &bytes, &stat));
		scan->files[scan->file_count++] = (struct projected){
			.key = arena_strdup(arena, names.ptr[i].name),
			.bytes = { arena_strndup(arena, bytes.ptr, bytes.len), bytes.len },
			.mode = stat.mode,
			.uid = stat.uid,
			.gid = stat.gid,
		};
	}
	return NULL;
}

static bool find_tidy(const struct projection_scan *scan)
{
	if (scan->link_count != scan->file_count || scan->generation_count > 1)
		return false;
	for (size_t i = 0; i < scan->file_count; i++)
		if (!str_equal(scan->links[i], scan->files[i].key))
			return false;
	return true;
}

err *projection_scan(struct host *host, const char *rel, struct arena *arena,
                     struct projection_scan *ret_scan)
{
	struct projection_scan scan = { 0 };
	struct fs_stat stat;
	AUTO(fs_list) names = { 0 };
	TRY(fs_root_probe(host->root, rel, &stat));
	scan.folder_type = stat.type;
	if (stat.type == FS_DIR)
		TRY(fs_root_list(host->root, rel, &names));
	scan.links = arena_zalloc(arena, names.len + 1, sizeof(*scan.links));
	scan.generations = arena_zalloc(arena, names.len + 1, sizeof(*scan.generations));
	scan.others = arena_zalloc(arena, names.len + 1, sizeof(*scan.others));
	for (size_t i = 0; i < names.len; i++)
		TRY(sort_entry(host, rel, &names.ptr[i], arena, &scan));
	if (scan.generation)
		TRY(read_files(host, rel, arena, &scan));
	scan.is_tidy = find_tidy(&scan);
	*ret_scan = scan;
	return NULL;
}

/* --- changing --- */

/* Lists of a scan are sorted, because the folder was read sorted. */
static int compare_names(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;
	return strcmp(*x, *y);
}

static bool is_in(const char *const *names, size_t count, const char *name)
{
	return count && bsearch(&name, names, count, sizeof(*names), compare_names);
}

/* A name no generation has: the live one may have the same content and yet be damaged. */
static char *new_generation(const struct projection_scan *scan, const char *digest)
{
	char *name = str_format(PROJECTION_GENERATION "%.16s", digest);
	for (unsigned i = 2; is_in(scan->generations, scan->generation_count, name) &&
	                     (i > 2 || (scan->generation && str_equal(name, scan->generation)));
	     i++) {
		mem_free(name);
		name = str_format(PROJECTION_GENERATION "%.16s-%u", digest, i);
	}
	return name;
}

static err *write_generation(struct host *host, const char *folder, const struct projected *files,
                             size_t count)
{
	TRY(fs_root_remove_tree(host->root, folder));
	TRY(fs_root_mkdir(host->root, folder, 0755));
	for (size_t i = 0; i < count; i++) {
		AUTOFREE char *path = str_format("%s/%s", folder, files[i].key);
		struct fs_stage_opts opts = { files[i].mode, files[i].uid, files[i].gid, false };
		TRY(fs_root_write(host->root, path, &opts, files[i].bytes, FS_NO_DIR_SYNC));
	}
	return fs_root_sync_dir(host->root, folder);
}

static err *link_key(struct host *host, const char *rel, const char *key)
{
	AUTOFREE char *path = str_format("%s/%s", rel, key);
	AUTOFREE char *target = str_format(PROJECTION_DATA "/%s", key);
	return fs_root_symlink_atomic(host->root, target, path, FS_NO_DIR_SYNC);
}

static err *unlink_name(struct host *host, const char *rel, const char *name)
{
	AUTOFREE char *path = str_format("%s/%s", rel, name);
	err *e = fs_root_unlink(host->root, path, FS_NO_DIR_SYNC);
	if (!err_is(e, ERR_NOT_FOUND))
		return e;
	err_ignore(e, "gone already");
	return NULL;
}

/* Links for new keys, then nothing of what is no longer there. `files` are sorted by key. */
static err *tidy(struct host *host, const char *rel, const struct projection_scan *scan,
                 const char *generation, const struct projected *files, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!is_in(scan->links, scan->link_count, files[i].key))
			TRY(link_key(host, rel, files[i].key));
	for (size_t i = 0; i < scan->link_count; i++)
		if (!projected_find(files, count, scan->links[i]))
			TRY(unlink_name(host, rel, scan->links[i]));
	for (size_t i = 0; i < scan->generation_count; i++) {
		AUTOFREE char *path = str_format("%s/%s", rel, scan->generations[i]);
		if (!generation || !str_equal(scan->generations[i], generation))
			TRY(fs_root_remove_tree(host->root, path));
	}
	return NULL;
}

/*
 * A change that failed leaves nothing behind, unless ..data has moved already (only flushing it
 * failed) or that cannot be known: then the generation stays, and the next run looks again.
 */
static void drop_generation(struct host *host, const char *data, const char *generation,
                            const char *folder)
{
	AUTO(str) target = STR_INIT;
	err *e = fs_root_readlink(host->root, data, &target);
	bool is_unused = e ? err_is(e, ERR_NOT_FOUND) : !str_equal(target.ptr, generation);
	err_ignore(e, "not knowing means leaving it");
	if (is_unused)
		err_ignore(fs_root_remove_tree(host->root, folder), "the next run takes it away");
}

err *projection_write(struct host *host, const char *rel, const char *digest,
                      const struct projected *files, size_t count)
{
	AUTO(arena) arena = ARENA_INIT;
	struct projection_scan scan;
	if (strchr(rel, '/'))
		TRY(host_make_parents(host, rel));
	TRY(fs_root_mkdir_all(host->root, rel, 0755));
	TRY(projection_scan(host, rel, &arena, &scan));
	AUTOFREE char *generation = new_generation(&scan, digest);
	AUTOFREE char *folder = str_format("%s/%s", rel, generation);
	AUTOFREE char *data = str_format("%s/" PROJECTION_DATA, rel);
	err *e = write_generation(host, folder, files, count);
	/* The files must be on disk before anything points to them, also in a power cut. */
	if (!e)
		e = fs_root_symlink_atomic(host->root, generation, data, 0);
	if (e) {
		drop_generation(host, data, generation, folder);
		return e;
	}
	TRY(tidy(host, rel, &scan, generation, files, count));
	host_touch(host, data);
	host_touch(host, rel);
	return NULL;
}

err *projection_erase(struct host *host, const char *rel)
{
	AUTO(arena) arena = ARENA_INIT;
	struct projection_scan scan;
	AUTOFREE char *data = str_format("%s/" PROJECTION_DATA, rel);
	TRY(projection_scan(host, rel, &arena, &scan));
	if (scan.folder_type != FS_DIR)
		return NULL;
	TRY(tidy(host, rel, &scan, NULL, NULL, 0));
	TRY(unlink_name(host, rel, PROJECTION_DATA));
	host_touch(host, data);
	return NULL;
}
