/*
 * One transfer as a stream: curl pushes, the reader pulls. Between the two lies a small buffer;
 * when it is full the transfer is paused, so memory stays small however large the body is.
 */
#define BASE_ALLOW_BANNED /* on Windows curl.h brings windows.h along */
#include "base/base.h"

#include "http/http_private.h"

#include "base/limits.h"
#include "pal/clock.h"

#define BUFFER_BYTES (256u << 10)
#define HEAD_BYTES   (256u << 10)
#define POLL_MS      100 /* how late a cancellation may be noticed */
#define CONNECT_MS   30000
#define STALL_S      120 /* without a deadline: silence for that long is the end */

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct http_stream *stream = context;
	size_t len = size * count;
	stream->has_head = true;
	if (stream->received.len - stream->taken + len > BUFFER_BYTES &&
	    stream->received.len > stream->taken) {
		stream->is_paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	str_add(&stream->received, bytes, len);
	return len;
}

/* Is the response that just ended its head the last one, and not a redirect to be followed? */
static bool is_final(const struct http_stream *stream, int status)
{
	bool is_redirect =
		status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
	return status >= 200 && !(is_redirect && stream->follows);
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
	struct http_stream *stream = context;
	size_t len = size * count, text_len = len;
	while (text_len > 0 && (bytes[text_len - 1] == '\n' || bytes[text_len - 1] == '\r'))
		text_len--;
	if (text_len >= 5 && strncmp(bytes, "HTTP/", 5) == 0) {
		str_reset(&stream->head);
		return len;
	}
	if (text_len == 0) {
		long status = 0;
		curl_easy_getinfo(stream->easy, CURLINFO_RESPONSE_CODE, &status);
		stream->has_head = is_final(stream, (int)status);
		return len;
	}
	if (stream->has_head || stream->head.len + len > HEAD_BYTES)
		return stream->has_head ? len
		                        : 0; /* trailers are not for us; too much is an error */
	str_add(&stream->head, bytes, text_len);
	str_addch(&stream->head, '\n');
	return len;
}

/* A handshake that was cut off says nothing about certificates. */
static bool is_cut_off(const char *text)
{
	return strstr(text, "Recv failure") || strstr(text, "Send failure") ||
	       strstr(text, "SSL_ERROR_SYSCALL") || strstr(text, "unexpected eof");
}

enum err_kind http_kind_of(CURLcode code, const char *text)
{
	if (code == CURLE_SSL_CONNECT_ERROR && is_cut_off(text))
		return ERR_UNAVAILABLE;
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return ERR_TIMEOUT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_LOGIN_DENIED:
		return ERR_AUTH;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_TOO_MANY_REDIRECTS:
		return ERR_REFUSED;
	case CURLE_URL_MALFORMAT:
		return ERR_USAGE;
	case CURLE_OUT_OF_MEMORY:
	case CURLE_FAILED_INIT:
		return ERR_INTERNAL;
	default:
		return ERR_UNAVAILABLE;
	}
}

static err *transfer_error(const struct http_stream *stream)
{
	const struct http_ca *ca = &stream->client->ca;
	const char *text = *stream->text ? stream->text : curl_easy_strerror(stream->result);
	const char *trusted = ca->file ? ca->file : ca->folder ? ca->folder : "the system's store";
	err *e = err_new(http_kind_of(stream->result, text), "cannot talk to '%s': %s",
	                 stream->host, text);
	switch (stream->result) {
	case CURLE_PEER_FAILED_VERIFICATION:
		return err_hint(e,
		                "certificates are checked against %s (%s); for a private CA set "
		                "SSL_CERT_FILE",
		                trusted, ca->origin);
	case CURLE_SSL_CACERT_BADFILE:
		return err_hint(e, "the CA certificates were to be read from '%s' (%s)", trusted,
		                ca->origin);
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
		return err_hint(e, "check the address, the network and the proxy settings");
	default:
		return e;
	}
}

static err *check_time(const struct http_stream *stream)
{
	const atomic_int *cancel = stream->client->options.cancel;
	if (cancel && atomic_load(cancel))
		return err_new(ERR_CANCELLED, "the request to '%s' was interrupted", stream->host);
	if (stream->deadline_ns && clock_monotonic_ns() >= stream->deadline_ns)
		return err_new(ERR_TIMEOUT, "'%s' did not answer in time", stream->host);
	return NULL;
}

static int wait_ms(const struct http_stream *stream)
{
	if (!stream->deadline_ns)
		return POLL_MS;
	int64_t left = (stream->deadline_ns - clock_monotonic_ns()) / 1000000 + 1;
	return left < POLL_MS ? (int)MAX(left, (int64_t)1) : POLL_MS;
}

/* Streams of one client share the multi handle: messages may be about any of them. */
static void take_messages(CURLM *multi)
{
	int left = 0;
	CURLMsg *message;
	while ((message = curl_multi_info_read(multi, &left)) != NULL) {
		struct http_stream *stream = NULL;
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&stream);
		stream->is_done = true;
		stream->has_head = true;
		stream->result = message->data.result;
	}
}

static bool has_bytes(const struct http_stream *stream)
{
	return stream->received.len > stream->taken;
}

/* Let the transfer go on until there is a head (or body bytes), an end, or a reason to stop. */
static err *pump(struct http_stream *stream, bool want_body)
{
	CURLM *multi = stream->client->multi;
	for (;;) {
		int running = 0;
		TRY(check_time(stream));
		CURLMcode code = curl_multi_perform(multi, &running);
		take_messages(multi);
		if (code != CURLM_OK)
			return err_new(ERR_INTERNAL, "cannot talk to '%s': %s", stream->host,
			               curl_multi_strerror(code));
		if (stream->is_done || (want_body ? has_bytes(stream) : stream->has_head))
			break;
		curl_multi_poll(multi, NULL, 0, wait_ms(stream), NULL);
	}
	return stream->is_done && stream->result != CURLE_OK ? transfer_error(stream) : NULL;
}

static void set_policy(struct http_stream *stream, const struct http_request *request)
{
	CURL *easy = stream->easy;
	const struct http_client *client = stream->client;
	bool is_https = str_starts(request->url, "https:");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, is_https ? "https" : "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, (long)stream->follows);
	curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 5L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(easy, CURLOPT_USERAGENT, client->user_agent);
	if (client->proxy)
		curl_easy_setopt(easy, CURLOPT_PROXY, client->proxy);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	if (!stream->deadline_ns) {
		curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
		curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)STALL_S);
	}
	if (client->ca.file || client->ca.folder) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, client->ca.file);
		curl_easy_setopt(easy, CURLOPT_CAPATH, client->ca.folder);
	}
}

static void set_credentials(struct http_stream *stream, const struct http_request *request)
{
	CURL *easy = stream->easy;
	curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	curl_easy_setopt(easy, CURLOPT_UNRESTRICTED_AUTH, 0L);
	if (request->user) {
		curl_easy_setopt(easy, CURLOPT_USERNAME, request->user);
		curl_easy_setopt(easy, CURLOPT_PASSWORD,
		                 request->password ? request->password : "");
	} else if (stream->client->options.use_netrc) {
		const char *file = getenv("NETRC");
		curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
		if (file && *file)
			curl_easy_setopt(easy, CURLOPT_NETRC_FILE, file);
	}
}

static void set_request(struct http_stream *stream, const struct http_request *request)
{
	CURL *easy = stream->easy;
	curl_easy_setopt(easy, CURLOPT_URL, request->url);
	if (request->body) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
	}
	if (request->method && str_equal(request->method, "HEAD"))
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else if (request->method)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	stream->headers = http_header_list(request);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, stream->headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, stream);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, stream);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, stream->text);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, stream);
}

/* Host and port of a URL, without user info; for messages. */
static char *host_of(const char *url)
{
	const char *host = strstr(url, "://");
	host = host ? host + 3 : url;
	size_t len = strcspn(host, "/?#");
	for (size_t i = 0; i < len; i++)
		if (host[i] == '@')
			return mem_strndup(host + i + 1, len - i - 1);
	return mem_strndup(host, len);
}

static int64_t deadline_of(const struct http_client *client, const struct http_request *request)
{
	int64_t deadline = client->options.deadline_ns;
	if (request->timeout_ms <= 0)
		return deadline;
	int64_t own = clock_monotonic_ns() + request->timeout_ms * 1000000;
	return deadline && deadline < own ? deadline : own;
}

static err *check_request(const struct http_client *client, const struct http_request *request)
{
	bool is_https = str_starts(request->url, "https://");
	if (!is_https && !str_starts(request->url, "http://"))
		return err_new(ERR_USAGE, "only http and https addresses can be asked");
	if (is_https && client->ca.is_missing)
		return err_hint(err_new(ERR_AUTH, "this system has no CA certificates to check "
		                                  "servers with"),
		                "install the package ca-certificates, or set SSL_CERT_FILE");
	return http_check_headers(request);
}

err *http_stream_open(struct http_client *client, const struct http_request *request,
                      struct http_stream **ret_stream)
{
	TRY(check_request(client, request));
	struct http_stream *stream = MEM_NEW(struct http_stream);
	str_init(&stream->received);
	str_init(&stream->head);
	str_init(&stream->value);
	stream->client = client;
	stream->host = host_of(request->url);
	stream->deadline_ns = deadline_of(client, request);
	stream->follows = !request->body;
	stream->easy = curl_easy_init();
	if (!stream->easy) {
		http_stream_close(stream);
		return err_new(ERR_INTERNAL, "cannot start an HTTP request");
	}
	set_request(stream, request);
	set_policy(stream, request);
	set_credentials(stream, request);
	curl_multi_add_handle(client->multi, stream->easy);

	err *e = pump(stream, false);
	if (e) {
		http_stream_close(stream);
		return e;
	}
	long status = 0;
	char *url = NULL;
	curl_easy_getinfo(stream->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(stream->easy, CURLINFO_EFFECTIVE_URL, &url);
	stream->status = (int)status;
	stream->url = mem_strdup(url ? url : request->url);
	*ret_stream = stream;
	return NULL;
}

int http_stream_status(const struct http_stream *stream)
{
	return stream->status;
}

const char *http_stream_url(const struct http_stream *stream)
{
	return stream->url;
}

const char *http_stream_header(struct http_stream *stream, const char *name)
{
	str_reset(&stream->value);
	return http_find_header(stream->head.ptr, name, &stream->value) ? stream->value.ptr : NULL;
}

err *http_stream_read(struct http_stream *stream, char *buf, size_t buf_size, size_t *ret_len)
{
	if (!has_bytes(stream) && !stream->is_done) {
		if (stream->is_paused) {
			stream->is_paused = false;
			curl_easy_pause(stream->easy, CURLPAUSE_CONT);
		}
		TRY(pump(stream, true));
	}
	size_t len = MIN(stream->received.len - stream->taken, buf_size);
	memcpy(buf, stream->received.ptr + stream->taken, len);
	stream->taken += len;
	if (!has_bytes(stream)) {
		str_reset(&stream->received);
		stream->taken = 0;
	}
	*ret_len = len;
	return NULL;
}

void http_stream_close(struct http_stream *stream)
{
	if (!stream)
		return;
	if (stream->easy) {
		curl_multi_remove_handle(stream->client->multi, stream->easy);
		curl_easy_cleanup(stream->easy);
	}
	curl_slist_free_all(stream->headers);
	str_clear(&stream->received);
	str_clear(&stream->head);
	str_clear(&stream->value);
	mem_free(stream->host);
	mem_free(stream->url);
	mem_free(stream);
}
