#include "base/base.h"

#include "kube/kube_private.h"

#include "base/limits.h"
#include "base/num.h"
#include "json/json.h"
#include "pal/clock.h"
#include "pal/random.h"
#include "pal/sig.h"

enum {
	MOST_TRIES = 10,
	FIRST_PAUSE_MS = 100,
	LONGEST_PAUSE_MS = 10000,
	PAUSE_STEP_MS = 50,         /* how late a cancellation may be noticed */
	REQUEST_STALL_MS = 45000,
	WATCH_STALL_MS = 150000,    /* bookmarks come about every minute */
	LONGEST_RETRY_AFTER_S = 60,
	BOOKKEEPING_MS = 10000,
};

/* --- life --- */

static err *open_engine(struct kube *kube, int64_t stall_ms, struct http_engine **ret_engine)
{
	const struct kube_endpoint server = kube_config_endpoint(kube->config);
	const struct http_engine_options options = {
		.ca_pem = server.ca_pem,
		.tls_server_name = server.tls_server_name,
		.is_insecure = server.is_insecure,
		.proxy = server.proxy,
		.user_agent = "fettle/" FETTLE_VERSION,
		.cancel = cancel_flag(kube->options.cancel),
		.stall_ms = stall_ms,
	};
	return http_engine_new(&options, ret_engine);
}

err *kube_open(const struct kube_config *config, const struct kube_options *options,
               struct kube **ret_kube)
{
	struct kube *kube = MEM_NEW(struct kube);
	kube->config = config;
	kube->options = *options;
	kube->cache_dir = options->cache_dir ? mem_strdup(options->cache_dir) : NULL;
	kube->deadline_ns = options->deadline_ns;
	kube->mutex = mutex_new();
	kube->discovery = kube_discovery_new();
	kube_limiter_init(&kube->limiter);
	err *e = kube_credentials_new(config, options->cancel, &kube->credentials);
	if (!e)
		e = open_engine(kube, REQUEST_STALL_MS, &kube->engine);
	if (!e)
		e = open_engine(kube, WATCH_STALL_MS, &kube->watch_engine);
	if (e) {
		kube_close(kube);
		return e;
	}
	*ret_kube = kube;
	return NULL;
}

void kube_close(struct kube *kube)
{
	if (!kube)
		return;
	http_engine_free(kube->watch_engine);
	http_engine_free(kube->engine);
	kube_credentials_free(kube->credentials);
	kube_discovery_free(kube->discovery);
	kube_limiter_clear(&kube->limiter);
	map_clear(&kube->warnings);
	mutex_free(kube->mutex);
	mem_free(kube->cache_dir);
	mem_free(kube);
}

void kube_set_deadline(struct kube *kube, int64_t deadline_ns)
{
	AUTO(mutex_hold) hold = mutex_hold(kube->mutex);
	kube->deadline_ns = deadline_ns;
}

int64_t kube_deadline(struct kube *kube)
{
	AUTO(mutex_hold) hold = mutex_hold(kube->mutex);
	return kube->deadline_ns;
}

/* --- one call --- */

static void add_header(struct http_header *headers, size_t *count, const char *name, const char *value)
{
	if (value)
		headers[(*count)++] = (struct http_header){ name, value };
}

static int64_t request_deadline(struct kube *kube, const struct kube_request *request)
{
	int64_t deadline_ns = kube_deadline(kube), own_ns = deadline_after(BOOKKEEPING_MS).at_ns;
	return request->is_bookkeeping && deadline_ns && deadline_ns < own_ns ? own_ns : deadline_ns;
}

err *kube_call_prepare(struct kube *kube, const struct kube_request *request, struct arena *arena,
                       struct http_engine_request *ret_request, uint64_t *ret_generation)
{
	struct kube_auth auth;
	size_t count = 0, more = 0;
	TRY(kube_credentials_get(kube->credentials, request_deadline(kube, request), arena, &auth));
	*ret_generation = auth.generation;
	while (auth.headers && auth.headers[more])
		more++;
	struct http_header *headers = arena_zalloc(arena, more + 5, sizeof(*headers));
	add_header(headers, &count, "Accept", request->accept ? request->accept : "application/json");
	add_header(headers, &count, "Authorization", auth.authorization);
	add_header(headers, &count, "If-None-Match", request->if_none_match);
	if (request->body.len)
		add_header(headers, &count, "Content-Type",
		           request->content_type ? request->content_type : "application/json");
	for (size_t i = 0; i < more; i++) {
		const char *colon = strstr(auth.headers[i], ": ");
		add_header(headers, &count,
		           arena_strndup(arena, auth.headers[i], (size_t)(colon - auth.headers[i])),
		           colon + 2);
	}
	*ret_request = (struct http_engine_request){
		.base = { .method = request->method,
		          .url = arena_printf(arena, "%s%s", kube->config->server, request->path),
		          .headers = headers,
		          .header_count = count,
		          .body = request->body.len ? request->body.ptr : NULL,
		          .body_len = request->body.len },
		.cert_pem = auth.cert_pem,
		.key_pem = auth.key_pem,
		.deadline_ns = request_deadline(kube, request),
		.ignores_cancel = request->is_bookkeeping,
	};
	return NULL;
}

/* `299 - "text"`: each text once. */
static void tell_warning(struct kube *kube, struct view value)
{
	AUTO(str) text = STR_INIT;
	const char *from = memchr(value.ptr, '"', value.len);
	if (!from || !kube->options.on_warning)
		return;
	for (const char *c = from + 1; c < value.ptr + value.len && *c != '"'; c++) {
		if (*c == '\\' && c + 1 < value.ptr + value.len)
			c++;
		str_addch(&text, *c);
	}
	mutex_lock(kube->mutex);
	bool is_new = text.len && !map_has(&kube->warnings, text.ptr);
	if (is_new)
		map_set(&kube->warnings, text.ptr, kube);
	mutex_unlock(kube->mutex);
	if (is_new)
		kube->options.on_warning(kube->options.context, text.ptr);
}

static void tell_warnings(struct kube *kube, const struct http_response *response)
{
	static const char name[] = "warning:";
	struct view rest = view_str(&response->headers), line;
	while (view_split(&rest, '\n', &line)) {
		size_t i = 0;
		while (i < sizeof(name) - 1 && i < line.len && (line.ptr[i] | 0x20) == (name[i] | 0x20))
			i++;
		if (i == sizeof(name) - 1)
			tell_warning(kube, line);
	}
}

static err *call_once(struct kube *kube, const struct kube_request *request, bool is_fresh,
                      struct http_response *ret_response, uint64_t *ret_generation)
{
	struct arena arena = ARENA_INIT;
	struct http_engine_request call;
	size_t limit = request->limit ? request->limit : LIMIT_KUBE_ANSWER_BYTES;
	err *e = kube_call_prepare(kube, request, &arena, &call, ret_generation);
	if (!e) {
		call.is_fresh = is_fresh;
		kube_limiter_enter(&kube->limiter);
		int64_t start_ns = clock_monotonic_ns();
		e = http_engine_do(kube->engine, &call, limit, ret_response);
		kube_limiter_leave(&kube->limiter, e ? 0 : clock_monotonic_ns() - start_ns,
		                   !e && ret_response->status == 429);
	}
	arena_clear(&arena);
	return e;
}

/* --- again --- */

static int retry_after_ms(const struct http_response *response)
{
	uint64_t seconds = 0;
	AUTOFREE char *value = http_response_header(response, "Retry-After");
	if (!value || !num_parse_u64(value, strlen(value), 10, &seconds))
		return 0;
	return (int)MIN(seconds, (uint64_t)LONGEST_RETRY_AFTER_S) * 1000;
}

static bool is_overload(int status)
{
	return status == 429 || status == 502 || status == 503 || status == 504;
}

/* Structured merge answers 500 for a wrong manifest: that stays wrong. */
static bool is_mistake(const struct http_response *response)
{
	return response->body.len && strstr(response->body.ptr, "typed patch") != NULL;
}

/* Is it certain, or harmless, that the server has done nothing? A 429 says so itself. */
static bool may_repeat(const struct kube_request *request, const err *e,
                       const struct http_response *response)
{
	bool is_read = !request->method || str_equal(request->method, "GET");
	if (e)
		return err_is(e, ERR_UNAVAILABLE) && (is_read || request->is_idempotent);
	if (response->status == 429)
		return true;
	if (response->status == 500)
		return (is_read || request->is_idempotent) && !is_mistake(response);
	return is_overload(response->status) && (is_read || request->is_idempotent);
}

static err *pause(struct kube *kube, int64_t ms)
{
	int64_t end_ns = clock_monotonic_ns() + ms * CLOCK_NS_PER_MS, deadline_ns = kube_deadline(kube);
	if (deadline_ns && end_ns > deadline_ns)
		return err_new(ERR_TIMEOUT, "the server did not answer in time");
	while (clock_monotonic_ns() < end_ns) {
		TRY(cancel_check(kube->options.cancel));
		clock_sleep_ms(PAUSE_STEP_MS);
	}
	return cancel_check(kube->options.cancel);
}

static int64_t pause_ms(unsigned attempt, int asked_ms)
{
	int64_t backoff = (int64_t)FIRST_PAUSE_MS << MIN(attempt, 8u);
	backoff = MIN(backoff, (int64_t)LONGEST_PAUSE_MS);
	return MAX(random_jitter_ms(backoff, 50), (int64_t)asked_ms);
}

static err *call(struct kube *kube, const struct kube_request *request,
                 struct http_response *ret_response)
{
	bool is_fresh = false, has_refreshed = false;
	for (unsigned attempt = 0;; attempt++) {
		struct http_response response = { 0 };
		uint64_t generation = 0;
		err *e = call_once(kube, request, is_fresh, &response, &generation);
		if (!e && response.status == 401 && !has_refreshed &&
		    kube_credentials_refresh(kube->credentials, generation)) {
			has_refreshed = true;
			http_response_clear(&response);
			continue;
		}
		if (attempt + 1 >= MOST_TRIES || !may_repeat(request, e, &response)) {
			*ret_response = response;
			return e;
		}
		int64_t ms = pause_ms(attempt, e ? 0 : retry_after_ms(&response));
		is_fresh = e != NULL;
		http_response_clear(&response);
		err *stop = request->is_bookkeeping && cancel_is_set(kube->options.cancel)
		                    ? NULL
		                    : pause(kube, ms);
		if (stop && e && err_is(stop, ERR_TIMEOUT)) {
			err_free(stop);
			return e;
		}
		err_free(e);
		TRY(stop);
	}
}

err *kube_do(struct kube *kube, const struct kube_request *request, struct kube_response *ret_response)
{
	struct http_response response = { 0 };
	err *e = call(kube, request, &response);
	if (e) {
		http_response_clear(&response);
		return err_wrap(e, "%s", kube->config->server);
	}
	tell_warnings(kube, &response);
	*ret_response = (struct kube_response){ .status = response.status };
	ret_response->content_type = http_response_header(&response, "Content-Type");
	ret_response->etag = http_response_header(&response, "ETag");
	str_add_str(&ret_response->body, &response.body);
	http_response_clear(&response);
	return NULL;
}

void kube_response_clear(struct kube_response *response)
{
	str_clear(&response->body);
	mem_free(response->content_type);
	mem_free(response->etag);
	*response = (struct kube_response){ 0 };
}

err *kube_get_json(struct kube *kube, const struct kube_request *request, const char *what,
                   struct arena *arena, const struct val **ret_root)
{
	struct kube_response response = { 0 };
	struct kube_status status;
	struct val *root = NULL;
	TRY(kube_do(kube, request, &response));
	err *e = NULL;
	if (response.status / 100 == 2) {
		e = json_read(response.body.ptr, response.body.len, "answer of the API server", arena,
		              &root);
		*ret_root = root;
	} else {
		kube_status_parse(&response, arena, &status);
		e = kube_status_error(&status, what);
	}
	kube_response_clear(&response);
	return e;
}
