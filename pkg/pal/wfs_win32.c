/* File operations on long paths (declared in os_win32.h), shared by fs and root. */
#define BASE_ALLOW_BANNED
#include "base/base.h"

#include "pal/os_win32.h"

#include <winioctl.h>

#include "base/path.h"
#include "base/vec.h"
#include "pal/fault.h"

enum { TREE_DEPTH_MAX = 400 };

bool wfs_is_missing(DWORD code)
{
	return code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND ||
	       code == ERROR_DIRECTORY || code == ERROR_INVALID_DRIVE || code == ERROR_NOT_READY;
}

/* --- looking --- */

static bool is_link_tag(DWORD tag)
{
	return tag == IO_REPARSE_TAG_SYMLINK || tag == IO_REPARSE_TAG_MOUNT_POINT;
}

static enum fs_type type_of(DWORD attributes, DWORD tag)
{
	/* other reparse points (cloud files, deduplication) read like what they stand for */
	if ((attributes & FILE_ATTRIBUTE_REPARSE_POINT) && is_link_tag(tag))
		return FS_SYMLINK;
	if (attributes & FILE_ATTRIBUTE_DIRECTORY)
		return FS_DIR;
	return attributes & FILE_ATTRIBUTE_DEVICE ? FS_OTHER : FS_FILE;
}

static uint32_t mode_of(DWORD attributes)
{
	if (attributes & FILE_ATTRIBUTE_DIRECTORY)
		return 0755;
	return attributes & FILE_ATTRIBUTE_READONLY ? 0444 : 0644;
}

/* 100 ns since 1601 to ns since 1970. */
static int64_t unix_ns(FILETIME time)
{
	int64_t ticks = (int64_t)((uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime);
	return (ticks - INT64_C(116444736000000000)) * 100;
}

static DWORD look_handle(HANDLE handle, struct fs_stat *ret_stat)
{
	BY_HANDLE_FILE_INFORMATION info;
	FILE_ATTRIBUTE_TAG_INFO tag = { 0 };
	if (FAULT("GetFileInformation") || !GetFileInformationByHandle(handle, &info))
		return GetLastError();
	if (info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT)
		(void)GetFileInformationByHandleEx(handle, FileAttributeTagInfo, &tag, sizeof(tag));
	*ret_stat = (struct fs_stat){
		.type = type_of(info.dwFileAttributes, tag.ReparseTag),
		.mode = mode_of(info.dwFileAttributes),
		.size = (uint64_t)info.nFileSizeHigh << 32 | info.nFileSizeLow,
		.mtime_ns = unix_ns(info.ftLastWriteTime),
		.inode = (uint64_t)info.nFileIndexHigh << 32 | info.nFileIndexLow,
		.dev = info.dwVolumeSerialNumber,
		.links = info.nNumberOfLinks,
	};
	if (ret_stat->type == FS_DIR)
		ret_stat->size = 0;
	return 0;
}

DWORD wfs_look(const wchar_t *path, bool follow, struct fs_stat *ret_stat)
{
	DWORD flags = FILE_FLAG_BACKUP_SEMANTICS | (follow ? 0 : FILE_FLAG_OPEN_REPARSE_POINT);
	const DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
	WIN32_HANDLE handle = FAULT("CreateFile") ? INVALID_HANDLE_VALUE
	                                          : CreateFileW(path, FILE_READ_ATTRIBUTES, share,
	                                                        NULL, OPEN_EXISTING, flags, NULL);
	if (handle == INVALID_HANDLE_VALUE)
		return GetLastError();
	return look_handle(handle, ret_stat);
}

/* --- bytes --- */

err *wfs_read(HANDLE file, const char *shown, size_t limit, uint64_t size_hint,
              struct str *ret_text)
{
	enum { CHUNK = 64 << 10 };
	if (size_hint > limit)
		return err_new(ERR_LIMIT, "cannot read '%s': it has %llu bytes, more than %zu",
		               shown, (unsigned long long)size_hint, limit);
	AUTO(str) text = STR_INIT;
	str_reserve(&text, (size_t)size_hint + 1);
	for (;;) {
		DWORD got = 0;
		str_reserve(&text, CHUNK);
		bool is_read = !FAULT("ReadFile") &&
		               ReadFile(file, text.ptr + text.len, CHUNK, &got, NULL);
		/* the other end of a pipe is closed: that is its end */
		if (!is_read && GetLastError() != ERROR_BROKEN_PIPE &&
		    GetLastError() != ERROR_HANDLE_EOF)
			return win32_error(0, "cannot read '%s'", shown);
		if (got == 0)
			break;
		text.len += got;
		text.ptr[text.len] = '\0';
		if (text.len > limit)
			return err_new(ERR_LIMIT, "cannot read '%s': more than %zu bytes", shown,
			               limit);
	}
	str_clear(ret_text);
	*ret_text = text;
	str_init(&text);
	return NULL;
}

err *wfs_write_all(HANDLE file, const char *shown, struct view bytes)
{
	const size_t most = 1u << 30;
	for (size_t done = 0; done < bytes.len;) {
		DWORD put = 0, want = (DWORD)MIN(bytes.len - done, most);
		if (FAULT("WriteFile") || !WriteFile(file, bytes.ptr + done, want, &put, NULL))
			return win32_error(0, "cannot write '%s'", shown);
		done += put;
	}
	return NULL;
}

/* --- folders --- */

static wchar_t *join(const wchar_t *dir, const wchar_t *name)
{
	size_t dir_len = wcslen(dir), name_len = wcslen(name);
	wchar_t *path = mem_zalloc(dir_len + name_len + 2, sizeof(*path));
	wmemcpy(path, dir, dir_len);
	if (dir_len && path[dir_len - 1] != L'\\')
		path[dir_len++] = L'\\';
	wmemcpy(path + dir_len, name, name_len);
	return path;
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct fs_entry *)a)->name, ((const struct fs_entry *)b)->name);
}

err *wfs_list(const wchar_t *path, const char *shown, struct fs_list *ret_list)
{
	AUTO(fs_list) list = { 0 };
	AUTOFREE wchar_t *pattern = join(path, L"*");
	WIN32_FIND_DATAW data;
	HANDLE find = FAULT("FindFirstFile") ? INVALID_HANDLE_VALUE
	                                     : FindFirstFileExW(pattern, FindExInfoBasic, &data,
	                                                        FindExSearchNameMatch, NULL, 0);
	if (find == INVALID_HANDLE_VALUE && GetLastError() != ERROR_FILE_NOT_FOUND)
		return win32_error(0, "cannot list '%s'", shown);
	if (find == INVALID_HANDLE_VALUE) {
		fs_list_clear(ret_list); /* an empty drive has not even a "." */
		return NULL;
	}
	do {
		if (wcscmp(data.cFileName, L".") == 0 || wcscmp(data.cFileName, L"..") == 0)
			continue;
		struct fs_entry entry = { win32_utf8(data.cFileName),
			                  type_of(data.dwFileAttributes, data.dwReserved0) };
		vec_push(&list, entry);
	} while (!FAULT("FindNextFile") && FindNextFileW(find, &data));
	DWORD code = GetLastError();
	FindClose(find);
	if (code != ERROR_NO_MORE_FILES)
		return win32_error(code, "cannot list '%s'", shown);
	if (list.len > 1)
		qsort(list.ptr, list.len, sizeof(*list.ptr), compare_entries);
	fs_list_clear(ret_list);
	*ret_list = list;
	list = (struct fs_list){ 0 };
	return NULL;
}

err *wfs_mkdir(const wchar_t *path, const char *shown, uint32_t mode)
{
	struct win32_security security;
	SECURITY_ATTRIBUTES *attributes = win32_security_init(&security, mode);
	bool is_made = !FAULT("CreateDirectory") && CreateDirectoryW(path, attributes);
	err *e = is_made ? NULL : win32_error(0, "cannot create the folder '%s'", shown);
	win32_security_clear(&security);
	return e;
}

/* --- removing and moving --- */

DWORD wfs_set_read_only(const wchar_t *path, bool is_read_only)
{
	DWORD attributes = GetFileAttributesW(path);
	if (attributes == INVALID_FILE_ATTRIBUTES)
		return GetLastError();
	DWORD wanted = is_read_only ? attributes | FILE_ATTRIBUTE_READONLY
	                            : attributes & ~(DWORD)FILE_ATTRIBUTE_READONLY;
	if (wanted == attributes)
		return 0;
	if (FAULT("SetFileAttributes") || !SetFileAttributesW(path, wanted))
		return GetLastError();
	return 0;
}

DWORD wfs_remove(const wchar_t *path)
{
	DWORD attributes = GetFileAttributesW(path);
	if (attributes == INVALID_FILE_ATTRIBUTES)
		return GetLastError();
	/* POSIX lets a read-only file be removed by who may write its folder */
	if (attributes & FILE_ATTRIBUTE_READONLY)
		(void)wfs_set_read_only(path, false);
	bool is_dir = (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
	if (FAULT("DeleteFile"))
		return GetLastError();
	if (is_dir ? RemoveDirectoryW(path) : DeleteFileW(path))
		return 0;
	DWORD code = GetLastError();
	if (attributes & FILE_ATTRIBUTE_READONLY)
		(void)wfs_set_read_only(path, true);
	return code;
}

static err *remove_level(const wchar_t *path, const char *shown, unsigned depth);

static err *remove_content(const wchar_t *path, const char *shown, unsigned depth)
{
	AUTO(fs_list) list = { 0 };
	if (depth > TREE_DEPTH_MAX)
		return err_new(ERR_LIMIT, "cannot remove '%s': more than %d folders deep", shown,
		               TREE_DEPTH_MAX);
	TRY(wfs_list(path, shown, &list));
	for (size_t i = 0; i < list.len; i++) {
		AUTOFREE wchar_t *name = win32_wide(list.ptr[i].name);
		AUTOFREE wchar_t *below = join(path, name);
		AUTOFREE char *below_shown = path_join(shown, list.ptr[i].name);
		TRY(remove_level(below, below_shown, depth + 1));
	}
	return NULL;
}

static err *remove_level(const wchar_t *path, const char *shown, unsigned depth)
{
	struct fs_stat st;
	DWORD code = wfs_look(path, false, &st);
	if (code == 0 && st.type == FS_DIR)
		TRY(remove_content(path, shown, depth));
	if (code == 0)
		code = wfs_remove(path);
	return code && !wfs_is_missing(code) ? win32_error(code, "cannot remove '%s'", shown)
	                                     : NULL;
}

err *wfs_remove_tree(const wchar_t *path, const char *shown)
{
	return remove_level(path, shown, 0);
}

DWORD wfs_move(const wchar_t *from, const wchar_t *to)
{
	enum { TRIES = 20, WAIT_MS = 10 };
	DWORD code = 0;
	if (FAULT("MoveFile"))
		return GetLastError();
	for (int i = 0; i < TRIES; i++) {
		if (MoveFileExW(from, to, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH))
			return 0;
		code = GetLastError();
		DWORD attributes = GetFileAttributesW(to);
		bool is_dir = attributes != INVALID_FILE_ATTRIBUTES &&
		              (attributes & FILE_ATTRIBUTE_DIRECTORY);
		if (is_dir || (code != ERROR_ACCESS_DENIED && code != ERROR_SHARING_VIOLATION))
			return code;
		Sleep(WAIT_MS);
	}
	return code;
}

/* --- symlinks --- */

/* From the Windows driver kit; the SDK leaves it out. */
struct reparse_data {
	ULONG tag;
	USHORT data_len, reserved;
	USHORT substitute_offset, substitute_len, print_offset, print_len;
	union {
		struct {
			ULONG flags;
			wchar_t names[1];
		} symlink;
		struct {
			wchar_t names[1];
		} junction;
	} at;
};

static char *target_text(const struct reparse_data *data, size_t len)
{
	const wchar_t *names = data->tag == IO_REPARSE_TAG_SYMLINK ? data->at.symlink.names
	                                                           : data->at.junction.names;
	size_t offset = data->substitute_offset, bytes = data->substitute_len;
	size_t start = (size_t)((const char *)names - (const char *)data);
	if (start + offset + bytes > len)
		return NULL;
	wchar_t *wide = mem_zalloc(bytes / sizeof(wchar_t) + 1, sizeof(wchar_t));
	memcpy(wide, (const char *)names + offset, bytes);
	/* absolute ones are kept as "\??\C:\x" */
	bool is_native = wcsncmp(wide, L"\\??\\", 4) == 0;
	char *text = win32_path_utf8(wide + (is_native ? 4 : 0));
	mem_free(wide);
	return text;
}

err *wfs_readlink(const wchar_t *path, const char *shown, struct str *ret_target)
{
	union {
		struct reparse_data data;
		char room[MAXIMUM_REPARSE_DATA_BUFFER_SIZE];
	} * buf;
	DWORD len = 0;
	const DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
	WIN32_HANDLE handle =
		CreateFileW(path, FILE_READ_ATTRIBUTES, share, NULL, OPEN_EXISTING,
	                    FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
	if (handle == INVALID_HANDLE_VALUE)
		return win32_error(0, "cannot read the symlink '%s'", shown);
	AUTOFREE void *room = mem_zalloc(1, sizeof(*buf));
	buf = room;
	bool is_read =
		!FAULT("GetReparsePoint") && DeviceIoControl(handle, FSCTL_GET_REPARSE_POINT, NULL,
	                                                     0, buf, sizeof(*buf), &len, NULL);
	if (!is_read || !is_link_tag(buf->data.tag))
		return err_new(ERR_INVALID, "cannot read the symlink '%s': it is none", shown);
	AUTOFREE char *text = target_text(&buf->data, len);
	if (!text)
		return err_new(ERR_CORRUPT, "cannot read the symlink '%s': it is damaged", shown);
	str_reset(ret_target);
	str_addz(ret_target, text);
	return NULL;
}
