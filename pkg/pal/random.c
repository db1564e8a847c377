#include "base/base.h"
#include "pal/random.h"

uint64_t random_below(uint64_t bound)
{
	/* Values from the last, incomplete round of `bound` would make small results likelier. */
	uint64_t value, uneven = (0 - bound) % bound;

	do {
		random_bytes(&value, sizeof(value));
	} while (value < uneven);
	return value % bound;
}

int64_t random_jitter_ms(int64_t ms, unsigned percent)
{
	int64_t most = ms / 100 * percent + ms % 100 * percent / 100;

	if (most <= 0)
		return ms;
	return ms - (int64_t)random_below((uint64_t)most + 1);
}
