#include "base/base.h"

#include "target_host/internal.h"

#include "base/path.h"

err *host_path(const struct host *host, const char *path, struct arena *arena, const char **ret_rel)
{
	for (const char *c = path; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return err_new(ERR_INVALID, "a path may not contain control characters");
	size_t drive = path_drive_len(path);
	const char *root_path = fs_root_path(host->root);
	size_t root_drive = path_drive_len(root_path);
	/* In a root folder drives mean nothing; on the machine there is only the root's own. */
	if (drive && host->is_machine &&
	    !(root_drive == drive && (root_path[0] | 0x20) == (path[0] | 0x20)))
		return err_hint(err_new(ERR_INVALID, "'%s' is not on the drive of the root", path),
		                "the root is '%s'", root_path);
	AUTOFREE char *clean = path_clean(path + drive);
	const char *rel = clean;
	while (*rel == '/' || *rel == '\\')
		rel++;
	if (!*rel || str_equal(rel, "."))
		return err_new(ERR_INVALID, "'%s' is the root itself", path);
	if (!path_is_inside(rel))
		return err_new(ERR_INVALID, "'%s' leads out of the root", path);
	*ret_rel = arena_strdup(arena, rel);
	return NULL;
}

const char *host_parent(struct arena *arena, const char *rel)
{
	const char *slash = strrchr(rel, '/');
	return slash ? arena_strndup(arena, rel, (size_t)(slash - rel)) : "";
}

err *host_missing_parents(struct host *host, const char *rel, struct arena *arena,
                          const char ***ret_dirs, size_t *ret_count)
{
	size_t depth = 0;
	for (const char *c = rel; *c; c++)
		depth += *c == '/';
	const char **dirs = arena_zalloc(arena, depth + 1, sizeof(*dirs));
	size_t first = depth;
	for (const char *dir = host_parent(arena, rel); *dir; dir = host_parent(arena, dir)) {
		if (map_has(&host->by_path, dir))
			break;
		struct fs_stat live;
		TRY(fs_root_probe(host->root, dir, &live));
		if (live.type == FS_FILE || live.type == FS_OTHER)
			return err_new(ERR_REFUSED, "'/%s' is a file, so nothing can be inside it",
			               dir);
		if (live.type != FS_NONE)
			break;
		dirs[--first] = dir;
	}
	*ret_dirs = dirs + first;
	*ret_count = depth - first;
	return NULL;
}

err *host_make_parents(struct host *host, const char *rel)
{
	const char *slash = strrchr(rel, '/');
	if (!slash)
		return NULL;
	AUTOFREE char *dir = mem_strndup(rel, (size_t)(slash - rel));
	return fs_root_mkdir_all(host->root, dir, 0755);
}
