/*
 * File descriptors inside pal: closing at the end of a scope, whole reads and writes with the
 * interruptions and fault hooks taken care of. Only the POSIX half of pal includes this.
 */
#ifndef PAL_FD_POSIX_H
#define PAL_FD_POSIX_H

#include <dirent.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/base.h"
#include "pal/fs.h"

/* A folder that is only a place to start from; where there is no O_PATH it must be readable. */
#ifdef O_PATH
#define FD_DIR_HANDLE (O_PATH | O_DIRECTORY | O_CLOEXEC)
#else
#define FD_DIR_HANDLE (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#endif
#define FD_DIR_READ (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
/* Opening a pipe or device by mistake must neither block nor make it our terminal. */
#define FD_FILE_READ (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

#define AUTOFD __attribute__((cleanup(fd_close_ptr))) int

/* Close unless negative; keeps errno. */
void fd_close(int fd);
void fd_close_ptr(int *fd);
/* Move a descriptor out of an AUTOFD. */
int fd_steal(int *fd);

/* openat that starts again when interrupted; the descriptor or -1 with errno. */
int fd_openat(int dir_fd, const char *name, int flags, mode_t mode);

/* Flush file content to the disk (on macOS through the disk's cache); 0 or -1 with errno. */
int fd_sync(int fd);

/*
 * Read to the end, at most `limit` bytes (LIMIT), into `ret_text`, replacing what it held.
 * `size_hint` is the expected size or 0. `what` names the file in messages.
 */
NODISCARD err *fd_read_all(int fd, const char *what, size_t limit, uint64_t size_hint,
                           struct str *ret_text);
NODISCARD err *fd_write_all(int fd, const char *what, struct view bytes);

/* Text of a symlink; INVALID when it is none. `what` names it in messages. */
NODISCARD err *fd_readlink(int dir_fd, const char *name, const char *what, struct str *ret_target);

enum fs_type fd_type_of_mode(mode_t mode);
void fd_stat_of(const struct stat *from, struct fs_stat *ret_stat);

/* Entries of an open folder; `take_fd` is closed in every case. */
NODISCARD err *fd_list_dir(int take_fd, const char *what, struct fs_list *ret_list);

/*
 * Remove `name` in the folder `dir_fd` with all that is in it; nothing there is success. Never
 * follows a symlink, never enters another file system (REFUSED). `what` names it in messages.
 */
NODISCARD err *fd_remove_tree(int dir_fd, const char *name, const char *what);

/* `len` random characters out of [a-z0-9], for temp names. Not NUL-terminated. */
void fd_random_name(char *out, size_t len);

#endif
