#include "base/base.h"
#include "pal/clock.h"

#include "pal/clock_os.h"

#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec now;

	/* These two clocks exist on every system we build for; there is nothing to report. */
	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec;
}

int64_t clock_os_monotonic_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_os_wall_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

void clock_os_sleep_ms(int64_t ms)
{
	struct timespec time = {
		.tv_sec = (time_t)(ms / 1000),
		.tv_nsec = (long)(ms % 1000 * CLOCK_NS_PER_MS),
	};
	nanosleep(&time, NULL);
}
