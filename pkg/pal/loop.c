#include "base/base.h"
#include "pal/loop.h"

#include "pal/clock.h"
#include "pal/loop_impl.h"
#include "pal/sig.h"

#define NOT_IN_HEAP SIZE_MAX

struct loop_timer {
	struct loop *loop;
	loop_fn *fn;
	void *ctx;
	int64_t at_ns;
	size_t heap_index;
};

struct loop {
	struct loop_os *os;
	struct cancel *cancel;
	struct loop_io *cancel_io;
	loop_fn *hup_fn;
	void *hup_ctx;
	struct loop_io_list ios;
	VEC(struct loop_timer *) heap; /* the earliest first */
	bool has_dead;                 /* some io was freed and waits for the sweep */
	bool is_stopped;
};

/* ---- timers: a binary heap ---------------------------------------------------------------- */

static void heap_put(struct loop *loop, size_t index, struct loop_timer *timer)
{
	loop->heap.ptr[index] = timer;
	timer->heap_index = index;
}

/* Move `timer`, whose place is `index`, up or down to where it belongs. */
static void heap_settle(struct loop *loop, size_t index, struct loop_timer *timer)
{
	struct loop_timer **heap = loop->heap.ptr;

	while (index > 0 && heap[(index - 1) / 2]->at_ns > timer->at_ns) {
		heap_put(loop, index, heap[(index - 1) / 2]);
		index = (index - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * index + 1;
		if (child + 1 < loop->heap.len && heap[child + 1]->at_ns < heap[child]->at_ns)
			child++;
		if (child >= loop->heap.len || heap[child]->at_ns >= timer->at_ns)
			break;
		heap_put(loop, index, heap[child]);
		index = child;
	}
	heap_put(loop, index, timer);
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_fn *fn, void *ctx)
{
	struct loop_timer *timer = MEM_NEW(struct loop_timer);

	*timer = (struct loop_timer){ loop, fn, ctx, 0, NOT_IN_HEAP };
	return timer;
}

void loop_timer_stop(struct loop_timer *timer)
{
	struct loop *loop = timer->loop;
	size_t index = timer->heap_index;
	if (index == NOT_IN_HEAP)
		return;

	struct loop_timer *last = loop->heap.ptr[--loop->heap.len];
	if (last != timer)
		heap_settle(loop, index, last);
	timer->heap_index = NOT_IN_HEAP;
}

void loop_timer_set(struct loop_timer *timer, int64_t ms)
{
	struct loop *loop = timer->loop;

	loop_timer_stop(timer);
	timer->at_ns = deadline_after(ms).at_ns;
	vec_push(&loop->heap, timer);
	heap_settle(loop, loop->heap.len - 1, timer);
}

void loop_timer_free(struct loop_timer *timer)
{
	if (!timer)
		return;
	loop_timer_stop(timer);
	mem_free(timer);
}

/* Those that are due now; one that sets itself to 0 ms comes in the next round. */
static void run_timers(struct loop *loop)
{
	int64_t now_ns = clock_monotonic_ns();

	while (loop->heap.len > 0 && loop->heap.ptr[0]->at_ns <= now_ns) {
		struct loop_timer *timer = loop->heap.ptr[0];
		loop_timer_stop(timer);
		timer->fn(timer->ctx); /* may free it */
	}
}

/* ---- handles ------------------------------------------------------------------------------ */

static struct loop_io *add(struct loop *loop, struct loop_io init)
{
	struct loop_io *io = MEM_NEW(struct loop_io);

	*io = init;
	io->loop = loop;
	vec_push(&loop->ios, io);
	loop_os_attach(loop->os, io);
	return io;
}

struct loop_io *loop_add_socket(struct loop *loop, pal_handle socket, unsigned events,
                                loop_io_fn *fn, void *ctx)
{
	return add(loop, (struct loop_io){ .handle = socket,
	                                   .is_socket = true,
	                                   .events = events,
	                                   .fn = fn,
	                                   .ctx = ctx });
}

struct loop_io *loop_add_handle(struct loop *loop, pal_handle handle, loop_io_fn *fn, void *ctx)
{
	return add(loop,
	           (struct loop_io){ .handle = handle, .events = LOOP_READ, .fn = fn, .ctx = ctx });
}

void loop_io_set(struct loop_io *io, unsigned events)
{
	io->events = events;
}

void loop_io_free(struct loop_io *io)
{
	if (!io || !io->fn)
		return;
	loop_os_detach(io->loop->os, io);
	io->fn = NULL;
	io->events = 0;
	io->loop->has_dead = true;
}

static void sweep(struct loop *loop)
{
	size_t kept = 0;

	if (!loop->has_dead)
		return;
	for (size_t i = 0; i < loop->ios.len; i++) {
		struct loop_io *io = loop->ios.ptr[i];
		if (io->fn)
			loop->ios.ptr[kept++] = io;
		else
			mem_free(io);
	}
	loop->ios.len = kept;
	loop->has_dead = false;
}

/* ---- loop --------------------------------------------------------------------------------- */

static void on_cancel(void *ctx, unsigned ready)
{
	struct loop *loop = ctx;

	(void)ready;
	cancel_drain(loop->cancel);
	if (cancel_take_hup(loop->cancel) && loop->hup_fn)
		loop->hup_fn(loop->hup_ctx);
	/* The handle stays readable from now on: who goes on stepping must not spin. */
	if (cancel_is_set(loop->cancel))
		loop_io_set(loop->cancel_io, 0);
}

err *loop_new(struct cancel *cancel, struct loop **ret_loop)
{
	AUTOPTR(loop) loop = MEM_NEW(struct loop);
	pal_handle handle;

	TRY(loop_os_new(&loop->os));
	if (cancel) {
		TRY(cancel_handle(cancel, &handle));
		loop->cancel = cancel;
		loop->cancel_io = loop_add_handle(loop, handle, on_cancel, loop);
	}
	*ret_loop = steal(&loop);
	return NULL;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	for (size_t i = 0; i < loop->ios.len; i++)
		loop_io_free(loop->ios.ptr[i]);
	sweep(loop);
	vec_clear(&loop->ios);
	while (loop->heap.len > 0)
		loop_timer_free(loop->heap.ptr[0]);
	vec_clear(&loop->heap);
	loop_os_free(loop->os);
	mem_free(loop);
}

void loop_on_hup(struct loop *loop, loop_fn *fn, void *ctx)
{
	loop->hup_fn = fn;
	loop->hup_ctx = ctx;
}

static int wait_ms(const struct loop *loop, int timeout_ms)
{
	if (loop->heap.len == 0)
		return timeout_ms;
	int timer_ms = deadline_left_ms((struct deadline){ loop->heap.ptr[0]->at_ns });
	return timeout_ms < 0 ? timer_ms : MIN(timeout_ms, timer_ms);
}

err *loop_step(struct loop *loop, int timeout_ms)
{
	sweep(loop);
	TRY(loop_os_wait(loop->os, &loop->ios, wait_ms(loop, timeout_ms)));
	run_timers(loop);
	/* Callbacks may add (their ready is 0) and free (their fn is NULL), but nothing moves. */
	for (size_t i = 0; i < loop->ios.len; i++) {
		struct loop_io *io = loop->ios.ptr[i];
		unsigned ready = io->ready & (io->events | LOOP_ERROR);
		io->ready = 0;
		if (ready && io->fn)
			io->fn(io->ctx, ready);
	}
	sweep(loop);
	return NULL;
}

err *loop_run(struct loop *loop)
{
	loop->is_stopped = false;
	while (!loop->is_stopped) {
		TRY(cancel_check(loop->cancel));
		TRY(loop_step(loop, -1));
	}
	return NULL;
}

void loop_stop(struct loop *loop)
{
	loop->is_stopped = true;
}
