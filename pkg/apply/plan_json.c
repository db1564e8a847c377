#include "base/base.h"

#include "apply/plan_report.h"

#include "json/json.h"

static void write_source(struct json_writer *w, const struct source_info *info)
{
	json_key(w, "source");
	json_begin_object(w);
	json_key_string(w, "name", info->name);
	if (info->commit) {
		json_key_string(w, "commit", info->commit);
		json_key_string(w, "ref", info->ref);
		json_key_string(w, "author", info->author);
		json_key_string(w, "subject", info->subject);
		json_key_bool(w, "dirty", info->is_dirty);
	}
	json_end_object(w);
}

static void write_summary(struct json_writer *w, const struct plan *plan)
{
	json_key(w, "summary");
	json_begin_object(w);
	for (int action = PLAN_NONE; action <= PLAN_REFUSED; action++)
		json_key_int(w, plan_action_name((enum plan_action)action),
		             (int64_t)plan->counts[action]);
	json_end_object(w);
}

static void write_text(struct json_writer *w, const char *key, const char *text, size_t len)
{
	json_key(w, key);
	if (text)
		json_textn(w, text, len);
	else
		json_nil(w);
}

static void write_change(struct json_writer *w, const struct plan_change *change)
{
	json_begin_object(w);
	json_key_string(w, "path", change->path);
	write_text(w, "before", change->before, change->before_len);
	write_text(w, "after", change->after, change->after_len);
	if (change->is_sensitive)
		json_key_bool(w, "sensitive", true);
	if (change->is_binary)
		json_key_bool(w, "binary", true);
	if (change->is_text) {
		struct arena arena = ARENA_INIT;
		AUTO(str) text = STR_INIT;
		struct linediff diff;
		plan_change_diff(change, 3, &arena, &diff);
		linediff_write(&diff, NULL, NULL, &text);
		json_key_string(w, "diff", text.ptr);
		arena_clear(&arena);
	}
	json_end_object(w);
}

static void write_item(struct json_writer *w, const struct plan *plan,
                       const struct plan_item *item)
{
	json_begin_object(w);
	json_key_string(w, "key", item->key);
	json_key_string(w, "object", item->display);
	json_key_string(w, "action", plan_action_name(item->action));
	if (item->location)
		json_key_string(w, "location", item->location);
	if (item->reason)
		json_key_string(w, "reason", item->reason);
	if (item->hint)
		json_key_string(w, "hint", item->hint);
	if (item->object) {
		const struct val *place = val_get(item->object->doc, "kind");
		json_key_string(w, "file", item->object->file);
		json_key_int(w, "line", place->mark.line);
	}
	json_key_bool(w, "recorded", plan_record(plan, item) != NULL);
	if (item->has_drifted)
		json_key_bool(w, "drifted", true);
	if (item->is_foreign)
		json_key_bool(w, "foreign", true);
	json_key(w, "changes");
	json_begin_array(w);
	for (const struct plan_change *change = item->changes; change; change = change->next)
		write_change(w, change);
	json_end_array(w);
	json_end_object(w);
}

void plan_to_json(const struct plan *plan, const struct plan_subject *subject, struct str *out)
{
	struct json_writer w = json_writer_init(out, JSON_PRETTY);
	json_begin_object(&w);
	json_key_string(&w, "schema", "fettle.plan/1");
	if (subject->project)
		json_key_string(&w, "project", subject->project);
	if (subject->target)
		json_key_string(&w, "target", subject->target);
	if (subject->source)
		write_source(&w, subject->source);
	write_summary(&w, plan);
	json_key(&w, "objects");
	json_begin_array(&w);
	for (size_t i = 0; i < plan->len; i++)
		write_item(&w, plan, &plan->items[i]);
	json_end_array(&w);
	json_end_object(&w);
}
