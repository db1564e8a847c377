/*
 * Private to pkg/pal: the three calls of the clock that differ between systems.
 */
#ifndef PAL_CLOCK_OS_H
#define PAL_CLOCK_OS_H

#include <stdint.h>

int64_t clock_os_monotonic_ns(void); /* never 0: that would be DEADLINE_NEVER */
int64_t clock_os_wall_ns(void);
void clock_os_sleep_ms(int64_t ms);

#endif
