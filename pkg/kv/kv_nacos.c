/*
 * nacos:// and nacoss:// — Nacos by its HTTP interface version 1. nacos://host:8848/GROUP/DATAID?tenant=NAMESPACE
 * is one configuration: its leaves are keys when it is a document (by the ending of the data id), the key "" is the
 * whole text, and the listener tells of changes. nacos://host:8848/GROUP is a group: data ids are keys, their texts
 * values that can be changed; it is asked every poll_ms. user and passwordFile sign in.
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
	PAGE_ITEMS = 200,
};

static const char *const schemes[] = { "nacos", "nacoss", NULL };

struct nacos {
	char *base; /* with "/nacos" */
	char *group, *id, *tenant; /* id NULL: the whole group */
	char *token; /* of the sign-in; NULL: none */
};

/* Of a watch. */
struct listener {
	char *md5; /* of the content that was read, as the server said; "": there is none */
	struct kv_set *all; /* of a group, while its pages are read */
	int64_t page;
	bool was_refused;
};

/* --- requests --- */

/* `id` NULL: that of the source. */
static void add_names(const struct nacos *nacos, const char *id, struct str *text)
{
	str_addz(text, "dataId=");
	kv_add_query(text, id ? id : nacos->id);
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

static err *sign_in_with(struct kv *kv, void (*on_end)(void *, const struct http_response *, err *),
                         void *context, struct http_call **ret_call)
{
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
		                      .on_end = on_end,
		                      .context = context };
	err *e = kv_call(kv, &request, ret_call);
	secret_wipe(body.ptr, body.len);
	return e;
}

static err *sign_in(struct kv_watch *watch)
{
	return sign_in_with(watch->kv, on_signed_in, watch, &watch->call);
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

/* --- a whole group, page by page --- */

static void ask_page(struct kv_watch *watch);

static void end_pages(struct kv_watch *watch, err *take_error)
{
	struct listener *listener = watch->state;
	struct kv_set *all = steal(&listener->all), *set = NULL;
	err *e = take_error;
	if (all)
		kv_set_seal(all);
	if (!e)
		e = kv_select(all, watch->scope, watch->path, &set);
	kv_set_free(all);
	kv_read_done(watch, set, e);
}

/* *ret_more: another page is there. */
static err *take_page(struct kv_watch *watch, const struct http_response *response, bool *ret_more)
{
	AUTO(arena) arena = ARENA_INIT;
	struct listener *listener = watch->state;
	struct val *root = NULL;
	const struct val *item;
	TRY(kv_status_error(watch->kv, response));
	TRY(json_read(response->body.ptr, response->body.len, watch->kv->display, &arena, &root));
	for (VAL_EACH_ITEM(i, item, val_get(root, "pageItems"))) {
		const char *id = val_get_str(item, "dataId", "");
		const struct val *text = val_get(item, "content");
		if (*id && val_is(text, VAL_STR))
			TRY(kv_set_add(listener->all, id, strlen(id),
			               (struct view){ text->as.str.ptr, text->as.str.len }, 0));
	}
	*ret_more = listener->page < val_get_int(root, "pagesAvailable", 0);
	arena_wipe(&arena);
	return NULL;
}

static void on_page(void *context, const struct http_response *response, err *take_error)
{
	struct kv_watch *watch = context;
	struct listener *listener = watch->state;
	bool has_more = false;
	err *e = take_error;
	watch->call = NULL;
	if (!e && wants_sign_in(watch, response)) {
		listener->was_refused = true;
		listener->page--;
		e = sign_in(watch);
		if (!e)
			return;
	}
	if (!e)
		e = take_page(watch, response, &has_more);
	if (!e && has_more)
		ask_page(watch);
	else
		end_pages(watch, e);
}

static void ask_page(struct kv_watch *watch)
{
	const struct nacos *nacos = watch->kv->state;
	struct listener *listener = watch->state;
	AUTO(str) url = STR_INIT;
	if (!listener->all) {
		listener->all = kv_set_new();
		listener->page = 0;
	}
	str_addf(&url, "%s/v1/cs/configs?search=accurate&pageNo=%" PRId64 "&pageSize=%d&",
	         nacos->base, ++listener->page, PAGE_ITEMS);
	add_names(nacos, "", &url);
	add_token(nacos, &url);
	struct kv_request request = { .url = url.ptr, .on_end = on_page, .context = watch };
	err *e = kv_call(watch->kv, &request, &watch->call);
	if (e)
		end_pages(watch, e);
}

static void ask(struct kv_watch *watch)
{
	const struct nacos *nacos = watch->kv->state;
	if (!nacos->id) {
		ask_page(watch);
		return;
	}
	AUTO(str) url = STR_INIT;
	str_addf(&url, "%s/v1/cs/configs?", nacos->base);
	add_names(nacos, NULL, &url);
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
	if (!nacos->id) {
		kv_wait_later(watch);
		return;
	}
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
	if (listener) {
		mem_free(listener->md5);
		kv_set_free(listener->all);
	}
	mem_free(listener);
	watch->state = NULL;
}

/* --- changing texts of a group, one by one --- */

static void change_next(struct kv_task *task);

static void on_task_signed_in(void *context, const struct http_response *response, err *take_error)
{
	struct kv_task *task = context;
	task->call = NULL;
	err *e = take_error ? take_error : take_token(task->kv, response);
	if (e)
		kv_task_done(task, e);
	else
		change_next(task);
}

/* "true", or "false" with status 200. */
static void on_changed(void *context, const struct http_response *response, err *take_error)
{
	struct kv_task *task = context;
	err *e = take_error ? take_error : kv_status_error(task->kv, response);
	task->call = NULL;
	if (!e && !view_is(view_str(&response->body), "true"))
		e = err_new(ERR_REFUSED, "'%s' does not change '%s'", task->kv->display,
		            task->changes[task->done].path);
	if (e || ++task->done == task->count)
		kv_task_done(task, e);
	else
		change_next(task);
}

static void change_next(struct kv_task *task)
{
	const struct kv_change *change = &task->changes[task->done];
	const struct nacos *nacos = task->kv->state;
	static const struct http_header headers[] = { { "Content-Type",
		                                        "application/x-www-form-urlencoded" } };
	AUTO(str) url = STR_INIT;
	AUTO(str) body = STR_INIT;
	AUTOFREE char *text =
		mem_strndup(change->value.ptr ? change->value.ptr : "", change->value.len);
	str_addf(&url, "%s/v1/cs/configs", nacos->base);
	if (change->is_removal) {
		str_addch(&url, '?');
		add_names(nacos, change->path, &url);
	} else {
		add_names(nacos, change->path, &body);
		str_addz(&body, "&content=");
		kv_add_query(&body, text);
	}
	add_token(nacos, &url);
	struct kv_request request = { .method = change->is_removal ? "DELETE" : "POST",
		                      .url = url.ptr,
		                      .headers = headers,
		                      .header_count = change->is_removal ? 0 : 1,
		                      .body = view_str(&body),
		                      .on_end = on_changed,
		                      .context = task };
	err *e = kv_call(task->kv, &request, &task->call);
	secret_wipe(text, strlen(text));
	secret_wipe(body.ptr, body.len);
	if (e)
		kv_task_done(task, e);
}

static err *check_changes(const struct kv_task *task)
{
	const struct nacos *nacos = task->kv->state;
	if (nacos->id)
		return err_hint(
			err_new(ERR_USAGE,
		                "'%s' is one document, and cannot be changed by its leaves",
		                task->kv->display),
			"name the group alone: its data ids are keys, and their texts can be changed");
	for (size_t i = 0; i < task->count; i++) {
		const struct kv_change *change = &task->changes[i];
		if (!change->is_removal &&
		    (change->value.len == 0 || memchr(change->value.ptr, 0, change->value.len)))
			return err_new(
				ERR_INVALID,
				"'%s' cannot be stored: Nacos takes no empty text, and no NUL",
				change->path);
	}
	return NULL;
}

static void change_nacos(struct kv_task *task)
{
	const struct nacos *nacos = task->kv->state;
	err *e = check_changes(task);
	if (!e && task->kv->options.user && !nacos->token)
		e = sign_in_with(task->kv, on_task_signed_in, task, &task->call);
	else if (!e)
		change_next(task);
	if (e)
		kv_task_done(task, e);
}

/* --- life --- */

static err *open_nacos(struct kv *kv)
{
	const char *slash = strchr(kv->url.path, '/');
	size_t group_len = strcspn(kv->url.path, "/");
	if (!*kv->url.host || group_len == 0)
		return err_hint(err_new(ERR_USAGE, "'%s' names no group", kv->display),
		                "for example nacos://127.0.0.1:8848/DEFAULT_GROUP/app.yaml");
	struct nacos *nacos = MEM_NEW(struct nacos);
	AUTOFREE char *base = kv_http_base(kv, strcmp(kv->url.scheme, "nacoss") == 0, DEFAULT_PORT);
	char *tenant = kv_url_get(&kv->url, "tenant");
	kv->state = nacos;
	nacos->base = str_format("%s/nacos", base);
	nacos->group = mem_strndup(kv->url.path, group_len);
	nacos->id = slash && slash[1] ? mem_strdup(slash + 1) : NULL;
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
	.features = KV_CAN_PUSH | KV_CAN_CHANGE | KV_IS_FLAT,
	.open = open_nacos,
	.close = close_nacos,
	.read = read_nacos,
	.wait = wait_nacos,
	.stop = stop,
	.change = change_nacos,
};
