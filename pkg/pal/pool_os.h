/*
 * Private to pkg/pal: threads as the system offers them.
 */
#ifndef PAL_POOL_OS_H
#define PAL_POOL_OS_H

#include "base/base.h"

#define POOL_STACK_BYTES (1u << 20)

struct pool_thread;

/* NULL when the system has no thread for us. The thread blocks every signal. */
struct pool_thread *pool_thread_start(void (*fn)(void *ctx), void *ctx);
/* Wait for its end and free it. */
void pool_thread_join(struct pool_thread *thread);

size_t pool_os_cpu_count(void); /* 0: unknown */

#endif
