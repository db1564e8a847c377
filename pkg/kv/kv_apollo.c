/*
 * apollo:// and apollos:// — a namespace of Apollo by its config service:
 * apollo://host:8080/APPID/CLUSTER/NAMESPACE. Its items are keys ("db.host" stays as it is). Notifications
 * version 2 tell of releases. The token of the options is the app's access key, which signs requests.
 */
#include "base/base.h"

#include "kv/kv_all_drivers.h"

#include "base/arena.h"
#include "base/vec.h"
#include "crypto/encode.h"
#include "crypto/hash.h"
#include "json/json.h"
#include "pal/clock.h"
#include "val/val.h"

enum {
	DEFAULT_PORT = 8080,
	WAIT_MS = 90000, /* the server holds for 60 s */
	PARTS = 3,
};

static const char *const schemes[] = { "apollo", "apollos", NULL };

struct apollo {
	char *base;
	char *parts[PARTS]; /* app, cluster, namespace */
};

struct notice {
	int64_t id; /* of the release that was told last; -1: none */
};

/* Starts it, signed when there is an access key: HMAC-SHA1 of time and path with query. */
static err *start(struct kv *kv, const struct str *path, struct kv_request *request,
                  struct http_call **ret_call)
{
	const struct apollo *apollo = kv->state;
	AUTOFREE char *url = str_format("%s%s", apollo->base, path->ptr);
	AUTOFREE char *now = str_format("%" PRId64, clock_wall_ns() / CLOCK_NS_PER_MS);
	AUTOFREE char *text = str_format("%s\n%s", now, path->ptr);
	AUTO(str) signature = STR_INIT;
	uint8_t digest[SHA1_BYTES];
	request->url = url;
	if (!kv->options.token.len)
		return kv_call(kv, request, ret_call);
	hmac_sha1(kv->options.token, view_of(text), digest);
	str_addf(&signature, "Apollo %s:", apollo->parts[0]);
	base64_add(&signature, (const char *)digest, sizeof(digest), 0);
	const struct http_header headers[] = { { "Authorization", signature.ptr },
		                               { "Timestamp", now } };
	request->headers = headers;
	request->header_count = ARRAY_LEN(headers);
	return kv_call(kv, request, ret_call);
}

/* --- reading --- */

static err *read_items(struct kv_watch *watch, const struct http_response *response,
                       struct kv_set **ret_set)
{
	AUTO(arena) arena = ARENA_INIT;
	AUTOPTR(kv_set) all = kv_set_new();
	const struct val_entry *entry;
	struct val *root = NULL;
	if (response->status != 404) {
		TRY(kv_status_error(watch->kv, response));
		TRY(json_read(response->body.ptr, response->body.len, watch->kv->display, &arena,
		              &root));
		for (VAL_EACH_ENTRY(i, entry, val_get(root, "configurations")))
			if (val_is(entry->value, VAL_STR))
				TRY(kv_set_add(all, entry->key, entry->key_len,
				               (struct view){ entry->value->as.str.ptr,
				                              entry->value->as.str.len },
				               0));
	}
	arena_wipe(&arena);
	kv_set_seal(all);
	return kv_select(all, watch->scope, watch->path, ret_set);
}

static void on_read(void *context, const struct http_response *response, err *take_error)
{
	struct kv_watch *watch = context;
	struct kv_set *set = NULL;
	watch->call = NULL;
	err *e = take_error ? take_error : read_items(watch, response, &set);
	kv_read_done(watch, set, e);
}

static void read_apollo(struct kv_watch *watch)
{
	const struct apollo *apollo = watch->kv->state;
	AUTO(str) path = STR_INIT;
	if (!watch->state) {
		struct notice *notice = MEM_NEW(struct notice);
		notice->id = -1;
		watch->state = notice;
	}
	str_addz(&path, "/configs");
	for (size_t i = 0; i < PARTS; i++) {
		str_addch(&path, '/');
		kv_add_query(&path, apollo->parts[i]);
	}
	struct kv_request request = { .on_end = on_read, .context = watch };
	err *e = start(watch->kv, &path, &request, &watch->call);
	if (e)
		kv_read_done(watch, NULL, e);
}

/* --- notifications --- */

static err *take_notice(struct kv_watch *watch, const struct http_response *response)
{
	AUTO(arena) arena = ARENA_INIT;
	struct notice *notice = watch->state;
	struct val *root = NULL;
	if (response->status == 304)
		return NULL; /* nothing new; looking again is cheap and safe */
	TRY(kv_status_error(watch->kv, response));
	TRY(json_read(response->body.ptr, response->body.len, watch->kv->display, &arena, &root));
	notice->id = val_get_int(val_at(root, 0), "notificationId", notice->id);
	return NULL;
}

static void on_notice(void *context, const struct http_response *response, err *take_error)
{
	struct kv_watch *watch = context;
	watch->call = NULL;
	kv_wait_done(watch, take_error ? take_error : take_notice(watch, response));
}

static void wait_apollo(struct kv_watch *watch)
{
	const struct apollo *apollo = watch->kv->state;
	const struct notice *notice = watch->state;
	AUTO(str) list = STR_INIT;
	AUTO(str) path = STR_INIT;
	struct json_writer w = json_writer_init(&list, JSON_ONE_LINE);
	json_begin_array(&w);
	json_begin_object(&w);
	json_key_string(&w, "namespaceName", apollo->parts[2]);
	json_key_int(&w, "notificationId", notice->id);
	json_end_object(&w);
	json_end_array(&w);
	str_addz(&path, "/notifications/v2?appId=");
	kv_add_query(&path, apollo->parts[0]);
	str_addz(&path, "&cluster=");
	kv_add_query(&path, apollo->parts[1]);
	str_addz(&path, "&notifications=");
	kv_add_query(&path, list.ptr);
	struct kv_request request = { .timeout_ms = WAIT_MS,
		                      .on_end = on_notice,
		                      .context = watch };
	err *e = start(watch->kv, &path, &request, &watch->call);
	if (e)
		kv_wait_done(watch, e);
}

static void stop(struct kv_watch *watch)
{
	mem_free(watch->state);
	watch->state = NULL;
}

/* --- life --- */

static void close_apollo(struct kv *kv)
{
	struct apollo *apollo = kv->state;
	if (!apollo)
		return;
	mem_free(apollo->base);
	for (size_t i = 0; i < PARTS; i++)
		mem_free(apollo->parts[i]);
	mem_free(apollo);
}

static err *open_apollo(struct kv *kv)
{
	struct view rest = view_of(kv->url.path), part;
	struct apollo *apollo = MEM_NEW(struct apollo);
	size_t count = 0;
	kv->state = apollo;
	apollo->base = kv_http_base(kv, strcmp(kv->url.scheme, "apollos") == 0, DEFAULT_PORT);
	while (count < PARTS && view_split(&rest, '/', &part) && part.len)
		apollo->parts[count++] = mem_strndup(part.ptr, part.len);
	if (*kv->url.host && count == PARTS && rest.len == 0)
		return NULL;
	return err_hint(err_new(ERR_USAGE, "'%s' names no app, cluster and namespace", kv->display),
	                "for example apollo://127.0.0.1:8080/shop/default/application");
}

const struct kv_driver kv_driver_apollo = {
	.schemes = schemes,
	.features = KV_CAN_PUSH,
	.open = open_apollo,
	.close = close_apollo,
	.read = read_apollo,
	.wait = wait_apollo,
	.stop = stop,
};
