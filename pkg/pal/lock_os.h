/*
 * What a lock file needs from the operating system: lock_posix.c (flock), lock_win32.c
 * (LockFileEx). Included by lock*.c only.
 */
#ifndef PAL_LOCK_OS_H
#define PAL_LOCK_OS_H

#include "base/base.h"

/* Open or make the file; the handle is a descriptor or a HANDLE. */
NODISCARD err *lock_os_open(const char *path, intptr_t *ret_handle);
/* Try to take it, without waiting. */
NODISCARD err *lock_os_try(intptr_t handle, const char *path, bool *ret_is_taken);
/* The text in it, cut to `size` - 1 bytes; empty when it cannot be read. */
void lock_os_read(intptr_t handle, char *buf, size_t size);
/* Replace the text in it. */
NODISCARD err *lock_os_write(intptr_t handle, const char *path, struct view text);
/* Unlock and close. */
void lock_os_close(intptr_t handle);

#endif
