#include "base/base.h"
#include "pal/random.h"

#include <sys/random.h>
#include <unistd.h>

void random_bytes(void *buf, size_t len)
{
	const size_t getentropy_max = 256;

	for (uint8_t *at = buf; len > 0;) {
		size_t part = MIN(len, getentropy_max);
		if (getentropy(at, part) != 0)
			abort();
		at += part;
		len -= part;
	}
}
