/*
 * Files and folders by plain path, for fettle's own files and for what the user names on the
 * command line. Anything a manifest names goes through pal/root.h instead, which cannot be led
 * astray by symlinks. Paths are UTF-8; Windows takes / and \, any length, and refuses device names.
 */
#ifndef PAL_FS_H
#define PAL_FS_H

#include "base/base.h"

enum fs_type {
	FS_NONE, /* nothing there */
	FS_FILE,
	FS_DIR,
	FS_SYMLINK,
	FS_OTHER, /* socket, pipe, device */
};

struct fs_stat {
	enum fs_type type;
	uint32_t mode;     /* permission bits (07777); on Windows only 0644, 0755 or 0444 */
	uint32_t uid, gid; /* 0 on Windows */
	uint64_t size;     /* bytes; of a symlink the length of its target */
	int64_t mtime_ns;  /* since 1970 */
	uint64_t inode, dev;
	uint64_t links;
};

struct fs_entry {
	char *name;
	enum fs_type type;
};

/* Entries of one folder, sorted by name as bytes, without "." and "..". */
struct fs_list {
	struct fs_entry *ptr;
	size_t len, cap;
};

/* A zeroed fs_list is empty and valid: AUTO(fs_list) names = { 0 }; */
void fs_list_clear(struct fs_list *list);

/* "file", "folder", "symlink", "special file" or "nothing": for messages. */
const char *fs_type_name(enum fs_type type);

/*
 * Read the whole file at `path` into `ret_text` (replaces what it held; caller clears).
 * Follows symlinks. Fails with NOT_FOUND, DENIED, IO; LIMIT if larger than `limit` bytes;
 * INVALID when it is a folder or a special file. Pipes such as /dev/stdin are read.
 */
NODISCARD err *fs_read_file(const char *path, size_t limit, struct str *ret_text);

/* Read standard input to its end; LIMIT when more than `limit` bytes come. */
NODISCARD err *fs_read_stdin(size_t limit, struct str *ret_text);

/*
 * Write `bytes` to `path` so that a reader, or a crash at any moment, sees the old file or the new
 * one and nothing else: temp file in the same folder, fsync, rename, fsync of the folder. `mode` is
 * exact (not masked); 0600 for private files. A symlink at `path` is replaced, not followed. The
 * only writer of state files.
 */
NODISCARD err *fs_write_atomic(const char *path, struct view bytes, uint32_t mode);

/*
 * The same for many files: each of them is the old one or the new one at any moment, and those that were
 * written are flushed when this returns. Flushed together where the system can do that, which is many times
 * faster. One that fails (its `error`, the caller's) does not keep the others.
 */
struct fs_new_file {
	const char *path;
	struct view bytes;
	uint32_t mode;
	err *error;
};
void fs_write_many(struct fs_new_file *files, size_t count);

/* What is at `path`; fs_stat follows a symlink in the last place, fs_lstat does not. */
NODISCARD err *fs_stat(const char *path, struct fs_stat *ret_stat);
NODISCARD err *fs_lstat(const char *path, struct fs_stat *ret_stat);

/* Is anything there (a dangling symlink counts)? False also when it cannot be known. */
bool fs_exists(const char *path);
bool fs_is_dir(const char *path); /* follows symlinks */

/* Can others than its owner read or write this file? False where it cannot be known, as on Windows. */
bool fs_is_shared(const char *path);

/* Create the folder and the missing ones above it, each with `mode` less the umask. */
NODISCARD err *fs_mkdir_all(const char *path, uint32_t mode);

/* Names and types in a folder; fails with NOT_FOUND, DENIED, INVALID (not a folder), IO. */
NODISCARD err *fs_list(const char *path, struct fs_list *ret_list);

/* Remove one file, symlink or empty folder; NOT_FOUND when there is none. */
NODISCARD err *fs_remove(const char *path);

/*
 * Remove a folder and all in it, or one file; nothing there is success. Never follows a symlink.
 */
NODISCARD err *fs_remove_tree(const char *path);

/* Rename within one file system, replacing a file at `to`; both folders are flushed. */
NODISCARD err *fs_rename(const char *from, const char *to);

/* Absolute path without symlinks, "." and ".."; everything in it must exist. */
NODISCARD err *fs_real_path(const char *path, struct str *ret_path);

/* The current folder. */
NODISCARD err *fs_current_dir(struct str *ret_path);

/* `path` made absolute against the current folder, cleaned, without touching what it names. */
NODISCARD err *fs_absolute(const char *path, struct str *ret_path);

/* New private folder (0700) "<prefix>XXXXXX" under the system's temp folder. */
NODISCARD err *fs_mkdtemp(const char *prefix, struct str *ret_path);

/* Target of the symlink at `path`; INVALID when it is no symlink. */
NODISCARD err *fs_readlink(const char *path, struct str *ret_target);

#endif
