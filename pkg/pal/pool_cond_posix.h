/*
 * Private to pkg/pal: waiting on the monotonic clock, which Linux and macOS spell differently.
 */
#ifndef PAL_POOL_COND_POSIX_H
#define PAL_POOL_COND_POSIX_H

#include "pal/clock.h"

#include <pthread.h>

int pool_cond_init(pthread_cond_t *cond);
/* False when the deadline, which is not DEADLINE_NEVER, passed. */
bool pool_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, struct deadline deadline);

#endif
