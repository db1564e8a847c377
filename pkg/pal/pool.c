#include "base/base.h"
#include "pal/pool.h"

#include "base/vec.h"
#include "pal/pool_os.h"
#include "pal/sig.h"

#include <stdatomic.h>

/* A condition cannot be woken from a signal handler: the waiter looks at the flag this often. */
#define CANCEL_LOOK_MS 25

size_t pool_cpu_count(void)
{
	size_t count = pool_os_cpu_count();

	return count ? count : 1;
}

struct mutex_hold mutex_hold(struct mutex *mutex)
{
	mutex_lock(mutex);
	return (struct mutex_hold){ mutex };
}

void mutex_hold_clear(struct mutex_hold *hold)
{
	if (hold->mutex)
		mutex_unlock(hold->mutex);
	hold->mutex = NULL;
}

/* ---- parallel loop ------------------------------------------------------------------------ */

struct for_each {
	void (*fn)(void *ctx, size_t index);
	void *ctx;
	size_t count;
	atomic_size_t next;
};

static void for_each_run(void *data)
{
	struct for_each *loop = data;

	for (;;) {
		size_t index = atomic_fetch_add_explicit(&loop->next, 1, memory_order_relaxed);
		if (index >= loop->count)
			return;
		loop->fn(loop->ctx, index);
	}
}

void pool_for_each(size_t threads, size_t count, void (*fn)(void *ctx, size_t index), void *ctx)
{
	struct for_each loop = { fn, ctx, count, 0 };
	VEC(struct pool_thread *) helpers = VEC_INIT;

	if (count > 1 && threads == 0)
		threads = pool_cpu_count();
	for (size_t i = 1; i < MIN(threads, count); i++) {
		struct pool_thread *helper = pool_thread_start(for_each_run, &loop);
		if (!helper)
			break; /* fewer threads are slower, not wrong */
		vec_push(&helpers, helper);
	}
	for_each_run(&loop);
	for (size_t i = 0; i < helpers.len; i++)
		pool_thread_join(helpers.ptr[i]);
	vec_clear(&helpers);
}

/* ---- pool --------------------------------------------------------------------------------- */

struct job {
	struct job *next;
	void (*fn)(void *job);
	void *data;
};

struct job_list {
	struct job *first, **end; /* `end` is where the next one is linked in */
};

struct pool {
	struct mutex *mutex; /* guards all below */
	struct cond *work;   /* `queued` grew, or `is_ending` */
	struct cond *done;   /* `finished` grew */
	struct job_list queued, finished;
	size_t pending; /* submitted, not handed back */
	size_t running, idle;
	size_t max_threads;
	VEC(struct pool_thread *) threads;
	bool is_ending;
};

static void list_init(struct job_list *list)
{
	list->first = NULL;
	list->end = &list->first;
}

static void list_push(struct job_list *list, struct job *job)
{
	job->next = NULL;
	*list->end = job;
	list->end = &job->next;
}

static struct job *list_pop(struct job_list *list)
{
	struct job *job = list->first;
	if (!job)
		return NULL;

	list->first = job->next;
	if (!list->first)
		list->end = &list->first;
	return job;
}

/* Drops the jobs of a list; returns how many there were. */
static size_t list_drop(struct job_list *list)
{
	size_t count = 0;

	for (struct job *job; (job = list_pop(list)); count++)
		mem_free(job);
	return count;
}

struct pool *pool_new(size_t threads)
{
	struct pool *pool = MEM_NEW(struct pool);

	pool->mutex = mutex_new();
	pool->work = cond_new();
	pool->done = cond_new();
	list_init(&pool->queued);
	list_init(&pool->finished);
	pool->max_threads = threads ? threads : pool_cpu_count();
	return pool;
}

static void finish(struct pool *pool, struct job *job)
{
	list_push(&pool->finished, job);
	cond_broadcast(pool->done);
}

static void worker(void *data)
{
	struct pool *pool = data;

	mutex_lock(pool->mutex);
	while (!pool->is_ending) {
		struct job *job = list_pop(&pool->queued);
		if (!job) {
			pool->idle++;
			cond_wait(pool->work, pool->mutex, DEADLINE_NEVER);
			pool->idle--;
			continue;
		}
		pool->running++;
		mutex_unlock(pool->mutex);
		job->fn(job->data);
		mutex_lock(pool->mutex);
		pool->running--;
		finish(pool, job);
	}
	mutex_unlock(pool->mutex);
}

/* One more thread when jobs would wait otherwise. */
static void grow(struct pool *pool, size_t queued)
{
	if (pool->idle >= queued || pool->threads.len >= pool->max_threads)
		return;
	struct pool_thread *thread = pool_thread_start(worker, pool);
	if (thread)
		vec_push(&pool->threads, thread);
}

void pool_submit(struct pool *pool, void (*fn)(void *job), void *data)
{
	struct job *job = MEM_NEW(struct job);
	*job = (struct job){ NULL, fn, data };

	mutex_lock(pool->mutex);
	pool->pending++;
	grow(pool, pool->queued.first ? SIZE_MAX : 1);
	bool has_threads = pool->threads.len > 0;
	if (has_threads) {
		list_push(&pool->queued, job);
		cond_signal(pool->work);
	}
	mutex_unlock(pool->mutex);
	if (has_threads)
		return;

	fn(data);
	mutex_lock(pool->mutex);
	finish(pool, job);
	mutex_unlock(pool->mutex);
}

void pool_expect(struct pool *pool)
{
	AUTO(mutex_hold) hold = mutex_hold(pool->mutex);

	pool->pending++;
}

void pool_deliver(struct pool *pool, void *data)
{
	struct job *job = MEM_NEW(struct job);
	*job = (struct job){ .data = data };

	AUTO(mutex_hold) hold = mutex_hold(pool->mutex);
	finish(pool, job);
}

size_t pool_pending(struct pool *pool)
{
	AUTO(mutex_hold) hold = mutex_hold(pool->mutex);

	return pool->pending;
}

/* Sleeps until something may be finished. */
static err *wait_done(struct pool *pool, struct deadline deadline, const struct cancel *cancel)
{
	TRY(cancel_check(cancel));
	if (deadline_is_over(deadline))
		return err_new(ERR_TIMEOUT, "timed out");
	if (cancel)
		deadline = deadline_min(deadline, deadline_after(CANCEL_LOOK_MS));
	cond_wait(pool->done, pool->mutex, deadline);
	return NULL;
}

err *pool_next(struct pool *pool, struct deadline deadline, const struct cancel *cancel,
               void **ret_job)
{
	AUTO(mutex_hold) hold = mutex_hold(pool->mutex);

	while (!pool->finished.first && pool->pending > 0)
		TRY(wait_done(pool, deadline, cancel));
	struct job *job = list_pop(&pool->finished);
	*ret_job = job ? job->data : NULL;
	pool->pending -= job != NULL;
	mem_free(job);
	return NULL;
}

void pool_wait(struct pool *pool)
{
	AUTO(mutex_hold) hold = mutex_hold(pool->mutex);

	while (pool->pending > 0) {
		pool->pending -= list_drop(&pool->finished);
		if (pool->pending > 0)
			cond_wait(pool->done, pool->mutex, DEADLINE_NEVER);
	}
}

void pool_free(struct pool *pool)
{
	if (!pool)
		return;
	mutex_lock(pool->mutex);
	list_drop(&pool->queued);
	pool->is_ending = true;
	cond_broadcast(pool->work);
	mutex_unlock(pool->mutex);
	for (size_t i = 0; i < pool->threads.len; i++)
		pool_thread_join(pool->threads.ptr[i]);
	vec_clear(&pool->threads);
	list_drop(&pool->finished);
	cond_free(pool->work);
	cond_free(pool->done);
	mutex_free(pool->mutex);
	mem_free(pool);
}
