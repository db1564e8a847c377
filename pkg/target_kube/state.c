#include "base/base.h"

#include "target_kube/state.h"

#include "base/num.h"
#include "crypto/deflate.h"
#include "crypto/encode.h"
#include "crypto/hash.h"
#include "json/json.h"
#include "pal/clock.h"
#include "pal/proc.h"
#include "pal/user.h"
#include "target_kube/applyset.h"
#include "target_kube/internal.h"

#define LABEL_RECORDS "fettle.dev/records" /* on parts, with the parent's name */
#define ANNOTATION_PROJECT "fettle.dev/project"
#define KEY_RECORDS "records"
#define KEY_PARTS "parts"                  /* how many Secrets beside the parent */
#define KEY_TURN "turn"                    /* part of their names: a save writes new ones */

enum {
	PART_BYTES = 700 << 10,    /* of the image; base64 makes a third more, a Secret may have 1 MiB */
	NAME_MAX_LEN = 63,
	LEASE_S = 30,
	RENEW_MS = 10000,
	STATE_LIMIT = 256 << 20,
};

struct kube_state {
	struct kube_target *kt;
	struct str version;        /* resourceVersion of the parent as read or written; "" : none */
	unsigned parts;            /* Secrets beside it */
	uint64_t turn;
	bool is_held;              /* the lease is ours */
	char *holder;
	struct pool *renewer;
	struct mutex *mutex;
	struct cond *ended;
	bool is_ending;
};

/* --- names --- */

void kube_state_parent(const char *project, struct str *out)
{
	char hex[SHA256_HEX_SIZE];
	bool is_changed = false;
	size_t start = out->len;
	str_addz(out, "fettle-");
	for (const char *c = project; *c; c++) {
		bool is_fine = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9');
		is_changed = is_changed || !(is_fine || *c == '-');
		str_addch(out, is_fine ? *c : '-');
	}
	if (!is_changed && out->len - start <= NAME_MAX_LEN && out->ptr[out->len - 1] != '-')
		return;
	/* Two names that look alike by now must not become one. */
	sha256_hex(project, strlen(project), hex);
	if (out->len - start > NAME_MAX_LEN - 9)
		str_truncate(out, start + NAME_MAX_LEN - 9);
	str_addf(out, "-%.8s", hex);
}

static void secret_path(const struct kube_target *kt, const char *name, struct str *path)
{
	str_addf(path, "/api/v1/namespaces/%s/secrets", kt->name_space);
	if (name)
		str_addf(path, "/%s", name);
}

static char *part_name(const struct kube_target *kt, uint64_t turn, unsigned index)
{
	return str_format("%s-%" PRIu64 "-%u", kt->parent, turn, index);
}

/* --- reading --- */

static err *get_secret(struct kube_target *kt, const char *name, struct arena *a,
                       const struct val **ret_secret)
{
	AUTO(str) path = STR_INIT;
	secret_path(kt, name, &path);
	AUTOFREE char *what = str_format("cannot read the records (Secret %s/%s)", kt->name_space, name);
	const struct kube_request request = { .path = path.ptr };
	return kube_get_json(kt->kube, &request, what, a, ret_secret);
}

static err *add_data(const struct val *secret, const char *key, struct str *out)
{
	const char *text = val_get_str(val_get(secret, "data"), key, "");
	err *e = base64_decode(view_of(text), BASE64_LINES, out);
	return e ? err_as(err_wrap(e, "the records in the cluster are damaged"), ERR_CORRUPT) : NULL;
}

static int64_t number_in(const struct val *secret, const char *key)
{
	AUTO(str) text = STR_INIT;
	int64_t number = 0;
	err *e = add_data(secret, key, &text);
	if (!e && text.len && !num_parse_i64(text.ptr, text.len, &number))
		number = 0;
	err_ignore(e, "0 then");
	return number;
}

static err *refuse_foreign(struct kube_target *kt, const struct val *parent)
{
	const struct val *metadata = val_get(parent, "metadata");
	const char *tooling = val_get_str(val_get(metadata, "annotations"), APPLYSET_TOOLING, "");
	const char *id = val_get_str(val_get(metadata, "labels"), APPLYSET_ID, "");
	const char *project = val_get_str(val_get(metadata, "annotations"), ANNOTATION_PROJECT, "");
	if (str_starts(tooling, "fettle/") && str_equal(id, kt->set_id) &&
	    str_equal(project, kt->options.project))
		return NULL;
	return err_hint(err_new(ERR_REFUSED, "Secret %s/%s is not fettle's%s%s", kt->name_space, kt->parent,
	                        *tooling ? " but of " : "", tooling),
	                "pass --name to choose another project name");
}

static err *read_parts(struct kube_state *state, const struct val *parent, struct str *packed)
{
	TRY(add_data(parent, KEY_RECORDS, packed));
	for (unsigned i = 1; i <= state->parts; i++) {
		struct arena arena = ARENA_INIT;
		const struct val *part = NULL;
		AUTOFREE char *name = part_name(state->kt, state->turn, i);
		err *e = get_secret(state->kt, name, &arena, &part);
		if (!e)
			e = add_data(part, KEY_RECORDS, packed);
		arena_clear(&arena);
		TRY(e);
	}
	return NULL;
}

static err *take_parent(struct kube_state *state, const struct val *parent, struct str *ret_image)
{
	AUTO(str) packed = STR_INIT;
	TRY(refuse_foreign(state->kt, parent));
	str_reset(&state->version);
	str_addz(&state->version, val_get_str(val_get(parent, "metadata"), "resourceVersion", ""));
	state->parts = (unsigned)number_in(parent, KEY_PARTS);
	state->turn = (uint64_t)number_in(parent, KEY_TURN);
	TRY(read_parts(state, parent, &packed));
	return packed.len ? inflate_add(ret_image, view_str(&packed), STATE_LIMIT) : NULL;
}

static err *read_once(struct kube_state *state, struct str *ret_image)
{
	struct arena arena = ARENA_INIT;
	const struct val *parent = NULL;
	err *e = get_secret(state->kt, state->kt->parent, &arena, &parent);
	if (err_is(e, ERR_NOT_FOUND)) {
		err_ignore(e, "nothing was applied yet");
		e = NULL;
		str_reset(&state->version);
		state->parts = 0;
		state->turn = 0;
	} else if (!e) {
		e = take_parent(state, parent, ret_image);
	}
	arena_clear(&arena);
	return e;
}

/* A save may replace the parts while we read them; the parent names the new ones then. */
static err *read_state(struct kube_state *state, struct str *ret_image)
{
	err *e = read_once(state, ret_image);
	if (!err_is(e, ERR_NOT_FOUND))
		return e;
	err_free(e);
	str_reset(ret_image);
	return read_once(state, ret_image);
}

/* --- the lease --- */

static void lease_path(const struct kube_state *state, struct str *path)
{
	str_addf(path, "/apis/coordination.k8s.io/v1/namespaces/%s/leases/%s", state->kt->name_space,
	         state->kt->parent);
}

static void add_time(struct str *out)
{
	char text[CLOCK_TEXT_SIZE];
	clock_format(clock_wall_ns(), text);
	/* MicroTime: RFC 3339 with a fraction of a second */
	size_t len = strlen(text);
	str_addf(out, "%.*s.000000Z", (int)(len ? len - 1 : 0), text);
}

static err *write_lease(struct kube_state *state, const char *version, const char *holder, int *ret_status)
{
	AUTO(str) path = STR_INIT;
	AUTO(str) body = STR_INIT;
	AUTO(str) now = STR_INIT;
	struct kube_response response = { 0 };
	bool is_new = !version;
	lease_path(state, &path);
	if (is_new)
		str_truncate(&path, (size_t)(strrchr(path.ptr, '/') - path.ptr));
	add_time(&now);
	struct json_writer w = json_writer_init(&body, JSON_ONE_LINE);
	json_begin_object(&w);
	json_key_string(&w, "apiVersion", "coordination.k8s.io/v1");
	json_key_string(&w, "kind", "Lease");
	json_key(&w, "metadata");
	json_begin_object(&w);
	json_key_string(&w, "name", state->kt->parent);
	if (!is_new)
		json_key_string(&w, "resourceVersion", version);
	json_end_object(&w);
	json_key(&w, "spec");
	json_begin_object(&w);
	json_key_string(&w, "holderIdentity", holder);
	json_key_int(&w, "leaseDurationSeconds", LEASE_S);
	json_key_string(&w, "renewTime", now.ptr);
	json_end_object(&w);
	json_end_object(&w);
	const struct kube_request request = { .method = is_new ? "POST" : "PUT",
		                              .path = path.ptr,
		                              .is_bookkeeping = true,
		                              .body = view_str(&body) };
	err *e = kube_do(state->kt->kube, &request, &response);
	*ret_status = response.status;
	kube_response_clear(&response);
	return e;
}

struct lease {
	int status;         /* of the read */
	bool is_held;       /* by somebody else, and not over */
	char *version, *holder;
};

static void lease_clear(struct lease *lease)
{
	mem_free(lease->version);
	mem_free(lease->holder);
}

static bool is_over(const struct val *spec)
{
	int64_t ns = 0, seconds = val_get_int(spec, "leaseDurationSeconds", LEASE_S);
	const char *text = val_get_str(spec, "renewTime", "");
	err *e = *text ? clock_parse(text, &ns) : NULL;
	bool is_known = *text && !e;
	err_ignore(e, "a time nobody understands is long ago");
	return !is_known || clock_wall_ns() / CLOCK_NS_PER_MS > ns / CLOCK_NS_PER_MS + seconds * 1000;
}

/* "user@host, process 12: command" */
static size_t holder_prefix(const char *holder)
{
	const char *number = strstr(holder, ", process ");
	return number ? (size_t)(number - holder) + strlen(", process ") : 0;
}

/* A process of this machine that was killed will not give it back; no need to wait for its end. */
static bool is_dead_here(const struct kube_state *state, const char *holder)
{
	uint64_t pid = 0;
	size_t len = holder_prefix(holder), own = holder_prefix(state->holder);
	if (!len || len != own || strncmp(holder, state->holder, len) != 0)
		return false;
	size_t digits = strspn(holder + len, "0123456789");
	return num_parse_u64(holder + len, digits, 10, &pid) && !proc_is_alive((int64_t)pid);
}

static err *read_lease(struct kube_state *state, struct lease *ret_lease)
{
	AUTO(str) path = STR_INIT;
	struct arena arena = ARENA_INIT;
	struct kube_response response = { 0 };
	struct val *root = NULL;
	lease_path(state, &path);
	const struct kube_request request = { .path = path.ptr, .is_bookkeeping = true };
	*ret_lease = (struct lease){ 0 };
	TRY(kube_do(state->kt->kube, &request, &response));
	err *e = NULL;
	ret_lease->status = response.status;
	if (response.status == 200)
		e = json_read(response.body.ptr, response.body.len, "lease", &arena, &root);
	const struct val *spec = val_get(root, "spec");
	const char *holder = val_get_str(spec, "holderIdentity", "");
	ret_lease->version = mem_strdup(val_get_str(val_get(root, "metadata"), "resourceVersion", ""));
	ret_lease->holder = mem_strdup(holder);
	ret_lease->is_held = *holder && !str_equal(holder, state->holder) && !is_over(spec) &&
	                     !is_dead_here(state, holder);
	kube_response_clear(&response);
	arena_clear(&arena);
	return e;
}

static void name_holder(struct kube_state *state, const char *command)
{
	AUTO(str) user = STR_INIT;
	AUTO(str) host = STR_INIT;
	user_name(NULL, user_self(), &user);
	user_host_name(&host);
	state->holder = str_format("%s@%s, process %" PRId64 ": %s", user.ptr, host.ptr, proc_self(),
	                           command);
}

static void renew(void *job)
{
	struct kube_state *state = job;
	mutex_lock(state->mutex);
	while (!state->is_ending) {
		if (cond_wait(state->ended, state->mutex, deadline_after(RENEW_MS)) || state->is_ending)
			continue;
		mutex_unlock(state->mutex);
		struct lease lease;
		int status;
		err *e = read_lease(state, &lease);
		if (!e && lease.status == 200 && !lease.is_held)
			e = write_lease(state, lease.version, state->holder, &status);
		err_ignore(e, "the next renewal is soon; the parent's version guards the records");
		lease_clear(&lease);
		mutex_lock(state->mutex);
	}
	mutex_unlock(state->mutex);
}

static err *held(const struct lease *lease)
{
	return err_hint(err_new(ERR_CONFLICT, "another apply of this project is running: %s",
	                        lease->holder),
	                "wait for it; a killed one is over %d seconds after its last sign of life", LEASE_S);
}

static err *judge_lease(struct kube_state *state, int status)
{
	const struct target_context *context = state->kt->target.context;
	const struct target_note note = { TARGET_NOTE_WARNING, NULL, NULL,
		                          "no permission for Leases: two applies at once are only "
		                          "noticed when the second one stores its records" };
	if (status == 403 && context->on_note)
		context->on_note(context->note_context, &note);
	/* 404: the namespace is not there yet; the records cannot be stored then, and say so. */
	if (status == 200 || status == 201 || status == 403 || status == 404 || status == 0)
		return NULL;
	return err_new(ERR_UNAVAILABLE, "cannot take the Lease %s/%s: the server answered %d",
	               state->kt->name_space, state->kt->parent, status);
}

/* Whoever may not write leases is guarded by the version of the records alone. */
static err *take_lease(struct kube_state *state, const char *command)
{
	struct lease lease;
	int status = 0;
	name_holder(state, command);
	TRY(read_lease(state, &lease));
	err *e = NULL;
	if (lease.status == 200 && lease.is_held)
		e = held(&lease);
	else if (lease.status == 200 || lease.status == 404)
		e = write_lease(state, lease.status == 404 ? NULL : lease.version, state->holder, &status);
	if (!e && status == 409)
		e = err_new(ERR_CONFLICT, "another apply of this project began at the same moment");
	if (!e)
		e = judge_lease(state, lease.status == 403 ? 403 : status);
	lease_clear(&lease);
	TRY(e);
	state->is_held = status == 200 || status == 201;
	if (state->is_held)
		pool_submit(state->renewer, renew, state);
	return NULL;
}

static void give_back(struct kube_state *state)
{
	struct lease lease;
	int status;
	err *e = read_lease(state, &lease);
	if (!e && lease.status == 200 && str_equal(lease.holder, state->holder))
		e = write_lease(state, lease.version, "", &status);
	err_ignore(e, "it ends by itself");
	lease_clear(&lease);
}

/* --- writing --- */

static err *put_secret(struct kube_target *kt, const char *name, bool exists, const struct str *body,
                       struct str *ret_version)
{
	AUTO(str) path = STR_INIT;
	struct arena arena = ARENA_INIT;
	struct kube_response response = { 0 };
	struct kube_status status;
	struct val *root = NULL;
	secret_path(kt, exists ? name : NULL, &path);
	const struct kube_request request = { .method = exists ? "PUT" : "POST",
		                              .path = path.ptr,
		                              .is_bookkeeping = true,
		                              .is_idempotent = true, /* a name, or a version, is in it */
		                              .body = view_str(body) };
	err *e = kube_do(kt->kube, &request, &response);
	if (!e && response.status / 100 == 2)
		e = json_read(response.body.ptr, response.body.len, "Secret", &arena, &root);
	if (!e && !root) {
		kube_status_parse(&response, &arena, &status);
		AUTOFREE char *what = str_format("cannot store the records (Secret %s/%s)", kt->name_space,
		                                 name);
		e = kube_status_error(&status, what);
		if (err_is(e, ERR_CONFLICT))
			e = err_hint(e, "another apply of this project stored its records meanwhile; run "
			             "again");
	}
	if (!e && ret_version) {
		str_reset(ret_version);
		str_addz(ret_version, val_get_str(val_get(root, "metadata"), "resourceVersion", ""));
	}
	kube_response_clear(&response);
	arena_clear(&arena);
	return e;
}

static void key_data(struct json_writer *w, const char *key, struct view bytes)
{
	AUTO(str) text = STR_INIT;
	base64_add(&text, bytes.ptr, bytes.len, 0);
	json_key_string(w, key, text.ptr ? text.ptr : "");
}

static void key_number(struct json_writer *w, const char *key, uint64_t number)
{
	AUTOFREE char *text = str_format("%" PRIu64, number);
	key_data(w, key, view_of(text));
}

static void begin_secret(struct json_writer *w)
{
	json_begin_object(w);
	json_key_string(w, "apiVersion", "v1");
	json_key_string(w, "kind", "Secret");
	json_key_string(w, "type", "fettle.dev/records");
	json_key(w, "metadata");
	json_begin_object(w);
}

static err *put_part(struct kube_target *kt, const char *name, struct view bytes)
{
	AUTO(str) body = STR_INIT;
	struct json_writer w = json_writer_init(&body, JSON_ONE_LINE);
	begin_secret(&w);
	json_key_string(&w, "name", name);
	json_key(&w, "labels");
	json_begin_object(&w);
	json_key_string(&w, LABEL_RECORDS, kt->parent);
	json_end_object(&w);
	json_end_object(&w);
	json_key(&w, "data");
	json_begin_object(&w);
	key_data(&w, KEY_RECORDS, bytes);
	json_end_object(&w);
	json_end_object(&w);
	err *e = put_secret(kt, name, false, &body, NULL);
	if (!err_is(e, ERR_CONFLICT))
		return e;
	err_ignore(e, "nobody else has our turn: the first try arrived");
	return NULL;
}

static void write_parent(struct kube_state *state, const struct target_state *wanted, struct view first,
                         unsigned parts, uint64_t turn, struct str *body)
{
	struct kube_target *kt = state->kt;
	AUTO(str) kinds = STR_INIT;
	AUTO(str) spaces = STR_INIT;
	struct json_writer w = json_writer_init(body, JSON_ONE_LINE);
	applyset_group_kinds(wanted->keys, wanted->key_count, &kinds);
	applyset_namespaces(wanted->keys, wanted->key_count, kt->name_space, &spaces);
	begin_secret(&w);
	json_key_string(&w, "name", kt->parent);
	if (state->version.len)
		json_key_string(&w, "resourceVersion", state->version.ptr);
	json_key(&w, "labels");
	json_begin_object(&w);
	json_key_string(&w, APPLYSET_ID, kt->set_id);
	json_end_object(&w);
	json_key(&w, "annotations");
	json_begin_object(&w);
	json_key_string(&w, APPLYSET_TOOLING, "fettle/" FETTLE_VERSION);
	json_key_string(&w, APPLYSET_GROUP_KINDS, kinds.ptr ? kinds.ptr : "");
	json_key_string(&w, APPLYSET_NAMESPACES, spaces.ptr ? spaces.ptr : "");
	json_key_string(&w, ANNOTATION_PROJECT, wanted->project);
	json_end_object(&w);
	json_end_object(&w);
	json_key(&w, "data");
	json_begin_object(&w);
	key_data(&w, KEY_RECORDS, first);
	key_number(&w, KEY_PARTS, parts);
	key_number(&w, KEY_TURN, turn);
	json_end_object(&w);
	json_end_object(&w);
}

/* Parts that no parent names any more; a failure leaves garbage that the next save removes. */
static void remove_parts(struct kube_state *state, unsigned parts, uint64_t turn)
{
	for (unsigned i = 1; i <= parts; i++) {
		AUTO(str) path = STR_INIT;
		AUTOFREE char *name = part_name(state->kt, turn, i);
		struct kube_response response = { 0 };
		secret_path(state->kt, name, &path);
		const struct kube_request request = { .method = "DELETE", .path = path.ptr,
			                              .is_bookkeeping = true,
			                              .is_idempotent = true };
		err_ignore(kube_do(state->kt->kube, &request, &response), "garbage, not harm");
		kube_response_clear(&response);
	}
}

/* Did a write of ours arrive although no answer came back? Takes its version then. */
static bool is_ours_already(struct kube_state *state, uint64_t turn)
{
	struct arena arena = ARENA_INIT;
	const struct val *parent = NULL;
	err *e = get_secret(state->kt, state->kt->parent, &arena, &parent);
	bool is_ours = !e && number_in(parent, KEY_TURN) == (int64_t)turn;
	err_ignore(e, "then the conflict is real");
	if (is_ours) {
		str_reset(&state->version);
		str_addz(&state->version, val_get_str(val_get(parent, "metadata"), "resourceVersion", ""));
	}
	arena_clear(&arena);
	return is_ours;
}

err *kube_state_save(struct target *target, const struct target_state *wanted)
{
	struct kube_target *kt = kube_of(target);
	struct kube_state *state = kt->state;
	AUTO(str) packed = STR_INIT;
	AUTO(str) body = STR_INIT;
	uint64_t turn = (uint64_t)clock_wall_ns(); /* nobody else's, not even of a save that was cut off */
	TRY(deflate_add(&packed, wanted->image));
	unsigned parts = packed.len ? (unsigned)((packed.len - 1) / PART_BYTES) : 0;
	for (unsigned i = 1; i <= parts; i++) {
		size_t at = (size_t)i * PART_BYTES;
		AUTOFREE char *name = part_name(kt, turn, i);
		TRY(put_part(kt, name, (struct view){ packed.ptr + at,
		                                      MIN(packed.len - at, (size_t)PART_BYTES) }));
	}
	write_parent(state, wanted, (struct view){ packed.ptr, MIN(packed.len, (size_t)PART_BYTES) },
	             parts, turn, &body);
	err *e = put_secret(kt, kt->parent, state->version.len > 0, &body, &state->version);
	if (err_is(e, ERR_CONFLICT) && is_ours_already(state, turn)) {
		err_ignore(e, "the answer to the first try was lost");
		e = NULL;
	}
	if (err_is(e, ERR_CONFLICT))
		remove_parts(state, parts, turn);
	TRY(e);
	remove_parts(state, state->parts, state->turn);
	state->parts = parts;
	state->turn = turn;
	return NULL;
}

/* --- life --- */

static struct kube_state *state_new(struct kube_target *kt)
{
	struct kube_state *state = MEM_NEW(struct kube_state);
	state->kt = kt;
	state->mutex = mutex_new();
	state->ended = cond_new();
	state->renewer = pool_new(1);
	return state;
}

err *kube_state_load(struct target *target, const char *project, const char *command,
                     bool for_change, struct str *ret_image)
{
	struct kube_target *kt = kube_of(target);
	(void)project; /* it named the parent when the target was opened */
	if (!kt->state)
		kt->state = state_new(kt);
	if (for_change && !kt->state->is_held)
		TRY(take_lease(kt->state, command ? command : "fettle"));
	return read_state(kt->state, ret_image);
}

void kube_state_free(struct kube_state *state)
{
	if (!state)
		return;
	mutex_lock(state->mutex);
	state->is_ending = true;
	cond_broadcast(state->ended);
	mutex_unlock(state->mutex);
	pool_free(state->renewer);
	if (state->is_held)
		give_back(state);
	cond_free(state->ended);
	mutex_free(state->mutex);
	str_clear(&state->version);
	mem_free(state->holder);
	mem_free(state);
}
