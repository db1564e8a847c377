/*
 * vault:// and vaults:// — HashiCorp Vault and OpenBao, KV version 2 (?kv=1 for version 1):
 * vaults://host:8200/MOUNT/PATH. Fields of secrets are keys: field "password" of secret "db" is db/password. They can be changed,
 * all of one secret at once.
 * Token by tokenFile or VAULT_TOKEN, or AppRole with user (role_id) and passwordFile (secret_id). It is asked
 * every poll_ms: Vault tells nobody of changes.
 */
#include "base/base.h"

#include "kv/kv_all_drivers.h"

#include "base/arena.h"
#include "base/vec.h"
#include "crypto/secret.h"
#include "json/json.h"
#include "val/val.h"

enum {
	DEFAULT_PORT = 8200,
	MAX_REQUESTS = 10000, /* secrets and folders of one reading */
};

static const char *const schemes[] = { "vault", "vaults", NULL };

struct vault {
	char *base;
	char *mount;
	char *prefix; /* below the mount */
	bool is_v1;
	char *token; /* of AppRole; NULL: not signed in, or a given one is used */
};

/* A folder ends in '/'; the top is "". */
struct todo {
	char *path;
	bool is_list;
};

/* One reading: what is still to be asked, and what was found. */
struct reading {
	struct kv_watch *watch;
	VEC(struct todo) todo;
	size_t requests;
	struct kv_set *set;
	bool was_refused; /* signed in anew once */
};

/* --- requests --- */

static const char *token_of(const struct kv *kv)
{
	const struct vault *vault = kv->state;
	return vault->token ? vault->token : kv->options.token.len ? kv->options.token.ptr : NULL;
}

static bool has_role(const struct kv *kv)
{
	return kv->options.user && kv->options.password.len;
}

static err *start(struct kv *kv, struct kv_request *request, struct http_call **ret_call)
{
	VEC(struct http_header) headers = VEC_INIT;
	vec_push(&headers, ((struct http_header){ "X-Vault-Request", "true" }));
	if (token_of(kv))
		vec_push(&headers, ((struct http_header){ "X-Vault-Token", token_of(kv) }));
	request->headers = headers.ptr;
	request->header_count = headers.len;
	err *e = kv_call(kv, request, ret_call);
	vec_clear(&headers);
	return e;
}

/* …/v1/MOUNT[/data|/metadata]/PREFIX/PATH */
static void add_url(const struct kv *kv, const char *part, const char *path, struct str *url)
{
	const struct vault *vault = kv->state;
	AUTOFREE char *full = kv_join(vault->prefix, path);
	str_addf(url, "%s/v1/", vault->base);
	kv_add_path(url, vault->mount);
	str_addf(url, "%s%s/", vault->is_v1 ? "" : "/", vault->is_v1 ? "" : part);
	kv_add_path(url, full);
}

static err *sign_in(struct kv *kv, void (*on_end)(void *, const struct http_response *, err *),
                    void *context, struct http_call **ret_call)
{
	struct vault *vault = kv->state;
	AUTO(str) body = STR_INIT;
	AUTOFREE char *url = str_format("%s/v1/auth/approle/login", vault->base);
	struct json_writer w = json_writer_init(&body, JSON_ONE_LINE);
	json_begin_object(&w);
	json_key_string(&w, "role_id", kv->options.user);
	json_key_string(&w, "secret_id", kv->options.password.ptr);
	json_end_object(&w);
	mem_free(vault->token);
	vault->token = NULL;
	struct kv_request request = { .method = "POST",
		                      .url = url,
		                      .body = view_str(&body),
		                      .on_end = on_end,
		                      .context = context };
	err *e = start(kv, &request, ret_call);
	secret_wipe(body.ptr, body.len);
	return e;
}

static err *take_token(struct kv *kv, const struct http_response *response)
{
	AUTO(arena) arena = ARENA_INIT;
	struct vault *vault = kv->state;
	struct val *root = NULL;
	err *e = kv_status_error(kv, response);
	if (e)
		return err_as(e, response->status == 400 ? ERR_AUTH : err_kind(e));
	TRY(json_read(response->body.ptr, response->body.len, kv->display, &arena, &root));
	const char *token = val_get_str(val_get(root, "auth"), "client_token", NULL);
	if (!token)
		return err_new(ERR_AUTH, "'%s' answers the sign-in without a token", kv->display);
	vault->token = mem_strdup(token);
	arena_wipe(&arena);
	return NULL;
}

/* --- reading --- */

/* Templates of consul-template name the API's whole path: "secret/data/db" is "db" here. */
static const char *short_path(const struct kv *kv, const char *path)
{
	const struct vault *vault = kv->state;
	size_t len = strlen(vault->mount);
	if (*vault->prefix || strncmp(path, vault->mount, len) != 0 || path[len] != '/')
		return path;
	path += len + 1;
	return !vault->is_v1 && str_starts(path, "data/") ? path + strlen("data/") : path;
}

static void ask_next(struct reading *r);

static void finish(struct reading *r, err *take_error)
{
	struct kv_watch *watch = r->watch;
	struct kv_set *all = r->set, *set = NULL;
	err *e = take_error;
	r->set = NULL;
	kv_set_seal(all);
	if (!e)
		e = kv_select(all, watch->scope, short_path(watch->kv, watch->path), &set);
	kv_set_free(all);
	kv_read_done(watch, set, e);
}

static void add_todo(struct reading *r, const char *path, bool is_list)
{
	vec_push(&r->todo, ((struct todo){ mem_strdup(path), is_list }));
}

static err *add_fields(struct reading *r, const char *path, const struct val *data,
                       uint64_t version)
{
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, data)) {
		AUTO(str) text = STR_INIT;
		AUTOFREE char *key = kv_join(path, entry->key);
		if (val_is(entry->value, VAL_STR))
			str_add(&text, entry->value->as.str.ptr, entry->value->as.str.len);
		else
			json_write(entry->value, JSON_ONE_LINE, &text);
		err *e = kv_set_add(r->set, key, strlen(key), view_str(&text), version);
		secret_wipe(text.ptr, text.len);
		TRY(e);
	}
	return NULL;
}

static void add_children(struct reading *r, const char *path, const struct val *names)
{
	const struct val *name;
	for (VAL_EACH_ITEM(i, name, names)) {
		if (!val_is(name, VAL_STR) || name->as.str.len == 0)
			continue;
		AUTOFREE char *child = kv_join(path, name->as.str.ptr);
		bool is_folder = child[strlen(child) - 1] == '/';
		if (is_folder)
			child[strlen(child) - 1] = '\0';
		add_todo(r, child, is_folder);
	}
}

/* KV version 2 counts what is written to a secret; 0: this is none. */
static uint64_t version_of(const struct val *data)
{
	return (uint64_t)val_get_int(val_get(data, "metadata"), "version", 0);
}

static err *take_answer(struct reading *r, const struct todo *todo,
                        const struct http_response *response)
{
	AUTO(arena) arena = ARENA_INIT;
	const struct vault *vault = r->watch->kv->state;
	struct val *root = NULL;
	if (response->status == 404)
		return NULL; /* no such secret, or none below */
	TRY(kv_status_error(r->watch->kv, response));
	err *e = json_read(response->body.ptr, response->body.len, r->watch->kv->display, &arena,
	                   &root);
	const struct val *data = e ? NULL : val_get(root, "data");
	if (!e && todo->is_list)
		add_children(r, todo->path, val_get(data, "keys"));
	else if (!e)
		e = add_fields(r, todo->path, vault->is_v1 ? data : val_get(data, "data"),
		               version_of(data));
	arena_wipe(&arena);
	return e;
}

static void on_signed_in(void *context, const struct http_response *response, err *take_error)
{
	struct reading *r = context;
	r->watch->call = NULL;
	err *e = take_error ? take_error : take_token(r->watch->kv, response);
	if (e)
		finish(r, e);
	else
		ask_next(r);
}

static void on_answer(void *context, const struct http_response *response, err *take_error)
{
	struct reading *r = context;
	struct kv *kv = r->watch->kv;
	struct todo todo = r->todo.ptr[r->todo.len - 1];
	r->watch->call = NULL;
	err *e = take_error;
	if (!e && response->status == 403 && has_role(kv) && !r->was_refused) {
		r->was_refused = true; /* the token ran out */
		e = sign_in(kv, on_signed_in, r, &r->watch->call);
		if (!e)
			return;
	}
	r->todo.len--;
	if (!e)
		e = take_answer(r, &todo, response);
	/* A listing may be forbidden where the secret itself is not. */
	if (e && todo.is_list && err_is(e, ERR_DENIED) && kv_set_len(r->set) > 0) {
		err_free(e);
		e = NULL;
		kv_set_mark_filtered(r->set);
	}
	mem_free(todo.path);
	if (e)
		finish(r, e);
	else
		ask_next(r);
}

static void ask_next(struct reading *r)
{
	struct kv *kv = r->watch->kv;
	AUTO(str) url = STR_INIT;
	err *e = NULL;
	if (r->todo.len == 0) {
		finish(r, NULL);
		return;
	}
	const struct todo *todo = &r->todo.ptr[r->todo.len - 1];
	add_url(kv, todo->is_list ? "metadata" : "data", todo->path, &url);
	if (todo->is_list)
		str_addz(&url, "?list=true");
	else if (r->watch->at)
		str_addf(&url, "?version=%" PRIu64, r->watch->at);
	struct kv_request request = { .url = url.ptr, .on_end = on_answer, .context = r };
	if (++r->requests > MAX_REQUESTS)
		e = err_new(ERR_LIMIT, "more than %d secrets and folders in '%s'", MAX_REQUESTS,
		            kv->display);
	if (!e && !token_of(kv) && has_role(kv))
		e = sign_in(kv, on_signed_in, r, &r->watch->call);
	else if (!e)
		e = start(kv, &request, &r->watch->call);
	if (e)
		finish(r, e);
}

static void forget_todo(struct reading *r)
{
	for (size_t i = 0; i < r->todo.len; i++)
		mem_free(r->todo.ptr[i].path);
	r->todo.len = 0;
}

/* A key is a field: its secret is all that is asked. A tree is the secret of that name, and all below. */
static void read_vault(struct kv_watch *watch)
{
	struct reading *r = watch->state;
	if (!r) {
		r = MEM_NEW(struct reading);
		r->watch = watch;
		watch->state = r;
	}
	forget_todo(r);
	kv_set_free(r->set);
	r->set = kv_set_new();
	r->requests = 0;
	r->was_refused = false;
	const char *path = short_path(watch->kv, watch->path), *slash = strrchr(path, '/');
	if (watch->scope == KV_KEY) {
		AUTOFREE char *secret = mem_strndup(path, slash ? (size_t)(slash - path) : 0);
		add_todo(r, secret, false);
	} else {
		const struct vault *vault = watch->kv->state;
		add_todo(r, path, true);
		if (*path || *vault->prefix)
			add_todo(r, path, false);
	}
	ask_next(r);
}

static void stop(struct kv_watch *watch)
{
	struct reading *r = watch->state;
	if (!r)
		return;
	forget_todo(r);
	vec_clear(&r->todo);
	kv_set_free(r->set);
	mem_free(r);
	watch->state = NULL;
}

/* --- changing: one secret after the other, each with all its fields at once --- */

struct writing {
	struct kv_task *task;
	bool *is_done;      /* of each change */
	char *secret;       /* at hand */
	struct arena arena; /* its fields */
	struct val *fields;
	uint64_t version; /* 0: there is none */
	bool was_refused;
};

static void next_secret(struct writing *w);
static void read_secret(struct writing *w);
static void write_secret(struct writing *w);

/* "db/password" is field "password" of secret "db". */
static const char *field_of(const struct writing *w, size_t index, char **ret_secret)
{
	const char *path = short_path(w->task->kv, w->task->changes[index].path),
		   *slash = strrchr(path, '/');
	*ret_secret = mem_strndup(path, slash ? (size_t)(slash - path) : 0);
	return slash ? slash + 1 : path;
}

static void end_secret(struct writing *w)
{
	mem_free(w->secret);
	w->secret = NULL;
	arena_wipe(&w->arena);
}

static void stop_task(struct kv_task *task)
{
	struct writing *w = task->state;
	if (!w)
		return;
	end_secret(w);
	mem_free(w->is_done);
	mem_free(w);
	task->state = NULL;
}

static void on_task_signed_in(void *context, const struct http_response *response, err *take_error)
{
	struct writing *w = context;
	w->task->call = NULL;
	err *e = take_error ? take_error : take_token(w->task->kv, response);
	if (e)
		kv_task_done(w->task, e);
	else if (w->secret)
		read_secret(w);
	else
		next_secret(w);
}

/* The answer about the secret at hand; *ret_goes_on: something else was begun. */
static err *check_answer(struct writing *w, const struct http_response *response, bool *ret_goes_on)
{
	struct kv *kv = w->task->kv;
	*ret_goes_on = false;
	if (response->status == 403 && has_role(kv) && !w->was_refused) {
		w->was_refused = *ret_goes_on = true; /* the token ran out */
		return sign_in(kv, on_task_signed_in, w, &w->task->call);
	}
	if (response->status == 400 &&
	    strstr(response->body.ptr ? response->body.ptr : "", "check-and-set"))
		return err_hint(err_new(ERR_CONFLICT,
		                        "cannot change '%s': somebody changed it meanwhile",
		                        w->secret),
		                "read it again and repeat");
	return response->status == 404 ? NULL : kv_status_error(kv, response);
}

/* The change must still be meant for what is there. */
static err *check_version(const struct writing *w, const struct kv_change *change,
                          const char *field)
{
	bool is_there = val_get(w->fields, field) != NULL;
	bool is_meant =
		change->version == KV_ANY_VERSION ||
		(change->version == 0 ? !is_there : is_there && change->version == w->version);
	return is_meant ? NULL
	                : err_hint(err_new(ERR_CONFLICT,
	                                   "cannot change '%s': somebody changed it meanwhile",
	                                   change->path),
	                           "read it again and repeat");
}

static err *merge(struct writing *w)
{
	for (size_t i = 0; i < w->task->count; i++) {
		const struct kv_change *change = &w->task->changes[i];
		AUTOFREE char *secret = NULL;
		const char *field = field_of(w, i, &secret);
		if (strcmp(secret, w->secret) != 0)
			continue;
		TRY(check_version(w, change, field));
		w->is_done[i] = true;
		if (change->is_removal)
			val_remove(w->fields, field);
		else
			val_set(&w->arena, w->fields, arena_strdup(&w->arena, field),
			        val_new_strn(&w->arena, change->value.ptr ? change->value.ptr : "",
			                     change->value.len));
	}
	return NULL;
}

static err *take_secret(struct writing *w, const struct http_response *response)
{
	const struct vault *vault = w->task->kv->state;
	struct val *root = NULL;
	w->fields = val_new_map(&w->arena);
	err *e = json_read(response->body.ptr, response->body.len, w->task->kv->display, &w->arena,
	                   &root);
	if (e && response->status != 404)
		return e;
	err_ignore(e, "there is no such secret");
	/* A deleted one has a version still, and no fields. */
	const struct val *data = val_get(root, "data");
	const struct val *fields = vault->is_v1 ? data : val_get(data, "data");
	w->version = version_of(data);
	if (val_is(fields, VAL_MAP))
		w->fields = val_copy(&w->arena, fields);
	return merge(w);
}

static void on_secret(void *context, const struct http_response *response, err *take_error)
{
	struct writing *w = context;
	bool goes_on = false;
	w->task->call = NULL;
	err *e = take_error ? take_error : check_answer(w, response, &goes_on);
	if (!e && goes_on)
		return;
	if (!e)
		e = take_secret(w, response);
	if (e)
		kv_task_done(w->task, e);
	else
		write_secret(w);
}

static void ask(struct writing *w, const char *method, const struct str *body,
                void (*on_end)(void *, const struct http_response *, err *))
{
	AUTO(str) url = STR_INIT;
	add_url(w->task->kv, "data", w->secret, &url);
	struct kv_request request = { .method = method,
		                      .url = url.ptr,
		                      .body = body ? view_str(body) : (struct view){ NULL, 0 },
		                      .on_end = on_end,
		                      .context = w };
	err *e = start(w->task->kv, &request, &w->task->call);
	if (e)
		kv_task_done(w->task, e);
}

static void read_secret(struct writing *w)
{
	ask(w, "GET", NULL, on_secret);
}

static void on_written(void *context, const struct http_response *response, err *take_error)
{
	struct writing *w = context;
	bool goes_on = false;
	w->task->call = NULL;
	err *e = take_error ? take_error : check_answer(w, response, &goes_on);
	if (!e && goes_on)
		return; /* signed in anew, it is read again */
	if (e)
		kv_task_done(w->task, e);
	else
		next_secret(w);
}

/* Version 2 writes only over the version that was read. */
static void write_secret(struct writing *w)
{
	const struct vault *vault = w->task->kv->state;
	AUTO(str) body = STR_INIT;
	AUTO(arena) arena = ARENA_INIT;
	if (val_len(w->fields) == 0) {
		ask(w, "DELETE", NULL, on_written);
		return;
	}
	const struct val *all = w->fields;
	if (!vault->is_v1) {
		struct val *wrapped = val_new_map(&arena), *options = val_new_map(&arena);
		val_set(&arena, options, "cas", val_new_int(&arena, (int64_t)w->version));
		val_set(&arena, wrapped, "options", options);
		val_set(&arena, wrapped, "data", w->fields);
		all = wrapped;
	}
	json_write(all, JSON_ONE_LINE, &body);
	ask(w, "POST", &body, on_written);
	secret_wipe(body.ptr, body.len);
}

static void next_secret(struct writing *w)
{
	struct kv_task *task = w->task;
	end_secret(w);
	for (size_t i = 0; i < task->count; i++)
		if (!w->is_done[i]) {
			(void)field_of(w, i, &w->secret);
			read_secret(w);
			return;
		}
	kv_task_done(task, NULL);
}

static err *check_paths(const struct kv_task *task)
{
	const struct vault *vault = task->kv->state;
	for (size_t i = 0; i < task->count; i++) {
		const char *path = short_path(task->kv, task->changes[i].path);
		if (!*vault->prefix && !strchr(path, '/'))
			return err_hint(
				err_new(ERR_USAGE, "'%s' names no secret", task->changes[i].path),
				"SECRET/FIELD: the last part is the field");
	}
	return NULL;
}

static void change_vault(struct kv_task *task)
{
	struct writing *w = MEM_NEW(struct writing);
	task->state = w;
	w->task = task;
	w->is_done = mem_zalloc(task->count, sizeof(*w->is_done));
	err *e = check_paths(task);
	if (!e && !token_of(task->kv) && has_role(task->kv))
		e = sign_in(task->kv, on_task_signed_in, w, &task->call);
	else if (!e)
		next_secret(w);
	if (e)
		kv_task_done(task, e);
}

/* --- life --- */

static err *open_vault(struct kv *kv)
{
	AUTOFREE char *version = kv_url_get(&kv->url, "kv");
	const char *path = kv->url.path, *slash = strchr(path, '/');
	if (!*kv->url.host || !*path)
		return err_hint(err_new(ERR_USAGE, "'%s' names no mount", kv->display),
		                "for example vaults://vault.example:8200/secret/app");
	if (version && strcmp(version, "1") != 0 && strcmp(version, "2") != 0)
		return err_new(ERR_USAGE, "'%s': kv must be 1 or 2", kv->display);
	struct vault *vault = MEM_NEW(struct vault);
	kv->state = vault;
	vault->base = kv_http_base(kv, strcmp(kv->url.scheme, "vaults") == 0, DEFAULT_PORT);
	vault->mount = mem_strndup(path, slash ? (size_t)(slash - path) : strlen(path));
	vault->prefix = mem_strdup(slash ? slash + 1 : "");
	vault->is_v1 = version && *version == '1';
	return NULL;
}

static void close_vault(struct kv *kv)
{
	struct vault *vault = kv->state;
	if (!vault)
		return;
	mem_free(vault->base);
	mem_free(vault->mount);
	mem_free(vault->prefix);
	if (vault->token)
		secret_wipe(vault->token, strlen(vault->token));
	mem_free(vault->token);
	mem_free(vault);
}

const struct kv_driver kv_driver_vault = {
	.schemes = schemes,
	.features = KV_HAS_PAST | KV_CAN_CHANGE | KV_CAN_COMPARE,
	.open = open_vault,
	.close = close_vault,
	.read = read_vault,
	.stop = stop,
	.change = change_vault,
	.stop_task = stop_task,
};
