/*
 * Private to pkg/pal: what the loop and its waiting, which differs between systems, share.
 */
#ifndef PAL_LOOP_IMPL_H
#define PAL_LOOP_IMPL_H

#include "base/base.h"
#include "base/vec.h"
#include "pal/loop.h"

struct loop_io {
	struct loop *loop;
	pal_handle handle;
	bool is_socket;
	unsigned events; /* 0: not now */
	unsigned ready;  /* set by the wait */
	loop_io_fn *fn;  /* NULL: freed, waits for the sweep */
	void *ctx;
};

struct loop_io_list {
	struct loop_io **ptr;
	size_t len, cap;
};

struct loop_os;

NODISCARD err *loop_os_new(struct loop_os **ret_os);
void loop_os_free(struct loop_os *os);
/* A socket came in or is about to go. */
void loop_os_attach(struct loop_os *os, const struct loop_io *io);
void loop_os_detach(struct loop_os *os, const struct loop_io *io);
/* Wait up to `timeout_ms` (-1: for ever) and set `ready` of all in `list`. */
NODISCARD err *loop_os_wait(struct loop_os *os, const struct loop_io_list *list, int timeout_ms);

#endif
