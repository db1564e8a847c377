#include "base/base.h"

#include "apply/plan_file.h"

#include "base/limits.h"
#include "json/json.h"
#include "pal/fs.h"

#define SAVED_PLAN_SCHEMA "fettle.saved-plan/1"

static const char *text_or_empty(const char *text)
{
	return text ? text : "";
}

static void write_cluster(struct json_writer *w, const struct saved_plan *saved)
{
	json_key(w, "kubernetes");
	json_begin_object(w);
	if (saved->kubeconfig)
		json_key_string(w, "kubeconfig", saved->kubeconfig);
	if (saved->context)
		json_key_string(w, "context", saved->context);
	if (saved->name_space)
		json_key_string(w, "namespace", saved->name_space);
	json_end_object(w);
}

err *plan_file_write(const char *file, const struct plan *plan, const struct saved_plan *saved)
{
	AUTO(str) text = STR_INIT;
	struct json_writer w = json_writer_init(&text, JSON_PRETTY);
	json_begin_object(&w);
	json_key_string(&w, "schema", SAVED_PLAN_SCHEMA);
	json_key_string(&w, "project", saved->project);
	json_key_string(&w, "target", saved->target);
	json_key_string(&w, "path", saved->path);
	if (saved->root)
		json_key_string(&w, "root", saved->root);
	if (saved->center)
		json_key_string(&w, "center", saved->center);
	if (saved->is_kubernetes)
		write_cluster(&w, saved);
	if (saved->commit)
		json_key_string(&w, "commit", saved->commit);
	json_key_bool(&w, "prune", saved->prune);
	json_key_bool(&w, "pruneChanged", saved->prune_changed);
	json_key(&w, "objects");
	json_begin_array(&w);
	for (size_t i = 0; i < plan->len; i++) {
		const struct plan_item *item = &plan->items[i];
		json_begin_object(&w);
		json_key_string(&w, "key", item->key);
		json_key_string(&w, "action", plan_action_name(item->action));
		json_key_string(&w, "desired", text_or_empty(item->desired));
		json_key_string(&w, "live", text_or_empty(item->live));
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	return fs_write_atomic(file, view_str(&text), 0600);
}

static err *read_item(const struct val *v, struct saved_plan_item *item)
{
	TRY(val_need_str(v, "key", &item->key));
	TRY(val_need_str(v, "action", &item->action));
	TRY(val_need_str(v, "desired", &item->desired));
	return val_need_str(v, "live", &item->live);
}

static err *read_saved(const struct val *root, struct arena *arena, struct saved_plan *saved)
{
	const char *schema = val_get_str(root, "schema", "");
	if (!str_equal(schema, SAVED_PLAN_SCHEMA))
		return err_hint(val_error(root, "not a saved plan (schema '%s')", schema),
		                "make one with 'fettle diff --save-plan FILE'");
	TRY(val_need_str(root, "project", &saved->project));
	TRY(val_need_str(root, "target", &saved->target));
	TRY(val_need_str(root, "path", &saved->path));
	saved->root = val_get_str(root, "root", NULL);
	saved->center = val_get_str(root, "center", NULL);
	const struct val *cluster = val_get(root, "kubernetes");
	saved->is_kubernetes = cluster != NULL;
	saved->kubeconfig = val_get_str(cluster, "kubeconfig", NULL);
	saved->context = val_get_str(cluster, "context", NULL);
	saved->name_space = val_get_str(cluster, "namespace", NULL);
	saved->commit = val_get_str(root, "commit", NULL);
	saved->prune = val_get_bool(root, "prune", false);
	saved->prune_changed = val_get_bool(root, "pruneChanged", false);
	const struct val *list, *v;
	TRY(val_need(root, "objects", VAL_LIST, &list));
	saved->items = arena_zalloc(arena, val_len(list) + 1, sizeof(*saved->items));
	for (VAL_EACH_ITEM(i, v, list))
		TRY(read_item(v, &saved->items[saved->len++]));
	return NULL;
}

err *plan_file_read(const char *file, struct arena *arena, struct saved_plan *ret_saved)
{
	AUTO(str) text = STR_INIT;
	struct saved_plan saved = { 0 };
	struct val *root;
	TRY(fs_read_file(file, LIMIT_PLAN_BYTES, &text));
	TRY(json_load(text.ptr, text.len, file, arena, &root));
	TRY(read_saved(root, arena, &saved));
	*ret_saved = saved;
	return NULL;
}

static void explain(struct str *out, const struct saved_plan_item *was, const struct plan_item *is)
{
	if (!str_equal(was->action, plan_action_name(is->action)))
		str_addf(out, "%s: was to %s, is now %s", is->display, was->action,
		         plan_action_name(is->action));
	else if (!str_equal(was->desired, text_or_empty(is->desired)))
		str_addf(out, "%s: the manifest changed", is->display);
	else
		str_addf(out, "%s: the target changed", is->display);
}

static bool is_same(const struct saved_plan_item *was, const struct plan_item *is)
{
	return str_equal(was->action, plan_action_name(is->action)) &&
	       str_equal(was->desired, text_or_empty(is->desired)) &&
	       str_equal(was->live, text_or_empty(is->live));
}

err *plan_file_verify(const struct saved_plan *saved, const struct plan *plan)
{
	enum { MAX_SHOWN = 5 };
	struct map by_key = MAP_INIT;
	for (size_t i = 0; i < saved->len; i++)
		map_set(&by_key, saved->items[i].key, &saved->items[i]);
	AUTO(str) text = STR_INIT;
	size_t differences = 0;
	for (size_t i = 0; i < plan->len; i++) {
		const struct plan_item *item = &plan->items[i];
		const struct saved_plan_item *was = map_remove(&by_key, item->key);
		if (was && is_same(was, item))
			continue;
		if (differences++ >= MAX_SHOWN)
			continue;
		str_addz(&text, differences > 1 ? "; " : "");
		if (was)
			explain(&text, was, item);
		else
			str_addf(&text, "%s: not in the saved plan", item->display);
	}
	for (struct map_entry *e = map_first(&by_key); e; e = map_next(&by_key, e))
		if (differences++ < MAX_SHOWN) {
			str_addz(&text, differences > 1 ? "; " : "");
			object_key_display(e->key, &text);
			str_addz(&text, ": no longer in the source or on the target");
		}
	map_clear(&by_key);
	if (differences == 0)
		return NULL;
	return err_hint(err_new(ERR_CONFLICT, "the saved plan no longer fits: %s%s", text.ptr,
	                        differences > MAX_SHOWN ? "; …" : ""),
	                "make a new plan with 'fettle diff --save-plan FILE' and look at it");
}
