/*
 * kube://CONTEXT/NAMESPACE/configmaps/NAME — the data of a ConfigMap or Secret of a Kubernetes cluster are
 * keys; without NAME those of all of the namespace, as NAME/key (?labels= selects some). No CONTEXT:
 * the current one, or the account of the pod we run in; no NAMESPACE ("-"): that of the context. Read by a
 * list, followed by a watch from its version; changed by one merge patch, so all or none.
 */
#include "base/base.h"

#include "kv/kv_all_drivers.h"

#include "base/arena.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "crypto/encode.h"
#include "json/json.h"
#include "kube/kube_credentials.h"
#include "pal/clock.h"
#include "val/val.h"

enum {
	LINE_BYTES = 8 << 20,   /* one event: an object has at most 1 MiB, escaped */
	CREDENTIALS_MS = 10000, /* the loop waits for a credential plugin this long */
};

static const char *const schemes[] = { "kube", NULL };

struct cluster {
	struct arena arena;
	const struct kube_config *config;
	struct kube_credentials *credentials;
	char *name_space, *name, *labels; /* name, labels: NULL: none given */
	bool is_secret;
};

/* Of a watch: */
struct follow {
	char *version; /* of the list that was read; where a watch may start */
	struct http_call *call;
	struct str line;
	uint64_t generation; /* of the credentials of the last request */
	bool was_refused, has_changed, is_waiting;
};

/* --- where --- */

static err *take_path(struct kv *kv, struct cluster *cluster)
{
	struct view rest = view_of(kv->url.path), part[4] = { { "", 0 } };
	size_t n = 0;
	while (n < ARRAY_LEN(part) && view_split(&rest, '/', &part[n]))
		n++;
	bool is_map = n > 1 && view_is(part[1], "configmaps");
	cluster->is_secret = n > 1 && view_is(part[1], "secrets");
	if (n > 3 || !part[0].len || (!is_map && !cluster->is_secret))
		return err_hint(
			err_new(ERR_USAGE, "'%s' names no ConfigMaps or Secrets", kv->display),
			"write kube://CONTEXT/NAMESPACE/configmaps/NAME, or secrets; CONTEXT may be "
			"empty, NAMESPACE '-', and without NAME all are meant");
	cluster->name_space = view_is(part[0], "-")
	                              ? mem_strdup(kube_config_namespace(cluster->config))
	                              : mem_strndup(part[0].ptr, part[0].len);
	cluster->name = part[2].len ? mem_strndup(part[2].ptr, part[2].len) : NULL;
	cluster->labels = kv_url_get(&kv->url, "labels");
	return NULL;
}

static err *open_kube(struct kv *kv)
{
	AUTOFREE char *kubeconfig = kv_url_get(&kv->url, "kubeconfig");
	const struct kube_config_options how = { .kubeconfig = kubeconfig,
		                                 .context = *kv->url.host ? kv->url.host : NULL,
		                                 .proxy = kv->options.proxy,
		                                 .no_input = true };
	struct cluster *cluster = kv->state = MEM_NEW(struct cluster);
	TRY(kube_config_load(&how, &cluster->arena, &cluster->config));
	TRY(take_path(kv, cluster));
	const struct kube_endpoint server = kube_config_endpoint(cluster->config);
	const struct http_engine_options engine = { .ca_pem = server.ca_pem,
		                                    .tls_server_name = server.tls_server_name,
		                                    .is_insecure = server.is_insecure,
		                                    .proxy = server.proxy };
	TRY(kube_credentials_new(cluster->config, NULL, &cluster->credentials));
	return http_loop_new(kv->loop, &engine, &kv->http);
}

static void close_kube(struct kv *kv)
{
	struct cluster *cluster = kv->state;
	if (!cluster)
		return;
	kube_credentials_free(cluster->credentials);
	mem_free(cluster->name_space);
	mem_free(cluster->name);
	mem_free(cluster->labels);
	arena_wipe(&cluster->arena);
	mem_free(cluster);
}

/* --- requests --- */

/* `path` begins with '/'; the request's own headers come before those that say who we are. */
static err *call(struct kv *kv, struct kv_request *request, const char *path,
                 uint64_t *ret_generation, struct http_call **ret_call)
{
	const struct cluster *cluster = kv->state;
	AUTO(arena) arena = ARENA_INIT;
	VEC(struct http_header) headers = VEC_INIT;
	struct kube_auth auth;
	TRY(kube_credentials_get(cluster->credentials, deadline_after(CREDENTIALS_MS).at_ns, &arena,
	                         &auth));
	*ret_generation = auth.generation;
	for (size_t i = 0; i < request->header_count; i++)
		vec_push(&headers, request->headers[i]);
	if (auth.authorization)
		vec_push(&headers, ((struct http_header){ "Authorization", auth.authorization }));
	for (size_t i = 0; auth.headers && auth.headers[i]; i++) {
		const char *colon = strstr(auth.headers[i], ": ");
		const char *name =
			arena_strndup(&arena, auth.headers[i], (size_t)(colon - auth.headers[i]));
		vec_push(&headers, ((struct http_header){ name, colon + 2 }));
	}
	request->url = arena_printf(&arena, "%s%s", kube_config_server(cluster->config), path);
	request->headers = headers.ptr;
	request->header_count = headers.len;
	request->cert_pem = auth.cert_pem;
	request->key_pem = auth.key_pem;
	err *e = kv_call(kv, request, ret_call);
	vec_clear(&headers);
	arena_wipe(&arena);
	return e;
}

static void add_collection(const struct cluster *cluster, struct str *path)
{
	str_addz(path, "/api/v1/namespaces/");
	kv_add_path(path, cluster->name_space);
	str_addz(path, cluster->is_secret ? "/secrets" : "/configmaps");
}

static void add_selection(const struct cluster *cluster, struct str *path)
{
	add_collection(cluster, path);
	str_addch(path, '?');
	if (cluster->name) {
		AUTOFREE char *field = str_format("metadata.name=%s", cluster->name);
		str_addz(path, "fieldSelector=");
		kv_add_query(path, field);
		str_addch(path, '&');
	}
	if (cluster->labels) {
		str_addz(path, "labelSelector=");
		kv_add_query(path, cluster->labels);
		str_addch(path, '&');
	}
}

/* --- reading --- */

static err *add_decoded(const char *key, const struct val *value, struct kv_set *set)
{
	AUTO(str) bytes = STR_INIT;
	err *e = base64_decode((struct view){ value->as.str.ptr, value->as.str.len }, 0, &bytes);
	if (!e)
		e = kv_set_add(set, key, strlen(key), view_str(&bytes), 0);
	mem_wipe(bytes.ptr, bytes.len);
	return e;
}

static err *add_data(const struct val *data, bool is_encoded, const char *prefix,
                     struct kv_set *set)
{
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, data)) {
		AUTOFREE char *key = kv_join(prefix, entry->key);
		if (!val_is(entry->value, VAL_STR))
			continue;
		if (is_encoded)
			TRY(add_decoded(key, entry->value, set));
		else
			TRY(kv_set_add(
				set, key, strlen(key),
				(struct view){ entry->value->as.str.ptr, entry->value->as.str.len },
				0));
	}
	return NULL;
}

static err *read_list(struct kv_watch *watch, const struct http_response *response,
                      struct kv_set **ret_set)
{
	const struct cluster *cluster = watch->kv->state;
	struct follow *follow = watch->state;
	AUTO(arena) arena = ARENA_INIT;
	AUTOPTR(kv_set) all = kv_set_new();
	struct val *root = NULL;
	const struct val *item;
	err *e = json_read(response->body.ptr, response->body.len, watch->kv->display, &arena,
	                   &root);
	for (VAL_EACH_ITEM(i, item, val_get(root, "items"))) {
		const char *name = val_get_str(val_get(item, "metadata"), "name", "");
		const char *prefix = cluster->name ? "" : name;
		if (!e)
			e = add_data(val_get(item, "data"), cluster->is_secret, prefix, all);
		if (!e)
			e = add_data(val_get(item, "binaryData"), true, prefix, all);
	}
	mem_free(follow->version);
	follow->version = mem_strdup(val_get_str(val_get(root, "metadata"), "resourceVersion", ""));
	arena_wipe(&arena);
	TRY(e);
	kv_set_seal(all);
	return kv_select(all, watch->scope, watch->path, ret_set);
}

static void read_again(struct kv_watch *watch);

static void on_list(void *context, const struct http_response *response, err *take_error)
{
	struct kv_watch *watch = context;
	const struct cluster *cluster = watch->kv->state;
	struct follow *follow = watch->state;
	struct kv_set *set = NULL;
	err *e = take_error;
	watch->call = NULL;
	if (!e)
		e = kv_status_error(watch->kv, response);
	if (e && err_is(e, ERR_AUTH) && !follow->was_refused &&
	    kube_credentials_refresh(cluster->credentials, follow->generation)) {
		err_ignore(e, "once more, with credentials renewed");
		follow->was_refused = true;
		read_again(watch);
		return;
	}
	if (!e)
		e = read_list(watch, response, &set);
	kv_read_done(watch, set, e);
}

static void read_again(struct kv_watch *watch)
{
	struct follow *follow = watch->state;
	AUTO(str) path = STR_INIT;
	struct kv_request request = { .on_end = on_list, .context = watch };
	add_selection(watch->kv->state, &path);
	str_truncate(&path, path.len - 1);
	err *e = call(watch->kv, &request, path.ptr, &follow->generation, &watch->call);
	if (e)
		kv_read_done(watch, NULL, e);
}

static void read_kube(struct kv_watch *watch)
{
	if (!watch->state)
		watch->state = MEM_NEW(struct follow);
	struct follow *follow = watch->state;
	follow->was_refused = follow->has_changed = false;
	read_again(watch);
}

/* --- watching: whatever is told, it is read again --- */

static err *take_event(struct kv_watch *watch, struct view line)
{
	AUTO(arena) arena = ARENA_INIT;
	struct follow *follow = watch->state;
	struct val *root = NULL;
	err *e = json_read(line.ptr, line.len, watch->kv->display, &arena, &root);
	const char *type = e ? "" : val_get_str(root, "type", "");
	/* Mostly that the version is too old; with a pause, should it always be so. */
	if (!e && str_equal(type, "ERROR"))
		e = err_new(ERR_UNAVAILABLE, "'%s' ended the watch: %s", watch->kv->display,
		            val_get_str(val_get(root, "object"), "message", "no reason given"));
	follow->has_changed |= !str_equal(type, "BOOKMARK");
	arena_wipe(&arena);
	return e;
}

static void tell(struct kv_watch *watch, err *take_error)
{
	struct follow *follow = watch->state;
	if (!follow->is_waiting) {
		err_ignore(take_error, "it is read again anyway");
		return;
	}
	follow->is_waiting = false;
	kv_wait_done(watch, take_error);
}

static bool on_data(void *context, int status, struct view data)
{
	struct kv_watch *watch = context;
	struct follow *follow = watch->state;
	const char *end;
	err *e = NULL;
	if (status != 200)
		return true;
	if (follow->line.len + data.len > LINE_BYTES)
		return false;
	str_add(&follow->line, data.ptr, data.len);
	while (!e && (end = memchr(follow->line.ptr, '\n', follow->line.len))) {
		size_t len = (size_t)(end - follow->line.ptr);
		if (len > 0)
			e = take_event(watch, (struct view){ follow->line.ptr, len });
		memmove(follow->line.ptr, end + 1, follow->line.len - len - 1);
		str_truncate(&follow->line, follow->line.len - len - 1);
	}
	if (e || follow->has_changed)
		tell(watch, e);
	return true;
}

/* The server ends a watch every few minutes; its version is then known anew by reading. */
static void on_watch_end(void *context, const struct http_response *response, err *take_error)
{
	struct kv_watch *watch = context;
	struct follow *follow = watch->state;
	err *e = take_error;
	follow->call = NULL;
	str_reset(&follow->line);
	if (!e)
		e = kv_status_error(watch->kv, response);
	tell(watch, e);
}

static void drop_stream(struct follow *follow)
{
	http_call_drop(follow->call);
	follow->call = NULL;
	mem_wipe(follow->line.ptr, follow->line.len); /* it may be of a Secret */
	str_reset(&follow->line);
}

static void wait_kube(struct kv_watch *watch)
{
	struct follow *follow = watch->state;
	AUTO(str) path = STR_INIT;
	struct kv_request request = {
		.on_data = on_data, .on_end = on_watch_end, .context = watch, .timeout_ms = -1
	};
	/* From the version just read: an earlier stream would tell of the same again. */
	drop_stream(follow);
	follow->has_changed = false;
	add_selection(watch->kv->state, &path);
	str_addz(&path, "watch=1&allowWatchBookmarks=true&resourceVersion=");
	kv_add_query(&path, follow->version ? follow->version : "");
	follow->is_waiting = true;
	err *e = call(watch->kv, &request, path.ptr, &follow->generation, &follow->call);
	if (e) {
		follow->is_waiting = false;
		kv_wait_done(watch, e);
	}
}

static void stop(struct kv_watch *watch)
{
	struct follow *follow = watch->state;
	if (!follow)
		return;
	drop_stream(follow);
	str_clear(&follow->line);
	mem_free(follow->version);
	mem_free(follow);
	watch->state = NULL;
}

/* --- changing: a merge patch of each object, or the object itself when there is none --- */

/* "NAME/key" where the URL names no object; else the path is the key. */
static const char *key_of(const struct cluster *cluster, const char *path)
{
	const char *slash = cluster->name ? NULL : strchr(path, '/');
	return slash ? slash + 1 : path;
}

static char *object_of(const struct cluster *cluster, const char *path)
{
	return cluster->name ? mem_strdup(cluster->name)
	                     : mem_strndup(path, (size_t)(key_of(cluster, path) - path) - 1);
}

/* Behind the last of the changes from task->done on that are about the same object. */
static size_t batch_end(const struct kv_task *task)
{
	const struct cluster *cluster = task->kv->state;
	AUTOFREE char *first = object_of(cluster, task->changes[task->done].path);
	size_t end = task->done + 1;
	for (; end < task->count; end++) {
		AUTOFREE char *next = object_of(cluster, task->changes[end].path);
		if (strcmp(first, next) != 0)
			break;
	}
	return end;
}

static void write_change(const struct cluster *cluster, const struct kv_change *change,
                         struct json_writer *w)
{
	AUTO(str) encoded = STR_INIT;
	json_key(w, key_of(cluster, change->path));
	if (change->is_removal) {
		json_nil(w);
		return;
	}
	if (cluster->is_secret)
		base64_add(&encoded, change->value.ptr, change->value.len, 0);
	else
		str_add(&encoded, change->value.ptr, change->value.len);
	json_textn(w, encoded.ptr, encoded.len);
	mem_wipe(encoded.ptr, encoded.len);
}

static void write_object(const struct kv_task *task, bool is_new, const char *name,
                         struct str *body)
{
	const struct cluster *cluster = task->kv->state;
	size_t end = batch_end(task);
	struct json_writer w = json_writer_init(body, JSON_ONE_LINE);
	json_begin_object(&w);
	if (is_new) {
		json_key_string(&w, "apiVersion", "v1");
		json_key_string(&w, "kind", cluster->is_secret ? "Secret" : "ConfigMap");
		json_key(&w, "metadata");
		json_begin_object(&w);
		json_key_string(&w, "name", name);
		json_end_object(&w);
	}
	json_key(&w, "data");
	json_begin_object(&w);
	for (size_t i = task->done; i < end; i++)
		if (!is_new || !task->changes[i].is_removal)
			write_change(cluster, &task->changes[i], &w);
	json_end_object(&w);
	json_end_object(&w);
}

static err *send(struct kv_task *task, bool is_new);

static void on_changed(void *context, const struct http_response *response, err *take_error)
{
	struct kv_task *task = context;
	err *e = take_error;
	task->call = NULL;
	bool is_missing = !e && response->status == 404 && !task->state;
	if (!e && !is_missing)
		e = kv_status_error(task->kv, response);
	if (!e && !is_missing)
		task->done = batch_end(task);
	task->state = is_missing ? task : NULL; /* it is made, once */
	if (!e && task->done < task->count)
		e = send(task, is_missing);
	else if (!e)
		kv_task_done(task, NULL);
	if (e)
		kv_task_done(task, e);
}

static err *send(struct kv_task *task, bool is_new)
{
	const struct cluster *cluster = task->kv->state;
	const struct http_header type = { "Content-Type", is_new ? "application/json"
		                                                 : "application/merge-patch+json" };
	AUTO(str) path = STR_INIT;
	AUTO(str) body = STR_INIT;
	AUTOFREE char *name = object_of(cluster, task->changes[task->done].path);
	uint64_t generation;
	add_collection(cluster, &path);
	if (!is_new) {
		str_addch(&path, '/');
		kv_add_path(&path, name);
	}
	write_object(task, is_new, name, &body);
	struct kv_request request = { .method = is_new ? "POST" : "PATCH",
		                      .headers = &type,
		                      .header_count = 1,
		                      .body = view_str(&body),
		                      .on_end = on_changed,
		                      .context = task };
	err *e = call(task->kv, &request, path.ptr, &generation, &task->call);
	mem_wipe(body.ptr, body.len);
	return e;
}

/* What an API server takes for a key of data. */
static err *check_changes(const struct kv_task *task)
{
	const struct cluster *cluster = task->kv->state;
	for (size_t i = 0; i < task->count; i++) {
		const struct kv_change *change = &task->changes[i];
		if (!cluster->name && !strchr(change->path, '/'))
			return err_hint(
				err_new(ERR_USAGE, "'%s' names no object to change", change->path),
				"NAME/KEY, or write the name at the end of the URL");
		const char *key = key_of(cluster, change->path);
		size_t len = strlen(key);
		static const char allowed[] =
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
		if (len == 0 || len > 253 || strspn(key, allowed) != len ||
		    (!cluster->name && *change->path == '/'))
			return err_new(
				ERR_USAGE,
				"'%s' is no key of a ConfigMap or Secret: letters, digits, '-', "
				"'_' and '.'",
				change->path);
		if (!cluster->is_secret && !change->is_removal &&
		    !utf8_valid(change->value.ptr, change->value.len, NULL))
			return err_new(ERR_USAGE,
			               "the value of '%s' is no text; a Secret takes any bytes",
			               change->path);
	}
	return NULL;
}

static void change(struct kv_task *task)
{
	err *e = check_changes(task);
	if (!e)
		e = send(task, false);
	if (e)
		kv_task_done(task, e);
}

static void stop_task(struct kv_task *task)
{
	http_call_drop(task->call);
	task->call = NULL;
}

const struct kv_driver kv_driver_kube = {
	.schemes = schemes,
	.features = KV_CAN_PUSH | KV_CAN_CHANGE | KV_CAN_MANY,
	.open = open_kube,
	.close = close_kube,
	.read = read_kube,
	.wait = wait_kube,
	.stop = stop,
	.change = change,
	.stop_task = stop_task,
};
