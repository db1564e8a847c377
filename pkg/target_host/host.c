#include "base/base.h"

#include "target_host/host.h"

#include "base/path.h"
#include "target_host/internal.h"

#include "base/suggest.h"

static const struct host_kind *const kinds[] = {
	&host_kind_file,    &host_kind_directory,  &host_kind_symlink, &host_kind_unit,
	&host_kind_command, &host_kind_config_map, &host_kind_secret,
};

const struct host_kind *host_kind_find(const char *group, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_equal(kinds[i]->group, group) && str_equal(kinds[i]->name, name))
			return kinds[i];
	return NULL;
}

const struct host_kind *host_kind_of_key(const char *key)
{
	const char *slash = strchr(key, '/'), *end = slash ? strchr(slash + 1, '/') : NULL;
	if (!end)
		return NULL;
	AUTOFREE char *group = mem_strndup(key, (size_t)(slash - key));
	AUTOFREE char *name = mem_strndup(slash + 1, (size_t)(end - slash - 1));
	return host_kind_find(group, name);
}

/* --- the functions of a target --- */

static const char *hint_for_kind(const char *kind)
{
	static const char *const names[] = { "File", "Directory", "Symlink", "Unit", "Command" };
	static const char *const hints[] = { "did you mean 'File'?", "did you mean 'Directory'?",
		                             "did you mean 'Symlink'?", "did you mean 'Unit'?",
		                             "did you mean 'Command'?" };
	const char *nearest = suggest_nearest(kind, names, ARRAY_LEN(names));
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (nearest == names[i])
			return hints[i];
	return "the kinds of " HOST_GROUP "/v1 are File, Directory, Symlink, Unit and Command";
}

static bool handles(const char *group, const char *kind, const char **ret_hint)
{
	if (host_kind_find(group, kind))
		return true;
	*ret_hint = NULL;
	if (str_equal(group, HOST_GROUP))
		*ret_hint = hint_for_kind(kind);
	else if (str_equal(group, ""))
		*ret_hint = "of the core kinds a host takes ConfigMap and Secret";
	else if (str_equal(kind, "ConfigSet"))
		*ret_hint = "that is for a configuration center: name one with --center";
	return false;
}

static err *compile(struct target *target, struct object_set *set, struct object *object)
{
	const struct host_kind *kind = host_kind_find(object->group, object->kind);
	if (!kind)
		return object_error(object, ERR_UNSUPPORTED, "the host target has no kind '%s'",
		                    object->kind);
	TRY(schema_check(kind->schema, object->doc));
	return kind->compile(host_of(target), set, object);
}

static const struct host_kind *kind_of(const struct object *object)
{
	const struct host_object *compiled = object->compiled;
	return compiled->kind;
}

/* A path that leads out of the root is the target's no to one object, not the end of the plan. */
static err *plan(struct target *target, const struct object *object,
                 const struct target_record *record, unsigned flags, struct plan_item *item)
{
	const struct host_object *compiled = object->compiled;
	item->location = compiled->location;
	err *e = compiled->kind->plan(host_of(target), object, record, flags, item);
	if (!err_is(e, ERR_REFUSED))
		return e ? err_wrap(e, "cannot compare %s", object->display) : NULL;
	host_plan_refuse(item, err_message(e), err_hint_count(e) ? err_hint_text(e, 0) : NULL);
	err_ignore(e, "it is the reason now");
	return NULL;
}

static err *apply(struct target *target, struct plan_item *item)
{
	return kind_of(item->object)->apply(host_of(target), item);
}

static err *revert(struct target *target, struct plan_item *item)
{
	const struct host_kind *kind = host_kind_of_key(item->key);
	return kind && kind->revert ? kind->revert(host_of(target), item) : NULL;
}

/* Units stop before their files go, commands undo before what they need; then the deepest path. */
static int removal_rank(const struct target_record *record)
{
	const struct host_kind *kind = host_kind_of_key(record->key);
	int depth = 0;
	if (kind == &host_kind_unit)
		return 100001;
	if (kind == &host_kind_command)
		return 100000;
	for (const char *c = record->location ? record->location : ""; *c; c++)
		depth += *c == '/';
	return depth;
}

static err *watch_paths(struct target *target, const struct object *object,
                        void (*add)(void *context, const char *path), void *context)
{
	struct host *host = host_of(target);
	const struct host_object *compiled = object->compiled;
	AUTO(str) path = STR_INIT;
	if (!compiled->rel)
		return NULL;
	fs_root_os_path(host->root, compiled->rel, &path);
	add(context, path.ptr);
	if (compiled->kind->watch)
		compiled->kind->watch(host, object, add, context);
	return NULL;
}

static void close_host(struct target *target)
{
	if (!target)
		return;
	struct host *host = host_of(target);
	map_clear(&host->by_path);
	map_clear(&host->above);
	map_clear(&host->owners);
	arena_clear(&host->owner_arena);
	map_clear(&host->timeouts);
	map_clear(&host->units);
	arena_clear(&host->unit_arena);
	arena_clear(&host->arena);
	host_batch_free(host->batch);
	fs_root_free(host->root);
	mem_free(host);
}

static const struct target_ops host_ops = {
	.name = "host",
	.handles = handles,
	.compile = compile,
	.link = host_link,
	.prepare = host_prepare,
	.plan = plan,
	.plan_removal = host_plan_removal,
	.clean_up = host_clean_up,
	.apply = apply,
	.remove = host_remove,
	.flush = host_flush,
	.run_handler = host_run_handler,
	.revert = revert,
	.snapshot = host_snapshot,
	.removal_rank = removal_rank,
	.inspect = host_inspect,
	.watch_paths = watch_paths,
	.close = close_host,
};

err *host_open(const struct host_options *options, const struct target_context *context,
               struct target **ret_target)
{
	struct fs_root *root = NULL;
	const char *path = options->root ? options->root : "/";
	if (options->create_root || fs_exists(path))
		TRY(fs_root_open(path, options->create_root, &root));
	else
		TRY(fs_root_open_missing(path, &root));
	struct host *host = MEM_NEW(struct host);
	host->root = root;
	host->is_machine = fs_root_is_machine(root);
	host->batch = host_batch_new();
	host->target.ops = &host_ops;
	host->target.context = context;
	host->target.identity = arena_printf(&host->arena, "host:%s", fs_root_path(root));
	*ret_target = &host->target;
	return NULL;
}
