#include "base/base.h"
#include "pal/loop_queue.h"

#include "base/vec.h"
#include "pal/pool.h"
#include "pal/sig.h"

struct item {
	loop_fn *fn;
	void *ctx;
};

struct loop_queue {
	struct mutex *mutex; /* guards items */
	VEC(struct item) items;
	struct cancel *wake; /* its HUP: something was posted */
	struct loop_io *io;
};

/* One at a time: what runs may free the queue's owner only by stopping the loop. */
static bool take(struct loop_queue *queue, struct item *ret_item)
{
	AUTO(mutex_hold) hold = mutex_hold(queue->mutex);
	if (queue->items.len == 0)
		return false;
	*ret_item = queue->items.ptr[0];
	queue->items.len--;
	memmove(queue->items.ptr, queue->items.ptr + 1, queue->items.len * sizeof(struct item));
	return true;
}

static void on_wake(void *ctx, unsigned ready)
{
	struct loop_queue *queue = ctx;
	struct item item;
	(void)ready;
	cancel_drain(queue->wake);
	(void)cancel_take_hup(queue->wake);
	while (take(queue, &item))
		item.fn(item.ctx);
}

err *loop_queue_new(struct loop *loop, struct loop_queue **ret_queue)
{
	AUTOPTR(loop_queue) queue = MEM_NEW(struct loop_queue);
	pal_handle handle;
	queue->mutex = mutex_new();
	queue->wake = cancel_new();
	TRY(cancel_handle(queue->wake, &handle));
	queue->io = loop_add_handle(loop, handle, on_wake, queue);
	*ret_queue = steal(&queue);
	return NULL;
}

void loop_queue_free(struct loop_queue *queue)
{
	if (!queue)
		return;
	loop_io_free(queue->io);
	cancel_free(queue->wake);
	vec_clear(&queue->items);
	mutex_free(queue->mutex);
	mem_free(queue);
}

void loop_queue_post(struct loop_queue *queue, loop_fn *fn, void *ctx)
{
	mutex_lock(queue->mutex);
	vec_push(&queue->items, ((struct item){ fn, ctx }));
	mutex_unlock(queue->mutex);
	cancel_note_hup(queue->wake);
}
