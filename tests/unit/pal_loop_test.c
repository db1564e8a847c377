#include "test.h"
#include "pal/loop.h"

#include "pal/clock.h"
#include "pal/sig.h"

#include <unistd.h>

struct wire {
	struct loop *loop;
	struct loop_io *io, *other;
	int fds[2];
	int calls;
	unsigned ready;
};

static void wire_clear(struct wire *wire)
{
	loop_free(wire->loop);
	close(wire->fds[0]);
	close(wire->fds[1]);
}

static err *wire_open(struct wire *wire, struct cancel *cancel)
{
	if (pipe(wire->fds) != 0)
		return err_new(ERR_IO, "no pipe");
	return loop_new(cancel, &wire->loop);
}

static void feed(const struct wire *wire)
{
	if (write(wire->fds[1], "x", 1) != 1)
		abort();
}

static void count(void *ctx, unsigned ready)
{
	struct wire *wire = ctx;

	wire->calls++;
	wire->ready = ready;
}

TEST(loop, tells_what_is_ready_for_as_long_as_it_is)
{
	AUTO(wire) wire = { 0 };

	CHECK_OK(wire_open(&wire, NULL));
	wire.io = loop_add_socket(wire.loop, wire.fds[0], LOOP_READ, count, &wire);
	CHECK_OK(loop_step(wire.loop, 0));
	CHECK_INT(wire.calls, 0);
	feed(&wire);
	CHECK_OK(loop_step(wire.loop, 5000));
	CHECK_OK(loop_step(wire.loop, 5000));
	CHECK_INT(wire.calls, 2);
	CHECK_INT(wire.ready, LOOP_READ);
	loop_io_set(wire.io, 0);
	CHECK_OK(loop_step(wire.loop, 0));
	CHECK_INT(wire.calls, 2);
	loop_io_set(wire.io, LOOP_READ);
	CHECK_OK(loop_step(wire.loop, 0));
	CHECK_INT(wire.calls, 3);
	loop_io_free(wire.io);
	CHECK_OK(loop_step(wire.loop, 0));
	CHECK_INT(wire.calls, 3);
}

TEST(loop, a_hang_up_is_an_error_unless_nobody_asks)
{
	AUTO(wire) wire = { 0 };

	CHECK_OK(wire_open(&wire, NULL));
	wire.io = loop_add_socket(wire.loop, wire.fds[1], LOOP_WRITE, count, &wire);
	close(wire.fds[0]);
	CHECK_OK(loop_step(wire.loop, 5000));
	CHECK(wire.ready & LOOP_ERROR);
	loop_io_set(wire.io, 0);
	CHECK_OK(loop_step(wire.loop, 0));
	CHECK_INT(wire.calls, 1);
	wire.fds[0] = dup(0);
}

static void free_both(void *ctx, unsigned ready)
{
	struct wire *wire = ctx;

	(void)ready;
	wire->calls++;
	loop_io_free(wire->io);
	loop_io_free(wire->other);
	loop_add_socket(wire->loop, wire->fds[0], LOOP_READ, count, wire);
}

TEST(loop, callbacks_may_free_themselves_and_others)
{
	AUTO(wire) wire = { 0 };

	CHECK_OK(wire_open(&wire, NULL));
	wire.io = loop_add_socket(wire.loop, wire.fds[0], LOOP_READ, free_both, &wire);
	wire.other = loop_add_socket(wire.loop, wire.fds[0], LOOP_READ, free_both, &wire);
	feed(&wire);
	CHECK_OK(loop_step(wire.loop, 5000));
	CHECK_INT(wire.calls, 1);
	CHECK_OK(loop_step(wire.loop, 5000));
	CHECK_INT(wire.calls, 2);
}

struct order {
	struct loop *loop;
	struct loop_timer *timers[100];
	int fired[100], count;
};

struct shot {
	struct order *order;
	int index;
};

static void shoot(void *ctx)
{
	struct shot *shot = ctx;

	shot->order->fired[shot->order->count++] = shot->index;
}

TEST(loop, timers_fire_in_order)
{
	struct order order = { 0 };
	struct shot shots[100];
	AUTOPTR(loop) loop = NULL;

	CHECK_OK(loop_new(NULL, &loop));
	for (int i = 0; i < 100; i++) {
		int ms = i * 37 % 100;
		shots[i] = (struct shot){ &order, ms };
		order.timers[i] = loop_timer_new(loop, shoot, &shots[i]);
		loop_timer_set(order.timers[i], 1000);
		loop_timer_set(order.timers[i], ms / 10 * 30); /* setting all takes less than 30 ms */
	}
	/* Those of the last two groups never come. */
	for (int i = 0; i < 100; i++)
		if (shots[i].index >= 80)
			loop_timer_stop(order.timers[i]);
	struct deadline end = deadline_after(5000);
	while (order.count < 80 && !deadline_is_over(end))
		CHECK_OK(loop_step(loop, 5000));
	CHECK_OK(loop_step(loop, 15));
	CHECK_INT(order.count, 80);
	for (int i = 1; i < 80; i++)
		CHECK(order.fired[i] / 10 >= order.fired[i - 1] / 10);
	for (int i = 0; i < 100; i++)
		loop_timer_free(order.timers[i]);
	loop_timer_free(NULL);
}

struct again {
	struct loop *loop;
	struct loop_timer *timer;
	int calls;
};

static void set_again(void *ctx)
{
	struct again *again = ctx;

	if (++again->calls < 3)
		loop_timer_set(again->timer, 0);
	else
		loop_stop(again->loop);
}

TEST(loop, a_timer_may_set_itself_again)
{
	struct again again = { 0 };
	AUTOPTR(loop) loop = NULL;

	CHECK_OK(loop_new(NULL, &loop));
	again.loop = loop;
	again.timer = loop_timer_new(loop, set_again, &again);
	loop_timer_set(again.timer, 0);
	CHECK_OK(loop_run(loop));
	CHECK_INT(again.calls, 3);
	loop_timer_free(again.timer);
}

static void count_hup(void *ctx)
{
	int *calls = ctx;

	(*calls)++;
}

TEST(loop, the_stop_ends_it_and_hup_does_not)
{
	AUTOPTR(cancel) cancel = cancel_new();
	AUTOPTR(loop) loop = NULL;
	int hups = 0;

	CHECK_OK(loop_new(cancel, &loop));
	loop_on_hup(loop, count_hup, &hups);
	cancel_note_hup(cancel);
	CHECK_OK(loop_step(loop, 5000));
	CHECK_INT(hups, 1);
	cancel_request(cancel, 143);
	CHECK_ERR(loop_run(loop), ERR_CANCELLED, "interrupted");
	/* Who goes on to end in order does not spin. */
	CHECK_OK(loop_step(loop, 0));
	int64_t start_ms = clock_monotonic_ms();
	CHECK_OK(loop_step(loop, 10));
	CHECK(clock_monotonic_ms() - start_ms >= 9);
}
