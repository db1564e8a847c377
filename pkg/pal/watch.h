/*
 * Watch paths for change. An event is a hint, "this path may have changed": the caller looks and
 * compares. Paths need not exist; whatever happens to them, their folders or the symlinks on the way
 * (the `..data` swap of a Kubernetes volume too) is noticed. Where the kernel cannot tell (network
 * file systems, watch limits) a path is polled instead, and watch_note says why.
 */
#ifndef PAL_WATCH_H
#define PAL_WATCH_H

#include "base/base.h"
#include "pal/handle.h"

struct watch;

enum watch_backend {
	WATCH_AUTO,
	WATCH_POLL, /* look at every path every `poll_ms`; the oracle of the tests */
};

struct watch_opts {
	enum watch_backend backend;
	int64_t poll_ms; /* between two looks at a polled path; 0: 1000 */
	int64_t quiet_ms; /* after a change wait until nothing came for that long; 0: report at once */
	int64_t quiet_max_ms; /* but no longer than that; 0: four times quiet_ms */
};

enum watch_add_flags {
	WATCH_ENTRIES = 1u << 0, /* a folder: also what is directly in it */
};

enum watch_change {
	WATCH_CHANGED = 1u << 0,
	WATCH_LOST =
		1u << 1, /* events were lost: everything may have changed; comes for every path */
};

/* `changes` is a set of enum watch_change. May add and remove watches. */
typedef void watch_fn(void *ctx, const char *path, void *cookie, unsigned changes);

/* `opts` may be NULL. Fails only with INTERNAL: without kernel help it polls. */
NODISCARD err *watch_new(const struct watch_opts *opts, struct watch **ret_watch);
void watch_free(struct watch *watch);
AUTOPTR_DEFINE(watch)

/*
 * Watch `path` (relative ones count from the working folder as it is now). Changes after the return
 * are reported: add first, then look. INVALID for an empty path, EXISTS when watched already.
 */
NODISCARD err *watch_add(struct watch *watch, const char *path, unsigned flags, void *cookie);
/* Forget a path; nothing happens when it is not watched. Its events no longer come. */
void watch_remove(struct watch *watch, const char *path);

/* Readable when watch_read has something to do; PAL_HANDLE_NONE when everything is polled. */
pal_handle watch_handle(const struct watch *watch);
/* Milliseconds until watch_read should be called though the handle is quiet; -1: no need. */
int watch_due_ms(const struct watch *watch);

/*
 * Wait up to `timeout_ms` (-1: for ever, 0: just look) for changes, then call `fn` once for each
 * path that may have changed. `ret_count` (may be NULL) says for how many.
 */
NODISCARD err *watch_read(struct watch *watch, int timeout_ms, watch_fn *fn, void *ctx,
                          size_t *ret_count);

/* How many paths are polled for want of something better. */
size_t watch_polled(const struct watch *watch);
/* Why, in one sentence for the log ("the limit … is reached"), or NULL. */
const char *watch_note(const struct watch *watch);

#endif
