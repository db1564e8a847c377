/*
 * Children that live beside us: started on a `struct loop`, their end is told there, signals for us can be
 * passed on to them. Also the duties of process 1: orphans are reaped. One family in a process.
 */
#ifndef PAL_PROC_CHILD_H
#define PAL_PROC_CHILD_H

#include "base/base.h"
#include "pal/loop.h"

struct proc_family;
struct proc_child;

/* A signal that came for us ("TERM"); from the loop. */
typedef void proc_signal_fn(void *ctx, const char *name);
/* `exit_code` is -1 when a signal ended it. The child is gone; free it. */
typedef void proc_child_fn(void *ctx, struct proc_child *child, int exit_code, int signal);

struct proc_family_opts {
	/*
	 * INT, TERM, HUP, QUIT, USR1, USR2, WINCH come here instead of doing what they do (Windows: the
	 * console's events, as INT and TERM). NULL: they are left alone.
	 */
	proc_signal_fn *on_signal;
	void *ctx;
	/* Reap whatever falls to us: as process 1, or as the nearest one above (Linux). Then nobody
	 * else in this process may run programs. */
	bool adopts_orphans;
};

NODISCARD err *proc_family_new(struct loop *loop, const struct proc_family_opts *opts,
                               struct proc_family **ret_family);
/* Restores the signals. Its children must be freed before. */
void proc_family_free(struct proc_family *family);
AUTOPTR_DEFINE(proc_family)

struct proc_child_opts {
	const char *const *argv; /* NULL-terminated; looked up in PATH */
	const char *const *env;  /* "NAME=value" sets, "NAME" removes, else ours; may be NULL */
	const char *dir;         /* NULL: ours */
	struct view gift;        /* as of proc_run */
	/*
	 * Not NULL: its output comes here, `stream` is 1 or 2, a piece of length 0 is the end of that stream.
	 * UNSUPPORTED on Windows. The end of the child may come before the end of its output.
	 */
	void (*on_output)(void *ctx, struct proc_child *child, int stream, struct view bytes);
	proc_child_fn *on_end;
	void *ctx;
};

/*
 * Start it with our standard handles, in a process group of its own, unless our input is a terminal:
 * then it shares ours, and the terminal's signals. NOT_FOUND, DENIED, INVALID.
 */
NODISCARD err *proc_child_start(struct proc_family *family, const struct proc_child_opts *opts,
                                struct proc_child **ret_child);
int64_t proc_child_pid(const struct proc_child *child);
/* Does it get the terminal's signals by itself? */
bool proc_child_shares_group(const struct proc_child *child);
/* "HUP"; to the whole group for KILL, else to the process. Gone already is no error. */
NODISCARD err *proc_child_signal(struct proc_child *child, const char *name);
/* Forget it; it goes on running, and its end is not told. */
void proc_child_free(struct proc_child *child);

#endif
