/* proc_spawn_win32.c: what proc_run needs of a started child. Included by proc_*_win32.c only. */
#ifndef PAL_PROC_OS_WIN32_H
#define PAL_PROC_OS_WIN32_H

#include "pal/proc.h"
#include "pal/os_win32.h"

struct child {
	HANDLE process, job; /* the job holds the child and all its children */
	DWORD pid;
	HANDLE in, out, err; /* our ends of the pipes, overlapped, or INVALID_HANDLE_VALUE */
};

NODISCARD err *proc_os_spawn(const struct proc_opts *opts, struct child *ret_child);
void child_clear(struct child *child);

/* Append one argument so that the C runtime of the child reads it back as it is. */
void proc_os_quote(const char *arg, struct str *line);

#endif
