/*
 * etcd:// (http) and etcds:// (https) — etcd v3 through its JSON gateway. The path is a prefix. One stream
 * tells of changes from the revision that was read on; compaction, a restored cluster or a lost stream
 * are answered by reading everything again.
 */
#include "base/base.h"

#include "kv/kv_all_drivers.h"

#include "base/arena.h"
#include "base/num.h"
#include "base/vec.h"
#include "crypto/encode.h"
#include "crypto/secret.h"
#include "json/json.h"
#include "pal/clock.h"
#include "val/val.h"

enum {
	DEFAULT_PORT = 2379,
	LINE_BYTES = 64 << 20, /* one message of a watch */
	MAX_OPERATIONS = 128,  /* of one transaction, the server's default */
};

static const char *const schemes[] = { "etcd", "etcds", NULL };

struct etcd {
	char *base;
	char *prefix;
	char *token; /* of the last sign-in; NULL: not signed in */
};

/* Of a watch. */
struct stream {
	int64_t revision; /* that was read */
	bool is_waiting, has_changed;
	bool was_refused;       /* signed in again once for this request */
	struct http_call *call; /* the stream; watch->call is the request */
	struct str line;
	err *end; /* why the server ended the watch */
};

/* --- text --- */

static char *full_key(const struct etcd *etcd, const char *path)
{
	return kv_join(etcd->prefix, path);
}

/* The key after the last one with this prefix; everything up to the end for 0xff only. */
static void add_range_end(struct json_writer *w, const char *prefix, size_t len)
{
	AUTO(str) end = STR_INIT;
	AUTO(str) text = STR_INIT;
	str_add(&end, prefix, len);
	while (end.len > 0 && (unsigned char)end.ptr[end.len - 1] == 0xff)
		str_truncate(&end, end.len - 1);
	if (end.len > 0)
		end.ptr[end.len - 1]++;
	else
		str_addch(&end, '\0');
	base64_add(&text, end.ptr, end.len, 0);
	json_key_string(w, "range_end", text.ptr);
}

static void add_bytes(struct json_writer *w, const char *name, const void *ptr, size_t len)
{
	AUTO(str) text = STR_INIT;
	base64_add(&text, ptr, len, 0);
	json_key_string(w, name, text.ptr);
}

/* "key" and, for a tree, "range_end". A tree below "a" is what starts with "a/". */
static void add_range(struct json_writer *w, const struct kv_watch *watch)
{
	AUTO(str) key = STR_INIT;
	AUTOFREE char *full = full_key(watch->kv->state, watch->path);
	str_addz(&key, full);
	if (watch->scope == KV_TREE && key.len && key.ptr[key.len - 1] != '/')
		str_addch(&key, '/');
	if (key.len == 0)
		str_addch(&key, '\0');
	add_bytes(w, "key", key.ptr, key.len);
	if (watch->scope == KV_TREE)
		add_range_end(w, key.ptr, key.ptr[0] == '\0' ? 0 : key.len);
}

static int64_t number(const struct val *map, const char *name)
{
	const struct val *v = val_get(map, name);
	int64_t result = 0;
	if (val_is(v, VAL_INT))
		return v->as.integer;
	if (val_is(v, VAL_STR))
		num_parse_i64(v->as.str.ptr, v->as.str.len, &result);
	return result;
}

/* --- requests --- */

static err *post(struct kv *kv, const char *path, const struct str *body,
                 struct kv_request *request, struct http_call **ret_call)
{
	const struct etcd *etcd = kv->state;
	AUTOFREE char *url = str_format("%s%s", etcd->base, path);
	struct http_header headers[] = { { "Content-Type", "application/json" },
		                         { "Authorization", etcd->token } };
	request->method = "POST";
	request->url = url;
	request->headers = headers;
	request->header_count = etcd->token ? 2 : 1;
	request->body = view_str(body);
	return kv_call(kv, request, ret_call);
}

/* The gateway's "message" (older: "error"), with the kind the text stands for. */
static err *answer_error(const struct kv *kv, const struct http_response *response)
{
	AUTO(arena) arena = ARENA_INIT;
	struct val *root = NULL;
	if (response->status >= 200 && response->status < 300)
		return NULL;
	err *bad = json_read(response->body.ptr, response->body.len, kv->display, &arena, &root);
	const char *text = val_get_str(root, "message", val_get_str(root, "error", NULL));
	err_ignore(bad, "then the status alone must do");
	if (!text)
		return kv_status_error(kv, response);
	enum err_kind kind = strstr(text, "has been compacted")  ? ERR_NOT_FOUND
	                     : strstr(text, "permission denied") ? ERR_DENIED
	                     : strstr(text, "auth") || strstr(text, "user name is empty") ? ERR_AUTH
	                     : response->status >= 500 || response->status == 429 ? ERR_UNAVAILABLE
	                                                                          : ERR_INVALID;
	err *e = err_new(kind, "'%s' answers: %.300s", kv->display, text);
	return kind == ERR_AUTH && !kv->options.user
	               ? err_hint(e, "set user and passwordFile of the source")
	               : e;
}

static bool wants_sign_in(const struct kv *kv, const err *e)
{
	return kv->options.user && e && err_is(e, ERR_AUTH);
}

/* --- sign-in --- */

static err *take_token(struct kv *kv, const struct http_response *response)
{
	AUTO(arena) arena = ARENA_INIT;
	struct val *root = NULL;
	struct etcd *etcd = kv->state;
	TRY(answer_error(kv, response));
	TRY(json_read(response->body.ptr, response->body.len, kv->display, &arena, &root));
	mem_free(etcd->token);
	etcd->token = mem_strdup(val_get_str(root, "token", ""));
	return NULL;
}

static void read_again(struct kv_watch *watch);
static void change_again(struct kv_task *task);

static void signed_in_watch(void *context, const struct http_response *response, err *take_error)
{
	struct kv_watch *watch = context;
	watch->call = NULL;
	err *e = take_error ? take_error : take_token(watch->kv, response);
	if (e)
		kv_read_done(watch, NULL, e);
	else
		read_again(watch);
}

static void signed_in_task(void *context, const struct http_response *response, err *take_error)
{
	struct kv_task *task = context;
	task->call = NULL;
	err *e = take_error ? take_error : take_token(task->kv, response);
	if (e)
		kv_task_done(task, e);
	else
		change_again(task);
}

static err *sign_in(struct kv *kv, void (*on_end)(void *, const struct http_response *, err *),
                    void *context, struct http_call **ret_call)
{
	struct etcd *etcd = kv->state;
	AUTO(str) body = STR_INIT;
	struct json_writer w = json_writer_init(&body, JSON_ONE_LINE);
	mem_free(etcd->token);
	etcd->token = NULL;
	json_begin_object(&w);
	json_key_string(&w, "name", kv->options.user);
	json_key_string(&w, "password", kv->options.password.ptr);
	json_end_object(&w);
	struct kv_request request = { .on_end = on_end, .context = context };
	err *e = post(kv, "/v3/auth/authenticate", &body, &request, ret_call);
	secret_wipe(body.ptr, body.len);
	return e;
}

/* --- reading --- */

static err *add_pair(const struct val *pair, size_t skip, struct kv_set *set)
{
	AUTO(str) key = STR_INIT;
	AUTO(str) value = STR_INIT;
	TRY(base64_decode(view_of(val_get_str(pair, "key", "")), 0, &key));
	TRY(base64_decode(view_of(val_get_str(pair, "value", "")), 0, &value));
	if (key.len < skip || memchr(key.ptr, '\0', key.len))
		return NULL;
	err *e = kv_set_add(set, key.ptr + skip, key.len - skip, view_str(&value),
	                    (uint64_t)number(pair, "mod_revision"));
	secret_wipe(value.ptr, value.len);
	return e;
}

static err *read_answer(struct kv_watch *watch, const struct http_response *response,
                        struct kv_set **ret_set)
{
	AUTO(arena) arena = ARENA_INIT;
	AUTOPTR(kv_set) set = kv_set_new();
	AUTOFREE char *full = full_key(watch->kv->state, watch->path);
	struct stream *stream = watch->state;
	const struct val *pair;
	struct val *root = NULL;
	TRY(json_read(response->body.ptr, response->body.len, watch->kv->display, &arena, &root));
	size_t skip = strlen(full);
	if (watch->scope == KV_TREE && skip && full[skip - 1] != '/')
		skip++;
	for (VAL_EACH_ITEM(i, pair, val_get(root, "kvs")))
		TRY(add_pair(pair, skip, set));
	stream->revision = number(val_get(root, "header"), "revision");
	kv_set_seal(set);
	*ret_set = steal(&set);
	return NULL;
}

static void on_read(void *context, const struct http_response *response, err *take_error)
{
	struct kv_watch *watch = context;
	struct stream *stream = watch->state;
	struct kv_set *set = NULL;
	watch->call = NULL;
	err *e = take_error ? take_error : answer_error(watch->kv, response);
	if (wants_sign_in(watch->kv, e) && !stream->was_refused) {
		err_free(e);
		stream->was_refused = true;
		e = sign_in(watch->kv, signed_in_watch, watch, &watch->call);
		if (!e)
			return;
	}
	if (!e)
		e = read_answer(watch, response, &set);
	kv_read_done(watch, set, e);
}

static void read_again(struct kv_watch *watch)
{
	AUTO(str) body = STR_INIT;
	struct json_writer w = json_writer_init(&body, JSON_ONE_LINE);
	json_begin_object(&w);
	add_range(&w, watch);
	if (watch->at)
		json_key_int(&w, "revision", (int64_t)watch->at);
	json_end_object(&w);
	struct kv_request request = { .on_end = on_read, .context = watch };
	err *e = post(watch->kv, "/v3/kv/range", &body, &request, &watch->call);
	if (e)
		kv_read_done(watch, NULL, e);
}

static void read_etcd(struct kv_watch *watch)
{
	struct stream *stream = watch->state;
	if (!stream) {
		stream = MEM_NEW(struct stream);
		str_init(&stream->line);
		watch->state = stream;
	}
	stream->has_changed = stream->was_refused = false;
	read_again(watch);
}

/* --- watching --- */

static void close_stream(struct stream *stream)
{
	http_call_drop(stream->call);
	stream->call = NULL;
	str_reset(&stream->line);
	err_free(stream->end);
	stream->end = NULL;
}

static err *ended(const struct kv_watch *watch, const char *why)
{
	return err_new(ERR_UNAVAILABLE, "'%s' ended the watch: %.300s", watch->kv->display, why);
}

/* One message. False: the stream is of no use any more; stream->end says why. */
static bool take_message(struct kv_watch *watch, struct view text)
{
	AUTO(arena) arena = ARENA_INIT;
	struct stream *stream = watch->state;
	struct val *root = NULL;
	err *e = json_read(text.ptr, text.len, watch->kv->display, &arena, &root);
	if (e) {
		stream->end = e;
		return false;
	}
	const struct val *result = val_get(root, "result");
	if (!result || val_get_bool(result, "canceled", false)) {
		stream->end =
			ended(watch, val_get_str(result, "cancel_reason",
		                                 val_get_str(val_get(root, "error"), "message",
		                                             "it was compacted or restored")));
		return false;
	}
	if (val_len(val_get(result, "events")) > 0)
		stream->has_changed = true;
	if (number(val_get(result, "header"), "revision") < stream->revision)
		stream->has_changed = true; /* a restored cluster counts anew */
	return true;
}

static bool on_data(void *context, int status, struct view data)
{
	struct kv_watch *watch = context;
	struct stream *stream = watch->state;
	if (stream->line.len + data.len > LINE_BYTES)
		return false;
	str_add(&stream->line, data.ptr, data.len);
	if (status != 200)
		return true;
	for (;;) {
		const char *end = memchr(stream->line.ptr, '\n', stream->line.len);
		if (!end)
			break;
		size_t len = (size_t)(end - stream->line.ptr);
		bool goes_on =
			len == 0 || take_message(watch, (struct view){ stream->line.ptr, len });
		memmove(stream->line.ptr, end + 1, stream->line.len - len - 1);
		str_truncate(&stream->line, stream->line.len - len - 1);
		if (!goes_on)
			return false;
	}
	if (stream->has_changed && stream->is_waiting) {
		stream->is_waiting = false;
		kv_wait_done(watch, NULL);
	}
	return true;
}

static void on_stream_end(void *context, const struct http_response *response, err *take_error)
{
	struct kv_watch *watch = context;
	struct stream *stream = watch->state;
	err *e = take_error ? take_error : steal(&stream->end);
	if (!e && response->status != 200)
		e = kv_status_error(watch->kv, response);
	stream->call = NULL;
	close_stream(stream);
	if (!stream->is_waiting) {
		/* The next wait begins another stream, from the revision that was read. */
		err_ignore(e, "it reads again anyway");
		return;
	}
	stream->is_waiting = false;
	kv_wait_done(watch, e ? e : ended(watch, "the connection was closed"));
}

static err *open_stream(struct kv_watch *watch)
{
	struct stream *stream = watch->state;
	AUTO(str) body = STR_INIT;
	struct json_writer w = json_writer_init(&body, JSON_ONE_LINE);
	json_begin_object(&w);
	json_key(&w, "create_request");
	json_begin_object(&w);
	add_range(&w, watch);
	json_key_int(&w, "start_revision", stream->revision + 1);
	json_key_bool(&w, "progress_notify", true);
	json_end_object(&w);
	json_end_object(&w);
	struct kv_request request = {
		.on_data = on_data, .on_end = on_stream_end, .context = watch, .timeout_ms = -1
	};
	return post(watch->kv, "/v3/watch", &body, &request, &stream->call);
}

static void wait_etcd(struct kv_watch *watch)
{
	struct stream *stream = watch->state;
	if (stream->has_changed) {
		kv_wait_done(watch, NULL);
		return;
	}
	stream->is_waiting = true;
	err *e = stream->call ? NULL : open_stream(watch);
	if (e) {
		stream->is_waiting = false;
		kv_wait_done(watch, e);
	}
}

static void stop(struct kv_watch *watch)
{
	struct stream *stream = watch->state;
	if (!stream)
		return;
	close_stream(stream);
	str_clear(&stream->line);
	mem_free(stream);
	watch->state = NULL;
}

/* --- changing: one transaction --- */

static void add_compare(struct json_writer *w, const struct kv_task *task)
{
	json_key(w, "compare");
	json_begin_array(w);
	for (size_t i = 0; i < task->count; i++) {
		const struct kv_change *change = &task->changes[i];
		if (change->version == KV_ANY_VERSION)
			continue;
		AUTOFREE char *key = full_key(task->kv->state, change->path);
		json_begin_object(w);
		add_bytes(w, "key", key, strlen(key));
		json_key_string(w, "target", "MOD");
		json_key_string(w, "result", "EQUAL");
		json_key_int(w, "mod_revision", (int64_t)change->version);
		json_end_object(w);
	}
	json_end_array(w);
}

static void add_operation(struct json_writer *w, const struct kv_task *task,
                          const struct kv_change *change)
{
	AUTOFREE char *key = full_key(task->kv->state, change->path);
	json_begin_object(w);
	json_key(w, change->is_removal ? "request_delete_range" : "request_put");
	json_begin_object(w);
	add_bytes(w, "key", key, strlen(key));
	if (!change->is_removal)
		add_bytes(w, "value", change->value.ptr, change->value.len);
	json_end_object(w);
	json_end_object(w);
}

static err *changed_answer(const struct kv_task *task, const struct http_response *response)
{
	AUTO(arena) arena = ARENA_INIT;
	struct val *root = NULL;
	TRY(answer_error(task->kv, response));
	TRY(json_read(response->body.ptr, response->body.len, task->kv->display, &arena, &root));
	if (val_get_bool(root, "succeeded", false))
		return NULL;
	return err_hint(err_new(ERR_CONFLICT, "cannot change '%s': somebody changed it meanwhile",
	                        task->changes[0].path),
	                "read it again and repeat");
}

static void on_changed(void *context, const struct http_response *response, err *take_error)
{
	struct kv_task *task = context;
	task->call = NULL;
	err *e = take_error ? take_error : changed_answer(task, response);
	if (wants_sign_in(task->kv, e) && !task->state) {
		err_free(e);
		task->state = task->kv; /* once */
		e = sign_in(task->kv, signed_in_task, task, &task->call);
		if (!e)
			return;
	}
	kv_task_done(task, e);
}

static void change_again(struct kv_task *task)
{
	AUTO(str) body = STR_INIT;
	struct json_writer w = json_writer_init(&body, JSON_ONE_LINE);
	json_begin_object(&w);
	add_compare(&w, task);
	json_key(&w, "success");
	json_begin_array(&w);
	for (size_t i = 0; i < task->count; i++)
		add_operation(&w, task, &task->changes[i]);
	json_end_array(&w);
	json_end_object(&w);
	struct kv_request request = { .on_end = on_changed, .context = task };
	err *e = post(task->kv, "/v3/kv/txn", &body, &request, &task->call);
	secret_wipe(body.ptr, body.len);
	if (e)
		kv_task_done(task, e);
}

static void change_etcd(struct kv_task *task)
{
	if (task->count > MAX_OPERATIONS)
		kv_task_done(task,
		             err_new(ERR_LIMIT, "cannot change %zu keys at once, etcd takes %d",
		                     task->count, MAX_OPERATIONS));
	else
		change_again(task);
}

/* --- life --- */

static err *open_etcd(struct kv *kv)
{
	if (!*kv->url.host)
		return err_hint(err_new(ERR_USAGE, "'%s' has no host", kv->display),
		                "for example etcd://127.0.0.1:2379/app");
	struct etcd *etcd = MEM_NEW(struct etcd);
	kv->state = etcd;
	etcd->base = kv_http_base(kv, strcmp(kv->url.scheme, "etcds") == 0, DEFAULT_PORT);
	etcd->prefix = mem_strdup(kv->url.path);
	return NULL;
}

static void close_etcd(struct kv *kv)
{
	struct etcd *etcd = kv->state;
	if (!etcd)
		return;
	mem_free(etcd->base);
	mem_free(etcd->prefix);
	mem_free(etcd->token);
	mem_free(etcd);
}

const struct kv_driver kv_driver_etcd = {
	.schemes = schemes,
	.max_changes = MAX_OPERATIONS,
	.features = KV_HAS_PAST | KV_CAN_PUSH | KV_CAN_CHANGE | KV_CAN_COMPARE | KV_CAN_MANY,
	.open = open_etcd,
	.close = close_etcd,
	.read = read_etcd,
	.wait = wait_etcd,
	.stop = stop,
	.change = change_etcd,
};
