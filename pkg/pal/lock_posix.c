#include "base/base.h"

#include "pal/lock_os.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "pal/fault.h"
#include "pal/fd_posix.h"

err *lock_os_open(const char *path, intptr_t *ret_handle)
{
	int fd = fd_openat(AT_FDCWD, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_sys(errno, "cannot open the lock file '%s'", path);
	*ret_handle = fd;
	return NULL;
}

err *lock_os_try(intptr_t handle, const char *path, bool *ret_is_taken)
{
	int result;
	do
		result = FAULT("flock") ? -1 : flock((int)handle, LOCK_EX | LOCK_NB);
	while (result != 0 && errno == EINTR);
	if (result != 0 && errno != EWOULDBLOCK)
		return err_sys(errno, "cannot lock '%s'", path);
	*ret_is_taken = result == 0;
	return NULL;
}

void lock_os_read(intptr_t handle, char *buf, size_t size)
{
	ssize_t got = FAULT("pread") ? -1 : pread((int)handle, buf, size - 1, 0);
	buf[got > 0 ? got : 0] = '\0';
}

err *lock_os_write(intptr_t handle, const char *path, struct view text)
{
	if (FAULT("ftruncate") || ftruncate((int)handle, 0) != 0 ||
	    lseek((int)handle, 0, SEEK_SET) != 0)
		return err_sys(errno, "cannot write the lock file '%s'", path);
	return fd_write_all((int)handle, path, text);
}

void lock_os_close(intptr_t handle)
{
	fd_close((int)handle);
}
