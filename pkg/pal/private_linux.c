#include "base/base.h"

#include "pal/private.h"

#include <sys/prctl.h>

/* Children get their own way back with exec; a limit on core dumps they would inherit. */
void process_make_private(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
