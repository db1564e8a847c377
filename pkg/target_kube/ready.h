/*
 * Waiting by watch: one watch per kind and namespace that somebody waits for, one for the pods behind
 * workloads. What stands in a pod's way is told within the event, with the end of its log.
 */
#ifndef TARGET_KUBE_READY_H
#define TARGET_KUBE_READY_H

#include "kube/kube.h"
#include "target/target.h"

struct kube_target;
struct ready;

typedef void ready_fn(void *context, err *take_error);

struct ready *ready_new(struct kube_target *kt);
void ready_free(struct ready *ready); /* NULL is fine; nobody may wait any more */

/* Borrowed until `done` was called. */
struct ready_wish {
	const struct kube_resource *resource;
	const char *key, *display, *name_space, *name;
	const char *gone_uid;   /* wait until the object of this uid is gone; NULL: until it is ready */
	int64_t min_generation;
	int64_t written_ms;     /* pods older than this say nothing */
};

/* Calls `done` exactly once, from another thread, maybe before it returns. */
void ready_await(struct ready *ready, const struct ready_wish *wish, ready_fn *done, void *context);

#endif
