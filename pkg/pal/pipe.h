/*
 * A child process to talk with: bytes go to its stdin, answers come from its stdout, and what it
 * writes to stderr is kept for messages. Every wait ends at a deadline or when cancelled.
 */
#ifndef PAL_PIPE_H
#define PAL_PIPE_H

#include "base/base.h"
#include <stdatomic.h>

struct pipe_opts {
	const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH without a slash */
	const char *const
		*env;        /* "NAME=value" sets, "NAME" removes, the rest is ours; may be NULL */
	int64_t deadline_ns; /* clock_monotonic_ns(); 0: never */
	const atomic_int *cancel; /* not 0: give up (CANCELLED); may be NULL */
	bool may_ask; /* it may talk to the user on the terminal; else it gets its own process group */
};

struct pipe_child;

/* Start the program. NOT_FOUND when there is none of that name, DENIED, IO. Strings are copied. */
NODISCARD err *pipe_open(const struct pipe_opts *opts, struct pipe_child **ret_child);

/* Write all of it. IO when the child does not read any more, TIMEOUT, CANCELLED. */
NODISCARD err *pipe_write(struct pipe_child *child, const char *bytes, size_t len);

/* What is there, at least one byte; 0 bytes when the child has closed its stdout. As pipe_write. */
NODISCARD err *pipe_read(struct pipe_child *child, char *buf, size_t buf_size, size_t *ret_len);

/*
 * Close its stdin and wait for it, for `grace_ms` at most, then end it. `ret_errors` (replaced) is
 * the last 64 KiB of its stderr. Returns the exit code, -1 when a signal ended it.
 */
int pipe_finish(struct pipe_child *child, int64_t grace_ms, struct str *ret_errors);

/* Ends the child when pipe_finish was not called; NULL is fine. */
void pipe_free(struct pipe_child *child);

#endif
