/* What Linux and macOS do differently about processes. Included by proc_*.c only. */
#ifndef PAL_PROC_OS_POSIX_H
#define PAL_PROC_OS_POSIX_H

#include <spawn.h>
#include <sys/types.h>

#include "base/base.h"

/* A descriptor that becomes readable when the process ends, or -1: then look now and then. */
int proc_os_exit_fd(pid_t pid);

/* Make sure that a spawned child inherits nothing but what its file actions say. */
int proc_os_hide_fds(posix_spawnattr_t *attr, short *flags);

/* When the process started, in seconds since 1970; false when it cannot be known. */
bool proc_os_start_time(pid_t pid, int64_t *ret_seconds);

/* Send a signal through the descriptor above, which cannot hit a re-used pid; 0 or -1, errno. */
int proc_os_signal(int exit_fd, pid_t pid, int number);

/* Orphans of our children fall to us, where the system can do that. */
void proc_os_adopt_orphans(void);

/* proc_spawn_posix.c: what proc_run needs of a started child. */
struct child {
	pid_t pid;
	bool has_group;   /* it leads a process group of its own */
	int in, out, err; /* our ends of the pipes, non-blocking, or -1 */
};

struct proc_opts;
NODISCARD err *proc_os_spawn(const struct proc_opts *opts, struct child *ret_child);

#endif
