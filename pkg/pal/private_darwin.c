#include "base/base.h"

#include "pal/private.h"

#include <sys/types.h>

#include <sys/ptrace.h>

void process_make_private(void)
{
	(void)ptrace(PT_DENY_ATTACH, 0, 0, 0);
}
