/*
 * Many requests at once on a `struct loop`: curl waits in the loop's own poll, callbacks come on its thread.
 * For agents that follow many servers; API clients that block are served by http_engine.h.
 */
#ifndef HTTP_HTTP_LOOP_H
#define HTTP_HTTP_LOOP_H

#include "http/http_engine.h"

struct loop;
struct http_loop;
struct http_call;

/* `options` are copied; its cancel is not used: stop the loop and free this. */
NODISCARD err *http_loop_new(struct loop *loop, const struct http_engine_options *options,
                             struct http_loop **ret_http);
/* Drops what is running without a callback. Before the loop is freed; NULL is fine. */
void http_loop_free(struct http_loop *http);
AUTOPTR_DEFINE(http_loop)

struct http_call_events {
	/*
	 * Each piece of the body as it comes; false: enough, the call ends without error. May start and
	 * end no call. NULL: the body is collected.
	 */
	bool (*on_data)(void *context, int status, struct view data);
	/*
	 * Once, with the answer (its status is 0 when there was none) or an error: UNAVAILABLE, AUTH
	 * (certificate), TIMEOUT (deadline), LIMIT. The call is gone; new ones may be started.
	 */
	void (*on_end)(void *context, const struct http_response *response, err *take_error);
	void *context;
};

/* Begin; collects at most `limit` bytes of body. Callbacks come from the loop, never from here. */
NODISCARD err *http_call_start(struct http_loop *http, const struct http_engine_request *request,
                               size_t limit, const struct http_call_events *events,
                               struct http_call **ret_call);
/* Drop a running call: no callback comes any more. NULL is fine. */
void http_call_drop(struct http_call *call);

/*
 * A connection for another protocol, made with the same names, TLS and proxies: "http://host:port" is plain,
 * "https://…" TLS. It lives until http_call_drop.
 */
struct http_raw_events {
	void (*on_open)(void *context, err *take_error); /* once; with an error the call is gone */
	void (*on_ready)(void *context, unsigned ready); /* enum loop_ready, as asked for */
	void *context;
};
NODISCARD err *http_raw_open(struct http_loop *http, const char *url, int64_t timeout_ms,
                             const struct http_raw_events *events, struct http_call **ret_call);
/* Which readiness is told from now on. */
void http_raw_wait(struct http_call *call, unsigned events);
/* Some bytes, 0: not now. UNAVAILABLE: it broke. */
NODISCARD err *http_raw_send(struct http_call *call, struct view bytes, size_t *ret_sent);
/* Some bytes, 0: not now; UNAVAILABLE also for the other side's end. */
NODISCARD err *http_raw_recv(struct http_call *call, char *buf, size_t cap, size_t *ret_len);

#endif
