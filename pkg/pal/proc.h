/*
 * Child processes, run from an argument vector and never through a shell. The child gets its own
 * process group, default signals, only the standard handles, and a deadline that ends it together
 * with its own children: first TERM, then KILL.
 */
#ifndef PAL_PROC_H
#define PAL_PROC_H

#include "base/base.h"
#include <stdatomic.h>

enum proc_flags {
	PROC_MERGE_STDERR = 1u << 0, /* stderr goes into `out`, in order */
	/* For a program that talks to the user; it gets no process group of its own. */
	PROC_INHERIT_STDIN = 1u << 1,
	PROC_INHERIT_OUTPUT = 1u << 2, /* stdout and stderr are ours; nothing is captured */
	PROC_OWN_GROUP = 1u << 3,      /* a group of its own all the same */
	PROC_INHERIT_STDERR = 1u << 4, /* only stdout is captured */
};

#define PROC_GIFT_FD 3

struct proc_opts {
	const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH without a slash */
	const char *const *env;  /* "NAME=value" sets, "NAME" removes, else ours; may be NULL */
	const char *dir;         /* working folder; NULL: ours */
	struct view input;       /* stdin of the child; empty: end of file at once */
	/*
	 * What the child finds on descriptor PROC_GIFT_FD, to be read to its end: a pipe, so it is in no file. At
	 * most what a pipe holds (LIMIT), UNSUPPORTED on Windows; empty: none.
	 */
	struct view gift;
	size_t output_limit;     /* the last this many bytes of each stream are kept; 0: 64 KiB */
	int64_t timeout_ms;      /* 0: none */
	int64_t grace_ms;        /* between TERM and KILL; 0: 2000 */
	const atomic_int *cancel; /* not 0: end the child as the deadline would; may be NULL */
	enum proc_flags flags;
};

struct proc_result {
	int exit_code; /* -1 when a signal ended it */
	int signal;    /* 0 when it exited by itself */
	bool timed_out, cancelled;
	bool out_truncated, err_truncated; /* more came: the beginning is lost */
	struct str out, err;
};

#define PROC_RESULT_INIT                         \
	{                                        \
		.out = STR_INIT, .err = STR_INIT \
	}

void proc_result_clear(struct proc_result *result);

/*
 * Run a program to its end. An error means that it could not be run (NOT_FOUND, DENIED…) or
 * watched; a bad exit, the deadline and cancellation are in `ret_result` (use proc_result_err), whose
 * former contents are cleared first.
 * A daemon that the child leaves behind with our pipe open does not hold us up.
 */
NODISCARD err *proc_run(const struct proc_opts *opts, struct proc_result *ret_result);

/*
 * NULL when it exited with 0; else what happened ("'nginx' exited with 1: <its last line>"):
 * INVALID for an exit code or signal, TIMEOUT, CANCELLED.
 */
NODISCARD err *proc_result_err(const struct proc_result *result, const char *name);

/* Absolute path of a program as PATH finds it; NOT_FOUND. */
NODISCARD err *proc_find(const char *name, struct str *ret_path);

/* Signal number for "HUP", "SIGHUP" or "1"; INVALID when there is none of that name. */
NODISCARD err *proc_signal_number(const char *name, int *ret_number);

/* "HUP" for 1; "signal 77" style names are never NULL: unknown gives "?". */
const char *proc_signal_name(int number);

/* Send a signal by name; NOT_FOUND when the process is gone, DENIED. pid must be over 1. */
NODISCARD err *proc_signal(int64_t pid, const char *name);

/* Pid in the first line of a pid file (surrounding blanks allowed); INVALID. */
NODISCARD err *proc_parse_pid(struct view text, int64_t *ret_pid);

/*
 * Read a pid file and signal that process, unless it is plainly another one: started after the file
 * was written (NOT_FOUND, "stale pid file").
 */
NODISCARD err *proc_signal_pid_file(const char *path, const char *name);

bool proc_is_alive(int64_t pid);
int64_t proc_self(void);
/* Our own executable, fit to be run again from any folder. */
NODISCARD err *proc_self_path(struct str *ret_path);

#endif
