#define BASE_ALLOW_BANNED /* on Windows curl.h brings windows.h along */
#include "base/base.h"

#include "http/http_engine.h"

#include "base/vec.h"
#include "http/http_exchange.h"
#include "pal/clock.h"
#include "pal/pool.h"

enum {
	LOOK_MS = 100,   /* how late a cancellation may be noticed */
	CONNECTIONS = 8, /* to one server; each carries many requests */
	STREAMS = 250,   /* that we would like on one connection; the server may say less */
	STUCK_MS = 120000, /* without ever getting a connection */
	LATE_MS = 1000,    /* curl ends a transfer at its deadline by itself, unless it has no connection */
};

/* One transfer, whole or streaming. Owned by the caller or the stream; the engine only borrows it. */
struct job {
	struct exchange exchange; /* first: curl's private pointer is either */
	struct http_engine *engine;
	bool is_done, ignores_cancel;
	int64_t start_ns, deadline_ns; /* deadline 0: none */
	struct cond *done;
	void (*on_data)(void *context, int status, struct view data);
	void (*on_end)(void *context, int status, err *take_error); /* NULL: whole */
	void *context;
};

struct http_engine_stream {
	struct job job;
};

struct http_engine {
	struct http_engine_options options; /* strings and bytes owned */
	struct http_ca ca;
	CURLM *multi;
	struct pool *thread;
	struct mutex *mutex; /* guards the rest */
	VEC(struct job *) arriving, leaving;
	VEC(CURL *) idle;
	VEC(struct job *) running; /* the thread's own */
	bool is_ending;
};

/* --- the thread --- */

static bool on_data(void *context, int status, struct view data)
{
	const struct job *job = context;
	job->on_data(job->context, status, data);
	return true;
}

/* Hold the mutex. What is streaming is told outside of it. */
static void finish(struct http_engine *engine, struct job *job, CURLcode result)
{
	for (size_t i = 0; i < engine->running.len; i++)
		if (engine->running.ptr[i] == job) {
			engine->running.ptr[i] = engine->running.ptr[--engine->running.len];
			break;
		}
	curl_multi_remove_handle(engine->multi, job->exchange.easy);
	job->exchange.result = result;
	job->exchange.response.status = exchange_status(&job->exchange);
	if (job->on_end) {
		mutex_unlock(engine->mutex);
		job->on_end(job->context, job->exchange.response.status,
		            exchange_error(&job->exchange));
		mutex_lock(engine->mutex);
	}
	job->is_done = true;
	cond_broadcast(job->done);
}

static void take_arriving(struct http_engine *engine)
{
	for (size_t i = 0; i < engine->arriving.len; i++) {
		struct job *job = engine->arriving.ptr[i];
		vec_push(&engine->running, job);
		if (curl_multi_add_handle(engine->multi, job->exchange.easy) != CURLM_OK)
			finish(engine, job, CURLE_FAILED_INIT);
	}
	engine->arriving.len = 0;
	/* One by one: finish lets others at the list. */
	while (engine->leaving.len > 0) {
		struct job *job = engine->leaving.ptr[--engine->leaving.len];
		if (!job->is_done)
			finish(engine, job, CURLE_ABORTED_BY_CALLBACK);
	}
}

/* It may have ended by itself in the same moment. Hold the mutex. */
static void forget_leaving(struct http_engine *engine, const struct job *job)
{
	for (size_t i = engine->leaving.len; i > 0; i--)
		if (engine->leaving.ptr[i - 1] == job)
			engine->leaving.ptr[i - 1] = engine->leaving.ptr[--engine->leaving.len];
}

static void take_messages(struct http_engine *engine)
{
	int left = 0;
	CURLMsg *message;
	while ((message = curl_multi_info_read(engine->multi, &left)) != NULL) {
		struct job *job = NULL;
		if (message->msg != CURLMSG_DONE)
			continue;
		CURLcode result = message->data.result;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&job);
		finish(engine, job, result);
	}
}

static void abort_cancelled(struct http_engine *engine)
{
	const atomic_int *cancel = engine->options.cancel;
	if (!engine->is_ending && !(cancel && atomic_load(cancel)))
		return;
	for (size_t i = engine->running.len; i > 0; i--)
		if (engine->is_ending || (!engine->running.ptr[i - 1]->on_end &&
		                          !engine->running.ptr[i - 1]->ignores_cancel))
			finish(engine, engine->running.ptr[i - 1], CURLE_ABORTED_BY_CALLBACK);
}

/* curl forgets a transfer that waits for another one's connection when that one breaks. */
static void abort_stuck(struct http_engine *engine)
{
	int64_t now_ns = clock_monotonic_ns();
	for (size_t i = engine->running.len; i > 0; i--) {
		struct job *job = engine->running.ptr[i - 1];
		curl_off_t begun_us = 0;
		bool is_late = job->deadline_ns && now_ns > job->deadline_ns + LATE_MS * CLOCK_NS_PER_MS;
		bool is_old = now_ns > job->start_ns + STUCK_MS * CLOCK_NS_PER_MS;
		if (!is_late && !is_old)
			continue;
		curl_easy_getinfo(job->exchange.easy, CURLINFO_PRETRANSFER_TIME_T, &begun_us);
		if (is_late || begun_us == 0)
			finish(engine, job, CURLE_OPERATION_TIMEDOUT);
	}
}

static void run(void *context)
{
	struct http_engine *engine = context;
	mutex_lock(engine->mutex);
	for (;;) {
		take_arriving(engine);
		abort_cancelled(engine);
		abort_stuck(engine);
		if (engine->is_ending && engine->running.len == 0)
			break;
		mutex_unlock(engine->mutex);
		int running = 0;
		curl_multi_perform(engine->multi, &running);
		mutex_lock(engine->mutex);
		take_messages(engine);
		bool is_idle = engine->arriving.len + engine->leaving.len == 0;
		int wait_ms = engine->running.len ? LOOK_MS : 10 * LOOK_MS;
		mutex_unlock(engine->mutex);
		if (is_idle)
			curl_multi_poll(engine->multi, NULL, 0, wait_ms, NULL);
		mutex_lock(engine->mutex);
	}
	mutex_unlock(engine->mutex);
}

/* --- one transfer --- */

static CURL *take_easy(struct http_engine *engine)
{
	AUTO(mutex_hold) hold = mutex_hold(engine->mutex);
	return engine->idle.len ? engine->idle.ptr[--engine->idle.len] : curl_easy_init();
}

static err *job_init(struct job *job, struct http_engine *engine,
                     const struct http_engine_request *request)
{
	struct exchange *exchange = &job->exchange;
	job->engine = engine;
	job->done = cond_new();
	job->start_ns = clock_monotonic_ns();
	job->deadline_ns = request->deadline_ns;
	exchange->options = &engine->options;
	exchange->ca = &engine->ca;
	exchange->easy = take_easy(engine);
	exchange->context = job;
	if (!exchange->easy)
		return err_new(ERR_INTERNAL, "cannot start a request");
	return exchange_prepare(exchange, request);
}

static void job_clear(struct job *job)
{
	struct http_engine *engine = job->engine;
	exchange_clear(&job->exchange);
	cond_free(job->done);
	if (job->exchange.easy) {
		AUTO(mutex_hold) hold = mutex_hold(engine->mutex);
		vec_push(&engine->idle, job->exchange.easy);
	}
}

static void submit(struct job *job)
{
	struct http_engine *engine = job->engine;
	mutex_lock(engine->mutex);
	vec_push(&engine->arriving, job);
	mutex_unlock(engine->mutex);
	curl_multi_wakeup(engine->multi);
}

static err *wait_done(struct job *job, const struct http_engine_request *request)
{
	struct http_engine *engine = job->engine;
	const atomic_int *cancel = engine->options.cancel;
	CURLcode result;
	mutex_lock(engine->mutex);
	while (!job->is_done)
		cond_wait(job->done, engine->mutex, DEADLINE_NEVER);
	result = job->exchange.result;
	mutex_unlock(engine->mutex);
	if (result != CURLE_OK && cancel && atomic_load(cancel) && !job->ignores_cancel)
		return err_new(ERR_CANCELLED, "interrupted");
	if (result == CURLE_OPERATION_TIMEDOUT && request->deadline_ns &&
	    clock_monotonic_ns() >= request->deadline_ns - CLOCK_NS_PER_MS)
		return err_new(ERR_TIMEOUT, "the server did not answer in time");
	return exchange_error(&job->exchange);
}

err *http_engine_do(struct http_engine *engine, const struct http_engine_request *request,
                    size_t limit, struct http_response *ret_response)
{
	struct job job = { .exchange.limit = limit, .ignores_cancel = request->ignores_cancel };
	err *e = job_init(&job, engine, request);
	if (!e) {
		submit(&job);
		e = wait_done(&job, request);
	}
	if (!e) {
		*ret_response = job.exchange.response;
		job.exchange.response = (struct http_response){ 0 };
	}
	job_clear(&job);
	return e;
}

/* --- streams --- */

err *http_engine_open(struct http_engine *engine, const struct http_engine_request *request,
                      void (*on_piece)(void *context, int status, struct view data),
                      void (*on_end)(void *context, int status, err *take_error), void *context,
                      struct http_engine_stream **ret_stream)
{
	struct http_engine_stream *stream = MEM_NEW(struct http_engine_stream);
	stream->job.exchange.on_data = on_data;
	stream->job.on_data = on_piece;
	stream->job.on_end = on_end;
	stream->job.context = context;
	err *e = job_init(&stream->job, engine, request);
	if (e) {
		job_clear(&stream->job);
		mem_free(stream);
		return e;
	}
	*ret_stream = stream;
	submit(&stream->job);
	return NULL;
}

void http_engine_close(struct http_engine_stream *stream)
{
	if (!stream)
		return;
	struct job *job = &stream->job;
	struct http_engine *engine = job->engine;
	mutex_lock(engine->mutex);
	if (!job->is_done)
		vec_push(&engine->leaving, job);
	while (!job->is_done) {
		curl_multi_wakeup(engine->multi);
		cond_wait(job->done, engine->mutex, DEADLINE_NEVER);
	}
	forget_leaving(engine, job);
	mutex_unlock(engine->mutex);
	job_clear(job);
	mem_free(stream);
}

/* --- life --- */

err *http_engine_new(const struct http_engine_options *options, struct http_engine **ret_engine)
{
	CURLM *multi;
	TRY(http_multi_new(&multi));
	curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)CONNECTIONS);
	curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)STREAMS);
	struct http_engine *engine = MEM_NEW(struct http_engine);
	engine->options = http_options_copy(options);
	engine->multi = multi;
	engine->mutex = mutex_new();
	engine->thread = pool_new(1);
	http_ca_choose(NULL, &engine->ca);
	pool_submit(engine->thread, run, engine);
	*ret_engine = engine;
	return NULL;
}

void http_engine_free(struct http_engine *engine)
{
	if (!engine)
		return;
	mutex_lock(engine->mutex);
	engine->is_ending = true;
	mutex_unlock(engine->mutex);
	curl_multi_wakeup(engine->multi);
	pool_free(engine->thread);
	for (size_t i = 0; i < engine->idle.len; i++)
		curl_easy_cleanup(engine->idle.ptr[i]);
	vec_clear(&engine->idle);
	vec_clear(&engine->arriving);
	vec_clear(&engine->leaving);
	vec_clear(&engine->running);
	curl_multi_cleanup(engine->multi);
	curl_global_cleanup();
	http_ca_clear(&engine->ca);
	mutex_free(engine->mutex);
	http_options_clear(&engine->options);
	mem_free(engine);
}
