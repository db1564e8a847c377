/* What the files of this module share. */
#ifndef HTTP_HTTP_PRIVATE_H
#define HTTP_HTTP_PRIVATE_H

#include "http/http.h"

#include <curl/curl.h>

/* Which CA certificates to trust. Both NULL: the store of the operating system. */
struct http_ca {
	char *file;
	char *folder;
	const char *origin; /* "SSL_CERT_FILE", "this system"; static text */
	bool is_missing;    /* nothing found: https cannot work */
};

void http_ca_choose(const char *ca_file, struct http_ca *ret_ca);
void http_ca_clear(struct http_ca *ca);

struct http_client {
	CURLM *multi;
	struct http_options options;
	struct http_ca ca;
	char *user_agent;
	char *proxy; /* NULL: by the environment */
};

struct http_stream {
	struct http_client *client;
	CURL *easy;
	struct curl_slist *headers;
	struct str received; /* body bytes not yet read, from `taken` on */
	size_t taken;
	struct str head; /* "Name: value\n" lines of the last response */
	char *host;
	char *url;
	int64_t deadline_ns;
	int status;
	bool has_head, is_paused, is_done, follows;
	CURLcode result;
	char text[CURL_ERROR_SIZE];
	struct str value; /* of the header asked for last */
};

/* USAGE for a value with a line break, which would begin another header. */
NODISCARD err *http_check_headers(const struct http_request *request);

/* Those of the request, and W3C trace context: in the trace of TRACEPARENT, when that is set. Owned by the caller. */
struct curl_slist *http_header_list(const struct http_request *request);

/* What a caller can do about it. */
enum err_kind http_kind_of(CURLcode code, const char *text);

/* Bytes for an option that takes a copy of them. */
static inline void http_set_blob(CURL *easy, CURLoption option, struct view bytes)
{
	struct curl_blob blob = { .data = (void *)(uintptr_t)bytes.ptr,
		                  .len = bytes.len,
		                  .flags = CURL_BLOB_COPY };
	curl_easy_setopt(easy, option, &blob);
}

/* A client certificate in PEM. UNSUPPORTED where the system's TLS takes none in memory. */
NODISCARD err *http_set_identity(CURL *easy, struct view cert_pem, struct view key_pem);

/* Append the first value of header `name` among "Name: value\n" lines; false when absent. */
bool http_find_header(const char *head, const char *name, struct str *value);

#endif
