/*
 * One holder at a time, across processes: a lock file that names who holds it. The kernel drops the
 * lock when its holder dies, however it dies, so there are no stale locks; the file itself stays.
 * Two locks on one path within one process exclude each other too.
 */
#ifndef PAL_LOCK_H
#define PAL_LOCK_H

#include "base/base.h"
#include <stdatomic.h>

struct lock;

struct lock_opts {
	const char *what;         /* for the message: "project 'shop'"; NULL: the path */
	const char *command;      /* what the holder is doing: "fettle apply"; NULL: nothing */
	int64_t wait_ms;          /* how long to wait for the holder; 0: not at all, -1: for ever */
	const atomic_int *cancel; /* not 0: stop waiting (CANCELLED); may be NULL */
};

/*
 * Take the lock at `path` (its folder must exist; the file is made, 0644). Fails with CONFLICT,
 * "cannot lock X: locked by pid 123 on web1 since 2026-11-20T20:00:00Z (fettle apply)".
 */
NODISCARD err *lock_take(const char *path, const struct lock_opts *opts, struct lock **ret_lock);

/* Give it back; NULL is fine. */
void lock_free(struct lock *lock);
AUTOPTR_DEFINE(lock)

#endif
