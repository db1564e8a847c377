#include "base/base.h"

#include "kube/kube_private.h"
#include "pal/clock.h"

enum {
	FIRST_ALLOWED = 32,
	MOST_ALLOWED = 400,
	LEAST_ALLOWED = 2,
	GROW_AFTER = 16,          /* answers without a reason not to */
	STORM_MS = 500,
};

void kube_limiter_init(struct kube_limiter *limiter)
{
	*limiter = (struct kube_limiter){ .mutex = mutex_new(),
		                          .freed = cond_new(),
		                          .allowed = FIRST_ALLOWED };
}

void kube_limiter_clear(struct kube_limiter *limiter)
{
	cond_free(limiter->freed);
	mutex_free(limiter->mutex);
}

void kube_limiter_enter(struct kube_limiter *limiter)
{
	AUTO(mutex_hold) hold = mutex_hold(limiter->mutex);
	while (limiter->in_flight >= limiter->allowed)
		cond_wait(limiter->freed, limiter->mutex, DEADLINE_NEVER);
	limiter->in_flight++;
}

static void shrink(struct kube_limiter *limiter)
{
	int64_t now_ns = clock_monotonic_ns();
	if (now_ns - limiter->halved_ns < (int64_t)STORM_MS * CLOCK_NS_PER_MS)
		return;
	limiter->halved_ns = now_ns;
	limiter->allowed = MAX(limiter->allowed / 2, (unsigned)LEAST_ALLOWED);
	limiter->since_change = 0;
}

/* Answers that take four times as long as the fastest wait in the server: more would not help. */
static void grow(struct kube_limiter *limiter, int64_t took_ns)
{
	if (!limiter->best_ns || took_ns < limiter->best_ns)
		limiter->best_ns = took_ns;
	bool is_flat = took_ns < 4 * limiter->best_ns;
	bool is_full = limiter->in_flight + 1 >= limiter->allowed;
	limiter->since_change = is_flat && is_full ? limiter->since_change + 1 : 0;
	if (limiter->since_change < GROW_AFTER)
		return;
	limiter->since_change = 0;
	limiter->allowed = MIN(limiter->allowed * 2, (unsigned)MOST_ALLOWED);
	cond_broadcast(limiter->freed);
}

void kube_limiter_leave(struct kube_limiter *limiter, int64_t took_ns, bool is_overload)
{
	AUTO(mutex_hold) hold = mutex_hold(limiter->mutex);
	limiter->in_flight--;
	if (is_overload)
		shrink(limiter);
	else if (took_ns > 0)
		grow(limiter, took_ns);
	cond_signal(limiter->freed); /* one place, one waiter: waking all of them costs more than the call */
}
