#include "base/base.h"
#include "pal/pool.h"

#include "pal/pool_cond_posix.h"
#include "pal/pool_os.h"

#include <fcntl.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

int pool_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	int code = pthread_condattr_init(&attr);
	if (code)
		return code;
	code = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (!code)
		code = pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
	return code;
}

bool pool_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, struct deadline deadline)
{
	struct timespec until = {
		.tv_sec = (time_t)(deadline.at_ns / CLOCK_NS_PER_S),
		.tv_nsec = (long)(deadline.at_ns % CLOCK_NS_PER_S),
	};
	return pthread_cond_timedwait(cond, mutex, &until) == 0;
}

/* CPUs that the container's quota allows, rounded up; 0: no quota. cgroup v2 only. */
static size_t quota_cpus(void)
{
	char text[64];
	int fd = open("/sys/fs/cgroup/cpu.max", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return 0;
	text[len] = '\0';

	/* "150000 100000" or "max 100000", in microseconds */
	char *end;
	unsigned long quota = strtoul(text, &end, 10);
	unsigned long period = strtoul(end, NULL, 10);
	if (!quota || !period)
		return 0;
	return quota / period + (quota % period != 0);
}

size_t pool_os_cpu_count(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 0;
	size_t count = (size_t)CPU_COUNT(&set), quota = quota_cpus();
	return quota ? MIN(count, quota) : count;
}
