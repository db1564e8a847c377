/*
 * Random bytes from the operating system, and jitter for back-off.
 */
#ifndef PAL_RANDOM_H
#define PAL_RANDOM_H

#include "base/base.h"

/* Fill `buf`; good for keys. A system that cannot do this cannot be worked on: aborts. */
void random_bytes(void *buf, size_t len);
/* Evenly from 0 to `bound` - 1; `bound` is not 0. */
uint64_t random_below(uint64_t bound);
/* `ms` less up to `percent` of it, so that many machines do not knock at the same moment. */
int64_t random_jitter_ms(int64_t ms, unsigned percent);

#endif
