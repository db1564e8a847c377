/*
 * http://, https:// — the answer is a document: JSON, YAML or NAME=value lines, leaves are keys; a KV_KEY
 * of "" is the whole body. Asked every poll_ms with If-None-Match.
 */
#include "base/base.h"

#include "kv/kv_all_drivers.h"

#include "base/arena.h"
#include "base/vec.h"
#include "val/val.h"

static const char *const schemes[] = { "http", "https", NULL };

struct page {
	char *etag;
	struct kv_set *set; /* what that etag stands for */
};

static err *open_http(struct kv *kv)
{
	return *kv->url.host ? NULL : err_new(ERR_USAGE, "'%s' has no host", kv->display);
}

static err *read_body(struct kv_watch *watch, const struct http_response *response,
                      struct kv_set **ret_set)
{
	AUTO(arena) arena = ARENA_INIT;
	AUTOPTR(kv_set) all = kv_set_new();
	struct val *root = NULL;
	if (watch->scope == KV_KEY && !*watch->path) {
		TRY(kv_set_add(all, "", 0, view_str(&response->body), 0));
	} else {
		TRY(kv_parse_document(watch->kv->url.path, view_str(&response->body), &arena,
		                      &root));
		TRY(kv_add_document(all, "", root));
	}
	kv_set_seal(all);
	return kv_select(all, watch->scope, watch->path, ret_set);
}

static void keep(struct page *page, const struct http_response *response, struct kv_set *set)
{
	mem_free(page->etag);
	kv_set_free(page->set);
	page->etag = http_response_header(response, "ETag");
	page->set = kv_set_ref(set);
}

static void on_end(void *context, const struct http_response *response, err *take_error)
{
	struct kv_watch *watch = context;
	struct page *page = watch->state;
	struct kv_set *set = NULL;
	err *e = take_error;
	watch->call = NULL;
	if (!e && response->status == 304 && page->set) {
		kv_read_done(watch, kv_set_ref(page->set), NULL);
		return;
	}
	if (!e)
		e = kv_status_error(watch->kv, response);
	if (!e)
		e = read_body(watch, response, &set);
	if (!e)
		keep(page, response, set);
	kv_read_done(watch, set, e);
}

static void read_http(struct kv_watch *watch)
{
	const struct kv_options *options = &watch->kv->options;
	VEC(struct http_header) headers = VEC_INIT;
	AUTOFREE char *bearer =
		options->token.len ? str_format("Bearer %s", options->token.ptr) : NULL;
	if (!watch->state)
		watch->state = MEM_NEW(struct page);
	struct page *page = watch->state;
	if (page->etag)
		vec_push(&headers, ((struct http_header){ "If-None-Match", page->etag }));
	if (bearer)
		vec_push(&headers, ((struct http_header){ "Authorization", bearer }));
	struct kv_request request = { .url = options->url,
		                      .headers = headers.ptr,
		                      .header_count = headers.len,
		                      .on_end = on_end,
		                      .context = watch };
	err *e = kv_call(watch->kv, &request, &watch->call);
	vec_clear(&headers);
	if (e)
		kv_read_done(watch, NULL, e);
}

static void stop(struct kv_watch *watch)
{
	struct page *page = watch->state;
	if (page) {
		mem_free(page->etag);
		kv_set_free(page->set);
		mem_free(page);
	}
	watch->state = NULL;
}

const struct kv_driver kv_driver_http = {
	.schemes = schemes,
	.open = open_http,
	.read = read_http,
	.stop = stop,
};
