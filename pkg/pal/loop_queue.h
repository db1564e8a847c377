/*
 * From other threads into a loop: what is posted runs on the loop's thread, in the order of coming. For
 * work that blocks (a reload with its checks) and ends with news for an agent.
 */
#ifndef PAL_LOOP_QUEUE_H
#define PAL_LOOP_QUEUE_H

#include "base/base.h"
#include "pal/loop.h"

struct loop_queue;

/* Fails with IO when the process is out of descriptors. */
NODISCARD err *loop_queue_new(struct loop *loop, struct loop_queue **ret_queue);
/* What was posted and did not run is dropped. Before the loop is freed; no thread may post any more. */
void loop_queue_free(struct loop_queue *queue);
AUTOPTR_DEFINE(loop_queue)

/* From any thread. */
void loop_queue_post(struct loop_queue *queue, loop_fn *fn, void *ctx);

#endif
