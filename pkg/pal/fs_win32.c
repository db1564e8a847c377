#define BASE_ALLOW_BANNED
#include "base/base.h"

#include "pal/fs.h"

#include "base/path.h"
#include "pal/dirs.h"
#include "pal/fault.h"
#include "pal/random.h"
#include "pal/stage_win32.h"
#include "pal/os_win32.h"

err *fs_read_file(const char *path, size_t limit, struct str *ret_text)
{
	AUTOFREE wchar_t *wide = NULL;
	TRY(win32_path(path, &wide));
	struct fs_stat st;
	DWORD code = wfs_look(wide, true, &st);
	if (code)
		return win32_error(code, "cannot read '%s'", path);
	if (st.type == FS_DIR)
		return err_new(ERR_INVALID, "cannot read '%s': it is a folder", path);
	const DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
	WIN32_HANDLE file = FAULT("CreateFile") ? INVALID_HANDLE_VALUE
	                                        : CreateFileW(wide, GENERIC_READ, share, NULL,
	                                                      OPEN_EXISTING, 0, NULL);
	if (file == INVALID_HANDLE_VALUE)
		return win32_error(0, "cannot read '%s'", path);
	return wfs_read(file, path, limit, st.size, ret_text);
}

err *fs_read_stdin(size_t limit, struct str *ret_text)
{
	return wfs_read(GetStdHandle(STD_INPUT_HANDLE), "standard input", limit, 0, ret_text);
}

err *fs_write_atomic(const char *path, struct view bytes, uint32_t mode)
{
	AUTOFREE wchar_t *wide = NULL;
	TRY(win32_path(path, &wide));
	const struct fs_stage_opts opts = { .mode = mode, .uid = FS_KEEP, .gid = FS_KEEP };
	struct fs_stage *stage = NULL;
	TRY(stage_begin_wide(wide, path, &opts, bytes, &stage));
	return fs_stage_commit(stage, 0);
}

static err *stat_path(const char *path, bool follow, struct fs_stat *ret_stat)
{
	AUTOFREE wchar_t *wide = NULL;
	TRY(win32_path(path, &wide));
	DWORD code = wfs_look(wide, follow, ret_stat);
	return code ? win32_error(code, "cannot look at '%s'", path) : NULL;
}

bool fs_is_shared(const char *path)
{
	(void)path;
	return false; /* who may read it is told by rules, not by bits */
}

err *fs_stat(const char *path, struct fs_stat *ret_stat)
{
	return stat_path(path, true, ret_stat);
}

err *fs_lstat(const char *path, struct fs_stat *ret_stat)
{
	return stat_path(path, false, ret_stat);
}

static err *make_dir(const char *path, uint32_t mode)
{
	AUTOFREE wchar_t *wide = NULL;
	TRY(win32_path(path, &wide));
	AUTOERR err *e = wfs_mkdir(wide, path, mode);
	if (!e || fs_is_dir(path))
		return NULL;
	if (err_is(e, ERR_EXISTS) || fs_exists(path))
		return err_new(ERR_EXISTS, "cannot create the folder '%s': a file is in the way",
		               path);
	return steal(&e);
}

err *fs_mkdir_all(const char *path, uint32_t mode)
{
	AUTO(str) full = STR_INIT;
	TRY(fs_absolute(path, &full));
	if (fs_is_dir(full.ptr))
		return NULL;
	/* behind "C:/", or behind the server and share of "//server/share/" */
	char *at = full.ptr + (str_starts(full.ptr, "//") ? 2 : 3);
	for (int skip = str_starts(full.ptr, "//") ? 2 : 0; skip > 0 && at; skip--) {
		at = strchr(at, '/');
		at = at ? at + 1 : NULL;
	}
	for (char *slash = at ? strchr(at, '/') : NULL; slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (!fs_is_dir(full.ptr))
			TRY(make_dir(full.ptr, mode));
		*slash = '/';
	}
	return make_dir(full.ptr, mode);
}

err *fs_list(const char *path, struct fs_list *ret_list)
{
	struct fs_stat st;
	AUTOFREE wchar_t *wide = NULL;
	TRY(win32_path(path, &wide));
	DWORD code = wfs_look(wide, true, &st);
	if (code)
		return win32_error(code, "cannot list '%s'", path);
	if (st.type != FS_DIR)
		return err_new(ERR_INVALID, "cannot list '%s': it is not a folder", path);
	return wfs_list(wide, path, ret_list);
}

err *fs_remove(const char *path)
{
	AUTOFREE wchar_t *wide = NULL;
	TRY(win32_path(path, &wide));
	DWORD code = wfs_remove(wide);
	return code ? win32_error(code, "cannot remove '%s'", path) : NULL;
}

err *fs_remove_tree(const char *path)
{
	AUTOFREE wchar_t *wide = NULL;
	TRY(win32_path(path, &wide));
	return wfs_remove_tree(wide, path);
}

err *fs_rename(const char *from, const char *to)
{
	AUTOFREE wchar_t *wide_from = NULL, *wide_to = NULL;
	TRY(win32_path(from, &wide_from));
	TRY(win32_path(to, &wide_to));
	DWORD code = wfs_move(wide_from, wide_to);
	return code ? win32_error(code, "cannot rename '%s' to '%s'", from, to) : NULL;
}

static void set_path(struct str *ret_path, const wchar_t *wide)
{
	AUTOFREE char *text = win32_path_utf8(wide);
	str_reset(ret_path);
	str_addz(ret_path, text);
}

err *fs_real_path(const char *path, struct str *ret_path)
{
	AUTOFREE wchar_t *wide = NULL;
	TRY(win32_path(path, &wide));
	const DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
	WIN32_HANDLE handle =
		FAULT("CreateFile") ? INVALID_HANDLE_VALUE
				    : CreateFileW(wide, FILE_READ_ATTRIBUTES, share, NULL,
	                                          OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
	if (handle == INVALID_HANDLE_VALUE)
		return win32_error(0, "cannot find '%s'", path);
	DWORD size = GetFinalPathNameByHandleW(handle, NULL, 0, FILE_NAME_NORMALIZED);
	AUTOFREE wchar_t *real = mem_zalloc((size_t)size + 2, sizeof(*real));
	DWORD len = GetFinalPathNameByHandleW(handle, real, size + 1, FILE_NAME_NORMALIZED);
	/* a RAM disk or an odd network drive cannot tell: then the path as given has to do */
	set_path(ret_path, len > 0 && len <= size ? real : wide);
	return NULL;
}

err *fs_current_dir(struct str *ret_path)
{
	return fs_absolute(".", ret_path);
}

err *fs_absolute(const char *path, struct str *ret_path)
{
	AUTOFREE wchar_t *wide = NULL;
	TRY(win32_path(path, &wide));
	set_path(ret_path, wide);
	return NULL;
}

err *fs_mkdtemp(const char *prefix, struct str *ret_path)
{
	enum { TRIES = 100 };
	AUTO(str) dir = STR_INIT;
	TRY(dirs_temp(&dir));
	for (int i = 0; i < TRIES; i++) {
		AUTOFREE char *path = str_format("%s/%s%06" PRIx64, dir.ptr, prefix,
		                                 random_below(UINT64_C(1) << 24));
		AUTOFREE wchar_t *wide = NULL;
		TRY(win32_path(path, &wide));
		err *e = wfs_mkdir(wide, path, 0700);
		if (err_is(e, ERR_EXISTS)) {
			err_ignore(e, "the name is taken: try another");
			continue;
		}
		TRY(e);
		str_reset(ret_path);
		str_addz(ret_path, path);
		return NULL;
	}
	return err_new(ERR_IO, "cannot create a temporary folder in '%s'", dir.ptr);
}

err *fs_readlink(const char *path, struct str *ret_target)
{
	AUTOFREE wchar_t *wide = NULL;
	TRY(win32_path(path, &wide));
	return wfs_readlink(wide, path, ret_target);
}
