#define BASE_ALLOW_BANNED
#include "base/base.h"

#include "pal/root.h"

#include "base/path.h"
#include "pal/fault.h"
#include "pal/root_win32.h"

#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

/* --- opening a root --- */

err *fs_root_open(const char *path, bool create, struct fs_root **ret_root)
{
	AUTO(str) real = STR_INIT;
	AUTOFREE wchar_t *wide = NULL;
	if (create)
		TRY(fs_mkdir_all(path, 0755));
	err *e = fs_real_path(path, &real);
	if (e)
		return err_wrap(e, "cannot use '%s' as a root", path);
	if (!fs_is_dir(real.ptr))
		return err_new(ERR_INVALID, "cannot use '%s' as a root: it is not a folder", path);
	TRY(win32_path(real.ptr, &wide));
	struct fs_root *root = MEM_NEW(struct fs_root);
	root->wide = steal(&wide);
	root->path = str_detach(&real);
	root->is_machine = path_drive_len(root->path) && strlen(root->path) <= 3;
	*ret_root = root;
	return NULL;
}

void fs_root_free(struct fs_root *root)
{
	if (!root)
		return;
	mem_free(root->wide);
	mem_free(root->path);
	mem_free(root);
}

const char *fs_root_path(const struct fs_root *root)
{
	return root->path;
}

bool fs_root_is_machine(const struct fs_root *root)
{
	return root->is_machine;
}

void fs_root_os_path(const struct fs_root *root, const char *rel, struct str *ret_path)
{
	str_reset(ret_path);
	str_addz(ret_path, root->path);
	if (!*rel || str_equal(rel, "."))
		return;
	if (!str_ends(root->path, "/"))
		str_addch(ret_path, '/');
	str_addz(ret_path, rel);
}

/* --- looking --- */

/* FS_NONE when the thing or one of its parents is not there. */
static err *probe(const struct fs_root *root, const char *rel, const char *verb,
                  struct root_spot **ret_spot, struct fs_stat *ret_stat)
{
	err *e = root_spot_open(root, rel, verb, false, ret_spot);
	if (err_is(e, ERR_NOT_FOUND)) {
		err_ignore(e, "a missing parent means that nothing is there");
		*ret_stat = (struct fs_stat){ .type = FS_NONE };
		return NULL;
	}
	TRY(e);
	DWORD code = wfs_look((*ret_spot)->path, false, ret_stat);
	if (wfs_is_missing(code))
		*ret_stat = (struct fs_stat){ .type = FS_NONE };
	else if (code)
		return win32_error(code, "cannot %s '%s'", verb, (*ret_spot)->shown);
	return NULL;
}

err *fs_root_probe(struct fs_root *root, const char *rel, struct fs_stat *ret_stat)
{
	AUTOPTR(root_spot) spot = NULL;
	return probe(root, rel, "look at", &spot, ret_stat);
}

err *fs_root_stat(struct fs_root *root, const char *rel, struct fs_stat *ret_stat)
{
	AUTOPTR(root_spot) spot = NULL;
	TRY(root_spot_open(root, rel, "look at", false, &spot));
	DWORD code = wfs_look(spot->path, false, ret_stat);
	return code ? win32_error(code, "cannot look at '%s'", spot->shown) : NULL;
}

/* `*ret_file` is INVALID_HANDLE_VALUE when it is no regular file; the type is in `ret_stat`. */
static err *open_file(const struct fs_root *root, const char *rel, struct root_spot **ret_spot,
                      HANDLE *ret_file, struct fs_stat *ret_stat)
{
	TRY(probe(root, rel, "read", ret_spot, ret_stat));
	if (ret_stat->type != FS_FILE)
		return NULL;
	HANDLE file = FAULT("CreateFile")
	                      ? INVALID_HANDLE_VALUE
	                      : CreateFileW((*ret_spot)->path, GENERIC_READ, SHARE_ALL, NULL,
	                                    OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL);
	if (file == INVALID_HANDLE_VALUE)
		return win32_error(0, "cannot read '%s'", (*ret_spot)->shown);
	*ret_file = file;
	return NULL;
}

err *fs_root_read(struct fs_root *root, const char *rel, size_t limit, struct str *ret_text,
                  struct fs_stat *ret_stat)
{
	AUTOPTR(root_spot) spot = NULL;
	WIN32_HANDLE file = INVALID_HANDLE_VALUE;
	struct fs_stat st;
	AUTO(str) shown = STR_INIT;
	fs_root_os_path(root, rel, &shown);
	TRY(open_file(root, rel, &spot, &file, &st));
	if (st.type == FS_NONE)
		return win32_error(ERROR_FILE_NOT_FOUND, "cannot read '%s'", shown.ptr);
	if (st.type != FS_FILE)
		return err_new(ERR_INVALID, "cannot read '%s': it is a %s", shown.ptr,
		               fs_type_name(st.type));
	TRY(wfs_read(file, shown.ptr, limit, st.size, ret_text));
	if (ret_stat)
		*ret_stat = st;
	return NULL;
}

static err *compare(HANDLE file, const char *shown, struct view bytes, bool *ret_is_same)
{
	char buf[32 << 10];
	for (size_t done = 0; done < bytes.len;) {
		DWORD got = 0, want = (DWORD)MIN(sizeof(buf), bytes.len - done);
		if (FAULT("ReadFile") || !ReadFile(file, buf, want, &got, NULL))
			return win32_error(0, "cannot read '%s'", shown);
		if (got == 0 || memcmp(buf, bytes.ptr + done, got) != 0) {
			*ret_is_same = false;
			return NULL;
		}
		done += got;
	}
	*ret_is_same = true;
	return NULL;
}

err *fs_root_same(struct fs_root *root, const char *rel, struct view bytes, bool *ret_is_same,
                  struct fs_stat *ret_stat)
{
	AUTOPTR(root_spot) spot = NULL;
	WIN32_HANDLE file = INVALID_HANDLE_VALUE;
	struct fs_stat st;
	bool is_same = false;
	TRY(open_file(root, rel, &spot, &file, &st));
	if (st.type == FS_FILE && st.size == bytes.len)
		TRY(compare(file, spot->shown, bytes, &is_same));
	*ret_is_same = is_same;
	*ret_stat = st;
	return NULL;
}

err *fs_root_readlink(struct fs_root *root, const char *rel, struct str *ret_target)
{
	AUTOPTR(root_spot) spot = NULL;
	TRY(root_spot_open(root, rel, "read the symlink", false, &spot));
	return wfs_readlink(spot->path, spot->shown, ret_target);
}

err *fs_root_list(struct fs_root *root, const char *rel, struct fs_list *ret_list)
{
	AUTOPTR(root_spot) spot = NULL;
	struct fs_stat st;
	TRY(root_spot_open(root, rel, "list", false, &spot));
	DWORD code = wfs_look(spot->path, false, &st);
	if (code)
		return win32_error(code, "cannot list '%s'", spot->shown);
	if (st.type != FS_DIR)
		return err_new(ERR_INVALID, "cannot list '%s': it is a %s", spot->shown,
		               fs_type_name(st.type));
	return wfs_list(spot->path, spot->shown, ret_list);
}

/* --- changing --- */

err *fs_root_mkdir(struct fs_root *root, const char *rel, uint32_t mode)
{
	AUTOPTR(root_spot) spot = NULL;
	TRY(root_spot_open(root, rel, "create the folder", false, &spot));
	return wfs_mkdir(spot->path, spot->shown, mode);
}

static err *ensure_dir(struct fs_root *root, const char *rel, uint32_t mode)
{
	AUTOPTR(root_spot) spot = NULL;
	struct fs_stat st;
	TRY(root_spot_open(root, rel, "create the folder", true, &spot));
	if (wfs_look(spot->path, false, &st) == 0 && st.type == FS_DIR)
		return NULL;
	AUTOERR err *e = wfs_mkdir(spot->path, spot->shown, mode);
	bool is_there = wfs_look(spot->path, false, &st) == 0 && st.type == FS_DIR;
	return is_there ? NULL : steal(&e);
}

err *fs_root_mkdir_all(struct fs_root *root, const char *rel, uint32_t mode)
{
	AUTOFREE char *path = mem_strdup(rel);
	for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		TRY(ensure_dir(root, path, mode));
		*slash = '/';
	}
	return ensure_dir(root, path, mode);
}

static err *remove_one(struct fs_root *root, const char *rel, bool wants_dir)
{
	AUTOPTR(root_spot) spot = NULL;
	struct fs_stat st;
	TRY(root_spot_open(root, rel, "remove", false, &spot));
	DWORD code = wfs_look(spot->path, false, &st);
	if (code == 0 && (st.type == FS_DIR) != wants_dir)
		return err_new(ERR_INVALID, "cannot remove '%s': it is a %s", spot->shown,
		               fs_type_name(st.type));
	if (code == 0)
		code = wfs_remove(spot->path);
	return code ? win32_error(code, "cannot remove '%s'", spot->shown) : NULL;
}

err *fs_root_unlink(struct fs_root *root, const char *rel, enum fs_flags flags)
{
	(void)flags;
	return remove_one(root, rel, false);
}

err *fs_root_rmdir(struct fs_root *root, const char *rel, enum fs_flags flags)
{
	(void)flags;
	return remove_one(root, rel, true);
}

err *fs_root_remove_tree(struct fs_root *root, const char *rel)
{
	AUTOPTR(root_spot) spot = NULL;
	err *e = root_spot_open(root, rel, "remove", false, &spot);
	if (err_is(e, ERR_NOT_FOUND)) {
		err_ignore(e, "no parent folder: nothing is there to remove");
		return NULL;
	}
	TRY(e);
	if (spot->is_root)
		return err_new(ERR_REFUSED, "cannot remove '%s': it is the root itself",
		               root->path);
	return wfs_remove_tree(spot->path, spot->shown);
}

err *fs_root_rename(struct fs_root *root, const char *from, const char *to, enum fs_flags flags)
{
	(void)flags;
	AUTOPTR(root_spot) from_spot = NULL;
	AUTOPTR(root_spot) to_spot = NULL;
	TRY(root_spot_open(root, from, "rename", false, &from_spot));
	TRY(root_spot_open(root, to, "rename to", false, &to_spot));
	DWORD code = wfs_move(from_spot->path, to_spot->path);
	if (code)
		return win32_error(code, "cannot rename '%s' to '%s'", from_spot->shown,
		                   to_spot->shown);
	return NULL;
}

/* Windows wants to know whether a link is to a folder. */
static bool is_link_to_folder(const struct root_spot *spot, const char *target)
{
	AUTOFREE char *link = win32_path_utf8(spot->path);
	AUTOFREE char *dir = path_dir(link);
	AUTOFREE char *full = path_join(dir, target);
	return fs_is_dir(full);
}

static err *make_link(const struct root_spot *spot, const wchar_t *temp, const char *target)
{
	DWORD flags = SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE;
	flags |= is_link_to_folder(spot, target) ? SYMBOLIC_LINK_FLAG_DIRECTORY : 0;
	AUTOFREE wchar_t *wide = win32_wide(target);
	for (wchar_t *at = wide; *at; at++)
		if (*at == L'/')
			*at = L'\\';
	if (FAULT("CreateSymbolicLink") || !CreateSymbolicLinkW(temp, wide, flags)) {
		err *e = win32_error(0, "cannot create the symlink '%s'", spot->shown);
		return err_hint(e, "Windows lets administrators create symlinks, and everybody "
		                   "when its developer mode is on");
	}
	/* Wine 8 says yes and does nothing */
	if (GetFileAttributesW(temp) == INVALID_FILE_ATTRIBUTES)
		return err_new(ERR_UNSUPPORTED,
		               "cannot create the symlink '%s': this system has none", spot->shown);
	return NULL;
}

err *fs_root_symlink_atomic(struct fs_root *root, const char *target, const char *rel,
                            enum fs_flags flags)
{
	(void)flags;
	AUTOPTR(root_spot) spot = NULL;
	struct fs_stat st;
	TRY(root_spot_open(root, rel, "create the symlink", false, &spot));
	DWORD there = wfs_look(spot->path, false, &st);
	if (there == 0 && st.type == FS_DIR)
		return err_new(ERR_INVALID,
		               "cannot create the symlink '%s': a folder is in the way",
		               spot->shown);
	AUTOFREE wchar_t *temp = stage_temp_path(spot->path);
	TRY(make_link(spot, temp, target));
	/* a link to a folder counts as a folder, which a move does not replace: not atomic here */
	DWORD old = there == 0 && st.type == FS_SYMLINK ? GetFileAttributesW(spot->path) : 0;
	if (old != INVALID_FILE_ATTRIBUTES && (old & FILE_ATTRIBUTE_DIRECTORY))
		(void)wfs_remove(spot->path);
	DWORD code = wfs_move(temp, spot->path);
	if (code) {
		(void)wfs_remove(temp);
		return win32_error(code, "cannot create the symlink '%s'", spot->shown);
	}
	return NULL;
}

/* Only "nobody may write" can be said here. */
err *fs_root_chmod(struct fs_root *root, const char *rel, uint32_t mode)
{
	AUTOPTR(root_spot) spot = NULL;
	struct fs_stat st;
	TRY(root_spot_open(root, rel, "set the mode of", false, &spot));
	DWORD code = wfs_look(spot->path, false, &st);
	if (code == 0 && st.type == FS_SYMLINK)
		return err_new(ERR_INVALID, "cannot set the mode of '%s': it is a symlink",
		               spot->shown);
	if (code == 0 && st.type == FS_FILE)
		code = wfs_set_read_only(spot->path, (mode & 0222) == 0);
	return code ? win32_error(code, "cannot set the mode of '%s'", spot->shown) : NULL;
}

err *fs_root_chown(struct fs_root *root, const char *rel, uint32_t uid, uint32_t gid)
{
	AUTOPTR(root_spot) spot = NULL;
	TRY(root_spot_open(root, rel, "set the owner of", false, &spot));
	if (uid == FS_KEEP && gid == FS_KEEP)
		return NULL;
	return err_new(ERR_UNSUPPORTED, "cannot set the owner of '%s': not on Windows",
	               spot->shown);
}

/* NTFS keeps folders in its journal and has no call to flush one. */
err *fs_root_sync_dir(struct fs_root *root, const char *rel)
{
	AUTOPTR(root_spot) spot = NULL;
	struct fs_stat st;
	TRY(root_spot_open(root, rel, "flush the folder", true, &spot));
	DWORD code = wfs_look(spot->path, false, &st);
	return code ? win32_error(code, "cannot flush the folder '%s'", spot->shown) : NULL;
}
