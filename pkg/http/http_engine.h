/*
 * Many requests to one server at once: a thread of its own drives all connections (HTTP/2, requests
 * share them), callers block on their own answer only. For API clients with their own TLS identity; the
 * one-request client with the system's policy is http.h.
 */
#ifndef HTTP_HTTP_ENGINE_H
#define HTTP_HTTP_ENGINE_H

#include "http/http.h"

struct http_engine;

/* Copied. */
struct http_engine_options {
	struct view ca_pem;          /* trust only these; empty: as http.h decides */
	const char *tls_server_name; /* verify this name instead of the URL's host; NULL: the host */
	bool is_insecure;            /* do not verify; the caller warns */
	const char *proxy;           /* NULL: by the environment */
	const char *user_agent;
	const atomic_int *cancel;    /* not 0: blocking requests end (CANCELLED); may be NULL */
	int64_t stall_ms;            /* silence for so long is a broken connection (UNAVAILABLE) */
};

NODISCARD err *http_engine_new(const struct http_engine_options *options,
                               struct http_engine **ret_engine);
/* Ends streams; nobody may be in http_engine_do. NULL is fine. */
void http_engine_free(struct http_engine *engine);

/* Beside what struct http_request says (its user, password, retries and timeout are not used). */
struct http_engine_request {
	struct http_request base;
	struct view cert_pem, key_pem; /* client certificate; empty: none. UNSUPPORTED on Windows */
	int64_t deadline_ns;           /* clock_monotonic_ns(); 0: never */
	int64_t stall_ms;              /* instead of the engine's; 0: that one, -1: silence is fine */
	bool ignores_cancel;           /* it ends by its deadline only */
	bool is_fresh;                 /* on a new connection: the old one may be dead */
};

/*
 * From any thread. Any status is success. UNAVAILABLE (name, connection, stall), AUTH (certificate),
 * TIMEOUT (deadline), CANCELLED, LIMIT.
 */
NODISCARD err *http_engine_do(struct http_engine *engine, const struct http_engine_request *request,
                              size_t limit, struct http_response *ret_response);

struct http_engine_stream;

/*
 * The body as it comes, on the engine's thread: `on_data` for each piece, `on_end` once, with the status
 * (0: there was no answer) and an error or NULL. Not called after http_engine_close returned.
 */
NODISCARD err *http_engine_open(struct http_engine *engine,
                                const struct http_engine_request *request,
                                void (*on_data)(void *context, int status, struct view data),
                                void (*on_end)(void *context, int status, err *take_error),
                                void *context, struct http_engine_stream **ret_stream);
/* From any thread but the engine's. */
void http_engine_close(struct http_engine_stream *stream);

#endif
