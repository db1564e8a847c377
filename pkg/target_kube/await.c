/* From what an apply or a removal left to what has to be waited for. */
#include "base/base.h"

#include "target_kube/internal.h"

#include "pal/clock.h"

/* As the server knows it by now: the kind may be of this very apply, its resource made by hand then. */
static const struct kube_resource *served_resource(struct kube_target *kt,
                                                   const struct kube_object *compiled)
{
	const struct kube_resource *resource = compiled->resource, *found = NULL;
	if (!compiled->crd)
		return resource;
	err *e = kube_resource_find(kt->kube, resource->group, resource->version, resource->kind, &found);
	err_ignore(e, "the one of its definition does as well");
	return found ? found : resource;
}

static bool is_ready_already(const struct kube_target *kt, const struct kube_object *compiled)
{
	const struct health_options options = { .min_generation = compiled->generation,
		                                .jobs_may_run = kt->options.jobs_may_run,
		                                .now_ms = clock_wall_ns() / CLOCK_NS_PER_MS };
	struct health health;
	if (!compiled->live.object)
		return false;
	health_of(compiled->live.object, &options, &health);
	return health.state == HEALTH_CURRENT;
}

static void await_object(struct kube_target *kt, const struct plan_item *item, ready_fn *done,
                         void *context)
{
	const struct object *object = item->object;
	const struct kube_object *compiled = compiled_of(object);
	const struct ready_wish wish = { .resource = served_resource(kt, compiled),
		                         .key = object->key,
		                         .display = object->display,
		                         .name_space = object->name_space,
		                         .name = object->name,
		                         .min_generation = compiled->generation,
		                         .written_ms = compiled->written_ms };
	if (is_ready_already(kt, compiled))
		done(context, NULL);
	else
		ready_await(kt->ready, &wish, done, context);
}

/* "group/Kind/namespace/name" → its namespace, in the arena. */
static const char *namespace_of_key(struct arena *a, const char *key)
{
	const char *from = strchr(key, '/');
	from = from ? strchr(from + 1, '/') : NULL;
	const char *end = from ? strchr(from + 1, '/') : NULL;
	return end ? arena_strndup(a, from + 1, (size_t)(end - from - 1)) : "";
}

static void await_removal(struct kube_target *kt, const struct plan_item *item, ready_fn *done,
                          void *context)
{
	const struct kube_resource *resource = NULL;
	AUTO(str) path = STR_INIT;
	mutex_lock(kt->mutex);
	const struct live *live = map_get(&kt->removals, item->key);
	const char *name_space = namespace_of_key(&kt->live_arena, item->key);
	mutex_unlock(kt->mutex);
	if (!live || live->state == LIVE_ABSENT) {
		done(context, NULL);
		return;
	}
	err *e = kube_record_path(kt, item->key, &resource, &path);
	if (e) {
		done(context, e);
		return;
	}
	const struct ready_wish wish = { .resource = resource,
		                         .key = item->key,
		                         .display = item->display,
		                         .name_space = name_space,
		                         .gone_uid = live->uid };
	ready_await(kt->ready, &wish, done, context);
}

void kube_await(struct target *target, const struct plan_item *item,
                void (*done)(void *context, err *take_error), void *context)
{
	if (item->object)
		await_object(kube_of(target), item, done, context);
	else
		await_removal(kube_of(target), item, done, context);
}

/* --- on the spot --- */

struct gone {
	struct mutex *mutex;
	struct cond *cond;
	bool is_told;
	err *error;
};

static void tell_gone(void *context, err *take_error)
{
	struct gone *gone = context;
	AUTO(mutex_hold) hold = mutex_hold(gone->mutex);
	gone->error = take_error;
	gone->is_told = true;
	cond_signal(gone->cond);
}

err *kube_wait_gone(struct kube_target *kt, const struct plan_item *item, const char *uid)
{
	const struct object *object = item->object;
	struct gone gone = { .mutex = mutex_new(), .cond = cond_new() };
	const struct ready_wish wish = { .resource = compiled_of(object)->resource,
		                         .key = object->key,
		                         .display = object->display,
		                         .name_space = object->name_space,
		                         .name = object->name,
		                         .gone_uid = uid };
	ready_await(kt->ready, &wish, tell_gone, &gone);
	mutex_lock(gone.mutex);
	while (!gone.is_told)
		cond_wait(gone.cond, gone.mutex, DEADLINE_NEVER);
	mutex_unlock(gone.mutex);
	cond_free(gone.cond);
	mutex_free(gone.mutex);
	return gone.error;
}
