#include "base/base.h"

#include "target_kube/ready.h"

#include "base/vec.h"
#include "json/json.h"
#include "pal/clock.h"
#include "pal/pool.h"
#include "pal/sig.h"
#include "target_kube/applyset.h"
#include "target_kube/internal.h"

enum {
	TICK_MS = 100,
	TROUBLE_LASTS_MS = 30000, /* a pod that cannot start for so long fails what waits for it */
	REPORT_THREADS = 2,
	LOG_LINES = 10,
	EVENTS_SHOWN = 3,
	LOG_LIMIT = 256 << 10,
};

struct waiter {
	struct ready_wish wish;
	ready_fn *done;
	void *context;
	bool is_seen;           /* by the list that is going on */
	char text[160];         /* last progress */
	char *pod;              /* the one in trouble, or NULL */
	char *trouble;
	int64_t trouble_ms;     /* since when; 0: none */
	struct map reported;    /* "pod/text": told once */
	struct arena pod_arena; /* the newest pod that is not running yet: time may make it trouble */
	const struct val *pending_pod;
};

/* The newest state of an object, for who comes to wait later. */
struct seen {
	struct arena arena;
	const struct val *item;
};

struct kind_watch {
	struct ready *ready;
	struct kube_watch *watch;
	const struct kube_resource *resource;
	char *name_space;
	struct map seen;        /* by key: struct seen *; not of pods */
	bool is_listed;         /* what is not in `seen` is not there */
	bool is_pods;           /* of what stands behind others, not of what is waited for */
	err *trouble;           /* it ended: nobody can wait by it */
};

struct ready {
	struct kube_target *kt;
	struct mutex *mutex;    /* guards everything below */
	struct cond *ended;
	struct map waiters;     /* by key */
	struct map watches;     /* by "group/Kind/namespace", "pods namespace" */
	struct pool *ticker, *reporters;
	bool is_ending, is_ticking;
};

struct ready *ready_new(struct kube_target *kt)
{
	struct ready *ready = MEM_NEW(struct ready);
	ready->kt = kt;
	ready->mutex = mutex_new();
	ready->ended = cond_new();
	ready->ticker = pool_new(1);
	ready->reporters = pool_new(REPORT_THREADS);
	return ready;
}

static void waiter_free(struct waiter *waiter)
{
	map_clear(&waiter->reported);
	arena_clear(&waiter->pod_arena);
	mem_free(waiter->pod);
	mem_free(waiter->trouble);
	mem_free(waiter);
}

static void seen_free(struct seen *seen)
{
	if (seen)
		arena_clear(&seen->arena);
	mem_free(seen);
}

void ready_free(struct ready *ready)
{
	if (!ready)
		return;
	mutex_lock(ready->mutex);
	ready->is_ending = true;
	cond_broadcast(ready->ended);
	mutex_unlock(ready->mutex);
	for (struct map_entry *e = map_first(&ready->watches); e; e = map_next(&ready->watches, e)) {
		struct kind_watch *watch = e->value;
		kube_watch_close(watch->watch);
		for (struct map_entry *at = map_first(&watch->seen); at; at = map_next(&watch->seen, at))
			seen_free(at->value);
		map_clear(&watch->seen);
		err_free(watch->trouble);
		mem_free(watch->name_space);
		mem_free(watch);
	}
	pool_free(ready->ticker);
	pool_free(ready->reporters);
	map_clear(&ready->watches);
	map_clear(&ready->waiters);
	cond_free(ready->ended);
	mutex_free(ready->mutex);
	mem_free(ready);
}

/* --- telling --- */

static void note(struct ready *ready, enum target_note_kind kind, const struct ready_wish *wish,
                 const char *text)
{
	const struct target_context *context = ready->kt->target.context;
	const struct target_note message = { kind, wish->key, wish->display, text };
	if (context->on_note)
		context->on_note(context->note_context, &message);
}

/* The wait is over; hold the mutex. The wish may be gone when done returns. */
static void finish(struct ready *ready, struct waiter *waiter, err *take_error)
{
	map_remove(&ready->waiters, waiter->wish.key);
	waiter->done(waiter->context, take_error);
	waiter_free(waiter);
}

static err *unready(const char *text, const char *why)
{
	return err_new(ERR_UNHEALTHY, "%s%s%s", why, *text ? ": " : "", text);
}

/* --- reports about pods: the end of the log and the newest events --- */

struct report {
	struct ready *ready;
	char *key, *display, *name_space, *pod, *uid, *container, *text;
	bool is_previous; /* the log of the run before: this one is only waiting to start again */
};

static void add_log(struct report *report, struct str *text)
{
	AUTO(str) path = STR_INIT;
	AUTOFREE char *lines = str_format("%d", LOG_LINES);
	struct kube_response response = { 0 };
	str_addf(&path, "/api/v1/namespaces/%s/pods/%s/log", report->name_space, report->pod);
	kube_query_add(&path, "tailLines", lines);
	if (*report->container)
		kube_query_add(&path, "container", report->container);
	if (report->is_previous)
		kube_query_add(&path, "previous", "true");
	struct kube_request request = { .path = path.ptr, .accept = "text/plain, */*",
		                        .limit = LOG_LIMIT };
	err *e = kube_do(report->ready->kt->kube, &request, &response);
	struct view rest = view_str(&response.body), line;
	if (!e && response.status == 200)
		while (view_split(&rest, '\n', &line))
			if (line.len)
				str_addf(text, "\n  log: %.*s", (int)line.len, line.ptr);
	err_ignore(e, "the report says what it knows");
	kube_response_clear(&response);
}

static void add_events(struct report *report, struct str *text)
{
	AUTO(str) path = STR_INIT;
	AUTOFREE char *selector = str_format("involvedObject.uid=%s", report->uid);
	struct arena arena = ARENA_INIT;
	const struct val *root = NULL, *item;
	str_addf(&path, "/api/v1/namespaces/%s/events", report->name_space);
	kube_query_add(&path, "fieldSelector", selector);
	struct kube_request request = { .path = path.ptr };
	err *e = kube_get_json(report->ready->kt->kube, &request, "cannot read events", &arena, &root);
	const struct val *items = val_get(root, "items");
	size_t skip = val_len(items) > EVENTS_SHOWN ? val_len(items) - EVENTS_SHOWN : 0;
	for (VAL_EACH_ITEM(i, item, items))
		if (i >= skip)
			str_addf(text, "\n  event: %s: %s", val_get_str(item, "reason", ""),
			         val_get_str(item, "message", ""));
	err_ignore(e, "the report says what it knows");
	arena_clear(&arena);
}

static void write_report(void *job)
{
	struct report *report = job;
	AUTO(str) text = STR_INIT;
	str_addf(&text, "pod %s: %s", report->pod, report->text);
	add_log(report, &text);
	add_events(report, &text);
	const struct ready_wish wish = { .key = report->key, .display = report->display };
	note(report->ready, TARGET_NOTE_TROUBLE, &wish, text.ptr);
	mem_free(report->key);
	mem_free(report->display);
	mem_free(report->name_space);
	mem_free(report->pod);
	mem_free(report->uid);
	mem_free(report->container);
	mem_free(report->text);
	mem_free(report);
}

static void order_report(struct ready *ready, const struct waiter *waiter, const struct val *pod,
                         const char *text, const char *container)
{
	const struct val *metadata = val_get(pod, "metadata");
	struct report *report = MEM_NEW(struct report);
	*report = (struct report){
		.ready = ready,
		.key = mem_strdup(waiter->wish.key),
		.display = mem_strdup(waiter->wish.display),
		.name_space = mem_strdup(val_get_str(metadata, "namespace", "")),
		.pod = mem_strdup(val_get_str(metadata, "name", "")),
		.uid = mem_strdup(val_get_str(metadata, "uid", "")),
		.container = mem_strdup(container),
		.text = mem_strdup(text),
		.is_previous = strstr(text, "CrashLoopBackOff") != NULL,
	};
	pool_submit(ready->reporters, write_report, report);
}

/* --- pods --- */

/* The workload that made the pod: a ReplicaSet of a Deployment is named after it and its hash. */
static void workload_of(const struct val *pod, struct str *key)
{
	const struct val *metadata = val_get(pod, "metadata"), *owner;
	for (VAL_EACH_ITEM(i, owner, val_get(metadata, "ownerReferences"))) {
		if (!val_get_bool(owner, "controller", false))
			continue;
		const char *api = val_get_str(owner, "apiVersion", ""), *slash = strchr(api, '/');
		const char *kind = val_get_str(owner, "kind", ""), *name = val_get_str(owner, "name", "");
		const char *hash = val_get_str(val_get(metadata, "labels"), "pod-template-hash", "");
		size_t len = strlen(name), hash_len = strlen(hash);
		bool is_deployment = str_equal(kind, "ReplicaSet") && hash_len && len > hash_len + 1 &&
		                     str_ends(name, hash);
		str_addf(key, "%.*s/%s/%s/%.*s", slash ? (int)(slash - api) : 0, api,
		         is_deployment ? "Deployment" : kind, val_get_str(metadata, "namespace", ""),
		         (int)(is_deployment ? len - hash_len - 1 : len), name);
		return;
	}
	str_addf(key, "/Pod/%s/%s", val_get_str(metadata, "namespace", ""),
	         val_get_str(metadata, "name", ""));
}

static bool is_older(const struct val *pod, int64_t written_ms)
{
	int64_t ns = 0;
	const char *text = val_get_str(val_get(pod, "metadata"), "creationTimestamp", "");
	err *e = *text ? clock_parse(text, &ns) : NULL;
	bool is_known = *text && !e;
	err_ignore(e, "a time nobody understands is not older");
	return is_known && ns / CLOCK_NS_PER_MS < written_ms;
}

static void clear_trouble(struct waiter *waiter, const char *pod)
{
	if (!waiter->pod || !str_equal(waiter->pod, pod))
		return;
	mem_free(waiter->pod);
	mem_free(waiter->trouble);
	waiter->pod = waiter->trouble = NULL;
	waiter->trouble_ms = 0;
}

static void look_at_pod(struct ready *ready, struct waiter *waiter, const struct val *pod)
{
	AUTO(str) text = STR_INIT;
	const char *container = "", *name = val_get_str(val_get(pod, "metadata"), "name", "");
	int64_t now_ms = clock_wall_ns() / CLOCK_NS_PER_MS;
	if (!health_pod_trouble(pod, now_ms, &text, &container)) {
		clear_trouble(waiter, name);
		return;
	}
	if (!waiter->trouble_ms)
		waiter->trouble_ms = now_ms;
	mem_free(waiter->pod);
	mem_free(waiter->trouble);
	waiter->pod = mem_strdup(name);
	waiter->trouble = mem_strdup(text.ptr);
	AUTOFREE char *once = str_format("%s/%s", name, text.ptr);
	if (map_has(&waiter->reported, once))
		return;
	map_set(&waiter->reported, once, waiter);
	order_report(ready, waiter, pod, text.ptr, container);
}

static void keep_pending(struct waiter *waiter, const struct val *pod)
{
	const char *phase = val_get_str(val_get(pod, "status"), "phase", "");
	arena_reset(&waiter->pod_arena);
	waiter->pending_pod = str_equal(phase, "Pending") ? val_copy(&waiter->pod_arena, pod) : NULL;
}

static void take_pod(struct ready *ready, enum kube_event event, const struct val *pod)
{
	AUTO(str) key = STR_INIT;
	if (!pod)
		return;
	workload_of(pod, &key);
	struct waiter *waiter = map_get(&ready->waiters, key.ptr);
	if (!waiter || waiter->wish.gone_uid)
		return;
	if (event == KUBE_DELETED) {
		clear_trouble(waiter, val_get_str(val_get(pod, "metadata"), "name", ""));
		waiter->pending_pod = NULL;
		return;
	}
	if (is_older(pod, waiter->wish.written_ms))
		return;
	look_at_pod(ready, waiter, pod);
	keep_pending(waiter, pod);
}

/* --- the objects themselves --- */

static void take_health(struct ready *ready, struct waiter *waiter, const struct val *item)
{
	struct health_options options = { .min_generation = waiter->wish.min_generation,
		                          .jobs_may_run = ready->kt->options.jobs_may_run,
		                          .now_ms = clock_wall_ns() / CLOCK_NS_PER_MS };
	struct health health;
	health_of(item, &options, &health);
	if (health.state == HEALTH_CURRENT) {
		finish(ready, waiter, NULL);
		return;
	}
	if (health.state == HEALTH_FAILED) {
		finish(ready, waiter, unready(health.text, "it failed"));
		return;
	}
	if (str_equal(health.text, waiter->text))
		return;
	memcpy(waiter->text, health.text, sizeof(waiter->text));
	if (*health.text)
		note(ready, TARGET_NOTE_PROGRESS, &waiter->wish, health.text);
}

/* Of what is being deleted: the condition that says what is left, or who has yet to let it go. */
static void add_hold(const struct val *item, struct str *text)
{
	const struct val *condition, *finalizer;
	for (VAL_EACH_ITEM(i, condition, val_path(item, "status.conditions"))) {
		const char *type = val_get_str(condition, "type", "");
		bool is_about_it = str_equal(type, "Terminating") || str_starts(type, "Namespace");
		const char *message = val_get_str(condition, "message", "");
		if (is_about_it && str_equal(val_get_str(condition, "status", ""), "True") &&
		    *message) {
			str_reset(text);
			str_addz(text, message);
			return;
		}
	}
	for (VAL_EACH_ITEM(i, finalizer, val_path(item, "metadata.finalizers")))
		if (val_is(finalizer, VAL_STR))
			str_addf(text, "%s%s",
			         text->len ? ", " : "finalizers: ", finalizer->as.str.ptr);
}

static void take_hold(struct ready *ready, struct waiter *waiter, const struct val *item)
{
	AUTO(str) text = STR_INIT;
	add_hold(item, &text);
	str_truncate(&text, MIN(text.len, sizeof(waiter->text) - 1));
	if (!text.len || str_equal(text.ptr, waiter->text))
		return;
	memcpy(waiter->text, text.ptr, text.len + 1);
	note(ready, TARGET_NOTE_PROGRESS, &waiter->wish, waiter->text);
}

static void take_object(struct ready *ready, struct waiter *waiter, enum kube_event event,
                        const struct val *item)
{
	const char *uid = val_get_str(val_get(item, "metadata"), "uid", "");
	waiter->is_seen = true;
	if (waiter->wish.gone_uid) {
		if (event == KUBE_DELETED || !str_equal(uid, waiter->wish.gone_uid))
			finish(ready, waiter, NULL);
		else
			take_hold(ready, waiter, item);
	} else if (event == KUBE_DELETED) {
		finish(ready, waiter, unready("", "it was deleted while it got ready"));
	} else {
		take_health(ready, waiter, item);
	}
}

static bool is_of(const struct kind_watch *watch, const struct waiter *waiter)
{
	return str_equal(waiter->wish.resource->kind, watch->resource->kind) &&
	       str_equal(waiter->wish.resource->group, watch->resource->group) &&
	       str_equal(waiter->wish.name_space, watch->name_space);
}

/* What the list did not name is not there. */
static void end_of_list(struct kind_watch *watch)
{
	struct ready *ready = watch->ready;
	watch->is_listed = true;
	for (struct map_entry *e = map_first(&ready->waiters), *next; e; e = next) {
		struct waiter *waiter = e->value;
		next = map_next(&ready->waiters, e);
		if (!is_of(watch, waiter))
			continue;
		if (!waiter->is_seen && waiter->wish.gone_uid)
			finish(ready, waiter, NULL);
		else
			waiter->is_seen = false;
	}
}

static void remember(struct kind_watch *watch, const char *key, enum kube_event event,
                     const struct val *item)
{
	struct seen *seen = event == KUBE_DELETED ? NULL : MEM_NEW(struct seen);
	if (seen)
		seen->item = val_copy(&seen->arena, item);
	seen_free(seen ? map_set(&watch->seen, key, seen) : map_remove(&watch->seen, key));
}

static void on_event(void *context, enum kube_event event, const struct val *item)
{
	struct kind_watch *watch = context;
	struct ready *ready = watch->ready;
	AUTO(mutex_hold) hold = mutex_hold(ready->mutex);
	if (watch->is_pods) {
		take_pod(ready, event, item);
		return;
	}
	if (event == KUBE_RELISTED) {
		end_of_list(watch);
		return;
	}
	AUTO(str) key = STR_INIT;
	kube_item_key(watch->resource, item, &key);
	struct waiter *waiter = map_get(&ready->waiters, key.ptr);
	remember(watch, key.ptr, event, item);
	if (waiter && is_of(watch, waiter))
		take_object(ready, waiter, event, item);
}

/* The watch was there before the waiter: what it saw last counts, or that there is nothing. */
static void look_back(struct kind_watch *watch, struct waiter *waiter)
{
	const struct seen *seen = map_get(&watch->seen, waiter->wish.key);
	if (seen)
		take_object(watch->ready, waiter, KUBE_MODIFIED, seen->item);
	else if (waiter->wish.gone_uid && watch->is_listed)
		finish(watch->ready, waiter, NULL);
}

static err *copy_error(const err *e)
{
	return err_new(err_kind(e), "cannot wait for it: %s", err_message(e));
}

static void on_trouble(void *context, const err *error, bool is_over)
{
	struct kind_watch *watch = context;
	struct ready *ready = watch->ready;
	AUTO(mutex_hold) hold = mutex_hold(ready->mutex);
	if (!is_over || watch->is_pods)
		return;
	if (!watch->trouble)
		watch->trouble = copy_error(error);
	for (struct map_entry *e = map_first(&ready->waiters), *next; e; e = next) {
		struct waiter *waiter = e->value;
		next = map_next(&ready->waiters, e);
		if (is_of(watch, waiter))
			finish(ready, waiter, copy_error(error));
	}
}

/* --- time --- */

static err *over(struct ready *ready, const struct waiter *waiter, int64_t now_ms)
{
	const struct target_context *context = ready->kt->target.context;
	if (cancel_is_set(context->cancel))
		return cancel_check(context->cancel);
	if (waiter->trouble_ms && now_ms - waiter->trouble_ms > TROUBLE_LASTS_MS)
		return unready(waiter->trouble, "it does not get ready");
	if (!context->deadline_ns || clock_monotonic_ns() < context->deadline_ns)
		return NULL;
	return unready(waiter->trouble ? waiter->trouble : waiter->text,
	               waiter->wish.gone_uid ? "it was not gone in time" : "it was not ready in time");
}

static void tick_one(struct ready *ready, struct waiter *waiter)
{
	int64_t now_ms = clock_wall_ns() / CLOCK_NS_PER_MS;
	if (waiter->pending_pod)
		look_at_pod(ready, waiter, waiter->pending_pod);
	err *e = over(ready, waiter, now_ms);
	if (e)
		finish(ready, waiter, e);
}

/* Deadline, signal, and what only time tells; no request is made. */
static void tick(void *job)
{
	struct ready *ready = job;
	AUTO(mutex_hold) hold = mutex_hold(ready->mutex);
	while (!ready->is_ending && ready->waiters.len > 0) {
		for (struct map_entry *e = map_first(&ready->waiters), *next; e; e = next) {
			next = map_next(&ready->waiters, e);
			tick_one(ready, e->value);
		}
		cond_wait(ready->ended, ready->mutex, deadline_after(TICK_MS));
	}
	ready->is_ticking = false;
}

/* --- waiting --- */

static struct kind_watch *open_watch(struct ready *ready, const char *name,
                                     const struct kube_resource *resource, const char *name_space,
                                     bool is_pods)
{
	struct kube_target *kt = ready->kt;
	AUTOFREE char *selector = str_format("%s=%s", APPLYSET_PART_OF, kt->set_id);
	struct kube_selection selection = { .resource = resource,
		                            .name_space = *name_space ? name_space : NULL,
		                            .label_selector = is_pods ? NULL : selector };
	struct kind_watch *watch = MEM_NEW(struct kind_watch);
	*watch = (struct kind_watch){ .ready = ready, .resource = resource, .is_pods = is_pods,
		                      .name_space = mem_strdup(name_space) };
	map_set(&ready->watches, name, watch);
	mutex_unlock(ready->mutex); /* a callback may come before the call returns */
	err *e = kube_watch_open(kt->kube, &selection, on_event, on_trouble, watch, &watch->watch);
	mutex_lock(ready->mutex);
	if (e && !watch->trouble)
		watch->trouble = copy_error(e);
	err_free(e);
	return watch;
}

static bool has_pods(const struct kube_resource *resource)
{
	static const char *const kinds[] = { "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet",
		                             "Job",        "Pod",         "ReplicationController" };
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_equal(resource->kind, kinds[i]))
			return true;
	return false;
}

/* Reports need the pods; waiting goes on without them. Hold the mutex. */
static void watch_pods(struct ready *ready, const char *name_space)
{
	AUTOFREE char *name = str_format("pods %s", name_space);
	const struct kube_resource *pods = NULL;
	if (map_has(&ready->watches, name))
		return;
	mutex_unlock(ready->mutex);
	err *e = kube_resource_find(ready->kt->kube, "", "v1", "Pod", &pods);
	mutex_lock(ready->mutex);
	if (!e && !map_has(&ready->watches, name))
		open_watch(ready, name, pods, name_space, true);
	err_ignore(e, "there is a watch of the object itself");
}

void ready_await(struct ready *ready, const struct ready_wish *wish, ready_fn *done, void *context)
{
	struct waiter *waiter = MEM_NEW(struct waiter);
	*waiter = (struct waiter){ .wish = *wish, .done = done, .context = context };
	AUTOFREE char *name = str_format("%s/%s/%s/%s", wish->resource->group, wish->resource->version,
	                                 wish->resource->kind, wish->name_space);
	AUTO(mutex_hold) hold = mutex_hold(ready->mutex);
	map_set(&ready->waiters, wish->key, waiter);
	bool needs_pods = has_pods(wish->resource) && !wish->gone_uid;
	const struct kube_resource *resource = wish->resource;
	AUTOFREE char *name_space = mem_strdup(wish->name_space);
	AUTOFREE char *key = mem_strdup(wish->key);
	if (!ready->is_ticking) {
		ready->is_ticking = true;
		pool_submit(ready->ticker, tick, ready);
	}
	/* From here on the waiter may be over at any moment the mutex is free. */
	if (needs_pods)
		watch_pods(ready, name_space);
	struct kind_watch *watch = map_get(&ready->watches, name);
	bool is_new = !watch;
	if (is_new)
		watch = open_watch(ready, name, resource, name_space, false);
	waiter = map_get(&ready->waiters, key);
	if (waiter && watch->trouble)
		finish(ready, waiter, copy_error(watch->trouble));
	else if (waiter && !is_new)
		look_back(watch, waiter);
}
