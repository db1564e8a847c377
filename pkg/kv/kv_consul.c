/*
 * consul:// (http) and consuls:// (https) — Consul KV by blocking queries. The path is a prefix; ?dc= and
 * ?consistent=1 are taken from the URL. A query that waits brings the new content itself.
 */
#include "base/base.h"

#include "kv/kv_all_drivers.h"

#include "base/arena.h"
#include "base/num.h"
#include "base/vec.h"
#include "crypto/encode.h"
#include "crypto/secret.h"
#include "json/json.h"
#include "val/val.h"

enum {
	DEFAULT_PORT = 8500,
	WAIT_S = 300,
	/* The server adds up to a sixteenth, and some time to answer. */
	WAIT_LIMIT_MS = (WAIT_S + WAIT_S / 16 + 10) * 1000,
	MAX_OPERATIONS = 64,
};

static const char *const schemes[] = { "consul", "consuls", NULL };

struct consul {
	char *base;
	char *prefix;
	char *dc;
	bool is_consistent;
};

/* Of a watch. */
struct query {
	uint64_t index; /* 0: the next one must not block */
};

/* --- requests --- */

static err *start(struct kv *kv, struct kv_request *request, struct http_call **ret_call)
{
	VEC(struct http_header) headers = VEC_INIT;
	if (kv->options.token.len)
		vec_push(&headers,
		         ((struct http_header){ "X-Consul-Token", kv->options.token.ptr }));
	request->headers = headers.ptr;
	request->header_count = headers.len;
	err *e = kv_call(kv, request, ret_call);
	vec_clear(&headers);
	return e;
}

static void add_url(const struct kv *kv, const char *api, const char *path, bool is_tree,
                    struct str *url)
{
	const struct consul *consul = kv->state;
	AUTOFREE char *full = kv_join(consul->prefix, path);
	str_addz(url, consul->base);
	str_addz(url, api);
	kv_add_path(url, full);
	if (is_tree && *full && full[strlen(full) - 1] != '/')
		str_addch(url, '/');
	str_addz(url, "?");
	if (consul->dc) {
		str_addz(url, "dc=");
		kv_add_query(url, consul->dc);
		str_addch(url, '&');
	}
}

/* --- reading --- */

static err *add_pair(const struct val *pair, size_t skip, struct kv_set *set)
{
	AUTO(str) value = STR_INIT;
	const char *key = val_get_str(pair, "Key", "");
	size_t len = strlen(key);
	if (len < skip || (len > 0 && key[len - 1] == '/'))
		return NULL; /* a folder made by the web page */
	TRY(base64_decode(view_of(val_get_str(pair, "Value", "")), 0, &value));
	err *e = kv_set_add(set, key + skip, len - skip, view_str(&value),
	                    (uint64_t)val_get_int(pair, "ModifyIndex", 0));
	secret_wipe(value.ptr, value.len);
	return e;
}

static err *parse(struct kv_watch *watch, const struct http_response *response, struct kv_set *set)
{
	AUTO(arena) arena = ARENA_INIT;
	const struct consul *consul = watch->kv->state;
	AUTOFREE char *full = kv_join(consul->prefix, watch->path);
	const struct val *pair;
	struct val *root = NULL;
	size_t skip = strlen(full);
	if (response->status == 404)
		return NULL; /* known to be absent */
	TRY(kv_status_error(watch->kv, response));
	TRY(json_read(response->body.ptr, response->body.len, watch->kv->display, &arena, &root));
	if (watch->scope == KV_TREE && skip && full[skip - 1] != '/')
		skip++;
	for (VAL_EACH_ITEM(i, pair, root))
		TRY(add_pair(pair, skip, set));
	return NULL;
}

/* Never 0, which would not block; back to the start when it went down: a restored or new cluster. */
static void take_index(struct query *query, const struct http_response *response)
{
	AUTOFREE char *text = http_response_header(response, "X-Consul-Index");
	uint64_t index = 0;
	if (!text || !num_parse_u64(text, strlen(text), 10, &index) || index < 1)
		index = 1;
	query->index = index < query->index ? 0 : index;
}

static bool is_filtered(const struct http_response *response)
{
	AUTOFREE char *text = http_response_header(response, "X-Consul-Results-Filtered-By-ACLs");
	return text && strcmp(text, "true") == 0;
}

static void on_answer(void *context, const struct http_response *response, err *take_error)
{
	struct kv_watch *watch = context;
	struct query *query = watch->state;
	AUTOPTR(kv_set) set = kv_set_new();
	watch->call = NULL;
	err *e = take_error ? take_error : parse(watch, response, set);
	if (e) {
		kv_read_done(watch, NULL, e);
		return;
	}
	if (is_filtered(response))
		kv_set_mark_filtered(set);
	take_index(query, response);
	kv_set_seal(set);
	kv_read_done(watch, steal(&set), NULL);
}

static void ask(struct kv_watch *watch, bool waits)
{
	const struct consul *consul = watch->kv->state;
	const struct query *query = watch->state;
	AUTO(str) url = STR_INIT;
	bool is_tree = watch->scope == KV_TREE;
	add_url(watch->kv, "/v1/kv/", watch->path, is_tree, &url);
	str_addf(&url, "%s%s",
	         consul->is_consistent ? "consistent=" : "stale=", is_tree ? "&recurse=" : "");
	if (waits && query->index)
		str_addf(&url, "&index=%" PRIu64 "&wait=%ds", query->index, WAIT_S);
	struct kv_request request = { .url = url.ptr,
		                      .timeout_ms = waits ? WAIT_LIMIT_MS : 0,
		                      .on_end = on_answer,
		                      .context = watch };
	err *e = start(watch->kv, &request, &watch->call);
	if (e)
		kv_read_done(watch, NULL, e);
}

static void read_consul(struct kv_watch *watch)
{
	if (!watch->state)
		watch->state = MEM_NEW(struct query);
	((struct query *)watch->state)->index = 0;
	ask(watch, false);
}

static void wait_consul(struct kv_watch *watch)
{
	ask(watch, true);
}

static void stop(struct kv_watch *watch)
{
	mem_free(watch->state);
	watch->state = NULL;
}

/* --- changing: one transaction --- */

static const char *verb_of(const struct kv_change *change)
{
	bool is_any = change->version == KV_ANY_VERSION;
	if (change->is_removal)
		return is_any ? "delete" : "delete-cas";
	return is_any ? "set" : "cas";
}

static void add_operation(struct json_writer *w, const struct consul *consul,
                          const struct kv_change *change)
{
	AUTO(str) value = STR_INIT;
	AUTOFREE char *key = kv_join(consul->prefix, change->path);
	base64_add(&value, change->value.ptr, change->value.len, 0);
	json_begin_object(w);
	json_key(w, "KV");
	json_begin_object(w);
	json_key_string(w, "Verb", verb_of(change));
	json_key_string(w, "Key", key);
	if (!change->is_removal)
		json_key_string(w, "Value", value.ptr);
	if (change->version != KV_ANY_VERSION)
		json_key_int(w, "Index", (int64_t)change->version);
	json_end_object(w);
	json_end_object(w);
	secret_wipe(value.ptr, value.len);
}

static void on_changed(void *context, const struct http_response *response, err *take_error)
{
	struct kv_task *task = context;
	task->call = NULL;
	err *e = take_error;
	if (!e && response->status == 409)
		e = err_hint(err_new(ERR_CONFLICT,
		                     "cannot change '%s': somebody changed it meanwhile",
		                     task->changes[0].path),
		             "read it again and repeat");
	else if (!e)
		e = kv_status_error(task->kv, response);
	kv_task_done(task, e);
}

static void change_consul(struct kv_task *task)
{
	AUTO(str) body = STR_INIT;
	AUTO(str) url = STR_INIT;
	struct consul *consul = task->kv->state;
	if (task->count > MAX_OPERATIONS) {
		kv_task_done(task,
		             err_new(ERR_LIMIT, "cannot change %zu keys at once, Consul takes %d",
		                     task->count, MAX_OPERATIONS));
		return;
	}
	struct json_writer w = json_writer_init(&body, JSON_ONE_LINE);
	json_begin_array(&w);
	for (size_t i = 0; i < task->count; i++)
		add_operation(&w, consul, &task->changes[i]);
	json_end_array(&w);
	str_addf(&url, "%s/v1/txn", consul->base);
	if (consul->dc) {
		str_addz(&url, "?dc=");
		kv_add_query(&url, consul->dc);
	}
	struct kv_request request = { .method = "PUT",
		                      .url = url.ptr,
		                      .body = view_str(&body),
		                      .on_end = on_changed,
		                      .context = task };
	err *e = start(task->kv, &request, &task->call);
	secret_wipe(body.ptr, body.len);
	if (e)
		kv_task_done(task, e);
}

/* --- life --- */

static err *open_consul(struct kv *kv)
{
	if (!*kv->url.host)
		return err_hint(err_new(ERR_USAGE, "'%s' has no host", kv->display),
		                "for example consul://127.0.0.1:8500/app");
	struct consul *consul = MEM_NEW(struct consul);
	kv->state = consul;
	consul->base = kv_http_base(kv, strcmp(kv->url.scheme, "consuls") == 0, DEFAULT_PORT);
	consul->prefix = mem_strdup(kv->url.path);
	consul->dc = kv_url_get(&kv->url, "dc");
	AUTOFREE char *consistent = kv_url_get(&kv->url, "consistent");
	consul->is_consistent = consistent && strcmp(consistent, "0") != 0;
	return NULL;
}

static void close_consul(struct kv *kv)
{
	struct consul *consul = kv->state;
	if (!consul)
		return;
	mem_free(consul->base);
	mem_free(consul->prefix);
	mem_free(consul->dc);
	mem_free(consul);
}

const struct kv_driver kv_driver_consul = {
	.schemes = schemes,
	.max_changes = MAX_OPERATIONS,
	.features = KV_CAN_PUSH | KV_CAN_CHANGE | KV_CAN_COMPARE | KV_CAN_MANY,
	.open = open_consul,
	.close = close_consul,
	.read = read_consul,
	.wait = wait_consul,
	.stop = stop,
	.change = change_consul,
};
