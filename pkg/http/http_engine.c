#define BASE_ALLOW_BANNED /* on Windows curl.h brings windows.h along */
#include "base/base.h"

#include "http/http_engine.h"

#include "base/vec.h"
#include "http/http_private.h"
#include "pal/clock.h"
#include "pal/pool.h"

enum {
	LOOK_MS = 100,            /* how late a cancellation may be noticed */
	CONNECT_MS = 15000,
	CONNECTIONS = 8,          /* to one server; each carries many requests */
	STREAMS = 250,            /* that we would like on one connection; the server may say less */
	HEAD_BYTES = 256 << 10,
	RECEIVE_BYTES = 128 << 10,
};

/* One transfer, whole or streaming. Owned by the caller or the stream; the engine only borrows it. */
struct exchange {
	struct http_engine *engine;
	CURL *easy;
	struct curl_slist *headers;
	struct curl_slist *connect_to;
	struct http_response response;
	size_t limit;
	bool is_too_large, is_done, ignores_cancel;
	CURLcode result;
	char text[CURL_ERROR_SIZE];
	struct cond *done;
	void (*on_data)(void *context, int status, struct view data); /* NULL: whole */
	void (*on_end)(void *context, int status, err *take_error);
	void *context;
};

struct http_engine_stream {
	struct exchange exchange; /* first */
};

struct http_engine {
	struct http_engine_options options; /* strings and bytes owned */
	struct http_ca ca;
	CURLM *multi;
	struct pool *thread;
	struct mutex *mutex;      /* guards the rest */
	VEC(struct exchange *) arriving, leaving;
	VEC(CURL *) idle;
	VEC(struct exchange *) running; /* the thread's own */
	bool is_ending;
};

/* --- what curl calls, on the engine's thread --- */

static int status_of(const struct exchange *exchange)
{
	long status = 0;
	curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct exchange *exchange = context;
	size_t len = size * count;
	if (exchange->on_data) {
		exchange->on_data(exchange->context, status_of(exchange), (struct view){ bytes, len });
		return len;
	}
	if (exchange->response.body.len + len > exchange->limit) {
		exchange->is_too_large = true;
		return 0;
	}
	str_add(&exchange->response.body, bytes, len);
	return len;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
	struct exchange *exchange = context;
	struct str *head = &exchange->response.headers;
	size_t len = size * count, text_len = len;
	while (text_len > 0 && (bytes[text_len - 1] == '\n' || bytes[text_len - 1] == '\r'))
		text_len--;
	if (text_len >= 5 && strncmp(bytes, "HTTP/", 5) == 0) {
		str_reset(head);
		return len;
	}
	if (head->len + text_len > HEAD_BYTES)
		return 0;
	str_add(head, bytes, text_len);
	if (text_len)
		str_addch(head, '\n');
	return len;
}

/* --- the thread --- */

static err *error_of(const struct exchange *exchange)
{
	const struct http_engine *engine = exchange->engine;
	const char *text = *exchange->text ? exchange->text : curl_easy_strerror(exchange->result);
	if (exchange->is_too_large)
		return err_new(ERR_LIMIT, "the answer is larger than %zu bytes", exchange->limit);
	if (exchange->result == CURLE_OK)
		return NULL;
	enum err_kind kind = http_kind_of(exchange->result);
	if (kind == ERR_TIMEOUT)
		kind = ERR_UNAVAILABLE; /* the deadline is told apart by who asks */
	err *e = err_new(kind, "cannot talk to the server: %s", text);
	if (exchange->result == CURLE_PEER_FAILED_VERIFICATION && engine->options.ca_pem.len)
		return err_hint(e, "its certificate must be signed by the given certificate authority and "
		                "name the server; tls-server-name sets another name");
	return e;
}

/* Hold the mutex. What is streaming is told outside of it. */
static void finish(struct http_engine *engine, struct exchange *exchange, CURLcode result)
{
	for (size_t i = 0; i < engine->running.len; i++)
		if (engine->running.ptr[i] == exchange) {
			engine->running.ptr[i] = engine->running.ptr[--engine->running.len];
			break;
		}
	curl_multi_remove_handle(engine->multi, exchange->easy);
	exchange->result = result;
	exchange->response.status = status_of(exchange);
	if (exchange->on_end) {
		mutex_unlock(engine->mutex);
		exchange->on_end(exchange->context, exchange->response.status, error_of(exchange));
		mutex_lock(engine->mutex);
	}
	exchange->is_done = true;
	cond_broadcast(exchange->done);
}

static void take_arriving(struct http_engine *engine)
{
	for (size_t i = 0; i < engine->arriving.len; i++) {
		struct exchange *exchange = engine->arriving.ptr[i];
		vec_push(&engine->running, exchange);
		if (curl_multi_add_handle(engine->multi, exchange->easy) != CURLM_OK)
			finish(engine, exchange, CURLE_FAILED_INIT);
	}
	engine->arriving.len = 0;
	for (size_t i = 0; i < engine->leaving.len; i++)
		if (!engine->leaving.ptr[i]->is_done)
			finish(engine, engine->leaving.ptr[i], CURLE_ABORTED_BY_CALLBACK);
	engine->leaving.len = 0;
}

static void take_messages(struct http_engine *engine)
{
	int left = 0;
	CURLMsg *message;
	while ((message = curl_multi_info_read(engine->multi, &left)) != NULL) {
		struct exchange *exchange = NULL;
		if (message->msg != CURLMSG_DONE)
			continue;
		CURLcode result = message->data.result;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&exchange);
		finish(engine, exchange, result);
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

static void run(void *job)
{
	struct http_engine *engine = job;
	mutex_lock(engine->mutex);
	for (;;) {
		take_arriving(engine);
		abort_cancelled(engine);
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

static void set_trust(struct http_engine *engine, CURL *easy)
{
	if (engine->options.is_insecure) {
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	} else if (engine->options.ca_pem.len) {
		http_set_blob(easy, CURLOPT_CAINFO_BLOB, engine->options.ca_pem);
	} else {
		if (engine->ca.file)
			curl_easy_setopt(easy, CURLOPT_CAINFO, engine->ca.file);
		if (engine->ca.folder)
			curl_easy_setopt(easy, CURLOPT_CAPATH, engine->ca.folder);
	}
}

/*
 * The URL that is asked, and where it really goes: the name to be verified stands in the URL then, and
 * the connection is led to the host.
 */
static err *set_url(struct exchange *exchange, const char *url)
{
	const char *name = exchange->engine->options.tls_server_name;
	CURLU *parts = name ? curl_url() : NULL;
	char *host = NULL, *port = NULL, *renamed = NULL;
	if (!name) {
		curl_easy_setopt(exchange->easy, CURLOPT_URL, url);
		return NULL;
	}
	bool is_fine = parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
	               curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	               curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	               curl_url_set(parts, CURLUPART_HOST, name, 0) == CURLUE_OK &&
	               curl_url_get(parts, CURLUPART_URL, &renamed, 0) == CURLUE_OK;
	if (is_fine) {
		AUTOFREE char *to = str_format("%s:%s:%s:%s", name, port, host, port);
		exchange->connect_to = curl_slist_append(NULL, to);
		curl_easy_setopt(exchange->easy, CURLOPT_CONNECT_TO, exchange->connect_to);
		curl_easy_setopt(exchange->easy, CURLOPT_URL, renamed);
	}
	curl_free(host);
	curl_free(port);
	curl_free(renamed);
	curl_url_cleanup(parts);
	return is_fine ? NULL : err_new(ERR_USAGE, "'%s' is no URL", url);
}

static void set_method(struct exchange *exchange, const struct http_request *request)
{
	CURL *easy = exchange->easy;
	for (size_t i = 0; i < request->header_count; i++) {
		AUTOFREE char *line = str_format("%s: %s", request->headers[i].name,
		                                 request->headers[i].value);
		exchange->headers = curl_slist_append(exchange->headers, line);
	}
	exchange->headers = curl_slist_append(exchange->headers, "Expect:");
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->headers);
	if (request->body) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
	}
	if (request->method)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_times(struct exchange *exchange, const struct http_engine_request *request)
{
	CURL *easy = exchange->easy;
	int64_t stall_s = MAX(exchange->engine->options.stall_ms / 1000, (int64_t)1);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)stall_s);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 15L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 5L);
	if (!request->deadline_ns)
		return;
	int64_t left_ms = (request->deadline_ns - clock_monotonic_ns()) / CLOCK_NS_PER_MS;
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)MAX(left_ms, (int64_t)1));
}

static err *prepare(struct exchange *exchange, const struct http_engine_request *request)
{
	struct http_engine *engine = exchange->engine;
	CURL *easy = exchange->easy;
	curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->text);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, engine->options.user_agent);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->is_fresh ? 1L : 0L);
	if (engine->options.proxy)
		curl_easy_setopt(easy, CURLOPT_PROXY, engine->options.proxy);
	set_trust(engine, easy);
	set_times(exchange, request);
	set_method(exchange, &request->base);
	if (request->cert_pem.len)
		TRY(http_set_identity(easy, request->cert_pem, request->key_pem));
	return set_url(exchange, request->base.url);
}

static CURL *take_easy(struct http_engine *engine)
{
	AUTO(mutex_hold) hold = mutex_hold(engine->mutex);
	return engine->idle.len ? engine->idle.ptr[--engine->idle.len] : curl_easy_init();
}

static err *exchange_init(struct exchange *exchange, struct http_engine *engine,
                          const struct http_engine_request *request)
{
	exchange->engine = engine;
	exchange->easy = take_easy(engine);
	exchange->done = cond_new();
	if (!exchange->easy)
		return err_new(ERR_INTERNAL, "cannot start a request");
	return prepare(exchange, request);
}

static void exchange_clear(struct exchange *exchange)
{
	struct http_engine *engine = exchange->engine;
	if (exchange->easy) {
		curl_easy_reset(exchange->easy);
		AUTO(mutex_hold) hold = mutex_hold(engine->mutex);
		vec_push(&engine->idle, exchange->easy);
	}
	curl_slist_free_all(exchange->headers);
	curl_slist_free_all(exchange->connect_to);
	cond_free(exchange->done);
	http_response_clear(&exchange->response);
}

static void submit(struct exchange *exchange)
{
	struct http_engine *engine = exchange->engine;
	mutex_lock(engine->mutex);
	vec_push(&engine->arriving, exchange);
	mutex_unlock(engine->mutex);
	curl_multi_wakeup(engine->multi);
}

static err *wait_done(struct exchange *exchange, const struct http_engine_request *request)
{
	struct http_engine *engine = exchange->engine;
	const atomic_int *cancel = engine->options.cancel;
	mutex_lock(engine->mutex);
	while (!exchange->is_done)
		cond_wait(exchange->done, engine->mutex, DEADLINE_NEVER);
	mutex_unlock(engine->mutex);
	if (exchange->result != CURLE_OK && cancel && atomic_load(cancel) && !exchange->ignores_cancel)
		return err_new(ERR_CANCELLED, "interrupted");
	if (exchange->result == CURLE_OPERATION_TIMEDOUT && request->deadline_ns &&
	    clock_monotonic_ns() >= request->deadline_ns - CLOCK_NS_PER_MS)
		return err_new(ERR_TIMEOUT, "the server did not answer in time");
	return error_of(exchange);
}

err *http_engine_do(struct http_engine *engine, const struct http_engine_request *request,
                    size_t limit, struct http_response *ret_response)
{
	struct exchange exchange = { .limit = limit, .ignores_cancel = request->ignores_cancel };
	err *e = exchange_init(&exchange, engine, request);
	if (!e) {
		submit(&exchange);
		e = wait_done(&exchange, request);
	}
	if (!e) {
		*ret_response = exchange.response;
		exchange.response = (struct http_response){ 0 };
	}
	exchange_clear(&exchange);
	return e;
}

/* --- streams --- */

err *http_engine_open(struct http_engine *engine, const struct http_engine_request *request,
                      void (*on_data)(void *context, int status, struct view data),
                      void (*on_end)(void *context, int status, err *take_error), void *context,
                      struct http_engine_stream **ret_stream)
{
	struct http_engine_stream *stream = MEM_NEW(struct http_engine_stream);
	stream->exchange.on_data = on_data;
	stream->exchange.on_end = on_end;
	stream->exchange.context = context;
	err *e = exchange_init(&stream->exchange, engine, request);
	if (e) {
		exchange_clear(&stream->exchange);
		mem_free(stream);
		return e;
	}
	*ret_stream = stream;
	submit(&stream->exchange);
	return NULL;
}

void http_engine_close(struct http_engine_stream *stream)
{
	if (!stream)
		return;
	struct exchange *exchange = &stream->exchange;
	struct http_engine *engine = exchange->engine;
	mutex_lock(engine->mutex);
	if (!exchange->is_done)
		vec_push(&engine->leaving, exchange);
	while (!exchange->is_done) {
		curl_multi_wakeup(engine->multi);
		cond_wait(exchange->done, engine->mutex, DEADLINE_NEVER);
	}
	mutex_unlock(engine->mutex);
	exchange_clear(exchange);
	mem_free(stream);
}

/* --- life --- */

static char *copy(const char *text)
{
	return text ? mem_strdup(text) : NULL;
}

err *http_engine_new(const struct http_engine_options *options, struct http_engine **ret_engine)
{
	CURLM *multi = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_multi_init() : NULL;
	if (!multi)
		return err_new(ERR_INTERNAL, "cannot start libcurl");
	curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)CONNECTIONS);
	curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)STREAMS);
	struct http_engine *engine = MEM_NEW(struct http_engine);
	engine->options = *options;
	engine->options.tls_server_name = copy(options->tls_server_name);
	engine->options.proxy = copy(options->proxy);
	engine->options.user_agent = copy(options->user_agent ? options->user_agent : "fettle");
	engine->options.ca_pem.ptr = mem_strndup(options->ca_pem.ptr ? options->ca_pem.ptr : "",
	                                         options->ca_pem.len);
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
	mem_free((char *)(uintptr_t)engine->options.tls_server_name);
	mem_free((char *)(uintptr_t)engine->options.proxy);
	mem_free((char *)(uintptr_t)engine->options.user_agent);
	mem_free((char *)(uintptr_t)engine->options.ca_pem.ptr);
	mem_free(engine);
}
