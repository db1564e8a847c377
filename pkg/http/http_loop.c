#define BASE_ALLOW_BANNED /* on Windows curl.h brings windows.h along */
#include "base/base.h"

#include "http/http_loop.h"

#include "base/vec.h"
#include "http/http_exchange.h"
#include "pal/clock.h"
#include "pal/loop.h"

struct http_call {
	struct exchange exchange; /* first: curl's private pointer is either */
	struct http_loop *http;
	void (*on_end)(void *context, const struct http_response *response, err *take_error);
	void *context;
	char *body;
	int64_t deadline_ns;
	struct http_raw_events raw; /* on_open not NULL: a connection, not a request */
	struct loop_io *raw_io;
};

/* A socket of curl's that the loop watches. */
struct socket_wait {
	struct http_loop *http;
	curl_socket_t socket;
	struct loop_io *io;
};

struct http_loop {
	struct loop *loop;
	struct http_engine_options options;
	struct http_ca ca;
	CURLM *multi;
	struct loop_timer *timer;
	VEC(struct http_call *) calls;
	VEC(struct socket_wait *) waits;
};

/* --- the end of a call --- */

static void forget(struct http_call *call)
{
	struct http_loop *http = call->http;
	for (size_t i = 0; i < http->calls.len; i++)
		if (http->calls.ptr[i] == call) {
			http->calls.ptr[i] = http->calls.ptr[--http->calls.len];
			break;
		}
	curl_multi_remove_handle(http->multi, call->exchange.easy);
}

static void call_free(struct http_call *call)
{
	loop_io_free(call->raw_io);
	exchange_clear(&call->exchange);
	curl_easy_cleanup(call->exchange.easy);
	mem_free(call->body);
	mem_free(call);
}

static err *call_error(const struct http_call *call)
{
	if (call->exchange.result == CURLE_OPERATION_TIMEDOUT && call->deadline_ns &&
	    clock_monotonic_ns() >= call->deadline_ns - CLOCK_NS_PER_MS)
		return err_new(ERR_TIMEOUT, "the server did not answer in time");
	return exchange_error(&call->exchange);
}

static void on_raw_ready(void *ctx, unsigned ready)
{
	struct http_call *call = ctx;
	call->raw.on_ready(call->raw.context, ready);
}

/* The easy handle stays with the multi: it owns the connection. */
static void finish_raw(struct http_call *call, CURLcode result)
{
	struct http_raw_events raw = call->raw;
	curl_socket_t socket = CURL_SOCKET_BAD;
	call->exchange.result = result;
	err *e = call_error(call);
	curl_easy_getinfo(call->exchange.easy, CURLINFO_ACTIVESOCKET, &socket);
	if (!e && socket == CURL_SOCKET_BAD)
		e = err_new(ERR_UNAVAILABLE, "cannot talk to the server: the connection is gone");
	if (e)
		http_call_drop(call);
	else
		call->raw_io = loop_add_socket(call->http->loop, (pal_handle)socket, 0,
		                               on_raw_ready, call);
	raw.on_open(raw.context, e);
}

static void finish(struct http_call *call, CURLcode result)
{
	if (call->raw.on_open) {
		finish_raw(call, result);
		return;
	}
	forget(call);
	call->exchange.result = result;
	call->exchange.response.status = exchange_status(&call->exchange);
	call->on_end(call->context, &call->exchange.response, call_error(call));
	call_free(call);
}

static void take_messages(struct http_loop *http)
{
	int left = 0;
	CURLMsg *message;
	while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
		struct http_call *call = NULL;
		if (message->msg != CURLMSG_DONE)
			continue;
		CURLcode result = message->data.result;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call);
		finish(call, result);
	}
}

/* --- curl and the loop --- */

static void on_ready(void *ctx, unsigned ready)
{
	struct socket_wait *wait = ctx;
	struct http_loop *http = wait->http;
	int running = 0;
	int what = (ready & LOOP_READ ? CURL_CSELECT_IN : 0) |
	           (ready & LOOP_WRITE ? CURL_CSELECT_OUT : 0) |
	           (ready & LOOP_ERROR ? CURL_CSELECT_ERR : 0);
	curl_multi_socket_action(http->multi, wait->socket, what, &running);
	take_messages(http);
}

static void on_timer(void *ctx)
{
	struct http_loop *http = ctx;
	int running = 0;
	curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	take_messages(http);
}

static int set_timer(CURLM *multi, long timeout_ms, void *ctx)
{
	struct http_loop *http = ctx;
	(void)multi;
	if (timeout_ms < 0)
		loop_timer_stop(http->timer);
	else
		loop_timer_set(http->timer, timeout_ms);
	return 0;
}

static void wait_free(struct http_loop *http, struct socket_wait *wait)
{
	for (size_t i = 0; i < http->waits.len; i++)
		if (http->waits.ptr[i] == wait) {
			http->waits.ptr[i] = http->waits.ptr[--http->waits.len];
			break;
		}
	loop_io_free(wait->io);
	mem_free(wait);
}

static struct socket_wait *wait_new(struct http_loop *http, curl_socket_t socket, unsigned events)
{
	struct socket_wait *wait = MEM_NEW(struct socket_wait);
	wait->http = http;
	wait->socket = socket;
	wait->io = loop_add_socket(http->loop, (pal_handle)socket, events, on_ready, wait);
	vec_push(&http->waits, wait);
	curl_multi_assign(http->multi, socket, wait);
	return wait;
}

static int set_socket(CURL *easy, curl_socket_t socket, int what, void *ctx, void *wait_ptr)
{
	struct http_loop *http = ctx;
	struct socket_wait *wait = wait_ptr;
	unsigned events =
		(what & CURL_POLL_IN ? LOOP_READ : 0u) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0u);
	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (wait)
			wait_free(http, wait);
	} else if (wait) {
		loop_io_set(wait->io, events);
	} else {
		wait_new(http, socket, events);
	}
	return 0;
}

/* --- calls --- */

/* curl borrows the body of a request, which here outlives its caller. */
static struct http_engine_request keep_body(struct http_call *call,
                                            const struct http_engine_request *request)
{
	struct http_engine_request kept = *request;
	if (request->base.body) {
		call->body = mem_strndup(request->base.body, request->base.body_len);
		kept.base.body = call->body;
	}
	return kept;
}

err *http_call_start(struct http_loop *http, const struct http_engine_request *request,
                     size_t limit, const struct http_call_events *events,
                     struct http_call **ret_call)
{
	struct http_call *call = MEM_NEW(struct http_call);
	call->http = http;
	call->on_end = events->on_end;
	call->context = events->context;
	call->deadline_ns = request->deadline_ns;
	call->exchange = (struct exchange){ .options = &http->options,
		                            .ca = &http->ca,
		                            .easy = curl_easy_init(),
		                            .limit = limit,
		                            .on_data = events->on_data,
		                            .context = events->context };
	struct http_engine_request kept = keep_body(call, request);
	err *e = call->exchange.easy ? exchange_prepare(&call->exchange, &kept)
	                             : err_new(ERR_INTERNAL, "cannot start a request");
	/* A call that waits for another one's connection is forgotten by curl when that one breaks. */
	if (!e)
		curl_easy_setopt(call->exchange.easy, CURLOPT_PIPEWAIT, 0L);
	if (!e && curl_multi_add_handle(http->multi, call->exchange.easy) != CURLM_OK)
		e = err_new(ERR_INTERNAL, "cannot start a request");
	if (e) {
		call_free(call);
		return e;
	}
	vec_push(&http->calls, call);
	*ret_call = call;
	return NULL;
}

void http_call_drop(struct http_call *call)
{
	if (!call)
		return;
	forget(call);
	call_free(call);
}

/* --- connections for other protocols --- */

err *http_raw_open(struct http_loop *http, const char *url, int64_t timeout_ms,
                   const struct http_raw_events *events, struct http_call **ret_call)
{
	struct http_engine_request request = { .base = { .url = url },
		                               .deadline_ns = clock_monotonic_ns() +
		                                              timeout_ms * CLOCK_NS_PER_MS,
		                               .stall_ms = -1 };
	struct http_call_events none = { NULL, NULL, NULL };
	struct http_call *call;
	TRY(http_call_start(http, &request, 0, &none, &call));
	call->raw = *events;
	curl_easy_setopt(call->exchange.easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(call->exchange.easy, CURLOPT_HTTPPROXYTUNNEL,
	                 1L); /* a proxy knows no other way */
	*ret_call = call;
	return NULL;
}

void http_raw_wait(struct http_call *call, unsigned events)
{
	loop_io_set(call->raw_io, events);
}

static err *raw_error(CURLcode code)
{
	return err_new(ERR_UNAVAILABLE, "the connection broke: %s", curl_easy_strerror(code));
}

err *http_raw_send(struct http_call *call, struct view bytes, size_t *ret_sent)
{
	*ret_sent = 0;
	CURLcode code = curl_easy_send(call->exchange.easy, bytes.ptr, bytes.len, ret_sent);
	return code == CURLE_OK || code == CURLE_AGAIN ? NULL : raw_error(code);
}

err *http_raw_recv(struct http_call *call, char *buf, size_t cap, size_t *ret_len)
{
	*ret_len = 0;
	CURLcode code = curl_easy_recv(call->exchange.easy, buf, cap, ret_len);
	if (code == CURLE_OK && *ret_len == 0)
		return err_new(ERR_UNAVAILABLE, "the server closed the connection");
	return code == CURLE_OK || code == CURLE_AGAIN ? NULL : raw_error(code);
}

/* --- life --- */

err *http_loop_new(struct loop *loop, const struct http_engine_options *options,
                   struct http_loop **ret_http)
{
	CURLM *multi;
	TRY(http_multi_new(&multi));
	struct http_loop *http = MEM_NEW(struct http_loop);
	http->loop = loop;
	http->options = http_options_copy(options);
	http->multi = multi;
	http->timer = loop_timer_new(loop, on_timer, http);
	http_ca_choose(NULL, &http->ca);
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, http);
	*ret_http = http;
	return NULL;
}

void http_loop_free(struct http_loop *http)
{
	if (!http)
		return;
	while (http->calls.len > 0)
		http_call_drop(http->calls.ptr[http->calls.len - 1]);
	curl_multi_cleanup(http->multi);
	curl_global_cleanup();
	while (http->waits.len > 0)
		wait_free(http, http->waits.ptr[http->waits.len - 1]);
	vec_clear(&http->calls);
	vec_clear(&http->waits);
	loop_timer_free(http->timer);
	http_ca_clear(&http->ca);
	http_options_clear(&http->options);
	mem_free(http);
}
