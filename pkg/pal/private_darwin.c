#include "base/base.h"

#include "pal/private.h"

void process_make_private(void)
{
	/* Only a signed program with a hardened runtime can refuse debuggers here. */
}
