#include "base/base.h"
#include "pal/random.h"

#include <windows.h>
#include <bcrypt.h>

void random_bytes(void *buf, size_t len)
{
	for (uint8_t *at = buf; len > 0;) {
		ULONG part = len > 0x10000 ? 0x10000 : (ULONG)len;
		if (BCryptGenRandom(NULL, at, part, BCRYPT_USE_SYSTEM_PREFERRED_RNG) != 0)
			abort();
		at += part;
		len -= part;
	}
}
