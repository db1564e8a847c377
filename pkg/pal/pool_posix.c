#include "base/base.h"
#include "pal/pool.h"

#include "pal/fault.h"
#include "pal/pool_cond_posix.h"
#include "pal/pool_os.h"

#include <pthread.h>
#include <signal.h>

struct pool_thread {
	pthread_t id;
	void (*fn)(void *ctx);
	void *ctx;
};

static void *thread_main(void *data)
{
	struct pool_thread *thread = data;

	thread->fn(thread->ctx);
	return NULL;
}

static int create(struct pool_thread *thread)
{
	pthread_attr_t attr;

	int code = pthread_attr_init(&attr);
	if (code)
		return code;
	/* musl gives 128 KiB, glibc 8 MiB: the same everywhere is what we can test. */
	code = pthread_attr_setstacksize(&attr, POOL_STACK_BYTES);
	if (!code)
		code = pthread_create(&thread->id, &attr, thread_main, thread);
	pthread_attr_destroy(&attr);
	return code;
}

struct pool_thread *pool_thread_start(void (*fn)(void *ctx), void *ctx)
{
	struct pool_thread *thread = MEM_NEW(struct pool_thread);
	sigset_t all, before;

	thread->fn = fn;
	thread->ctx = ctx;
	/* A thread inherits the mask: it must not have a moment without it. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int code = FAULT("pthread_create") ? 1 : create(thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (code) {
		mem_free(thread);
		return NULL;
	}
	return thread;
}

void pool_thread_join(struct pool_thread *thread)
{
	pthread_join(thread->id, NULL);
	mem_free(thread);
}

/* Misuse of these is a bug and no state of the world: there is nothing to hand to a caller. */
static void must_be_zero(int code)
{
	if (code)
		abort();
}

struct mutex {
	pthread_mutex_t os;
};

struct mutex *mutex_new(void)
{
	struct mutex *mutex = MEM_NEW(struct mutex);

	must_be_zero(pthread_mutex_init(&mutex->os, NULL));
	return mutex;
}

void mutex_free(struct mutex *mutex)
{
	if (!mutex)
		return;
	pthread_mutex_destroy(&mutex->os);
	mem_free(mutex);
}

void mutex_lock(struct mutex *mutex)
{
	must_be_zero(pthread_mutex_lock(&mutex->os));
}

void mutex_unlock(struct mutex *mutex)
{
	must_be_zero(pthread_mutex_unlock(&mutex->os));
}

struct cond {
	pthread_cond_t os;
};

struct cond *cond_new(void)
{
	struct cond *cond = MEM_NEW(struct cond);

	must_be_zero(pool_cond_init(&cond->os));
	return cond;
}

void cond_free(struct cond *cond)
{
	if (!cond)
		return;
	pthread_cond_destroy(&cond->os);
	mem_free(cond);
}

bool cond_wait(struct cond *cond, struct mutex *mutex, struct deadline deadline)
{
	if (deadline.at_ns)
		return pool_cond_wait_until(&cond->os, &mutex->os, deadline);
	must_be_zero(pthread_cond_wait(&cond->os, &mutex->os));
	return true;
}

void cond_signal(struct cond *cond)
{
	must_be_zero(pthread_cond_signal(&cond->os));
}

void cond_broadcast(struct cond *cond)
{
	must_be_zero(pthread_cond_broadcast(&cond->os));
}
