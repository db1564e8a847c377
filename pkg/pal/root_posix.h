/*
 * Inside of struct fs_root on Linux and macOS, and how paths below it are resolved.
 */
#ifndef PAL_ROOT_POSIX_H
#define PAL_ROOT_POSIX_H

#include "base/base.h"
#include "pal/fd_posix.h"
#include "pal/root.h"

struct fs_root {
	int fd; /* -1: the folder does not exist (fs_root_open_missing) */
	bool is_machine; /* nothing is outside: absolute symlinks are followed */
	bool has_fast;   /* the kernel resolves for us (openat2) */
	char *path;
};

/*
 * Open `rel` below the root; the descriptor, or -1 with errno. EXDEV means that a symlink leads
 * out. With O_NOFOLLOW the last component is not followed, without it O_DIRECTORY is needed too.
 */
int root_open_at(const struct fs_root *root, const char *rel, int flags);

/* The kernel's own way to do that (openat2); root_can_fast says whether there is one. */
bool root_can_fast(int fd);
int root_open_fast(const struct fs_root *root, const char *rel, int flags);

/*
 * The same by hand, one component at a time, each without following, through symlinks that are
 * read and walked. When it fails with EXDEV, `ret_culprit` (may be NULL) is "link -> target".
 */
int root_open_walk(const struct fs_root *root, const char *rel, int flags, struct str *ret_culprit);

/*
 * "cannot <verb> '<path>': …" from errno-like `code` of the calls above; names the symlink that
 * leads out (REFUSED).
 */
NODISCARD err *root_error(const struct fs_root *root, const char *rel, const char *verb, int code);

/* INVALID unless `rel` is a clean relative path ("a/b"), "" or ".". */
NODISCARD err *root_check(const char *rel);

/*
 * Open the folder that holds `rel` with `flags` (FD_DIR_HANDLE or FD_DIR_READ), following symlinks
 * that stay inside. `*ret_name` is the last component, "." for the root itself.
 */
NODISCARD err *root_open_parent(const struct fs_root *root, const char *rel, const char *verb,
                                int flags, int *ret_fd, const char **ret_name);

/* Heap path of `rel` for messages; caller frees. */
char *root_shown(const struct fs_root *root, const char *rel);

#endif
