/*
 * One thread waits for everything: sockets and other handles, timers, the stop and HUP. Callbacks run
 * to completion and may add or remove anything, themselves too. poll(2) underneath (on Windows one
 * event for all sockets); enough for an agent and its metrics.
 */
#ifndef PAL_LOOP_H
#define PAL_LOOP_H

#include "base/base.h"
#include "pal/handle.h"

struct cancel;
struct loop;
struct loop_io;
struct loop_timer;

enum loop_ready {
	LOOP_READ = 1u << 0,
	LOOP_WRITE = 1u << 1,
	LOOP_ERROR = 1u << 2, /* or hung up; always reported */
};

/* `ready` is a set of enum loop_ready. */
typedef void loop_io_fn(void *ctx, unsigned ready);
typedef void loop_fn(void *ctx);

/* `cancel` (may be NULL) ends loop_run, and its HUP reaches loop_on_hup. Borrowed. */
NODISCARD err *loop_new(struct cancel *cancel, struct loop **ret_loop);
/* Frees what is still registered; closes no handle. */
void loop_free(struct loop *loop);
AUTOPTR_DEFINE(loop)

/* Watch a socket (POSIX: any descriptor) for `events`; the handle stays the caller's. */
struct loop_io *loop_add_socket(struct loop *loop, pal_handle socket, unsigned events,
                                loop_io_fn *fn, void *ctx);
/* Watch another handle (watch_handle) until it is readable, on Windows signalled. */
struct loop_io *loop_add_handle(struct loop *loop, pal_handle handle, loop_io_fn *fn, void *ctx);
void loop_io_set(struct loop_io *io, unsigned events);
/* Before closing the handle. NULL is fine. */
void loop_io_free(struct loop_io *io);

/* A timer that is not running. */
struct loop_timer *loop_timer_new(struct loop *loop, loop_fn *fn, void *ctx);
/* Fire once, `ms` from now; replaces an earlier setting. */
void loop_timer_set(struct loop_timer *timer, int64_t ms);
void loop_timer_stop(struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer);

void loop_on_hup(struct loop *loop, loop_fn *fn, void *ctx);

/* Wait once, at most `timeout_ms` (-1: for ever), and run what is ready. */
NODISCARD err *loop_step(struct loop *loop, int timeout_ms);
/* Until loop_stop, or with CANCELLED until the stop is asked for. */
NODISCARD err *loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif
