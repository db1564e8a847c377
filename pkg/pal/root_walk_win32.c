/*
 * Path resolution that cannot leave the root, on Windows: one component at a time; symlinks and
 * junctions among the parents are read and walked here, never by the system.
 */
#define BASE_ALLOW_BANNED
#include "base/base.h"

#include "base/limits.h"
#include "base/path.h"
#include "pal/fault.h"
#include "pal/root_win32.h"

enum { WALK_LINKS_MAX = 40, WALK_DEPTH_MAX = 500 };

struct walk {
	const struct fs_root *root;
	const char *verb;
	struct root_spot *spot;
	struct strs names;  /* resolved so far, below the root */
	struct str pending; /* what is still to be walked */
	unsigned links;
};

void root_spot_free(struct root_spot *spot)
{
	if (!spot)
		return;
	for (size_t i = 0; i < spot->held.len; i++)
		win32_close(spot->held.ptr[i]);
	vec_clear(&spot->held);
	mem_free(spot->path);
	mem_free(spot->shown);
	mem_free(spot);
}

const char *root_spot_name(const struct root_spot *spot)
{
	return spot->is_root ? "" : path_base(spot->shown);
}

static err *check(const char *rel)
{
	struct view rest = view_of(rel), part;
	if (!*rel || str_equal(rel, "."))
		return NULL;
	if (strlen(rel) >= LIMIT_PATH_BYTES)
		return err_new(ERR_INVALID, "the path '%.80s…' is longer than %u bytes", rel,
		               LIMIT_PATH_BYTES);
	while (view_split(&rest, '/', &part)) {
		if (part.len == 0 || view_is(part, ".") || view_is(part, ".."))
			return err_new(ERR_INVALID, "'%s' is not a plain path below the root", rel);
		if (!win32_is_name(part.ptr, part.len))
			return err_new(ERR_INVALID, "'%s': Windows does not allow the name '%.*s'",
			               rel, (int)part.len, part.ptr);
	}
	return NULL;
}

/* The long path of the names walked so far and one more (may be NULL). */
static wchar_t *long_path(const struct walk *walk, const char *name)
{
	AUTO(str) below = STR_INIT;
	for (size_t i = 0; i < walk->names.len; i++)
		str_addf(&below, "\\%s", walk->names.ptr[i]);
	if (name)
		str_addf(&below, "\\%s", name);
	AUTOFREE wchar_t *wide = win32_wide(below.ptr);
	size_t base = wcslen(walk->root->wide), len = wcslen(wide);
	if (base && len && walk->root->wide[base - 1] == L'\\')
		base--; /* a drive: "\\?\C:\" */
	wchar_t *path = mem_zalloc(base + len + 1, sizeof(*path));
	wmemcpy(path, walk->root->wide, base);
	wmemcpy(path + base, wide, len);
	return path;
}

static void pop_name(struct walk *walk)
{
	mem_free(walk->names.ptr[--walk->names.len]);
	walk->names.ptr[walk->names.len] = NULL;
}

static err *refuse(const struct walk *walk, const char *link, const char *target)
{
	return err_new(ERR_REFUSED, "cannot %s '%s': the symlink '%s' -> '%s' leads out of '%s'",
	               walk->verb, walk->spot->shown, link, target, walk->root->path);
}

/* Go on with the target of a link instead. */
static err *follow_link(struct walk *walk, const wchar_t *path, const char *name)
{
	AUTO(str) target = STR_INIT;
	AUTO(str) link = STR_INIT;
	for (size_t i = 0; i < walk->names.len; i++)
		str_addf(&link, "%s/", walk->names.ptr[i]);
	str_addz(&link, name);
	TRY(wfs_readlink(path, walk->spot->shown, &target));
	if (++walk->links > WALK_LINKS_MAX)
		return err_new(ERR_IO, "cannot %s '%s': too many symlinks", walk->verb,
		               walk->spot->shown);
	if (path_is_absolute(target.ptr) || path_drive_len(target.ptr))
		return refuse(walk, link.ptr, target.ptr);
	/* would ".." climb over the root? Links have no names that go up further than we are deep */
	AUTO(str) full = STR_INIT;
	for (size_t i = 0; i < walk->names.len; i++)
		str_addf(&full, "%s/", walk->names.ptr[i]);
	str_addz(&full, target.ptr);
	if (!path_is_inside(full.ptr))
		return refuse(walk, link.ptr, target.ptr);
	str_addch(&target, '/');
	str_add_str(&target, &walk->pending);
	str_clear(&walk->pending);
	walk->pending = target;
	str_init(&target);
	return NULL;
}

/* Hold a parent folder in place; where listing is denied, at least look at it. */
static HANDLE hold(const wchar_t *path)
{
	const DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE;
	const DWORD flags = FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT;
	if (FAULT("CreateFile"))
		return INVALID_HANDLE_VALUE;
	HANDLE handle = CreateFileW(path, FILE_LIST_DIRECTORY | FILE_READ_ATTRIBUTES, share, NULL,
	                            OPEN_EXISTING, flags, NULL);
	/* somebody who may delete it has it open: we cannot pin it, and need not fail for that */
	if (handle == INVALID_HANDLE_VALUE &&
	    (GetLastError() == ERROR_ACCESS_DENIED || GetLastError() == ERROR_SHARING_VIOLATION))
		handle = CreateFileW(path, FILE_READ_ATTRIBUTES, share | FILE_SHARE_DELETE, NULL,
		                     OPEN_EXISTING, flags, NULL);
	return handle;
}

static err *enter(struct walk *walk, const char *name)
{
	struct fs_stat st;
	AUTOFREE wchar_t *path = long_path(walk, name);
	if (walk->names.len >= WALK_DEPTH_MAX)
		return err_new(ERR_LIMIT, "cannot %s '%s': too deep", walk->verb,
		               walk->spot->shown);
	WIN32_HANDLE handle = hold(path);
	DWORD code = handle == INVALID_HANDLE_VALUE ? GetLastError() : wfs_look(path, false, &st);
	if (code)
		return win32_error(code, "cannot %s '%s'", walk->verb, walk->spot->shown);
	if (st.type == FS_SYMLINK)
		return follow_link(walk, path, name);
	if (st.type != FS_DIR)
		return win32_error(ERROR_PATH_NOT_FOUND, "cannot %s '%s'", walk->verb,
		                   walk->spot->shown);
	strs_push(&walk->names, name);
	vec_push(&walk->spot->held, win32_steal(&handle));
	return NULL;
}

static err *step(struct walk *walk, const char *name, bool is_last, bool follow)
{
	if (str_equal(name, ".") || !*name)
		return NULL;
	if (str_equal(name, "..")) {
		/* follow_link has made sure that there is one */
		if (walk->names.len)
			pop_name(walk);
		return NULL;
	}
	if (!is_last)
		return enter(walk, name);
	struct fs_stat st;
	AUTOFREE wchar_t *path = long_path(walk, name);
	if (follow && wfs_look(path, false, &st) == 0 && st.type == FS_SYMLINK)
		return follow_link(walk, path, name);
	strs_push(&walk->names, name);
	return NULL;
}

static err *run(struct walk *walk, bool follow)
{
	while (walk->pending.len) {
		size_t len = strcspn(walk->pending.ptr, "/");
		AUTOFREE char *name = mem_strndup(walk->pending.ptr, len);
		size_t skip = len + strspn(walk->pending.ptr + len, "/");
		AUTO(str) rest = STR_INIT;
		str_addz(&rest, walk->pending.ptr + skip);
		str_reset(&walk->pending);
		str_add_str(&walk->pending, &rest);
		TRY(step(walk, name, walk->pending.len == 0, follow));
	}
	return NULL;
}

/* On the whole machine nothing is outside, and the system may follow what it likes. */
static err *resolve(struct walk *walk, const char *rel, bool follow)
{
	if (walk->root->is_machine) {
		strs_push(&walk->names, rel);
		for (char *at = walk->names.ptr[0]; *at; at++)
			if (*at == '/')
				*at = '\\';
		return NULL;
	}
	str_addz(&walk->pending, rel);
	return run(walk, follow);
}

err *root_spot_open(const struct fs_root *root, const char *rel, const char *verb, bool follow,
                    struct root_spot **ret_spot)
{
	AUTO(str) shown = STR_INIT;
	TRY(check(rel));
	AUTOPTR(root_spot) spot = MEM_NEW(struct root_spot);
	struct walk walk = { .root = root, .verb = verb, .spot = spot, .pending = STR_INIT };
	fs_root_os_path(root, rel, &shown);
	spot->shown = mem_strdup(shown.ptr);
	spot->is_root = !*rel || str_equal(rel, ".");
	err *e = spot->is_root ? NULL : resolve(&walk, rel, follow);
	if (!e)
		spot->path = long_path(&walk, NULL);
	strs_clear(&walk.names);
	str_clear(&walk.pending);
	if (!e)
		*ret_spot = steal(&spot);
	return e;
}
