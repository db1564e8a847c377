#include "host_rig.h"

#include <stdlib.h>

#include "base/path.h"
#include "pal/fs.h"
#include "yaml/yaml.h"

static const unsigned char tag_key[32] = "a key of the tests, 32 bytes....";

static err *read_source(void *context, const struct object *object, const char *reference,
                        size_t limit, struct str *ret_text)
{
	(void)context;
	(void)object;
	AUTOFREE char *path = path_join(test_dir(), reference);
	return fs_read_file(path, limit, ret_text);
}

void rig_open(struct rig *rig)
{
	*rig = (struct rig){ .context = { .read_source = read_source, .tag_key = tag_key } };
	snprintf(rig->root, sizeof(rig->root), "%s/root", test_dir());
	struct host_options options = { .root = rig->root, .create_root = true };
	object_set_init(&rig->set);
	if (host_open(&options, &rig->context, &rig->target))
		abort();
}

static void clear_plan(struct rig *rig)
{
	for (size_t i = 0; i < rig->len; i++)
		plan_item_clear(&rig->items[i]);
	mem_free(rig->items);
	rig->items = NULL;
	rig->len = 0;
}

void rig_clear(struct rig *rig)
{
	clear_plan(rig);
	object_set_clear(&rig->set);
	arena_clear(&rig->docs);
	arena_clear(&rig->arena);
	if (rig->target)
		rig->target->ops->close(rig->target);
	rig->target = NULL;
}

err *rig_load(struct rig *rig, const char *yaml)
{
	struct yaml_docs docs;
	const struct target_ops *ops = rig->target->ops;
	clear_plan(rig);
	object_set_clear(&rig->set);
	arena_clear(&rig->docs);
	TRY(yaml_load(yaml, strlen(yaml), "test.yaml", &rig->docs, &docs));
	for (size_t i = 0; i < docs.len; i++)
		if (!val_is(docs.ptr[i].root, VAL_NULL))
			TRY(object_set_add(&rig->set, docs.ptr[i].root, "test.yaml"));
	err *e = NULL;
	for (size_t i = 0; i < rig->set.len; i++)
		e = err_join(e, ops->compile(rig->target, &rig->set, rig->set.items[i]));
	TRY(e);
	TRY(ops->link(rig->target, &rig->set));
	return object_set_order(&rig->set);
}

static struct target_record *find_record(struct rig *rig, const char *key)
{
	for (size_t i = 0; i < rig->record_count; i++)
		if (str_equal(rig->records[i].key, key))
			return &rig->records[i];
	return NULL;
}

static err *plan_removals(struct rig *rig)
{
	for (size_t i = 0; i < rig->record_count; i++) {
		struct plan_item *item = &rig->items[rig->len];
		AUTO(str) display = STR_INIT;
		if (object_set_find(&rig->set, rig->records[i].key))
			continue;
		object_key_display(rig->records[i].key, &display);
		item->key = rig->records[i].key;
		item->display = arena_strdup(&rig->arena, display.ptr);
		item->location = rig->records[i].location;
		rig->len++;
		TRY(rig->target->ops->plan_removal(rig->target, &rig->records[i], item));
	}
	return NULL;
}

err *rig_plan(struct rig *rig, const char *yaml)
{
	TRY(rig_load(rig, yaml));
	const struct target_ops *ops = rig->target->ops;
	TRY(ops->prepare(rig->target, &rig->set, NULL, NULL, 0));
	rig->items = mem_zalloc(rig->set.len + rig->record_count + 1, sizeof(*rig->items));
	for (size_t i = 0; i < rig->set.len; i++) {
		struct object *object = rig->set.items[i];
		struct plan_item *item = &rig->items[rig->len++];
		*item = (struct plan_item){ .object = object,
			                    .key = object->key,
			                    .display = object->display,
			                    .is_sensitive = object->is_sensitive };
		TRY(ops->plan(rig->target, object, find_record(rig, object->key), 0, item));
	}
	return plan_removals(rig);
}

static err *save_record(struct rig *rig, struct plan_item *item)
{
	struct target_record *record = find_record(rig, item->key);
	AUTO(str) manifest = STR_INIT;
	if (!record) {
		record = &rig->records[rig->record_count++];
		record->key = arena_strdup(&rig->arena, item->key);
	}
	record->location = item->location ? arena_strdup(&rig->arena, item->location) : NULL;
	if (item->desired)
		record->fingerprint = arena_strdup(&rig->arena, item->desired);
	if (item->uid)
		record->uid = arena_strdup(&rig->arena, item->uid);
	record->pending_fingerprint = "";
	record->is_pending = false;
	record->is_sensitive = item->is_sensitive;
	TRY(rig->target->ops->snapshot(rig->target, item->object, &manifest));
	record->manifest = item->is_sensitive ? NULL : arena_strdup(&rig->arena, manifest.ptr);
	return NULL;
}

static void drop_record(struct rig *rig, const char *key)
{
	struct target_record *record = find_record(rig, key);
	*record = rig->records[--rig->record_count];
}

/* Everything it depends on first; the order was checked for cycles. */
static err *apply_item(struct rig *rig, struct plan_item *item, bool *done)
{
	size_t index = item->object->index;
	if (done[index])
		return NULL;
	done[index] = true;
	for (size_t e = 0; e < item->object->edge_count; e++)
		TRY(apply_item(rig, &rig->items[item->object->edges[e].to->index], done));
	if (item->action == PLAN_REFUSED)
		return err_new(ERR_REFUSED, "%s: %s", item->display, item->reason);
	if (item->action != PLAN_NONE)
		TRY(rig->target->ops->apply(rig->target, item));
	return save_record(rig, item);
}

static err *remove_items(struct rig *rig)
{
	const struct target_ops *ops = rig->target->ops;
	for (int rank = 100001; rank >= 0;
	     rank = rank > 100 ? rank == 100000 ? 100 : rank - 1 : rank - 1)
		for (size_t i = rig->set.len; i < rig->len; i++) {
			struct plan_item *item = &rig->items[i];
			struct target_record *record = find_record(rig, item->key);
			if (!record || ops->removal_rank(record) != rank)
				continue;
			if (item->action == PLAN_REFUSED)
				return err_new(ERR_REFUSED, "%s: %s", item->display, item->reason);
			if (item->action == PLAN_DELETE)
				TRY(ops->remove(rig->target, item, record));
			drop_record(rig, item->key);
		}
	return NULL;
}

static err *run_handlers(struct rig *rig)
{
	const struct target_ops *ops = rig->target->ops;
	for (size_t i = 0; i < rig->len; i++) {
		struct plan_item *item = &rig->items[i];
		if (!item->handlers || item->action == PLAN_NONE)
			continue;
		rig->handler_runs++;
		err *e = rig->fail_handlers ? err_new(ERR_INVALID, "the test said so")
		                            : ops->run_handler(rig->target, item->handlers[0]);
		if (!e)
			continue;
		e = err_join(e, ops->revert(rig->target, item));
		return err_join(e, ops->flush(rig->target));
	}
	return NULL;
}

err *rig_apply(struct rig *rig)
{
	bool done[RIG_RECORDS] = { false };
	for (size_t i = 0; i < rig->set.len; i++)
		TRY(apply_item(rig, &rig->items[i], done));
	TRY(remove_items(rig));
	TRY(rig->target->ops->flush(rig->target));
	return run_handlers(rig);
}

err *rig_run(struct rig *rig, const char *yaml)
{
	TRY(rig_plan(rig, yaml));
	return rig_apply(rig);
}

struct plan_item *rig_item(struct rig *rig, const char *display)
{
	for (size_t i = 0; i < rig->len; i++)
		if (str_equal(rig->items[i].display, display))
			return &rig->items[i];
	abort();
}

const char *rig_action(struct rig *rig, const char *display)
{
	return plan_action_name(rig_item(rig, display)->action);
}

struct target_record *rig_record(struct rig *rig, const char *display)
{
	for (size_t i = 0; i < rig->record_count; i++) {
		AUTO(str) text = STR_INIT;
		object_key_display(rig->records[i].key, &text);
		if (str_equal(text.ptr, display))
			return &rig->records[i];
	}
	abort();
}

const char *rig_path(struct rig *rig, const char *rel)
{
	return arena_printf(&rig->arena, "%s/%s", rig->root, rel);
}

void rig_write(struct rig *rig, const char *rel, const char *text)
{
	const char *path = rig_path(rig, rel);
	AUTOFREE char *dir = path_dir(path);
	err *e = fs_mkdir_all(dir, 0755);
	if (!e)
		e = fs_write_atomic(path, view_of(text), 0644);
	if (e)
		abort();
}

const char *rig_read(struct rig *rig, const char *rel)
{
	AUTO(str) text = STR_INIT;
	err *e = fs_read_file(rig_path(rig, rel), 1u << 20, &text);
	if (!e)
		return arena_strdup(&rig->arena, text.ptr);
	err_ignore(e, "the answer is that there is nothing");
	return "(nothing)";
}

unsigned rig_mode(struct rig *rig, const char *rel)
{
	struct fs_stat stat;
	err *e = fs_lstat(rig_path(rig, rel), &stat);
	if (!e)
		return stat.mode;
	err_ignore(e, "nothing is there");
	return 0;
}

bool rig_exists(struct rig *rig, const char *rel)
{
	return fs_exists(rig_path(rig, rel));
}
