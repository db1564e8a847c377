/*
 * A watch that never ends: a thread of its own lists, then follows a stream of lines, and comes back to
 * the one or the other whenever the stream ends. Callbacks come from that thread or from the engine's,
 * one at a time.
 */
#include "base/base.h"

#include "base/vec.h"
#include "json/json.h"
#include "kube/kube_private.h"
#include "pal/clock.h"
#include "pal/random.h"
#include "pal/sig.h"

enum {
	FIRST_PAUSE_MS = 100,
	LONGEST_PAUSE_MS = 15000,
	LINE_BYTES = 16 << 20,
	SHORTEST_S = 300,        /* the server may end a watch after so long, up to twice */
};

struct kube_watch {
	struct kube *kube;
	struct kube_selection selection; /* strings owned */
	void (*on_event)(void *context, enum kube_event event, const struct val *item);
	void (*on_trouble)(void *context, const err *error, bool is_over);
	void *context;
	struct pool *thread;
	struct mutex *mutex;             /* guards the rest */
	struct cond *changed;
	bool is_ending, has_ended;       /* has_ended: the stream did */
	struct str version;
	struct str line;                 /* the unfinished one */
	bool must_list, has_failed;
	int status;
	uint64_t generation;             /* of the credentials the stream was asked for with */
	err *error;                      /* of the stream */
	struct arena arena;              /* of one line */
};

/* --- lines --- */

enum kube_line kube_watch_line(struct view line, struct arena *arena, enum kube_event *ret_event,
                               const struct val **ret_item)
{
	struct val *root = NULL;
	err *e = json_read(line.ptr, line.len, "event", arena, &root);
	if (e) {
		err_ignore(e, "the list that follows makes up for it");
		return KUBE_LINE_BAD;
	}
	const char *type = val_get_str(root, "type", "");
	*ret_item = val_get(root, "object");
	if (str_equal(type, "BOOKMARK"))
		return KUBE_LINE_BOOKMARK;
	if (str_equal(type, "ERROR"))
		return val_get_int(*ret_item, "code", 0) == 410 ? KUBE_LINE_GONE : KUBE_LINE_ERROR;
	*ret_event = str_equal(type, "DELETED") ? KUBE_DELETED
	             : str_equal(type, "ADDED") ? KUBE_ADDED
	                                        : KUBE_MODIFIED;
	bool is_event = *ret_event != KUBE_MODIFIED || str_equal(type, "MODIFIED");
	return is_event && val_is(*ret_item, VAL_MAP) ? KUBE_LINE_EVENT : KUBE_LINE_BAD;
}

/* On the engine's thread. */
static void take_line(struct kube_watch *watch, struct view line)
{
	enum kube_event event = KUBE_MODIFIED;
	const struct val *item = NULL;
	if (line.len == 0 || watch->must_list)
		return;
	arena_reset(&watch->arena);
	enum kube_line what = kube_watch_line(line, &watch->arena, &event, &item);
	if (what == KUBE_LINE_GONE || what == KUBE_LINE_BAD) {
		watch->must_list = true;
		return;
	}
	const char *version = val_get_str(val_get(item, "metadata"), "resourceVersion", "");
	if (*version) {
		str_reset(&watch->version);
		str_addz(&watch->version, version);
	}
	if (what == KUBE_LINE_EVENT)
		watch->on_event(watch->context, event, item);
}

static void on_data(void *context, int status, struct view data)
{
	struct kube_watch *watch = context;
	const char *end;
	if (status != 200)
		return;
	while ((end = memchr(data.ptr, '\n', data.len)) != NULL) {
		size_t len = (size_t)(end - data.ptr);
		if (watch->line.len) {
			str_add(&watch->line, data.ptr, len);
			take_line(watch, view_str(&watch->line));
			str_reset(&watch->line);
		} else {
			take_line(watch, (struct view){ data.ptr, len });
		}
		data.ptr += len + 1;
		data.len -= len + 1;
	}
	str_add(&watch->line, data.ptr, data.len);
	if (watch->line.len > LINE_BYTES) {
		str_reset(&watch->line);
		watch->must_list = true;
	}
}

static void on_end(void *context, int status, err *take_error)
{
	struct kube_watch *watch = context;
	AUTO(mutex_hold) hold = mutex_hold(watch->mutex);
	watch->status = status;
	err_free(watch->error);
	watch->error = take_error;
	watch->has_ended = true;
	cond_broadcast(watch->changed);
}

/* --- the thread --- */

static bool is_ending(struct kube_watch *watch)
{
	AUTO(mutex_hold) hold = mutex_hold(watch->mutex);
	return watch->is_ending || cancel_is_set(watch->kube->options.cancel);
}

static void pause(struct kube_watch *watch, unsigned failures)
{
	int64_t ms = (int64_t)FIRST_PAUSE_MS << MIN(failures, 8u);
	struct deadline end = deadline_after(random_jitter_ms(MIN(ms, (int64_t)LONGEST_PAUSE_MS), 50));
	AUTO(mutex_hold) hold = mutex_hold(watch->mutex);
	while (!watch->is_ending && !deadline_is_over(end))
		cond_wait(watch->changed, watch->mutex, end);
}

static err *listed_item(void *context, const struct val *item)
{
	struct kube_watch *watch = context;
	if (is_ending(watch))
		return err_new(ERR_CANCELLED, "the watch ends");
	watch->on_event(watch->context, KUBE_ADDED, item);
	return NULL;
}

static err *list(struct kube_watch *watch)
{
	TRY(kube_list(watch->kube, &watch->selection, listed_item, NULL, watch, &watch->version));
	watch->must_list = false;
	watch->on_event(watch->context, KUBE_RELISTED, NULL);
	return NULL;
}

static void add_watch_path(struct kube_watch *watch, struct str *path)
{
	AUTOFREE char *timeout =
		str_format("%d", SHORTEST_S + (int)random_jitter_ms(SHORTEST_S / 2, 100));
	kube_selection_path(&watch->selection, path);
	kube_query_add(path, "watch", "1");
	kube_query_add(path, "allowWatchBookmarks", "true");
	kube_query_add(path, "resourceVersion", watch->version.ptr);
	kube_query_add(path, "timeoutSeconds", timeout);
}

static err *follow(struct kube_watch *watch)
{
	struct arena arena = ARENA_INIT;
	AUTO(str) path = STR_INIT;
	struct http_engine_request call;
	struct http_engine_stream *stream = NULL;
	add_watch_path(watch, &path);
	const struct kube_request request = { .path = path.ptr };
	str_reset(&watch->line);
	watch->has_ended = false;
	err *e = kube_call_prepare(watch->kube, &request, &arena, &call, &watch->generation);
	if (!e) {
		call.deadline_ns = 0;
		e = http_engine_open(watch->kube->watch_engine, &call, on_data, on_end, watch, &stream);
	}
	if (!e) {
		mutex_lock(watch->mutex);
		while (!watch->has_ended && !watch->is_ending &&
		       !cancel_is_set(watch->kube->options.cancel))
			cond_wait(watch->changed, watch->mutex, deadline_after(1000));
		mutex_unlock(watch->mutex);
		http_engine_close(stream);
		e = steal(&watch->error);
	}
	arena_clear(&arena);
	return e;
}

/* What the server said instead of a stream. */
static err *judge_status(struct kube_watch *watch)
{
	struct arena arena = ARENA_INIT;
	struct kube_status status;
	if (watch->status == 200 || watch->status == 0)
		return NULL;
	if (watch->status == 410) {
		watch->must_list = true;
		return NULL;
	}
	if (watch->status == 401)
		(void)kube_credentials_refresh(watch->kube->credentials, watch->generation);
	const struct kube_response response = { .status = watch->status };
	kube_status_parse(&response, &arena, &status);
	AUTOFREE char *what = str_format("cannot watch %s", watch->selection.resource->plural);
	err *e = kube_status_error(&status, what);
	arena_clear(&arena);
	return e;
}

/* Credentials are not among it: they may be renewed while we wait. */
static bool is_for_good(const err *e)
{
	return err_is(e, ERR_DENIED) || err_is(e, ERR_NOT_FOUND);
}

static err *round_trip(struct kube_watch *watch)
{
	if (watch->must_list)
		TRY(list(watch));
	if (is_ending(watch))
		return NULL;
	watch->status = 0;
	err *e = follow(watch);
	err *said = judge_status(watch);
	if (!said)
		return e;
	err_free(e);
	return said;
}

static void run(void *job)
{
	struct kube_watch *watch = job;
	unsigned failures = 0;
	while (!is_ending(watch)) {
		err *e = round_trip(watch);
		failures = e ? failures + 1 : 0;
		bool is_over = e && is_for_good(e) && failures > 2;
		if (e && !is_ending(watch) && watch->on_trouble)
			watch->on_trouble(watch->context, e, is_over);
		err_free(e);
		if (is_over)
			return;
		if (failures)
			pause(watch, failures - 1);
	}
}

/* --- life --- */

static const char *copy(const char *text)
{
	return text ? mem_strdup(text) : NULL;
}

err *kube_watch_open(struct kube *kube, const struct kube_selection *selection,
                     void (*on_event)(void *context, enum kube_event event, const struct val *item),
                     void (*on_trouble)(void *context, const err *error, bool is_over),
                     void *context, struct kube_watch **ret_watch)
{
	struct kube_watch *watch = MEM_NEW(struct kube_watch);
	watch->kube = kube;
	watch->selection = *selection;
	watch->selection.name_space = copy(selection->name_space);
	watch->selection.label_selector = copy(selection->label_selector);
	watch->selection.field_selector = copy(selection->field_selector);
	watch->on_event = on_event;
	watch->on_trouble = on_trouble;
	watch->context = context;
	watch->must_list = true;
	watch->mutex = mutex_new();
	watch->changed = cond_new();
	watch->thread = pool_new(1);
	*ret_watch = watch;
	pool_submit(watch->thread, run, watch);
	return NULL;
}

void kube_watch_close(struct kube_watch *watch)
{
	if (!watch)
		return;
	mutex_lock(watch->mutex);
	watch->is_ending = true;
	cond_broadcast(watch->changed);
	mutex_unlock(watch->mutex);
	pool_free(watch->thread);
	err_free(watch->error);
	mem_free((char *)(uintptr_t)watch->selection.name_space);
	mem_free((char *)(uintptr_t)watch->selection.label_selector);
	mem_free((char *)(uintptr_t)watch->selection.field_selector);
	str_clear(&watch->version);
	str_clear(&watch->line);
	arena_clear(&watch->arena);
	cond_free(watch->changed);
	mutex_free(watch->mutex);
	mem_free(watch);
}
