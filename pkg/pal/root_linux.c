/* Resolution by the kernel: openat2 keeps a path inside without a race and in one call. */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pal/fault.h"
#include "pal/root_posix.h"

/* linux/openat2.h is missing from older kernel headers and from musl's own set. */
struct open_how_v0 {
	uint64_t flags, mode, resolve;
};
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#define RESOLVE_NO_MAGICLINKS_ 0x02u
#define RESOLVE_BENEATH_       0x08u

static int open_beneath(int fd, const char *rel, int flags, uint64_t resolve)
{
	const struct open_how_v0 how = { .flags = (uint64_t)(flags | O_CLOEXEC),
		                         .resolve = resolve };
	long opened;
	do
		opened = syscall(SYS_openat2, fd, rel, &how, sizeof(how));
	while (opened < 0 && errno == EINTR);
	return (int)opened;
}

bool root_can_fast(int fd)
{
	/* ENOSYS before 5.6 and under qemu-user, EPERM in old container sandboxes */
	int probe = open_beneath(fd, ".", O_PATH, RESOLVE_BENEATH_);
	fd_close(probe);
	return probe >= 0;
}

int root_open_fast(const struct fs_root *root, const char *rel, int flags)
{
	enum { TRIES = 8 };
	uint64_t resolve = RESOLVE_NO_MAGICLINKS_ | (root->is_machine ? 0 : RESOLVE_BENEATH_);
	if (FAULT("openat2"))
		return -1;
	int fd = -1;
	/* EAGAIN: something was renamed during the walk, and the kernel cannot be sure */
	for (int i = 0; i < TRIES; i++) {
		fd = open_beneath(root->fd, rel, flags, resolve);
		if (fd >= 0 || errno != EAGAIN)
			return fd;
	}
	return root_open_walk(root, rel, flags, NULL);
}
