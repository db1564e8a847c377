/* One transfer through a curl multi handle, for those who drive one: http_engine.c, http_loop.c. */
#ifndef HTTP_HTTP_EXCHANGE_H
#define HTTP_HTTP_EXCHANGE_H

#include "http/http_engine.h"

#include "http/http_private.h"

/* Set options, ca, easy, limit and the callback, then exchange_prepare. */
struct exchange {
	const struct http_engine_options *options;
	const struct http_ca *ca;
	CURL *easy; /* its owner's; CURLINFO_PRIVATE is this struct */
	struct curl_slist *headers;
	struct curl_slist *connect_to;
	struct http_response response;
	size_t limit;
	bool is_too_large;
	bool is_enough; /* on_data wants no more; no error */
	CURLcode result;
	char text[CURL_ERROR_SIZE];
	bool (*on_data)(void *context, int status, struct view data); /* NULL: whole */
	void *context;
};

NODISCARD err *exchange_prepare(struct exchange *exchange,
                                const struct http_engine_request *request);
/* After its end: what `result` means, or NULL. */
NODISCARD err *exchange_error(const struct exchange *exchange);
int exchange_status(const struct exchange *exchange);
/* Frees all but the easy handle, which is reset. */
void exchange_clear(struct exchange *exchange);

struct http_engine_options http_options_copy(const struct http_engine_options *options);
void http_options_clear(struct http_engine_options *options);
/* Also initialises libcurl; end with curl_multi_cleanup and curl_global_cleanup. */
NODISCARD err *http_multi_new(CURLM **ret_multi);

#endif
