/*
 * A small HTTP/1.1 server on the loop: GET and HEAD, one callback, no threads. Built for being
 * reached by anybody: every size, time and number has a limit, and whatever is unclear is refused.
 * Runs the metrics of `apply --watch` today; the config server grows from here.
 */
#ifndef SERVE_SERVE_H
#define SERVE_SERVE_H

#include "base/base.h"

struct loop;
struct serve;

struct serve_request {
	const char *method; /* "GET" or "HEAD"; the body of HEAD is left out for you */
	const char *path;   /* decoded, begins with '/', no "..", no control characters */
	struct view query;  /* behind '?', as it came */
};

/* Filled by the handler; starts as 200 text/plain with an empty body. */
struct serve_reply {
	int status;
	const char *content_type; /* borrowed, static */
	struct str body;
};

typedef void serve_fn(void *ctx, const struct serve_request *request, struct serve_reply *reply);

struct serve_opts {
	size_t max_connections;   /* 0: 64; more are answered 503 */
	int64_t head_timeout_ms;  /* to send the whole request head; 0: 5000 */
	int64_t idle_timeout_ms;  /* kept open between two requests; 0: 15000 */
	int64_t write_timeout_ms; /* to take the reply; 0: 10000 */
};

/*
 * Listen on `address` (pal/sock.h) and answer from `loop`. `opts` may be NULL.
 * Fails as sock_listen does. Free it before the loop.
 */
NODISCARD err *serve_new(struct loop *loop, const char *address, const struct serve_opts *opts,
                         serve_fn *fn, void *ctx, struct serve **ret_serve);
/* Closes listener and connections at once; NULL is fine. */
void serve_free(struct serve *serve);
AUTOPTR_DEFINE(serve)

/* Where it listens, with the real port. Borrowed. */
const char *serve_address(const struct serve *serve);
size_t serve_connections(const struct serve *serve);

#endif
