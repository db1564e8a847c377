/*
 * The staged write on Windows. A living process owns its temp file by holding it open without
 * FILE_SHARE_DELETE, so that the sweep of another run cannot delete it; the handle goes away with
 * the process. It is a reading handle, so that a check command can open the staged copy too.
 */
#define BASE_ALLOW_BANNED
#include "base/base.h"

#include "pal/stage_win32.h"

#include "base/path.h"
#include "pal/fault.h"
#include "pal/random.h"
#include "pal/root_win32.h"
#include "pal/os_win32.h"

#define TEMP_MARK ".fettle-"
#define LETTERS   "abcdefghijklmnopqrstuvwxyz012345"
enum { TEMP_RANDOM = 10, NAME_CHARS_MAX = 255, CREATE_TRIES = 100 };

struct fs_stage {
	wchar_t *target, *temp;
	char *shown;            /* path of the target, for messages */
	char *temp_path;        /* absolute path of the staged copy */
	HANDLE owner;           /* keeps a sweep away */
	struct root_spot *spot; /* keeps the parent folders where they are; may be NULL */
	bool is_created;
};

void fs_stage_free(struct fs_stage *stage)
{
	if (!stage)
		return;
	win32_close(stage->owner);
	if (stage->is_created)
		(void)wfs_remove(stage->temp);
	root_spot_free(stage->spot);
	mem_free(stage->target);
	mem_free(stage->temp);
	mem_free(stage->shown);
	mem_free(stage->temp_path);
	mem_free(stage);
}

const char *fs_stage_path(const struct fs_stage *stage)
{
	return stage->temp_path;
}

wchar_t *stage_temp_path(const wchar_t *target)
{
	const wchar_t *name = wcsrchr(target, L'\\') + 1;
	size_t dir_len = (size_t)(name - target), len = wcslen(name);
	size_t most = NAME_CHARS_MAX - 1 - strlen(TEMP_MARK) - TEMP_RANDOM;
	len = MIN(len, most);
	wchar_t *temp = mem_zalloc(dir_len + NAME_CHARS_MAX + 1, sizeof(*temp));
	wmemcpy(temp, target, dir_len);
	temp[dir_len] = L'.';
	wmemcpy(temp + dir_len + 1, name, len);
	wchar_t *at = temp + dir_len + 1 + len;
	for (const char *mark = TEMP_MARK; *mark; mark++)
		*at++ = (wchar_t)*mark;
	for (size_t i = 0; i < TEMP_RANDOM; i++)
		*at++ = (wchar_t)LETTERS[random_below(strlen(LETTERS))];
	return temp;
}

bool stage_is_temp_name(const char *name)
{
	size_t len = strlen(name), tail = strlen(TEMP_MARK) + TEMP_RANDOM;
	if (name[0] != '.' || len < 1 + tail || !str_starts(name + len - tail, TEMP_MARK))
		return false;
	return strspn(name + len - TEMP_RANDOM, LETTERS) == TEMP_RANDOM;
}

static err *create_temp(struct fs_stage *stage, uint32_t mode, HANDLE *ret_file)
{
	struct win32_security security;
	SECURITY_ATTRIBUTES *attributes = win32_security_init(&security, mode);
	HANDLE file = INVALID_HANDLE_VALUE;
	DWORD code = ERROR_FILE_EXISTS;
	for (int i = 0; i < CREATE_TRIES && code == ERROR_FILE_EXISTS; i++) {
		mem_free(stage->temp);
		stage->temp = stage_temp_path(stage->target);
		file = FAULT("CreateFile") ? INVALID_HANDLE_VALUE
		                           : CreateFileW(stage->temp, GENERIC_WRITE, 0, attributes,
		                                         CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
		code = file == INVALID_HANDLE_VALUE ? GetLastError() : 0;
	}
	win32_security_clear(&security);
	if (code)
		return win32_error(code, "cannot write '%s'", stage->shown);
	stage->is_created = true;
	*ret_file = file;
	return NULL;
}

/*
 * The rules of the old file, when they are its own. Rules inherited from the folder the new file
 * has inherited already.
 */
static err *copy_rules(const struct fs_stage *stage)
{
	DWORD size = 0;
	(void)GetFileSecurityW(stage->target, DACL_SECURITY_INFORMATION, NULL, 0, &size);
	if (size == 0)
		return NULL; /* a file system without rules, such as FAT */
	AUTOFREE void *rules = mem_zalloc(1, size);
	SECURITY_DESCRIPTOR_CONTROL control = 0;
	DWORD revision;
	if (FAULT("GetFileSecurity") ||
	    !GetFileSecurityW(stage->target, DACL_SECURITY_INFORMATION, rules, size, &size))
		return win32_error(0, "cannot keep the access rules of '%s'", stage->shown);
	if (!GetSecurityDescriptorControl(rules, &control, &revision) ||
	    !(control & SE_DACL_PROTECTED))
		return NULL;
	if (FAULT("SetFileSecurity") ||
	    !SetFileSecurityW(stage->temp, DACL_SECURITY_INFORMATION, rules))
		return win32_error(0, "cannot keep the access rules of '%s'", stage->shown);
	return NULL;
}

static err *fill(struct fs_stage *stage, const struct fs_stage_opts *opts, struct view bytes,
                 bool has_old)
{
	WIN32_HANDLE file = INVALID_HANDLE_VALUE;
	uint32_t mode = opts->mode == FS_KEEP ? 0644 : opts->mode;
	TRY(create_temp(stage, mode, &file));
	TRY(wfs_write_all(file, stage->shown, bytes));
	if (FAULT("FlushFileBuffers") || !FlushFileBuffers(file))
		return win32_error(0, "cannot write '%s'", stage->shown);
	win32_close(win32_steal(&file));
	stage->owner = FAULT("CreateFile") ? INVALID_HANDLE_VALUE
	                                   : CreateFileW(stage->temp, GENERIC_READ, FILE_SHARE_READ,
	                                                 NULL, OPEN_EXISTING, 0, NULL);
	if (stage->owner == INVALID_HANDLE_VALUE)
		return win32_error(0, "cannot write '%s'", stage->shown);
	return has_old && opts->keep_xattrs ? copy_rules(stage) : NULL;
}

err *stage_open_copy(struct fs_stage *stage, void **ret_file)
{
	win32_close(win32_steal(&stage->owner)); /* it lets nobody write */
	HANDLE file = FAULT("CreateFile") ? INVALID_HANDLE_VALUE
	                                  : CreateFileW(stage->temp, GENERIC_WRITE, FILE_SHARE_READ,
	                                                NULL, OPEN_EXISTING, 0, NULL);
	if (file == INVALID_HANDLE_VALUE)
		return win32_error(0, "cannot write '%s'", stage->shown);
	*ret_file = file;
	return NULL;
}

err *stage_begin_wide(const wchar_t *target, const char *shown, const struct fs_stage_opts *opts,
                      struct view bytes, struct fs_stage **ret_stage)
{
	struct fs_stat st;
	AUTOPTR(fs_stage) stage = MEM_NEW(struct fs_stage);
	stage->owner = INVALID_HANDLE_VALUE;
	stage->target = mem_dup(target, (wcslen(target) + 1) * sizeof(*target));
	stage->shown = mem_strdup(shown);
	DWORD code = wfs_look(target, false, &st);
	if (code && !wfs_is_missing(code))
		return win32_error(code, "cannot write '%s'", shown);
	if (!code && st.type == FS_DIR)
		return err_new(ERR_INVALID, "cannot write '%s': it is a folder", shown);
	TRY(fill(stage, opts, bytes, code == 0 && st.type == FS_FILE));
	stage->temp_path = win32_path_utf8(stage->temp);
	*ret_stage = steal(&stage);
	return NULL;
}

err *fs_stage_begin(struct fs_root *root, const char *rel, const struct fs_stage_opts *opts,
                    struct view bytes, struct fs_stage **ret_stage)
{
	struct root_spot *opened = NULL;
	TRY(root_spot_open(root, rel, "write", false, &opened));
	AUTOPTR(root_spot) spot = opened;
	if (!*root_spot_name(spot))
		return err_new(ERR_INVALID, "cannot write '%s': it is a folder", spot->shown);
	TRY(stage_begin_wide(spot->path, spot->shown, opts, bytes, ret_stage));
	(*ret_stage)->spot = steal(&spot);
	return NULL;
}

/* A read-only file can be replaced on POSIX; Windows wants it writable first. */
static DWORD replace(const struct fs_stage *stage)
{
	DWORD attributes = GetFileAttributesW(stage->target);
	bool was_read_only =
		attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_READONLY);
	if (was_read_only)
		(void)wfs_set_read_only(stage->target, false);
	DWORD code = wfs_move(stage->temp, stage->target);
	if (code && was_read_only)
		(void)wfs_set_read_only(stage->target, true);
	return code;
}

err *fs_stage_commit(struct fs_stage *take_stage, enum fs_flags flags)
{
	(void)flags; /* MOVEFILE_WRITE_THROUGH has flushed the move; folders cannot be flushed */
	AUTOPTR(fs_stage) stage = take_stage;
	struct fs_stat st;
	win32_close(win32_steal(&stage->owner));
	if (wfs_look(stage->target, false, &st) == 0 && st.type == FS_DIR)
		return err_new(ERR_INVALID, "cannot write '%s': it is a folder", stage->shown);
	DWORD code = replace(stage);
	if (code)
		return win32_error(code, "cannot replace '%s'", stage->shown);
	stage->is_created = false;
	return NULL;
}

err *fs_root_write(struct fs_root *root, const char *rel, const struct fs_stage_opts *opts,
                   struct view bytes, enum fs_flags flags)
{
	struct fs_stage *stage = NULL;
	TRY(fs_stage_begin(root, rel, opts, bytes, &stage));
	return fs_stage_commit(stage, flags);
}

err *fs_root_sweep(struct fs_root *root, const char *rel, size_t *ret_removed)
{
	AUTO(fs_list) list = { 0 };
	size_t removed = 0;
	err *e = fs_root_list(root, rel, &list);
	if (err_is(e, ERR_NOT_FOUND) || err_is(e, ERR_INVALID)) {
		err_ignore(e, "no folder, no leftovers");
		*ret_removed = 0;
		return NULL;
	}
	TRY(e);
	for (size_t i = 0; i < list.len; i++) {
		if (!stage_is_temp_name(list.ptr[i].name))
			continue;
		bool is_top = !*rel || str_equal(rel, ".");
		AUTOFREE char *below = path_join(is_top ? "" : rel, list.ptr[i].name);
		e = fs_root_unlink(root, below, 0);
		bool is_owned = err_is(e, ERR_CONFLICT) || err_is(e, ERR_NOT_FOUND);
		if (e && !is_owned)
			return e;
		removed += e ? 0 : 1;
		err_ignore(e, "a living process has it open, or its own run has moved it");
	}
	*ret_removed = removed;
	return NULL;
}
