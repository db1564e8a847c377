#define BASE_ALLOW_BANNED /* on Windows curl.h brings windows.h along */
#include "base/base.h"

#include "http/http_private.h"

#include "pal/clock.h"

static const int64_t first_pause_ms = 200;

err *http_client_new(const struct http_options *options, struct http_client **ret_client)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_new(ERR_INTERNAL, "cannot start libcurl");
	CURLM *multi = curl_multi_init();
	if (!multi) {
		curl_global_cleanup();
		return err_new(ERR_INTERNAL, "cannot start libcurl");
	}
	struct http_client *client = MEM_NEW(struct http_client);
	client->multi = multi;
	client->options = *options;
	client->user_agent = mem_strdup(options->user_agent ? options->user_agent : "fettle");
	client->proxy = options->proxy ? mem_strdup(options->proxy) : NULL;
	http_ca_choose(options->ca_file, &client->ca);
	/* not ours to keep */
	client->options.ca_file = client->options.user_agent = client->options.proxy = NULL;
	*ret_client = client;
	return NULL;
}

void http_client_free(struct http_client *client)
{
	if (!client)
		return;
	curl_multi_cleanup(client->multi);
	curl_global_cleanup();
	http_ca_clear(&client->ca);
	mem_free(client->user_agent);
	mem_free(client->proxy);
	mem_free(client);
}

void http_response_clear(struct http_response *response)
{
	str_clear(&response->body);
	str_clear(&response->headers);
	response->status = 0;
}

static bool same_name(struct view line, const char *name)
{
	size_t len = strlen(name);
	if (line.len <= len || line.ptr[len] != ':')
		return false;
	for (size_t i = 0; i < len; i++) {
		char a = line.ptr[i], b = name[i];
		a = a >= 'A' && a <= 'Z' ? (char)(a + 32) : a;
		b = b >= 'A' && b <= 'Z' ? (char)(b + 32) : b;
		if (a != b)
			return false;
	}
	return true;
}

bool http_find_header(const char *head, const char *name, struct str *value)
{
	struct view rest = view_of(head), line;
	while (view_split(&rest, '\n', &line)) {
		if (!same_name(line, name))
			continue;
		size_t start = strlen(name) + 1;
		while (start < line.len && (line.ptr[start] == ' ' || line.ptr[start] == '\t'))
			start++;
		str_add(value, line.ptr + start, line.len - start);
		return true;
	}
	return false;
}

char *http_response_header(const struct http_response *response, const char *name)
{
	AUTO(str) value = STR_INIT;
	return http_find_header(response->headers.ptr, name, &value) ? str_detach(&value) : NULL;
}

static err *read_body(struct http_stream *stream, size_t limit, struct str *body)
{
	for (;;) {
		char buf[16384];
		size_t len = 0;
		TRY(http_stream_read(stream, buf, sizeof buf, &len));
		if (len == 0)
			return NULL;
		if (body->len + len > limit)
			return err_new(ERR_LIMIT, "the answer of '%s' is larger than %zu bytes",
			               stream->host, limit);
		str_add(body, buf, len);
	}
}

static err *do_once(struct http_client *client, const struct http_request *request, size_t limit,
                    struct http_response *ret_response)
{
	struct http_stream *stream = NULL;
	struct http_response response = { .body = STR_INIT, .headers = STR_INIT };
	TRY(http_stream_open(client, request, &stream));
	err *e = read_body(stream, limit, &response.body);
	response.status = stream->status;
	str_add_str(&response.headers, &stream->head);
	http_stream_close(stream);
	if (e) {
		http_response_clear(&response);
		return e;
	}
	*ret_response = response;
	return NULL;
}

static bool is_busy(const err *e, const struct http_response *response)
{
	if (e)
		return err_is(e, ERR_UNAVAILABLE);
	int status = response->status;
	return status == 429 || status == 502 || status == 503 || status == 504;
}

/* Sleep in small steps so that a cancellation is noticed; the next attempt reports it. */
static void pause_before(struct http_client *client, unsigned attempt)
{
	int64_t end = clock_monotonic_ns() + (first_pause_ms << MIN(attempt, 6u)) * 1000000;
	const atomic_int *cancel = client->options.cancel;
	while (clock_monotonic_ns() < end && !(cancel && atomic_load(cancel)))
		curl_multi_poll(client->multi, NULL, 0, 50, NULL);
}

err *http_do(struct http_client *client, const struct http_request *request, size_t limit,
             struct http_response *ret_response)
{
	for (unsigned attempt = 0;; attempt++) {
		struct http_response response = { .body = STR_INIT, .headers = STR_INIT };
		err *e = do_once(client, request, limit, &response);
		if (attempt >= request->retries || !is_busy(e, &response)) {
			if (!e)
				*ret_response = response;
			return e;
		}
		err_ignore(e, "tried again");
		http_response_clear(&response);
		pause_before(client, attempt);
	}
}

const char *http_library_version(void)
{
	return curl_version_info(CURLVERSION_NOW)->version;
}
