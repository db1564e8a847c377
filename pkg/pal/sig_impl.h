/*
 * Private to pkg/pal: what the halves of sig.c share.
 */
#ifndef PAL_SIG_IMPL_H
#define PAL_SIG_IMPL_H

#include "base/base.h"
#include "pal/sig.h"

struct cancel {
	atomic_int exit_code;
	atomic_int hup;
	/* POSIX: write end of the self-pipe; 0 while there is none. Windows: 1 with an event. */
	atomic_int wake_fd;
	pal_handle wait_handle;
};

/* Make the wait handle and set `wake_fd`. */
NODISCARD err *cancel_os_open(struct cancel *cancel);
void cancel_os_close(struct cancel *cancel);
/* Safe in a signal handler. */
void cancel_os_wake(struct cancel *cancel);
void cancel_os_drain(struct cancel *cancel);

#endif
