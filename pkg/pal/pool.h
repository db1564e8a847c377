/*
 * The only threads in the program. A pool runs jobs and hands back what is done; pool_for_each is
 * a parallel loop. The mutex and condition are for the few structures that jobs share. All
 * signals go to the main thread.
 */
#ifndef PAL_POOL_H
#define PAL_POOL_H

#include "base/base.h"
#include "pal/clock.h"

struct cancel;

/* CPUs this process may use (affinity and cgroup quota counted); at least 1. */
size_t pool_cpu_count(void);

/* Call fn(ctx, i) for every i < count, on up to `threads` threads (0: one per CPU), this one too. */
void pool_for_each(size_t threads, size_t count, void (*fn)(void *ctx, size_t index), void *ctx);

struct pool;

/* Threads start when jobs come. */
struct pool *pool_new(size_t threads);
/* Waits for the jobs that were started and drops those that were not; NULL is fine. */
void pool_free(struct pool *pool);
AUTOPTR_DEFINE(pool)

/* Run fn(job) on one of the threads; jobs start in order. If no thread can be had: right now. */
void pool_submit(struct pool *pool, void (*fn)(void *job), void *job);
/*
 * For jobs that end elsewhere: pool_expect announces one, pool_deliver (from any thread, once) makes it
 * come out of pool_next.
 */
void pool_expect(struct pool *pool);
void pool_deliver(struct pool *pool, void *job);
/* Jobs submitted and not yet handed back by pool_next. */
size_t pool_pending(struct pool *pool);
/*
 * Wait until some job is done and hand it back (in order of completion); NULL when none is
 * pending. Fails with TIMEOUT, or CANCELLED (`cancel` may be NULL); jobs go on meanwhile.
 */
NODISCARD err *pool_next(struct pool *pool, struct deadline deadline, const struct cancel *cancel,
                         void **ret_job);
/* Wait for all of them. */
void pool_wait(struct pool *pool);

struct mutex *mutex_new(void);
void mutex_free(struct mutex *mutex);
void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);

/* AUTO(mutex_hold) hold = mutex_hold(m); holds it to the end of the scope. */
struct UNUSED mutex_hold {
	struct mutex *mutex;
};
struct mutex_hold mutex_hold(struct mutex *mutex);
void mutex_hold_clear(struct mutex_hold *hold);

struct cond *cond_new(void);
void cond_free(struct cond *cond);
/* False when the deadline passed; may wake for no reason. */
bool cond_wait(struct cond *cond, struct mutex *mutex, struct deadline deadline);
void cond_signal(struct cond *cond);
void cond_broadcast(struct cond *cond);

#endif
