#define BASE_ALLOW_BANNED
#include "base/base.h"

#include "pal/idle.h"
#include "pal/os_win32.h"

void process_shrink(void)
{
	(void)SetProcessWorkingSetSize(GetCurrentProcess(), (SIZE_T)-1, (SIZE_T)-1);
}
