#include "base/base.h"
#include "pal/loop.h"

#include "pal/fault.h"
#include "pal/loop_impl.h"

#include <errno.h>
#include <poll.h>

struct loop_os {
	VEC(struct pollfd) fds;
};

err *loop_os_new(struct loop_os **ret_os)
{
	*ret_os = MEM_NEW(struct loop_os);
	return NULL;
}

void loop_os_free(struct loop_os *os)
{
	if (!os)
		return;
	vec_clear(&os->fds);
	mem_free(os);
}

void loop_os_attach(struct loop_os *os, const struct loop_io *io)
{
	(void)os, (void)io;
}

void loop_os_detach(struct loop_os *os, const struct loop_io *io)
{
	(void)os, (void)io;
}

static void fill(struct loop_os *os, const struct loop_io_list *list)
{
	os->fds.len = 0;
	for (size_t i = 0; i < list->len; i++) {
		const struct loop_io *io = list->ptr[i];
		short events = (short)((io->events & LOOP_READ ? POLLIN : 0) |
		                       (io->events & LOOP_WRITE ? POLLOUT : 0));
		/* A negative descriptor is skipped, else a hang-up would wake us all the time. */
		struct pollfd entry = { io->events ? (int)io->handle : -1, events, 0 };
		vec_push(&os->fds, entry);
	}
}

err *loop_os_wait(struct loop_os *os, const struct loop_io_list *list, int timeout_ms)
{
	fill(os, list);
	int count = FAULT("poll") ? -1 : poll(os->fds.ptr, (nfds_t)os->fds.len, timeout_ms);
	if (count < 0 && errno != EINTR)
		return err_sys(errno, "cannot wait for events");
	for (size_t i = 0; i < list->len; i++) {
		short got = count > 0 ? os->fds.ptr[i].revents : 0;
		list->ptr[i]->ready = (got & POLLIN ? LOOP_READ : 0u) |
		                      (got & POLLOUT ? LOOP_WRITE : 0u) |
		                      (got & (POLLERR | POLLHUP | POLLNVAL) ? LOOP_ERROR : 0u);
	}
	return NULL;
}
