/*
 * Private to pkg/pal: the socket half of notify.
 */
#ifndef PAL_NOTIFY_OS_H
#define PAL_NOTIFY_OS_H

#include "base/base.h"
#include "pal/handle.h"

/* Best effort. `path` begins with '/' or '@'. */
void notify_os_send(const char *path, const char *text, size_t len);
uint64_t notify_os_pid(void);
/* Prepare the `count` descriptors that systemd passed; returns how many are sockets. */
size_t notify_os_listeners(size_t count, pal_handle *ret_handles);

#endif
