#define BASE_ALLOW_BANNED /* on Windows curl.h brings windows.h along */
#include "base/base.h"

#include "http/http_exchange.h"

#include "pal/clock.h"

enum {
	CONNECT_MS = 15000,
	HEAD_BYTES = 256 << 10,
	RECEIVE_BYTES = 128 << 10,
};

/* --- what curl calls --- */

int exchange_status(const struct exchange *exchange)
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
		exchange->is_enough = !exchange->on_data(
			exchange->context, exchange_status(exchange), (struct view){ bytes, len });
		return exchange->is_enough ? 0 : len;
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

err *exchange_error(const struct exchange *exchange)
{
	const char *text = *exchange->text ? exchange->text : curl_easy_strerror(exchange->result);
	if (exchange->is_too_large)
		return err_new(ERR_LIMIT, "the answer is larger than %zu bytes", exchange->limit);
	if (exchange->result == CURLE_OK || exchange->is_enough)
		return NULL;
	enum err_kind kind = http_kind_of(exchange->result, text);
	if (kind == ERR_TIMEOUT)
		kind = ERR_UNAVAILABLE; /* the deadline is told apart by who asks */
	err *e = err_new(kind, "cannot talk to the server: %s", text);
	if (exchange->result == CURLE_PEER_FAILED_VERIFICATION && exchange->options->ca_pem.len)
		return err_hint(
			e, "its certificate must be signed by the given certificate authority and "
			   "name the server; tls-server-name sets another name");
	return e;
}

/* --- before it starts --- */

static void set_trust(const struct exchange *exchange)
{
	CURL *easy = exchange->easy;
	const struct http_ca *ca = exchange->ca;
	if (exchange->options->is_insecure) {
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	} else if (exchange->options->ca_pem.len) {
		http_set_blob(easy, CURLOPT_CAINFO_BLOB, exchange->options->ca_pem);
	} else {
		if (ca->file)
			curl_easy_setopt(easy, CURLOPT_CAINFO, ca->file);
		if (ca->folder)
			curl_easy_setopt(easy, CURLOPT_CAPATH, ca->folder);
	}
}

/*
 * The URL that is asked, and where it really goes: the name to be verified stands in the URL then, and
 * the connection is led to the host.
 */
static err *set_url(struct exchange *exchange, const char *url)
{
	const char *name = exchange->options->tls_server_name;
	CURLU *parts = name ? curl_url() : NULL;
	char *host = NULL, *port = NULL, *renamed = NULL;
	if (!name) {
		curl_easy_setopt(exchange->easy, CURLOPT_URL, url);
		return NULL;
	}
	bool is_fine =
		parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
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
	exchange->headers = http_header_list(request);
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
	int64_t stall_ms = request->stall_ms ? request->stall_ms : exchange->options->stall_ms;
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	if (stall_ms > 0) {
		curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
		curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
		                 (long)MAX(stall_ms / 1000, (int64_t)1));
	}
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 15L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 5L);
	if (!request->deadline_ns)
		return;
	int64_t left_ms = (request->deadline_ns - clock_monotonic_ns()) / CLOCK_NS_PER_MS;
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)MAX(left_ms, (int64_t)1));
}

err *exchange_prepare(struct exchange *exchange, const struct http_engine_request *request)
{
	const struct http_engine_options *options = exchange->options;
	CURL *easy = exchange->easy;
	TRY(http_check_headers(&request->base));
	curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->text);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, options->user_agent);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->is_fresh ? 1L : 0L);
	if (options->proxy)
		curl_easy_setopt(easy, CURLOPT_PROXY, options->proxy);
	set_trust(exchange);
	set_times(exchange, request);
	set_method(exchange, &request->base);
	if (request->cert_pem.len)
		TRY(http_set_identity(easy, request->cert_pem, request->key_pem));
	return set_url(exchange, request->base.url);
}

/* --- afterwards, and the options they share --- */

void exchange_clear(struct exchange *exchange)
{
	if (exchange->easy)
		curl_easy_reset(exchange->easy);
	curl_slist_free_all(exchange->headers);
	curl_slist_free_all(exchange->connect_to);
	http_response_clear(&exchange->response);
}

static char *copy(const char *text)
{
	return text ? mem_strdup(text) : NULL;
}

struct http_engine_options http_options_copy(const struct http_engine_options *options)
{
	struct http_engine_options copied = *options;
	copied.tls_server_name = copy(options->tls_server_name);
	copied.proxy = copy(options->proxy);
	copied.user_agent = copy(options->user_agent ? options->user_agent : "fettle");
	copied.ca_pem.ptr =
		mem_strndup(options->ca_pem.ptr ? options->ca_pem.ptr : "", options->ca_pem.len);
	return copied;
}

void http_options_clear(struct http_engine_options *options)
{
	mem_free((char *)(uintptr_t)options->tls_server_name);
	mem_free((char *)(uintptr_t)options->proxy);
	mem_free((char *)(uintptr_t)options->user_agent);
	mem_free((char *)(uintptr_t)options->ca_pem.ptr);
	*options = (struct http_engine_options){ 0 };
}

err *http_multi_new(CURLM **ret_multi)
{
	CURLM *multi = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_multi_init() : NULL;
	if (!multi)
		return err_new(ERR_INTERNAL, "cannot start libcurl");
	curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	*ret_multi = multi;
	return NULL;
}
