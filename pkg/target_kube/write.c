/* Writing: server-side apply, replacement, deletion; and what the server says no to. */
#include "base/base.h"

#include "target_kube/internal.h"

#include "json/json.h"
#include "pal/clock.h"
#include "pal/random.h"
#include "pal/sig.h"
#include "target_kube/adopt.h"
#include "target_kube/changes.h"
#include "target_kube/conflict.h"
#include "target_kube/fields.h"

enum {
	/* A kind that was just made is answered by "404 page not found" for a moment. */
	SERVE_WAIT_MS = 10000,
	SERVE_LOOK_MS = 25,
};

static void add_patch_query(unsigned flags, struct str *path)
{
	kube_query_add(path, "fieldManager", KUBE_FIELD_MANAGER);
	kube_query_add(path, "fieldValidation", "Strict");
	kube_query_add(path, "force", flags & PATCH_FORCE ? "true" : "false");
	if (flags & PATCH_DRY_RUN)
		kube_query_add(path, "dryRun", "All");
}

/* With `uid` the server refuses when another object has the name by now. */
static const struct val *with_uid(struct arena *a, const struct val *body, const char *uid)
{
	if (!uid || !*uid)
		return body;
	struct val *copy = val_shallow_copy(a, body);
	struct val *metadata = val_shallow_copy(a, val_get(body, "metadata"));
	val_set_str(a, metadata, "uid", uid);
	val_set(a, copy, "metadata", metadata);
	return copy;
}

err *kube_patch(struct kube_target *kt, const struct kube_object *compiled, unsigned flags,
                const char *uid, struct arena *arena, struct kube_status *ret_status,
                const struct val **ret_object)
{
	AUTO(str) path = STR_INIT;
	AUTO(str) body = STR_INIT;
	struct kube_response response = { 0 };
	*ret_object = NULL;
	str_addz(&path, compiled->path);
	add_patch_query(flags, &path);
	json_write(with_uid(arena, compiled->body, uid), JSON_ONE_LINE, &body);
	struct kube_request request = { .method = "PATCH",
		                        .path = path.ptr,
		                        .content_type = "application/apply-patch+yaml",
		                        .body = view_str(&body),
		                        .is_idempotent = true };
	err *e = kube_do(kt->kube, &request, &response);
	struct val *object = NULL;
	if (!e && response.status / 100 == 2)
		e = json_read(response.body.ptr, response.body.len, "answer of the API server", arena,
		              &object);
	if (!e)
		kube_status_parse(&response, arena, ret_status);
	*ret_object = object;
	kube_response_clear(&response);
	return e;
}

err *kube_dry_update(struct kube_target *kt, const struct kube_object *compiled,
                     const struct val *object, struct arena *arena, const struct val **ret_next)
{
	AUTO(str) path = STR_INIT;
	AUTO(str) body = STR_INIT;
	struct kube_response response = { 0 };
	struct val *answer = NULL;
	str_addz(&path, compiled->path);
	kube_query_add(&path, "dryRun", "All");
	kube_query_add(&path, "fieldManager", KUBE_FIELD_MANAGER);
	struct val *copy = val_shallow_copy(arena, object);
	struct val *metadata = val_shallow_copy(arena, val_get(object, "metadata"));
	val_remove(metadata, "managedFields");
	val_remove(metadata, "resourceVersion");
	val_set(arena, copy, "metadata", metadata);
	json_write(copy, JSON_ONE_LINE, &body);
	struct kube_request request = {
		.method = "PUT", .path = path.ptr, .body = view_str(&body), .is_idempotent = true
	};
	err *e = kube_do(kt->kube, &request, &response);
	if (!e && response.status == 200)
		e = json_read(response.body.ptr, response.body.len, "answer of the API server",
		              arena, &answer);
	kube_response_clear(&response);
	*ret_next = answer ? answer : object;
	return e;
}

err *kube_refusal(const struct object *object, const struct kube_status *status)
{
	const struct kube_object *compiled = compiled_of(object);
	if (conflict_is_fields(status))
		return conflict_error(object, status);
	err *e = kube_status_error(status, object->display);
	/* Structured merge answers 500 for what is a mistake in the manifest. */
	if (strstr(status->message, "failed to create typed patch object"))
		e = err_as(e, ERR_INVALID);
	if (!object->is_sensitive)
		return val_place(e, val_get(object->doc, "kind"));
	AUTO(str) text = STR_INIT;
	str_addz(&text, err_message(e));
	changes_redact(compiled->body, &text);
	enum err_kind kind = err_kind(e);
	err_free(e);
	return err_without_snippet(val_place(err_new(kind, "%s", text.ptr),
	                                     val_get(object->doc, "kind")));
}

/* --- apply --- */

static int64_t time_of_write(const struct val *object)
{
	bool is_unique;
	const struct val *entry = fields_our_entry(object, &is_unique);
	int64_t ns = 0;
	const char *text = val_get_str(entry, "time", "");
	if (*text)
		err_ignore(clock_parse(text, &ns), "no time: every pod counts");
	return ns / CLOCK_NS_PER_MS;
}

/* What apply leaves for the records and for await. */
static void take_answer(struct kube_target *kt, struct plan_item *item, const struct val *object)
{
	struct kube_object *compiled = compiled_of(item->object);
	const struct val *metadata = val_get(object, "metadata");
	char owned[65];
	kube_owned_hash(kt, object, owned);
	const char *uid = val_get_str(metadata, "uid", "");
	compiled->generation = val_get_int(metadata, "generation", 0);
	compiled->written_ms = time_of_write(object);
	item->uid = arena_printf(&item->arena, "%s %s", uid, owned);
	AUTO(mutex_hold) hold = mutex_hold(kt->mutex);
	compiled->live.uid = arena_strdup(&kt->live_arena, uid);
	compiled->live.object = val_copy(&kt->live_arena, object);
	compiled->live.state = LIVE_DIFFERS;
}

/* 404 because the kind is not served yet, and not because the namespace is missing. */
static bool is_not_served(const struct kube_object *compiled, const struct kube_status *status)
{
	/* The new definition is stored, but the server may go by the old one for a moment. */
	if (compiled->awaits_definition &&
	    (status->code == 400 || status->code == 422 || status->code == 500))
		return true;
	return status->code == 404 && !str_equal(status->details_kind, "namespaces");
}

static err *check_time(const struct kube_target *kt, int64_t end_ns)
{
	const struct target_context *context = kt->target.context;
	TRY(cancel_check(context->cancel));
	if (clock_monotonic_ns() > end_ns ||
	    (context->deadline_ns && clock_monotonic_ns() > context->deadline_ns))
		return err_new(ERR_TIMEOUT, "the kind is not served although its definition is "
		               "established");
	return NULL;
}

/* Server-side apply, again while a kind of this very set is not served yet. */
static err *patch_until_served(struct kube_target *kt, const struct plan_item *item, unsigned flags,
                               const char *uid, struct arena *arena, struct kube_status *ret_status,
                               const struct val **ret_object)
{
	const struct kube_object *compiled = compiled_of(item->object);
	int64_t end_ns = clock_monotonic_ns() + SERVE_WAIT_MS * CLOCK_NS_PER_MS;
	for (;;) {
		TRY(kube_patch(kt, compiled, flags, uid, arena, ret_status, ret_object));
		if (!compiled->crd || !is_not_served(compiled, ret_status))
			return NULL;
		err *late = check_time(kt, end_ns);
		if (late && ret_status->code != 404) {
			err_free(late);
			return NULL; /* what the server says is better */
		}
		TRY(late);
		clock_sleep_ms(random_jitter_ms(SERVE_LOOK_MS, 20));
	}
}

static err *write_object(struct kube_target *kt, struct plan_item *item, const char *uid)
{
	const struct kube_object *compiled = compiled_of(item->object);
	struct arena arena = ARENA_INIT;
	struct kube_status status = { 0 };
	const struct val *object = NULL;
	unsigned flags = compiled->must_force ? PATCH_FORCE : 0;
	err *e = patch_until_served(kt, item, flags, uid, &arena, &status, &object);
	if (!e && !object)
		e = kube_refusal(item->object, &status);
	if (!e)
		take_answer(kt, item, object);
	arena_clear(&arena);
	return e;
}

/* --- deletion --- */

struct deletion {
	bool is_gone;  /* nothing there (any more) */
	bool is_other; /* another object has the name by now */
};

/* Whether it was there at all; the server checks that it is still the one that was looked at. */
static err *delete_object(struct kube_target *kt, const char *path, const char *uid,
                          const char *display, struct deletion *ret_deletion)
{
	AUTO(str) body = STR_INIT;
	struct kube_response response = { 0 };
	struct arena arena = ARENA_INIT;
	struct kube_status status = { 0 };
	str_addz(&body, "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\","
	                "\"propagationPolicy\":\"Background\",\"preconditions\":{\"uid\":");
	json_write_string(uid, strlen(uid), &body);
	str_addz(&body, "}}");
	struct kube_request request = { .method = "DELETE",
		                        .path = path,
		                        .body = view_str(&body),
		                        .is_idempotent = true };
	*ret_deletion = (struct deletion){ 0 };
	err *e = kube_do(kt->kube, &request, &response);
	if (!e) {
		kube_status_parse(&response, &arena, &status);
		struct val *answer = NULL;
		if (response.status / 100 == 2)
			e = json_read(response.body.ptr, response.body.len, "answer of the API server",
			              &arena, &answer);
		const struct val *metadata = val_get(answer, "metadata");
		ret_deletion->is_gone = response.status == 404 ||
		                        (answer && !val_get(metadata, "deletionTimestamp"));
		ret_deletion->is_other = response.status == 409;
		if (!e && response.status / 100 != 2 && !ret_deletion->is_gone &&
		    !ret_deletion->is_other)
			e = kube_status_error(&status, display);
	}
	kube_response_clear(&response);
	arena_clear(&arena);
	return e;
}

err *kube_remove(struct target *target, struct plan_item *item, const struct target_record *record)
{
	struct kube_target *kt = kube_of(target);
	const struct kube_resource *resource;
	struct live *live;
	struct deletion deletion;
	AUTO(str) path = STR_INIT;
	TRY(kube_look_removal(kt, record, &live));
	if (live->state == LIVE_ABSENT)
		return NULL;
	TRY(kube_record_path(kt, record->key, &resource, &path));
	TRY(delete_object(kt, path.ptr, live->uid, item->display, &deletion));
	if (deletion.is_other) {
		item->action = PLAN_FORGET;
		item->reason = "another object has its name by now; it stays";
	}
	if (deletion.is_gone)
		live->state = LIVE_ABSENT;
	return NULL;
}

/* --- make anew --- */

static err *replace_object(struct kube_target *kt, struct plan_item *item)
{
	const struct kube_object *compiled = compiled_of(item->object);
	struct deletion deletion;
	TRY(delete_object(kt, compiled->path, compiled->live.uid, item->display, &deletion));
	if (deletion.is_other)
		return object_error(item->object, ERR_CONFLICT, "another object has its name by now");
	if (!deletion.is_gone)
		TRY(kube_wait_gone(kt, item, compiled->live.uid));
	return write_object(kt, item, NULL);
}

err *kube_apply(struct target *target, struct plan_item *item)
{
	struct kube_target *kt = kube_of(target);
	if (item->action == PLAN_REPLACE)
		return replace_object(kt, item);
	const struct kube_object *compiled = compiled_of(item->object);
	const char *uid = item->action == PLAN_CREATE ? NULL : compiled->live.uid;
	if (uid && compiled->live.former)
		TRY(adopt_write(kt, compiled->path, uid, item->display));
	return write_object(kt, item, uid);
}
