#include "base/base.h"

#include "pal/private.h"

#include <windows.h>

void process_make_private(void)
{
	/* No dialogue and no report with our memory in it. */
	SetErrorMode(SetErrorMode(0) | SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
}
