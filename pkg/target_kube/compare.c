/* One object against the cluster: what an apply would do to it, and whether it may. */
#include "base/base.h"

#include "target_kube/internal.h"

#include "target_kube/adopt.h"
#include "target_kube/applyset.h"
#include "target_kube/changes.h"
#include "target_kube/conflict.h"
#include "target_kube/custom.h"
#include "target_kube/fields.h"

/* An object on its way through the comparison. */
struct comparison {
	struct kube_target *kt;
	const struct object *object;
	struct kube_object *compiled;
	const struct target_record *record;
	struct plan_item *item;
	struct arena arena;
	struct kube_status status;
	const struct val *next; /* what the server would make of it; NULL: it was not asked, or said no */
};

static void show(struct comparison *c, const struct val *next)
{
	struct live *live = &c->compiled->live;
	changes_add(c->item, live->state == LIVE_ABSENT ? NULL : live->object, next,
	            c->kt->target.context->tag_key, c->kt->options.explains);
}

static void refuse(struct comparison *c, err *take_e)
{
	struct arena *a = &c->item->arena;
	AUTO(str) hints = STR_INIT;
	const char *reason = err_message(take_e), *name = c->object->display;
	if (str_starts(reason, name) && reason[strlen(name)] == ':')
		reason += strlen(name) + 2; /* whoever shows it names the object */
	for (size_t i = 0; i < err_hint_count(take_e); i++)
		str_addf(&hints, "%s%s", i ? "; " : "", err_hint_text(take_e, i));
	c->item->action = PLAN_REFUSED;
	c->item->reason = arena_strdup(a, reason);
	c->item->hint = hints.len ? arena_strdup(a, hints.ptr) : NULL;
	err_ignore(take_e, "it is the reason now");
}

static void predict(struct comparison *c, const char *why)
{
	bool is_new = c->compiled->live.state == LIVE_ABSENT;
	c->item->action = is_new ? PLAN_CREATE : PLAN_UPDATE;
	c->item->is_predicted = true;
	c->item->reason = why;
	show(c, is_new ? c->compiled->body
	               : fields_predict(&c->arena, c->compiled->body, c->compiled->live.object));
}

/* --- the server's answers to a dry-run --- */

static bool is_same_entry(const struct val *before, const struct val *after)
{
	bool is_unique;
	const struct val *x = fields_our_entry(before, &is_unique);
	const struct val *y = fields_our_entry(after, &is_unique);
	return x && y && val_equal(val_get(x, "fieldsV1"), val_get(y, "fieldsV1"));
}

static void judge_answer(struct comparison *c)
{
	const struct live *live = &c->compiled->live;
	if (live->state == LIVE_ABSENT) {
		c->item->action = PLAN_CREATE;
		show(c, c->compiled->body);
		return;
	}
	bool is_same = val_equal(fields_without_noise(&c->arena, live->object),
	                         fields_without_noise(&c->arena, c->next));
	if (is_same && is_same_entry(live->object, c->next)) {
		c->item->action = PLAN_NONE;
		return;
	}
	c->item->action = PLAN_UPDATE;
	if (is_same)
		c->item->reason = "only who owns its fields changes";
	show(c, c->next);
}

/*
 * The server was asked with the entries as they still are, so it would keep what the former tools own and
 * our manifest does not name; it goes once these entries are ours.
 */
static err *judge_adoption(struct comparison *c)
{
	const struct live *live = &c->compiled->live;
	const struct val *next =
		fields_give_up(&c->arena, c->compiled->body, c->next, live->object);
	c->item->action = PLAN_UPDATE;
	c->item->reason = arena_printf(&c->item->arena, "taken over from %s", live->former);
	/* Much of what a tool owns are defaults, which the server fills in again. */
	TRY(kube_dry_update(c->kt, c->compiled, next, &c->arena, &next));
	show(c, next);
	return NULL;
}

static void judge_immutable(struct comparison *c)
{
	if (!c->compiled->may_replace) {
		refuse(c, err_hint(kube_refusal(c->object, &c->status),
		                   "only a new object can have that: pass --replace %s, or annotate it "
		                   "with " ANNOTATION_REPLACE ": allowed", c->object->display));
		show(c, fields_predict(&c->arena, c->compiled->body, c->compiled->live.object));
		return;
	}
	c->item->action = PLAN_REPLACE;
	c->item->reason = "a field that cannot be changed in place changes";
	show(c, fields_predict(&c->arena, c->compiled->body, c->compiled->live.object));
}

/* By the definition of the set, since the server has none, or an older one. */
static err *predict_custom(struct comparison *c, const char *why)
{
	TRY(custom_check(c->object));
	predict(c, why);
	return NULL;
}

/* The server says no by a definition that the same apply changes. */
static bool is_outdated(const struct comparison *c)
{
	const struct object *crd = c->compiled->crd;
	bool is_about_content =
		c->status.code == 400 || c->status.code == 422 || c->status.code == 500;
	return is_about_content && crd && compiled_of(crd)->live.state == LIVE_DIFFERS;
}

static err *judge_missing(struct comparison *c)
{
	if (c->compiled->name_space && str_equal(c->status.details_kind, "namespaces")) {
		predict(c, "its namespace is made by the same apply");
		return NULL;
	}
	if (c->compiled->crd)
		return predict_custom(c, "its kind is made by the same apply");
	err *e = kube_refusal(c->object, &c->status);
	if (str_equal(c->status.details_kind, "namespaces"))
		e = err_hint(e, "add a Namespace manifest, or create it first");
	return e;
}

static err *judge_refusal(struct comparison *c)
{
	bool exists = c->compiled->live.state != LIVE_ABSENT;
	if (c->status.code == 404)
		return judge_missing(c);
	if (c->status.code == 403) {
		predict(c, "predicted: the server does not let us ask it (no permission to patch)");
		return NULL;
	}
	if (is_outdated(c)) {
		c->compiled->awaits_definition = true;
		return predict_custom(c, "its definition is changed by the same apply");
	}
	if (conflict_is_fields(&c->status)) {
		refuse(c, kube_refusal(c->object, &c->status));
		return NULL;
	}
	if (exists && conflict_is_immutable(&c->status)) {
		judge_immutable(c);
		return NULL;
	}
	return kube_refusal(c->object, &c->status);
}

/* Fields that were ours, under this very manifest, until somebody wrote over them; no controller. */
static bool is_drift(const struct comparison *c)
{
	if (!c->kt->options.corrects_drift || !c->record || c->record->is_pending ||
	    !str_equal(c->record->fingerprint, c->compiled->fingerprint))
		return false;
	for (size_t i = 0; i < c->status.cause_count; i++)
		if (strstr(c->status.causes[i].message, "with subresource"))
			return false;
	return true;
}

/* Conflicts with the tools that are left: once their entries are ours there are none. */
static bool is_with_former(const struct comparison *c)
{
	AUTO(str) manager = STR_INIT;
	for (size_t i = 0; i < c->status.cause_count; i++) {
		conflict_manager(&c->status.causes[i], &manager);
		if (!c->compiled->live.former ||
		    strstr(c->status.causes[i].message, "with subresource") ||
		    !adopt_is_former(manager.ptr ? manager.ptr : "", c->kt->options.adopt_from))
			return false;
		str_reset(&manager);
	}
	return true;
}

static err *dry_run(struct comparison *c)
{
	struct kube_object *compiled = c->compiled;
	const char *uid = compiled->live.state == LIVE_ABSENT ? NULL : compiled->live.uid;
	unsigned flags = PATCH_DRY_RUN;
	TRY(kube_patch(c->kt, compiled, flags, uid, &c->arena, &c->status, &c->next));
	bool is_conflict = !c->next && conflict_is_fields(&c->status);
	bool is_adopted = is_conflict && is_with_former(c);
	compiled->must_force =
		is_conflict && !is_adopted &&
		(conflict_is_covered(&c->status, c->kt->options.take_over) || is_drift(c));
	if (compiled->must_force || is_adopted)
		TRY(kube_patch(c->kt, compiled, flags | PATCH_FORCE, uid, &c->arena, &c->status,
		               &c->next));
	if (!c->next)
		return judge_refusal(c);
	if (compiled->live.former)
		return judge_adoption(c);
	judge_answer(c);
	return NULL;
}

/* --- the comparison --- */

/* A Namespace or CRD that the same apply makes: nothing to ask the server yet. */
static const char *made_by_the_set(const struct kube_object *compiled)
{
	if (compiled->live.state != LIVE_ABSENT)
		return NULL;
	if (compiled->name_space && compiled_of(compiled->name_space)->live.state == LIVE_ABSENT)
		return "its namespace is made by the same apply";
	if (compiled->crd && compiled_of(compiled->crd)->live.state == LIVE_ABSENT)
		return "its kind is made by the same apply";
	return NULL;
}

/* Once for each application, release and so on, not for each of its objects. */
static void say_farewell(const struct comparison *c)
{
	struct kube_target *kt = c->kt;
	AUTO(str) text = STR_INIT;
	if (!adopt_farewell(c->compiled->live.object, &text))
		return;
	mutex_lock(kt->mutex);
	bool is_new = !map_get(&kt->told, text.ptr);
	map_set(&kt->told, text.ptr, kt);
	mutex_unlock(kt->mutex);
	const struct target_context *context = kt->target.context;
	const struct target_note note = { TARGET_NOTE_WARNING, NULL, NULL, text.ptr };
	if (is_new && context->on_note)
		context->on_note(context->note_context, &note);
}

static err *compare_live(struct comparison *c)
{
	const struct live *live = &c->compiled->live;
	if (live->state == LIVE_PROVED) {
		c->item->action = PLAN_NONE;
		return NULL;
	}
	if (live->state == LIVE_DIFFERS && live->ignore_mark) {
		c->item->action = PLAN_NONE;
		c->item->reason = arena_printf(&c->item->arena, "left alone: %s", live->ignore_mark);
		return NULL;
	}
	if (live->state == LIVE_DIFFERS && c->kt->options.adopts)
		say_farewell(c);
	else if (live->state == LIVE_DIFFERS && live->other_owner && !c->record &&
	         !c->kt->options.take_over) {
		refuse(c, err_hint(err_new(ERR_REFUSED, "it belongs to %s", live->other_owner),
		                   "move it here with 'fettle adopt'"));
		return NULL;
	}
	const char *why = made_by_the_set(c->compiled);
	return why ? predict_custom(c, why) : dry_run(c);
}

static void print_fingerprints(struct comparison *c, unsigned flags)
{
	struct plan_item *item = c->item;
	const struct live *live = &c->compiled->live;
	const struct recorded_uid recorded = kube_recorded_uid(c->record);
	bool needs_record = !c->record || c->record->is_pending;
	bool is_there = live->state != LIVE_ABSENT;
	item->is_foreign = is_there && !c->record;
	if (c->record && item->action != PLAN_NONE)
		item->has_drifted = !is_there || !live->owned || strlen(live->owned) != recorded.owned.len ||
		                    memcmp(live->owned, recorded.owned.ptr, recorded.owned.len) != 0;
	if (item->action == PLAN_NONE && !needs_record && !(flags & TARGET_WANT_FINGERPRINTS))
		return;
	item->desired = c->compiled->fingerprint;
	item->live = item->action == PLAN_NONE ? c->compiled->fingerprint
	             : is_there               ? live->owned
	                                      : "";
}

/* What is in sync and gets a record all the same (adopted, or a run was cut off) needs a uid for it. */
static err *remember_uid(struct comparison *c)
{
	struct live *live = &c->compiled->live;
	bool needs_record = !c->record || c->record->is_pending;
	if (c->item->action != PLAN_NONE || !needs_record)
		return NULL;
	if (!live->object)
		TRY(kube_look_fully(c->kt, c->object));
	if (live->object)
		c->item->uid = arena_printf(&c->item->arena, "%s %s", live->uid, live->owned);
	return NULL;
}

static err *look_if_unseen(struct comparison *c)
{
	struct kube_object *compiled = c->compiled;
	bool is_new_kind = compiled->crd && compiled_of(compiled->crd)->live.state == LIVE_ABSENT;
	if (compiled->live.state == LIVE_UNSEEN && is_new_kind)
		compiled->live.state = LIVE_ABSENT;
	if (compiled->live.state != LIVE_UNSEEN)
		return NULL;
	return kube_look(c->kt, c->object);
}

err *kube_plan(struct target *target, const struct object *object,
               const struct target_record *record, unsigned flags, struct plan_item *item)
{
	struct comparison c = { .kt = kube_of(target),
		                .object = object,
		                .compiled = compiled_of(object),
		                .record = record,
		                .item = item };
	item->location = c.compiled->path;
	c.compiled->awaits_definition = false;
	err *e = look_if_unseen(&c);
	if (!e)
		e = compare_live(&c);
	if (!e) {
		item->is_unready = item->action == PLAN_NONE && c.compiled->live.is_unready &&
		                   !c.compiled->live.ignore_mark;
		print_fingerprints(&c, flags);
		e = remember_uid(&c);
	}
	arena_clear(&c.arena);
	return e;
}

/* --- removals --- */

/* Kinds whose deletion takes more with it than the object. */
static const char *const guarded[] = { "Namespace", "CustomResourceDefinition", "PersistentVolume",
	                               "PersistentVolumeClaim", "StatefulSet" };

static bool is_allowed(const struct kube_target *kt, const char *kind, const struct plan_item *item)
{
	for (const char *const *at = kt->options.allow_delete; at && *at; at++)
		if (str_equal(*at, kind) || str_equal(*at, item->display) || str_equal(*at, "*"))
			return true;
	return false;
}

static const char *guarded_kind(const struct target_record *record)
{
	const char *slash = strchr(record->key, '/');
	for (size_t i = 0; slash && i < ARRAY_LEN(guarded); i++) {
		size_t len = strlen(guarded[i]);
		if (strncmp(slash + 1, guarded[i], len) == 0 && slash[1 + len] == '/')
			return guarded[i];
	}
	return NULL;
}

static void refuse_removal(struct plan_item *item, const char *reason, const char *hint)
{
	item->action = PLAN_REFUSED;
	item->reason = reason;
	item->hint = hint;
}

err *kube_plan_removal(struct target *target, const struct target_record *record,
                       struct plan_item *item)
{
	struct kube_target *kt = kube_of(target);
	const struct recorded_uid recorded = kube_recorded_uid(record);
	struct live *live;
	struct arena *a = &item->arena;
	TRY(kube_look_removal(kt, record, &live));
	item->location = record->location;
	item->desired = "";
	item->live = live->state == LIVE_ABSENT ? "" : live->owned;
	if (live->state == LIVE_ABSENT) {
		item->action = PLAN_FORGET;
		item->reason = "it is gone already";
		return NULL;
	}
	const char *set = val_get_str(val_get(val_get(live->object, "metadata"), "labels"),
	                              APPLYSET_PART_OF, "");
	if (*set && !str_equal(set, kt->set_id)) {
		item->action = PLAN_FORGET;
		item->reason = "it belongs to another project by now; it stays";
		return NULL;
	}
	bool is_known = recorded.uid.len > 0;
	if (is_known && (strlen(live->uid) != recorded.uid.len ||
	                 memcmp(live->uid, recorded.uid.ptr, recorded.uid.len) != 0)) {
		item->action = PLAN_FORGET;
		item->reason = "another object has its name by now; it stays";
		return NULL;
	}
	if (live->keep_mark || live->ignore_mark) {
		item->action = PLAN_FORGET;
		item->reason = arena_printf(a, "it stays: %s", live->keep_mark ? live->keep_mark
		                                                               : live->ignore_mark);
		return NULL;
	}
	item->action = PLAN_DELETE;
	changes_add(item, live->object, NULL, target->context->tag_key, false);
	const char *kind = guarded_kind(record);
	if (kind && !is_allowed(kt, kind, item)) {
		refuse_removal(item, arena_printf(a, "deleting a %s deletes what is in it, too", kind),
		               arena_printf(a, "pass --allow-delete %s", item->display));
		return NULL;
	}
	item->has_drifted = !is_known || strlen(live->owned) != recorded.owned.len ||
	                    memcmp(live->owned, recorded.owned.ptr, recorded.owned.len) != 0;
	if (item->has_drifted)
		refuse_removal(item, "somebody changed it since it was applied",
		               "look at it, then pass --prune-changed");
	return NULL;
}

/* --- status --- */

err *kube_inspect(struct target *target, const struct target_record *record, struct arena *arena,
                  const char **ret_live, const char **ret_note)
{
	struct kube_target *kt = kube_of(target);
	const struct recorded_uid recorded = kube_recorded_uid(record);
	struct live *live;
	TRY(kube_look_removal(kt, record, &live));
	*ret_live = "";
	if (live->state == LIVE_ABSENT)
		return NULL;
	bool is_same = strlen(live->owned) == recorded.owned.len &&
	               memcmp(live->owned, recorded.owned.ptr, recorded.owned.len) == 0;
	*ret_live = is_same ? record->fingerprint : live->owned;
	struct health_options options = { .jobs_may_run = kt->options.jobs_may_run };
	struct health health;
	health_of(live->object, &options, &health);
	*ret_note = arena_printf(arena, "%s%s%s", health_state_name(health.state),
	                         *health.text ? ": " : "", health.text);
	return NULL;
}
