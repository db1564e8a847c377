/*
 * HTTP client: one request with a deadline, a size limit and one policy for
 * CA certificates, proxies and redirects, either whole or as a stream.
 * Verification of TLS cannot be switched off. Sole owner of curl/curl.h.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "base/base.h"
#include <stdatomic.h>

struct http_options {
	const char *ca_file;      /* from fettle's settings; NULL = environment, then system */
	const char *proxy;        /* from fettle's settings; NULL = environment (https_proxy, …) */
	const char *user_agent;   /* NULL = "fettle" */
	int64_t deadline_ns;      /* clock_monotonic_ns(); 0 = never */
	const atomic_int *cancel; /* not 0: stop (CANCELLED); may be NULL */
	bool use_netrc;           /* credentials for hosts named in ~/.netrc */
};

/* Connections, TLS sessions and policy, shared by the requests of one thread. */
struct http_client;
NODISCARD err *http_client_new(const struct http_options *options, struct http_client **ret_client);
void http_client_free(struct http_client *client);

struct http_header {
	const char *name;
	const char *value;
};

struct http_request {
	const char *method; /* NULL = GET, or POST when there is a body */
	const char *url;    /* http or https only */
	const struct http_header *headers;
	size_t header_count;
	const char *body; /* borrowed until the stream is closed */
	size_t body_len;
	const char *user; /* basic authentication, only ever sent to the host of `url` */
	const char *password;
	int64_t timeout_ms; /* for this request, beside the client's deadline; 0 = none */
	unsigned
		retries; /* more attempts when the server is unavailable; for idempotent requests */
};

struct http_response {
	int status;
	struct str body;
	struct str headers; /* "Name: value\n" lines of the last response */
};
void http_response_clear(struct http_response *response);

/* First value of header `name`, NULL when absent. Caller frees. */
char *http_response_header(const struct http_response *response, const char *name);

/*
 * Do the request and collect at most `limit` bytes. Any status is success.
 * Fails with UNAVAILABLE (name, connection), AUTH (certificate), TIMEOUT,
 * CANCELLED, LIMIT, USAGE (not http or https).
 */
NODISCARD err *http_do(struct http_client *client, const struct http_request *request, size_t limit,
                       struct http_response *ret_response);

struct http_stream;

/* Send the request and wait for the headers of the answer. Fails as http_do. */
NODISCARD err *http_stream_open(struct http_client *client, const struct http_request *request,
                                struct http_stream **ret_stream);
int http_stream_status(const struct http_stream *stream);
/* First value of a header, or NULL; and where redirects led. Live as long as the stream. */
const char *http_stream_header(struct http_stream *stream, const char *name);
const char *http_stream_url(const struct http_stream *stream);

/* The next bytes of the body as they come; 0 at its end. */
NODISCARD err *http_stream_read(struct http_stream *stream, char *buf, size_t buf_size,
                                size_t *ret_len);
void http_stream_close(struct http_stream *stream);

/* Which CA certificates are used and why, for `fettle doctor`. Appends to `text`. */
void http_describe_ca(const char *ca_file, struct str *text);

/* Version of libcurl in use. */
const char *http_library_version(void);

#endif
