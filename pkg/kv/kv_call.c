#include "base/base.h"

#include "kv/kv_driver.h"

#include "base/limits.h"
#include "base/vec.h"
#include "crypto/encode.h"
#include "pal/clock.h"

enum {
	STALL_MS = 20000,
	TEXT_BYTES = 300, /* of an answer, in a message */
};

err *kv_http(struct kv *kv, struct http_loop **ret_http)
{
	const struct kv_options *options = &kv->options;
	if (!kv->http) {
		struct http_engine_options engine = { .ca_pem = options->ca_pem,
			                              .tls_server_name = options->tls_server_name,
			                              .is_insecure = options->is_insecure,
			                              .proxy = options->proxy,
			                              .stall_ms = STALL_MS };
		TRY(http_loop_new(kv->loop, &engine, &kv->http));
	}
	*ret_http = kv->http;
	return NULL;
}

char *kv_http_base(const struct kv *kv, bool is_tls, unsigned default_port)
{
	return str_format("%s://%s:%u", is_tls ? "https" : "http", kv->url.host,
	                  kv->url.port ? kv->url.port : default_port);
}

static err *check_header(const struct http_header *header)
{
	for (const char *c = header->value; *c; c++)
		if ((unsigned char)*c < ' ' && *c != '\t')
			return err_new(ERR_USAGE,
			               "the value of the header %s has control characters",
			               header->name);
	return NULL;
}

err *kv_call(struct kv *kv, const struct kv_request *request, struct http_call **ret_call)
{
	const struct kv_options *options = &kv->options;
	struct http_loop *http;
	TRY(kv_http(kv, &http));
	for (size_t i = 0; i < request->header_count; i++)
		TRY(check_header(&request->headers[i]));
	int64_t timeout_ms = request->timeout_ms ? request->timeout_ms : options->policy.request_ms;
	struct http_engine_request full = {
		.base = { .method = request->method,
		          .url = request->url,
		          .headers = request->headers,
		          .header_count = request->header_count,
		          .body = request->body.ptr,
		          .body_len = request->body.len },
		.cert_pem = request->cert_pem.len ? request->cert_pem : options->cert_pem,
		.key_pem = request->cert_pem.len ? request->key_pem : options->key_pem,
		.deadline_ns =
			timeout_ms < 0 ? 0 : clock_monotonic_ns() + timeout_ms * CLOCK_NS_PER_MS,
		.stall_ms = timeout_ms < 0 || timeout_ms > STALL_MS ? -1 : 0,
	};
	struct http_call_events events = { request->on_data, request->on_end, request->context };
	return http_call_start(http, &full, request->limit ? request->limit : LIMIT_HTTP_BODY_BYTES,
	                       &events, ret_call);
}

static enum err_kind kind_of_status(int status)
{
	switch (status) {
	case 401:
		return ERR_AUTH;
	case 403:
		return ERR_DENIED;
	case 404:
		return ERR_NOT_FOUND;
	case 409:
	case 412:
		return ERR_CONFLICT;
	case 408:
	case 429:
		return ERR_UNAVAILABLE;
	default:
		return status >= 500 ? ERR_UNAVAILABLE : ERR_INVALID;
	}
}

/* One line of what the server says, without control characters. */
static void add_text(struct str *out, const struct str *body)
{
	for (size_t i = 0; i < body->len && i < TEXT_BYTES && body->ptr[i] != '\n'; i++)
		str_addch(out, (unsigned char)body->ptr[i] < ' ' ? ' ' : body->ptr[i]);
}

err *kv_status_error(const struct kv *kv, const struct http_response *response)
{
	AUTO(str) text = STR_INIT;
	if (response->status >= 200 && response->status < 300)
		return NULL;
	add_text(&text, &response->body);
	return err_new(kind_of_status(response->status), "'%s' answers %d%s%s", kv->display,
	               response->status, text.len ? ": " : "", text.ptr);
}
