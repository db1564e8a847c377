/*
 * Windows has no call that waits for sockets and for other handles. So all sockets signal one event
 * when something happens to them, the wait is for that event and the other handles, and WSAPoll
 * without waiting then says what is ready.
 */
#include "base/base.h"
#include "pal/loop.h"

#include "pal/clock.h"
#include "pal/loop_impl.h"

#include <winsock2.h>

struct loop_os {
	HANDLE network; /* manual reset; some socket changed */
	VEC(WSAPOLLFD) sockets;
	VEC(HANDLE) handles;
};

err *loop_os_new(struct loop_os **ret_os)
{
	WSADATA data;
	int code = WSAStartup(MAKEWORD(2, 2), &data);
	if (code)
		return err_new(ERR_IO, "cannot start Winsock: error %d", code);
	HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
	if (!event)
		return err_new(ERR_IO, "cannot make an event: error %lu", GetLastError());

	struct loop_os *os = MEM_NEW(struct loop_os);
	os->network = event;
	*ret_os = os;
	return NULL;
}

void loop_os_free(struct loop_os *os)
{
	if (!os)
		return;
	CloseHandle(os->network);
	vec_clear(&os->sockets);
	vec_clear(&os->handles);
	mem_free(os);
}

void loop_os_attach(struct loop_os *os, const struct loop_io *io)
{
	if (io->is_socket)
		WSAEventSelect((SOCKET)io->handle, os->network,
		               FD_READ | FD_WRITE | FD_ACCEPT | FD_CONNECT | FD_CLOSE);
}

void loop_os_detach(struct loop_os *os, const struct loop_io *io)
{
	(void)os;
	if (io->is_socket)
		WSAEventSelect((SOCKET)io->handle, NULL, 0);
}

static void fill(struct loop_os *os, const struct loop_io_list *list)
{
	os->sockets.len = os->handles.len = 0;
	vec_push(&os->handles, os->network);
	for (size_t i = 0; i < list->len; i++) {
		struct loop_io *io = list->ptr[i];
		io->ready = 0;
		if (!io->events)
			continue;
		if (!io->is_socket) {
			vec_push(&os->handles, (HANDLE)io->handle);
			continue;
		}
		WSAPOLLFD entry = { .fd = (SOCKET)io->handle };
		entry.events = (SHORT)((io->events & LOOP_READ ? POLLRDNORM : 0) |
		                       (io->events & LOOP_WRITE ? POLLWRNORM : 0));
		vec_push(&os->sockets, entry);
	}
}

static void take_sockets(struct loop_os *os, const struct loop_io_list *list)
{
	size_t next = 0;

	for (size_t i = 0; i < list->len; i++) {
		struct loop_io *io = list->ptr[i];
		if (!io->events || !io->is_socket)
			continue;
		SHORT got = os->sockets.ptr[next++].revents;
		io->ready = (got & POLLRDNORM ? LOOP_READ : 0u) |
		            (got & POLLWRNORM ? LOOP_WRITE : 0u) |
		            (got & (POLLERR | POLLHUP | POLLNVAL) ? LOOP_ERROR : 0u);
	}
}

/* What is ready without waiting; returns how many. */
static size_t look(struct loop_os *os, const struct loop_io_list *list)
{
	size_t count = 0;

	if (os->sockets.len > 0 && WSAPoll(os->sockets.ptr, (ULONG)os->sockets.len, 0) > 0)
		take_sockets(os, list);
	for (size_t i = 0; i < list->len; i++) {
		struct loop_io *io = list->ptr[i];
		if (io->events && !io->is_socket &&
		    WaitForSingleObject((HANDLE)io->handle, 0) == WAIT_OBJECT_0)
			io->ready = LOOP_READ;
		count += io->ready != 0;
	}
	return count;
}

err *loop_os_wait(struct loop_os *os, const struct loop_io_list *list, int timeout_ms)
{
	struct deadline end = timeout_ms < 0 ? DEADLINE_NEVER : deadline_after(timeout_ms);

	fill(os, list);
	if (os->handles.len > MAXIMUM_WAIT_OBJECTS)
		return err_new(ERR_LIMIT, "cannot wait for more than %d handles",
		               MAXIMUM_WAIT_OBJECTS);
	for (;;) {
		ResetEvent(os->network);
		if (look(os, list) > 0 || deadline_is_over(end))
			return NULL;
		int left_ms = deadline_left_ms(end);
		DWORD got = WaitForMultipleObjects((DWORD)os->handles.len, os->handles.ptr, FALSE,
		                                   left_ms < 0 ? INFINITE : (DWORD)left_ms);
		if (got == WAIT_FAILED)
			return err_new(ERR_IO, "cannot wait for events: error %lu", GetLastError());
	}
}
