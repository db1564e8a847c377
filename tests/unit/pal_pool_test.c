#include "test.h"
#include "pal/pool.h"

#include "pal/fault.h"
#include "pal/sig.h"

#include <stdatomic.h>

#define COUNT 10000

static void mark(void *ctx, size_t index)
{
	atomic_int *marks = ctx;

	atomic_fetch_add(&marks[index], 1);
}

TEST(pool, for_each_calls_every_index_once)
{
	static const size_t threads[] = { 0, 1, 2, 8, 64 };

	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		AUTOFREE atomic_int *marks = mem_zalloc(COUNT, sizeof(*marks));
		pool_for_each(threads[i], COUNT, mark, marks);
		for (size_t k = 0; k < COUNT; k++)
			CHECK_INT(marks[k], 1);
	}
	pool_for_each(4, 0, mark, NULL);
}

TEST(pool, for_each_works_without_any_thread)
{
	atomic_int marks[10] = { 0 };

	fault_arm(1);
	pool_for_each(4, ARRAY_LEN(marks), mark, marks);
	fault_arm(0);
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		CHECK_INT(marks[i], 1);
}

TEST(pool, counts_cpus)
{
	CHECK(pool_cpu_count() >= 1);
	CHECK(pool_cpu_count() < 100000);
}

struct job {
	int input, output;
};

static void square(void *data)
{
	struct job *job = data;

	job->output = job->input * job->input;
}

TEST(pool, hands_back_every_job_once)
{
	AUTOPTR(pool) pool = pool_new(4);
	struct job jobs[200];
	bool is_back[ARRAY_LEN(jobs)] = { false };

	for (int i = 0; i < (int)ARRAY_LEN(jobs); i++) {
		jobs[i] = (struct job){ i, -1 };
		pool_submit(pool, square, &jobs[i]);
	}
	CHECK_INT(pool_pending(pool), ARRAY_LEN(jobs));
	for (;;) {
		void *done = NULL;
		CHECK_OK(pool_next(pool, deadline_after(10000), NULL, &done));
		if (!done)
			break;
		struct job *job = done;
		CHECK_INT(job->output, job->input * job->input);
		CHECK(!is_back[job->input]);
		is_back[job->input] = true;
	}
	for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
		CHECK(is_back[i]);
	CHECK_INT(pool_pending(pool), 0);
}

TEST(pool, jobs_run_without_any_thread)
{
	AUTOPTR(pool) pool = pool_new(2);
	struct job job = { 3, 0 };
	void *done = NULL;

	fault_arm(1);
	pool_submit(pool, square, &job);
	fault_arm(0);
	CHECK_OK(pool_next(pool, DEADLINE_NEVER, NULL, &done));
	CHECK(done == &job);
	CHECK_INT(job.output, 9);
}

/* A job that waits until it is let go. */
struct gate {
	struct mutex *mutex;
	struct cond *cond;
	bool is_open;
	int passed;
};

static void gate_init(struct gate *gate)
{
	*gate = (struct gate){ mutex_new(), cond_new(), false, 0 };
}

static void gate_clear(struct gate *gate)
{
	cond_free(gate->cond);
	mutex_free(gate->mutex);
}

static void wait_at(void *data)
{
	struct gate *gate = data;
	AUTO(mutex_hold) hold = mutex_hold(gate->mutex);

	while (!gate->is_open)
		cond_wait(gate->cond, gate->mutex, DEADLINE_NEVER);
	gate->passed++;
}

static void open_gate(struct gate *gate)
{
	AUTO(mutex_hold) hold = mutex_hold(gate->mutex);

	gate->is_open = true;
	cond_broadcast(gate->cond);
}

TEST(pool, next_gives_up_at_the_deadline_and_at_the_stop)
{
	AUTO(gate) gate;
	AUTOPTR(cancel) cancel = cancel_new();
	void *done = NULL;

	gate_init(&gate);
	struct pool *pool = pool_new(1);
	pool_submit(pool, wait_at, &gate);
	CHECK_ERR(pool_next(pool, deadline_after(10), NULL, &done), ERR_TIMEOUT, "timed out");
	CHECK_ERR(pool_next(pool, deadline_after(10), cancel, &done), ERR_TIMEOUT, "timed out");
	cancel_request(cancel, 130);
	CHECK_ERR(pool_next(pool, DEADLINE_NEVER, cancel, &done), ERR_CANCELLED, "interrupted");
	CHECK(!done);
	open_gate(&gate);
	CHECK_OK(pool_next(pool, DEADLINE_NEVER, NULL, &done));
	CHECK(done == &gate);
	pool_free(pool);
}

TEST(pool, wait_waits_for_all)
{
	AUTO(gate) gate;

	gate_init(&gate);
	struct pool *pool = pool_new(3);
	for (int i = 0; i < 20; i++)
		pool_submit(pool, wait_at, &gate);
	open_gate(&gate);
	pool_wait(pool);
	CHECK_INT(gate.passed, 20);
	CHECK_INT(pool_pending(pool), 0);
	pool_wait(pool);
	pool_free(pool);
}

TEST(pool, free_drops_what_was_not_started)
{
	AUTO(gate) gate;

	gate_init(&gate);
	struct pool *pool = pool_new(1);
	for (int i = 0; i < 50; i++)
		pool_submit(pool, wait_at, &gate);
	open_gate(&gate);
	pool_free(pool);
	CHECK(gate.passed <= 50);
	pool_free(NULL);
}

TEST(cond, wait_ends_at_the_deadline)
{
	AUTO(gate) gate;

	gate_init(&gate);
	AUTO(mutex_hold) hold = mutex_hold(gate.mutex);
	struct deadline deadline = deadline_after(10);
	while (cond_wait(gate.cond, gate.mutex, deadline)) {
	}
	CHECK(deadline_is_over(deadline));
	/* Let go before gate_clear frees it. */
	mutex_hold_clear(&hold);
}
