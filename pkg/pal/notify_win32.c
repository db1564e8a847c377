#include "base/base.h"
#include "pal/notify.h"

#include "pal/notify_os.h"

void notify_os_send(const char *path, const char *text, size_t len)
{
	(void)path, (void)text, (void)len;
}

uint64_t notify_os_pid(void)
{
	return 0;
}

size_t notify_os_listeners(size_t count, pal_handle *ret_handles)
{
	(void)count, (void)ret_handles;
	return 0;
}
