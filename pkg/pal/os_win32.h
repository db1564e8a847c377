/*
 * What all of pal's Windows files need: UTF-8 at the border, long paths, errors with Windows' own
 * words. Files that include this define BASE_ALLOW_BANNED first, because windows.h needs it.
 */
#ifndef PAL_OS_WIN32_H
#define PAL_OS_WIN32_H

#include "base/base.h"

#include <wchar.h>
#include <windows.h>

#include "pal/fs.h"

#define WIN32_HANDLE __attribute__((cleanup(win32_close_ptr))) HANDLE
void win32_close(HANDLE handle); /* INVALID_HANDLE_VALUE and NULL are fine */
void win32_close_ptr(HANDLE *handle);
HANDLE win32_steal(HANDLE *handle);

/* An error from GetLastError(): kind, and its text after ": ". `code` 0 asks GetLastError. */
NODISCARD err *win32_error(DWORD code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Heap copies, mem_free. Bytes that are not UTF-8 become U+FFFD, lone surrogates too. */
wchar_t *win32_wide(const char *text);
char *win32_utf8(const wchar_t *text);
/* The same with '/' between names and without the long-path prefix. */
char *win32_path_utf8(const wchar_t *path);

/*
 * The long form ("\\?\C:\a\b") of a path with / or \, absolute or not. Refuses names that Windows
 * would bend into something else: devices (NUL, COM1.txt), a dot or blank at the end, and
 * characters it does not allow (INVALID).
 */
NODISCARD err *win32_path(const char *path, wchar_t **ret_wide);

/* Is this one name allowed in a path? */
bool win32_is_name(const char *name, size_t len);

/* Security for a file of `mode`: owner, administrators and system only when nobody else may. */
struct win32_security {
	SECURITY_ATTRIBUTES attributes;
	PSECURITY_DESCRIPTOR descriptor;
};
/* NULL when the folder's own rules apply; else a pointer into `security`. */
SECURITY_ATTRIBUTES *win32_security_init(struct win32_security *security, uint32_t mode);
void win32_security_clear(struct win32_security *security);

/* --- wfs: file operations on long paths; `shown` is the path for messages --- */

bool wfs_is_missing(DWORD code);
/* Looks at the thing itself, or through a symlink with `follow`; 0 or a Windows error code. */
DWORD wfs_look(const wchar_t *path, bool follow, struct fs_stat *ret_stat);
NODISCARD err *wfs_read(HANDLE file, const char *shown, size_t limit, uint64_t size_hint,
                        struct str *ret_text);
NODISCARD err *wfs_write_all(HANDLE file, const char *shown, struct view bytes);
NODISCARD err *wfs_list(const wchar_t *path, const char *shown, struct fs_list *ret_list);
NODISCARD err *wfs_mkdir(const wchar_t *path, const char *shown, uint32_t mode);
/* One file, symlink or empty folder; 0 or a Windows error code. */
DWORD wfs_remove(const wchar_t *path);
NODISCARD err *wfs_remove_tree(const wchar_t *path, const char *shown);
/* Replaces a file at `to`; tries again while a virus scanner or indexer has it open. */
DWORD wfs_move(const wchar_t *from, const wchar_t *to);
/* Target of a symlink or junction, with '/'; INVALID when it is none. */
NODISCARD err *wfs_readlink(const wchar_t *path, const char *shown, struct str *ret_target);
DWORD wfs_set_read_only(const wchar_t *path, bool is_read_only);

#endif
