#include "base/base.h"
#include "pal/pool.h"

#include "pal/pool_os.h"

#include <windows.h>
#include <process.h>

struct pool_thread {
	HANDLE handle;
	void (*fn)(void *ctx);
	void *ctx;
};

static unsigned __stdcall thread_main(void *data)
{
	struct pool_thread *thread = data;

	thread->fn(thread->ctx);
	return 0;
}

struct pool_thread *pool_thread_start(void (*fn)(void *ctx), void *ctx)
{
	struct pool_thread *thread = MEM_NEW(struct pool_thread);

	thread->fn = fn;
	thread->ctx = ctx;
	/* _beginthreadex and not CreateThread: the C runtime keeps data per thread. */
	thread->handle = (HANDLE)_beginthreadex(NULL, POOL_STACK_BYTES, thread_main, thread,
	                                        STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
	if (!thread->handle) {
		mem_free(thread);
		return NULL;
	}
	return thread;
}

void pool_thread_join(struct pool_thread *thread)
{
	WaitForSingleObject(thread->handle, INFINITE);
	CloseHandle(thread->handle);
	mem_free(thread);
}

size_t pool_os_cpu_count(void)
{
	DWORD_PTR process = 0, system = 0;

	if (!GetProcessAffinityMask(GetCurrentProcess(), &process, &system))
		return 0;
	return (size_t)__builtin_popcountll(process);
}

struct mutex {
	SRWLOCK os;
};

struct mutex *mutex_new(void)
{
	struct mutex *mutex = MEM_NEW(struct mutex);

	InitializeSRWLock(&mutex->os);
	return mutex;
}

void mutex_free(struct mutex *mutex)
{
	mem_free(mutex);
}

void mutex_lock(struct mutex *mutex)
{
	AcquireSRWLockExclusive(&mutex->os);
}

void mutex_unlock(struct mutex *mutex)
{
	ReleaseSRWLockExclusive(&mutex->os);
}

struct cond {
	CONDITION_VARIABLE os;
};

struct cond *cond_new(void)
{
	struct cond *cond = MEM_NEW(struct cond);

	InitializeConditionVariable(&cond->os);
	return cond;
}

void cond_free(struct cond *cond)
{
	mem_free(cond);
}

bool cond_wait(struct cond *cond, struct mutex *mutex, struct deadline deadline)
{
	int left_ms = deadline_left_ms(deadline);

	return SleepConditionVariableSRW(&cond->os, &mutex->os,
	                                 left_ms < 0 ? INFINITE : (DWORD)left_ms, 0);
}

void cond_signal(struct cond *cond)
{
	WakeConditionVariable(&cond->os);
}

void cond_broadcast(struct cond *cond)
{
	WakeAllConditionVariable(&cond->os);
}
