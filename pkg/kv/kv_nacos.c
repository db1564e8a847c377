/*
 * nacos:// and nacoss:// — one configuration of Nacos by its HTTP interface version 1:
 * nacos://host:8848/GROUP/DATAID?tenant=NAMESPACE. Its leaves are keys when it is a document (by the ending of
 * the data id), the key "" is the whole text. user and passwordFile sign in. The listener tells of changes.
 */
#include "base/base.h"

#include "kv/kv_all_drivers.h"

#include "base/arena.h"
#include "base/vec.h"
#include "crypto/secret.h"
#include "json/json.h"
#include "val/val.h"

enum {
	DEFAULT_PORT = 8848,
	HOLD_MS = 30000,           /* how long the server may hold a listener's request … */
	WAIT_MS = HOLD_MS * 3 / 2, /* … and when it is given up */
};

static const char *const schemes[] = { "nacos", "nacoss", NULL };

struct nacos {
	char *base; /* with "/nacos" */
	char *group, *id, *tenant;
	char *token; /* of the sign-in; NULL: none */
};

/* Of a watch. */
struct listener {
	char *md5; /* of the content that was read, as the server said; "": there is none */
	bool was_refused;
};

/* --- requests --- */

static void add_names(const struct nacos *nacos, struct str *text)
{
	str_addz(text, "dataId=");
	kv_add_query(text, nacos->id);
	str_addz(text, "&group=");
	kv_add_query(text, nacos->group);
	if (*nacos->tenant) {
		str_addz(text, "&tenant=");
		kv_add_query(text, nacos->tenant);
	}
}

static void add_token(const struct nacos *nacos, struct str *url)
{
	if (!nacos->token)
		return;
	str_addz(url, strchr(url->ptr, '?') ? "&accessToken=" : "?accessToken=");
	kv_add_query(url, nacos->token);
}

static err *take_token(struct kv *kv, const struct http_response *response)
{
	AUTO(arena) arena = ARENA_INIT;
	struct nacos *nacos = kv->state;
	struct val *root = NULL;
	err *e = kv_status_error(kv, response);
	if (e)
		return err_as(e, ERR_AUTH);
	TRY(json_read(response->body.ptr, response->body.len, kv->display, &arena, &root));
	const char *token = val_get_str(root, "accessToken", NULL);
	mem_free(nacos->token);
	nacos->token = token ? mem_strdup(token) : NULL;
	arena_wipe(&arena);
	return token ? NULL
	             : err_new(ERR_AUTH, "'%s' answers the sign-in without a token", kv->display);
}

static void ask(struct kv_watch *watch);

static void on_signed_in(void *context, const struct http_response *response, err *take_error)
{
	struct kv_watch *watch = context;
	watch->call = NULL;
	err *e = take_error ? take_error : take_token(watch->kv, response);
	if (e)
		kv_read_done(watch, NULL, e);
	else
		ask(watch);
}

static err *sign_in(struct kv_watch *watch)
{
	const struct kv *kv = watch->kv;
	const struct nacos *nacos = kv->state;
	static const struct http_header headers[] = { { "Content-Type",
		                                        "application/x-www-form-urlencoded" } };
	AUTOFREE char *url = str_format("%s/v1/auth/login", nacos->base);
	AUTO(str) body = STR_INIT;
	str_addz(&body, "username=");
	kv_add_query(&body, kv->options.user);
	str_addz(&body, "&password=");
	kv_add_query(&body, kv->options.password.ptr);
	struct kv_request request = { .method = "POST",
		                      .url = url,
		                      .headers = headers,
		                      .header_count = 1,
		                      .body = view_str(&body),
		                      .on_end = on_signed_in,
		                      .context = watch };
	err *e = kv_call(watch->kv, &request, &watch->call);
	secret_wipe(body.ptr, body.len);
	return e;
}

/* --- reading --- */

static err *read_content(struct kv_watch *watch, const struct http_response *response,
                         struct kv_set **ret_set)
{
	AUTO(arena) arena = ARENA_INIT;
	AUTOPTR(kv_set) all = kv_set_new();
	const struct nacos *nacos = watch->kv->state;
	struct val *root = NULL;
	if (response->status != 404)
		TRY(kv_status_error(watch->kv, response));
	if (response->status != 404 && watch->scope == KV_KEY && !*watch->path) {
		TRY(kv_set_add(all, "", 0, view_str(&response->body), 0));
	} else if (response->status != 404) {
		TRY(kv_parse_document(nacos->id, view_str(&response->body), &arena, &root));
		TRY(kv_add_document(all, "", root));
	}
	arena_wipe(&arena);
	kv_set_seal(all);
	return kv_select(all, watch->scope, watch->path, ret_set);
}

static bool wants_sign_in(const struct kv_watch *watch, const struct http_response *response)
{
	const struct listener *listener = watch->state;
	return (response->status == 403 || response->status == 401) && watch->kv->options.user &&
	       !listener->was_refused;
}

static void on_read(void *context, const struct http_response *response, err *take_error)
{
	struct kv_watch *watch = context;
	struct listener *listener = watch->state;
	struct kv_set *set = NULL;
	err *e = take_error;
	watch->call = NULL;
	if (!e && wants_sign_in(watch, response)) {
		listener->was_refused = true;
		e = sign_in(watch);
		if (!e)
			return;
	}
	if (!e)
		e = read_content(watch, response, &set);
	if (!e) {
		mem_free(listener->md5);
		listener->md5 = response->status == 404
		                        ? NULL
		                        : http_response_header(response, "Content-MD5");
	}
	kv_read_done(watch, set, e);
}

static void ask(struct kv_watch *watch)
{
	const struct nacos *nacos = watch->kv->state;
	AUTO(str) url = STR_INIT;
	str_addf(&url, "%s/v1/cs/configs?", nacos->base);
	add_names(nacos, &url);
	add_token(nacos, &url);
	struct kv_request request = { .url = url.ptr, .on_end = on_read, .context = watch };
	err *e = kv_call(watch->kv, &request, &watch->call);
	if (e)
		kv_read_done(watch, NULL, e);
}

static void read_nacos(struct kv_watch *watch)
{
	if (!watch->state)
		watch->state = MEM_NEW(struct listener);
	((struct listener *)watch->state)->was_refused = false;
	const struct nacos *nacos = watch->kv->state;
	err *e = NULL;
	if (watch->kv->options.user && !nacos->token)
		e = sign_in(watch);
	else
		ask(watch);
	if (e)
		kv_read_done(watch, NULL, e);
}

/* --- the listener --- */

/* An empty answer: nothing changed while it was held. Then it is asked again, after the next reading. */
static void on_heard(void *context, const struct http_response *response, err *take_error)
{
	struct kv_watch *watch = context;
	watch->call = NULL;
	kv_wait_done(watch, take_error ? take_error : kv_status_error(watch->kv, response));
}

/* dataId^2group^2md5[^2tenant]^1 with the control characters 1 and 2 between. */
static void wait_nacos(struct kv_watch *watch)
{
	const struct nacos *nacos = watch->kv->state;
	const struct listener *listener = watch->state;
	static const struct http_header headers[] = { { "Content-Type",
		                                        "application/x-www-form-urlencoded" },
		                                      { "Long-Pulling-Timeout", "30000" } };
	AUTO(str) names = STR_INIT;
	AUTO(str) body = STR_INIT;
	AUTO(str) url = STR_INIT;
	str_addf(&names, "%s\2%s\2%s", nacos->id, nacos->group, listener->md5 ? listener->md5 : "");
	if (*nacos->tenant)
		str_addf(&names, "\2%s", nacos->tenant);
	str_addch(&names, '\1');
	str_addz(&body, "Listening-Configs=");
	kv_add_query(&body, names.ptr);
	str_addf(&url, "%s/v1/cs/configs/listener", nacos->base);
	add_token(nacos, &url);
	struct kv_request request = { .method = "POST",
		                      .url = url.ptr,
		                      .headers = headers,
		                      .header_count = ARRAY_LEN(headers),
		                      .body = view_str(&body),
		                      .timeout_ms = WAIT_MS,
		                      .on_end = on_heard,
		                      .context = watch };
	err *e = kv_call(watch->kv, &request, &watch->call);
	if (e)
		kv_wait_done(watch, e);
}

static void stop(struct kv_watch *watch)
{
	struct listener *listener = watch->state;
	if (listener)
		mem_free(listener->md5);
	mem_free(listener);
	watch->state = NULL;
}

/* --- life --- */

static err *open_nacos(struct kv *kv)
{
	const char *slash = strchr(kv->url.path, '/');
	if (!*kv->url.host || !slash || slash == kv->url.path || !slash[1])
		return err_hint(err_new(ERR_USAGE, "'%s' names no group and data id", kv->display),
		                "for example nacos://127.0.0.1:8848/DEFAULT_GROUP/app.yaml");
	struct nacos *nacos = MEM_NEW(struct nacos);
	AUTOFREE char *base = kv_http_base(kv, strcmp(kv->url.scheme, "nacoss") == 0, DEFAULT_PORT);
	char *tenant = kv_url_get(&kv->url, "tenant");
	kv->state = nacos;
	nacos->base = str_format("%s/nacos", base);
	nacos->group = mem_strndup(kv->url.path, (size_t)(slash - kv->url.path));
	nacos->id = mem_strdup(slash + 1);
	nacos->tenant = tenant ? tenant : mem_strdup("");
	return NULL;
}

static void close_nacos(struct kv *kv)
{
	struct nacos *nacos = kv->state;
	if (!nacos)
		return;
	mem_free(nacos->base);
	mem_free(nacos->group);
	mem_free(nacos->id);
	mem_free(nacos->tenant);
	mem_free(nacos->token);
	mem_free(nacos);
}

const struct kv_driver kv_driver_nacos = {
	.schemes = schemes,
	.features = KV_CAN_PUSH,
	.open = open_nacos,
	.close = close_nacos,
	.read = read_nacos,
	.wait = wait_nacos,
	.stop = stop,
};
