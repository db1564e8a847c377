/*
 * kqueue tells that something in a folder changed, not what, and nothing about writes into its
 * files. So signatures say which names it was, and writes in place are found by polling.
 */
#include "base/base.h"
#include "pal/watch.h"

#include "pal/clock.h"
#include "pal/fault.h"
#include "pal/watch_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/event.h>
#include <sys/stat.h>
#include <unistd.h>

const bool watch_os_needs_steps = true;
const bool watch_os_has_contents = false;
const bool watch_os_has_names = false;

struct watch_os {
	int fd;
};

void watch_os_new(struct watch *watch, struct watch_os **ret_os)
{
	int fd = FAULT("kqueue") ? -1 : kqueue();
	if (fd < 0) {
		watch_set_note(watch, str_format("kqueue is not available, so paths are polled"));
		return;
	}
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	*ret_os = MEM_NEW(struct watch_os);
	(*ret_os)->fd = fd;
}

void watch_os_free(struct watch_os *os)
{
	if (!os)
		return;
	close(os->fd);
	mem_free(os);
}

pal_handle watch_os_handle(const struct watch_os *os)
{
	return os->fd;
}

size_t watch_os_root_len(const char *full)
{
	return full[0] == '/' ? 1 : 0;
}

void watch_os_disarm(struct watch *watch, struct watch_dir *dir)
{
	(void)watch;
	close((int)dir->id); /* takes its events with it */
	dir->id = -1;
}

static enum watch_arm arm_error(struct watch *watch, int code)
{
	if (code == ENOENT || code == ENOTDIR || code == ELOOP || code == ENAMETOOLONG)
		return WATCH_ARM_GONE;
	if (code == EACCES || code == EPERM)
		return WATCH_ARM_DENIED;
	watch_set_note(watch,
	               str_format("a folder cannot be watched (%s), so some paths are polled",
	                          strerror(code)));
	return WATCH_ARM_FAILED;
}

/* Does the path still lead to the folder that is open? */
static bool is_same(const struct watch_dir *dir)
{
	struct stat now, armed;

	return stat(dir->path, &now) == 0 && fstat((int)dir->id, &armed) == 0 &&
	       now.st_dev == armed.st_dev && now.st_ino == armed.st_ino;
}

enum watch_arm watch_os_arm(struct watch *watch, struct watch_dir *dir)
{
	struct kevent change;

	if (dir->id >= 0) {
		if (is_same(dir))
			return WATCH_ARM_OK;
		watch_os_disarm(watch, dir);
	}
	int fd = FAULT("open") ? -1 : open(dir->path, O_EVTONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return arm_error(watch, errno);
	EV_SET(&change, fd, EVFILT_VNODE, EV_ADD | EV_CLEAR,
	       NOTE_WRITE | NOTE_EXTEND | NOTE_LINK | NOTE_ATTRIB | NOTE_DELETE | NOTE_RENAME |
	               NOTE_REVOKE,
	       0, dir);
	if (kevent(watch->os->fd, &change, 1, NULL, 0, NULL) != 0) {
		int code = errno;
		close(fd);
		return arm_error(watch, code);
	}
	dir->id = fd;
	return WATCH_ARM_OK;
}

err *watch_os_drain(struct watch *watch)
{
	const struct timespec now = { 0, 0 };
	struct kevent events[64];

	for (;;) {
		int count = kevent(watch->os->fd, NULL, 0, events, ARRAY_LEN(events), &now);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return err_sys(errno, "cannot read file events");
		for (int i = 0; i < count; i++) {
			bool is_gone = events[i].fflags & (NOTE_DELETE | NOTE_RENAME | NOTE_REVOKE);
			watch_event(watch, events[i].udata, NULL,
			            is_gone ? WATCH_EVENT_SELF : WATCH_EVENT_NAME);
		}
		if (count < (int)ARRAY_LEN(events))
			return NULL;
	}
}

err *watch_os_wait(struct watch_os *os, int timeout_ms)
{
	struct pollfd entry = { .fd = os ? os->fd : -1, .events = POLLIN };

	if (poll(&entry, 1, timeout_ms) < 0 && errno != EINTR)
		return err_sys(errno, "cannot wait for file events");
	return NULL;
}
