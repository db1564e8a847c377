#include "apply_rig.h"

#include <stdlib.h>

#include "crypto/hash.h"
#include "json/json.h"
#include "pal/sig.h"
#include "val/val.h"
#include "yaml/yaml.h"

static struct apply_rig *rig_of(struct target *target)
{
	return (struct apply_rig *)(void *)target;
}

static const char *print_text(struct arena *arena, const char *text)
{
	if (!text)
		return "";
	char *hex = arena_alloc(arena, SHA256_HEX_SIZE);
	sha256_hex(text, strlen(text), hex);
	return hex;
}

/* --- the driver --- */

static bool handles(const char *group, const char *kind, const char **ret_hint)
{
	*ret_hint = NULL;
	return str_equal(group, "") && str_equal(kind, "Note");
}

static const struct val *spec_of(const struct object *object)
{
	return val_get(object->doc, "spec");
}

static const char *wanted_of(const struct object *object)
{
	return val_get_str(spec_of(object), "text", "");
}

static err *compile(struct target *target, struct object_set *set, struct object *object)
{
	(void)target;
	(void)set;
	object->is_sensitive = val_get_bool(spec_of(object), "secret", false);
	object->compiled = object;
	return NULL;
}

static err *link_objects(struct target *target, struct object_set *set)
{
	(void)target;
	for (size_t i = 0; i < set->len; i++) {
		const struct val *at = val_get(spec_of(set->items[i]), "reactsTo");
		struct object *to;
		if (!at)
			continue;
		TRY(object_set_refer(set, set->items[i], at, view_of(at->as.str.ptr), &to));
		object_edge_add(set, set->items[i], to, true);
	}
	return NULL;
}

static bool reacts(const struct object *object)
{
	for (size_t i = 0; i < object->edge_count; i++)
		if (object->edges[i].is_trigger)
			return true;
	return false;
}

static const char **handlers_of(struct plan_item *item)
{
	const char *name = val_get_str(spec_of(item->object), "onChange", NULL);
	if (!name)
		return NULL;
	const char **list = arena_zalloc(&item->arena, 2, sizeof(*list));
	list[0] = name;
	return list;
}

/* As lazy with fingerprints as the interface allows. */
static err *plan(struct target *target, const struct object *object,
                 const struct target_record *record, unsigned flags, struct plan_item *item)
{
	const char *live = map_get(&rig_of(target)->live, object->key), *wanted = wanted_of(object);
	bool is_pending = record && record->is_pending, is_same = live && str_equal(live, wanted);
	item->location = object->name;
	item->is_foreign = live && !record;
	item->is_sensitive = object->is_sensitive;
	item->is_unready = is_same && val_get_bool(spec_of(object), "unready", false);
	if (is_same && record && !is_pending && !(flags & TARGET_WANT_FINGERPRINTS) &&
	    !reacts(object))
		return NULL;
	item->desired = print_text(&item->arena, wanted);
	item->live = print_text(&item->arena, live);
	if (is_same && (!is_pending || (!handlers_of(item) && !reacts(object))))
		return NULL;
	item->action = is_same ? PLAN_RUN : live ? PLAN_UPDATE : PLAN_CREATE;
	item->handlers = handlers_of(item);
	item->has_drifted = record && !is_same && !str_equal(item->live, record->fingerprint);
	if (!is_same)
		plan_change_text(item, "text", live, wanted)->is_text = true;
	return NULL;
}

static err *plan_removal(struct target *target, const struct target_record *record,
                         struct plan_item *item)
{
	const char *live = map_get(&rig_of(target)->live, record->key);
	item->desired = "";
	item->live = print_text(&item->arena, live);
	item->action = live ? PLAN_DELETE : PLAN_FORGET;
	item->has_drifted = live && !str_equal(item->live, record->fingerprint) &&
	                    !str_equal(item->live, record->pending_fingerprint);
	if (item->has_drifted)
		item->action = PLAN_REFUSED;
	return NULL;
}

static const char *name_of(const struct plan_item *item)
{
	return strrchr(item->key, '/') + 1;
}

static err *apply(struct target *target, struct plan_item *item)
{
	struct apply_rig *rig = rig_of(target);
	const char *name = name_of(item);
	str_addf(&rig->log, "%s %s\n", item->action == PLAN_RUN ? "run" : "apply", name);
	if (rig->cancel_after && str_equal(name, rig->cancel_after))
		cancel_request(rig->cancel, 130);
	if (val_get_bool(spec_of(item->object), "fails", false))
		return err_new(ERR_INVALID, "its check says no");
	if (item->action == PLAN_RUN)
		return NULL;
	item->undo = map_get(&rig->live, item->key);
	map_set(&rig->live, item->key, arena_strdup(&rig->arena, wanted_of(item->object)));
	return NULL;
}

static err *remove_note(struct target *target, struct plan_item *item,
                        const struct target_record *record)
{
	struct apply_rig *rig = rig_of(target);
	str_addf(&rig->log, "remove %s\n", name_of(item));
	map_remove(&rig->live, record->key);
	return NULL;
}

/* "unready": it never gets there. Anything else is ready at once. */
static void await_note(struct target *target, const struct plan_item *item,
                       void (*done)(void *context, err *take_error), void *context)
{
	bool is_unready = item->object && val_get_bool(spec_of(item->object), "unready", false);
	if (is_unready)
		str_addf(&rig_of(target)->log, "await %s\n", name_of(item));
	done(context, is_unready ? err_new(ERR_UNHEALTHY, "0 of 1 ready") : NULL);
}

static err *run_handler(struct target *target, const char *handler)
{
	struct apply_rig *rig = rig_of(target);
	str_addf(&rig->log, "handler %s\n", handler);
	bool fails = rig->failing_handler && str_equal(handler, rig->failing_handler);
	return fails ? err_new(ERR_IO, "it exited with 1") : NULL;
}

static err *revert(struct target *target, struct plan_item *item)
{
	struct apply_rig *rig = rig_of(target);
	str_addf(&rig->log, "revert %s\n", name_of(item));
	if (item->undo)
		map_set(&rig->live, item->key, item->undo);
	else if (item->action == PLAN_CREATE)
		map_remove(&rig->live, item->key);
	return NULL;
}

static err *snapshot(struct target *target, const struct object *object, struct str *out)
{
	(void)target;
	json_write(object->doc, JSON_ONE_LINE, out);
	return NULL;
}

static const struct target_ops ops = {
	.name = "test",
	.handles = handles,
	.compile = compile,
	.link = link_objects,
	.plan = plan,
	.plan_removal = plan_removal,
	.apply = apply,
	.remove = remove_note,
	.await = await_note,
	.run_handler = run_handler,
	.revert = revert,
	.snapshot = snapshot,
};

/* --- the rig --- */

static void must(err *e)
{
	if (!e)
		return;
	fprintf(stderr, "%s\n", err_message(e));
	abort();
}

void apply_rig_open(struct apply_rig *rig)
{
	*rig = (struct apply_rig){ .cancel = cancel_new() };
	rig->context.cancel = rig->cancel;
	rig->target = (struct target){ .ops = &ops,
		                       .context = &rig->context,
		                       .identity = "test:rig" };
	manifests_init(&rig->manifests);
	records_init(&rig->records);
	AUTOFREE char *file = str_format("%s/state.db", test_dir());
	must(inv_open(file, INV_READ_WRITE, &rig->inv));
	must(inv_project(rig->inv, "p", rig->target.identity, &rig->project));
}

void apply_rig_clear(struct apply_rig *rig)
{
	plan_free(rig->plan);
	records_clear(&rig->records);
	manifests_clear(&rig->manifests);
	inv_project_free(rig->project);
	inv_free(rig->inv);
	map_clear(&rig->live);
	arena_clear(&rig->arena);
	str_clear(&rig->log);
	cancel_free(rig->cancel);
}

static void add_words(struct view rest, struct str *spec, struct str *annotations)
{
	struct view word;
	while (view_split(&rest, ' ', &word)) {
		AUTOFREE char *text = mem_strndup(word.ptr, word.len);
		char *equals = strchr(text, '=');
		if (str_starts(text, "after="))
			str_addf(annotations, ANNOTATION_AFTER ": Note/%s, ", equals + 1);
		else if (str_equal(text, "keep"))
			str_addz(annotations, ANNOTATION_PRUNE ": disabled, ");
		else if (str_starts(text, "reactsTo="))
			str_addf(spec, ", reactsTo: Note/%s", equals + 1);
		else if (equals)
			str_addf(spec, ", %.*s: %s", (int)(equals - text), text, equals + 1);
		else
			str_addf(spec, ", %s: true", text);
	}
}

static void add_object(struct view line, struct str *yaml)
{
	AUTO(str) spec = STR_INIT;
	AUTO(str) annotations = STR_INIT;
	struct view rest = line, name, text;
	view_split(&rest, ' ', &name);
	view_split(&rest, ' ', &text);
	str_addf(&spec, "text: \"%.*s\"", (int)text.len, text.ptr);
	add_words(rest, &spec, &annotations);
	str_addf(yaml,
	         "---\napiVersion: v1\nkind: Note\nmetadata: {name: \"%.*s\", annotations: {%s}}\n"
	         "spec: {%s}\n", (int)name.len - 1, name.ptr, annotations.ptr ? annotations.ptr : "",
	         spec.ptr);
}

err *apply_rig_load(struct apply_rig *rig, const char *lines)
{
	AUTO(str) yaml = STR_INIT;
	struct view rest = view_of(lines), line;
	while (view_split(&rest, '\n', &line))
		if (line.len)
			add_object(line, &yaml);
	plan_free(steal(&rig->plan));
	manifests_clear(&rig->manifests);
	manifests_init(&rig->manifests);
	if (yaml.len == 0)
		return manifests_compile(&rig->manifests, &rig->target);
	struct yaml_docs docs;
	const char *text = arena_strndup(&rig->manifests.documents, yaml.ptr, yaml.len);
	TRY(yaml_load(text, yaml.len, "test.yaml", &rig->manifests.documents, &docs));
	for (size_t i = 0; i < docs.len; i++)
		TRY(object_set_add(&rig->manifests.objects, docs.ptr[i].root, "test.yaml"));
	return manifests_compile(&rig->manifests, &rig->target);
}

err *apply_rig_plan(struct apply_rig *rig, struct plan_options options)
{
	plan_free(steal(&rig->plan));
	records_clear(&rig->records);
	TRY(records_load(&rig->records, rig->project));
	options.project = rig->project;
	options.threads = 1;
	return plan_make(&rig->target, &rig->manifests.objects, &rig->records, &options, &rig->plan);
}

err *apply_rig_execute(struct apply_rig *rig)
{
	const struct inv_run_info info = { .command = "apply", .source = "test" };
	const struct execute_options options = { .project = rig->project,
		                                 .info = &info,
		                                 .deadline = DEADLINE_NEVER,
		                                 .cancel = rig->cancel,
		                                 .threads = 1 };
	return execute_plan(&rig->target, rig->plan, &options, &rig->result);
}

err *apply_rig_run(struct apply_rig *rig, const char *lines)
{
	TRY(apply_rig_load(rig, lines));
	TRY(apply_rig_plan(rig, (struct plan_options){ 0 }));
	return apply_rig_execute(rig);
}

struct plan_item *apply_rig_item(const struct apply_rig *rig, const char *name)
{
	for (size_t i = 0; i < rig->plan->len; i++)
		if (str_equal(name_of(&rig->plan->items[i]), name))
			return &rig->plan->items[i];
	return NULL;
}

const char *apply_rig_action(const struct apply_rig *rig, const char *name)
{
	const struct plan_item *item = apply_rig_item(rig, name);
	return item ? plan_action_name(item->action) : "absent";
}

static char *key_of(const char *name)
{
	return str_format("/Note//%s", name);
}

const char *apply_rig_live(const struct apply_rig *rig, const char *name)
{
	AUTOFREE char *key = key_of(name);
	const char *text = map_get(&rig->live, key);
	return text ? text : "(nothing)";
}

void apply_rig_put(struct apply_rig *rig, const char *name, const char *text)
{
	AUTOFREE char *key = key_of(name);
	if (text)
		map_set(&rig->live, key, arena_strdup(&rig->arena, text));
	else
		map_remove(&rig->live, key);
}

const char *apply_rig_state(struct apply_rig *rig, const char *name)
{
	AUTOFREE char *key = key_of(name);
	struct inv_object_list list;
	must(inv_objects(rig->project, &rig->arena, &list));
	const struct inv_object *object = inv_object_find(&list, key);
	return object ? inv_state_name(object->state) : "(none)";
}
