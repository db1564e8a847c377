/*
 * Talk to systemd the way sd_notify(3) does: a datagram to the socket it named. Without that socket,
 * and on systems without systemd, everything here does nothing. Losing such a message is never a
 * reason to stop, so nothing fails either.
 */
#ifndef PAL_NOTIFY_H
#define PAL_NOTIFY_H

#include "base/base.h"
#include "pal/handle.h"

struct notify;

/* `socket_path` as in NOTIFY_SOCKET: "/path" or "@abstract"; NULL: say nothing. */
struct notify *notify_new(const char *socket_path);
/* From NOTIFY_SOCKET and WATCHDOG_USEC (only when WATCHDOG_PID is us or absent). */
struct notify *notify_from_env(void);
void notify_free(struct notify *notify);
AUTOPTR_DEFINE(notify)

bool notify_is_on(const struct notify *notify);
/* READY=1, with a status line unless `status` is NULL. */
void notify_ready(struct notify *notify, const char *status);
/* RELOADING=1 with the time stamp systemd wants; say notify_ready when it is over. */
void notify_reloading(struct notify *notify);
void notify_stopping(struct notify *notify);
void notify_status(struct notify *notify, const char *status);

/* Ping at least this often, half of what systemd allows; 0: not asked for. */
int64_t notify_watchdog_ms(const struct notify *notify);
void notify_watchdog(struct notify *notify);

/*
 * Socket activation: the listeners systemd handed us (LISTEN_FDS), made non-blocking and not
 * inherited further. Writes up to `cap` handles, returns how many.
 */
size_t notify_listeners(pal_handle *ret_handles, size_t cap);

#endif
