#include "base/base.h"
#include "pal/pool.h"

#include "pal/pool_cond_posix.h"
#include "pal/pool_os.h"

#include <time.h>
#include <unistd.h>

int pool_cond_init(pthread_cond_t *cond)
{
	return pthread_cond_init(cond, NULL);
}

bool pool_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, struct deadline deadline)
{
	int64_t left_ns = MAX(deadline.at_ns - clock_monotonic_ns(), 0);
	struct timespec left = {
		.tv_sec = (time_t)(left_ns / CLOCK_NS_PER_S),
		.tv_nsec = (long)(left_ns % CLOCK_NS_PER_S),
	};
	return pthread_cond_timedwait_relative_np(cond, mutex, &left) == 0;
}

size_t pool_os_cpu_count(void)
{
	long count = sysconf(_SC_NPROCESSORS_ONLN);

	return count > 0 ? (size_t)count : 0;
}
