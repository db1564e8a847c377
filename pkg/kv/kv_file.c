/*
 * file:PATH — a folder whose files are keys, or one document (.yaml, .json, .env …) whose leaves are; with #*
 * at the end those of all documents of the folder.
 * Encrypted documents come as plain text when the options can decrypt. Changed by atomic writes.
 */
#include "base/base.h"

#include "kv/kv_all_drivers.h"

#include "base/limits.h"
#include "base/arena.h"
#include "base/path.h"
#include "pal/clock.h"
#include "pal/fs.h"
#include "pal/loop.h"
#include "pal/watch.h"
#include "val/val.h"

enum {
	YOUNG_MS =
		100, /* an empty file so young is being written: its end comes as another event */
	MAX_DEPTH = 64,
	PRIVATE_MODE = 0600,
};

static const char *const schemes[] = { "file", NULL };

struct files {
	struct kv *kv;
	char *path;
	bool as_leaves;      /* #* */
	struct watch *watch; /* made with the first wait */
	struct loop_io *io;
	struct loop_timer *timer; /* what is polled, and what is looked at once more */
};

/* Of a watch: */
struct follow {
	bool is_waiting;
	bool is_dirty; /* changed while nobody waited */
};

/* --- watching --- */

static void wake(struct kv_watch *watch)
{
	struct follow *follow = watch->state;
	if (!follow)
		return;
	follow->is_dirty = true;
	if (!follow->is_waiting)
		return;
	follow->is_waiting = follow->is_dirty = false;
	kv_wait_done(watch, NULL);
}

static void note_change(void *ctx, const char *path, void *cookie, unsigned changes)
{
	bool *has_changed = ctx;
	(void)path, (void)cookie, (void)changes;
	*has_changed = true;
}

static void set_due(struct files *files)
{
	int due_ms = files->watch ? watch_due_ms(files->watch) : -1;
	if (due_ms >= 0)
		loop_timer_set(files->timer, due_ms);
	else
		loop_timer_stop(files->timer);
}

static void look(struct files *files)
{
	bool has_changed = false;
	err *e = watch_read(files->watch, 0, note_change, &has_changed, NULL);
	if (e)
		has_changed = true;
	err_ignore(e, "looking again is all that can be done");
	set_due(files);
	if (!has_changed)
		return;
	/* A wake only moves a watch on; callbacks come from later turns of the loop. */
	for (struct kv_watch *watch = files->kv->first, *next; watch; watch = next) {
		next = watch->next;
		wake(watch);
	}
}

static void on_ready(void *ctx, unsigned ready)
{
	(void)ready;
	look(ctx);
}

static void on_timer(void *ctx)
{
	look(ctx);
}

static err *need_watch(struct files *files)
{
	if (files->watch)
		return NULL;
	TRY(watch_new(NULL, &files->watch));
	if (watch_handle(files->watch) != PAL_HANDLE_NONE)
		files->io = loop_add_handle(files->kv->loop, watch_handle(files->watch), on_ready,
		                            files);
	return NULL;
}

/* Before it is read, so that no change is missed. */
static err *follow_path(struct files *files, const char *path, unsigned flags)
{
	if (!files->watch)
		return NULL;
	err *e = watch_add(files->watch, path, flags, NULL);
	if (!e || err_is(e, ERR_EXISTS)) {
		err_free(e);
		return NULL;
	}
	return e;
}

/* --- reading --- */

static bool is_young(const char *path)
{
	struct fs_stat st;
	err *e = fs_stat(path, &st);
	bool is_so =
		!e && st.size == 0 && clock_wall_ns() - st.mtime_ns < YOUNG_MS * CLOCK_NS_PER_MS;
	err_free(e);
	return is_so;
}

static err *read_text(const struct files *files, const char *path, struct str *text)
{
	const struct kv_options *options = &files->kv->options;
	AUTO(str) sealed = STR_INIT;
	if (is_young(path))
		return err_new(ERR_UNAVAILABLE, "'%s' is just being written", path);
	TRY(fs_read_file(path, LIMIT_DOC_BYTES, &sealed));
	if (options->decrypt)
		return options->decrypt(options->decrypt_ctx, path, view_str(&sealed), text);
	str_add_str(text, &sealed);
	return NULL;
}

static err *read_document(const struct files *files, struct kv_set *all)
{
	AUTO(str) text = STR_INIT;
	AUTO(arena) arena = ARENA_INIT;
	struct val *root = NULL;
	TRY(read_text(files, files->path, &text));
	err *e = kv_parse_document(files->path, view_str(&text), &arena, &root);
	if (!e)
		e = kv_add_document(all, "", root);
	arena_wipe(&arena);
	return e;
}

static err *read_folder(struct files *files, const char *dir, const char *key, unsigned depth,
                        struct kv_set *all);

static err *read_entry(struct files *files, const char *path, const char *key, unsigned depth,
                       struct kv_set *all)
{
	struct fs_stat st;
	AUTO(str) text = STR_INIT;
	err *e = fs_stat(path, &st);
	if (e && err_is(e, ERR_NOT_FOUND)) {
		err_free(e); /* gone meanwhile, or a symlink to nothing */
		return NULL;
	}
	TRY(e);
	if (st.type == FS_DIR)
		return read_folder(files, path, key, depth + 1, all);
	if (st.type != FS_FILE)
		return NULL;
	TRY(read_text(files, path, &text));
	return kv_add_file(all, key, view_str(&text), files->as_leaves);
}

/* Names with a dot in front (`..data` of a projected volume, editors' files) are nobody's keys. */
static err *read_folder(struct files *files, const char *dir, const char *key, unsigned depth,
                        struct kv_set *all)
{
	AUTO(fs_list) names = { 0 };
	if (depth > MAX_DEPTH)
		return err_new(ERR_LIMIT, "'%s': folders nested deeper than %d", dir, MAX_DEPTH);
	TRY(follow_path(files, dir, WATCH_ENTRIES));
	TRY(fs_list(dir, &names));
	for (size_t i = 0; i < names.len; i++) {
		const char *name = names.ptr[i].name;
		if (*name == '.' || str_ends(name, "~"))
			continue;
		AUTOFREE char *path = path_join(dir, name);
		AUTOFREE char *sub_key = kv_join(key, name);
		TRY(read_entry(files, path, sub_key, depth, all));
	}
	return NULL;
}

static err *read_all(struct kv_watch *watch, struct kv_set *all)
{
	struct files *files = watch->kv->state;
	const char *root = files->path;
	if (watch->state)
		TRY(need_watch(files));
	TRY(follow_path(files, root, WATCH_ENTRIES));
	if (!fs_exists(root))
		return err_new(ERR_NOT_FOUND, "cannot read '%s': there is no such file or folder",
		               root);
	if (!fs_is_dir(root))
		return read_document(files, all);
	AUTOFREE char *path = *watch->path ? path_join(root, watch->path) : mem_strdup(root);
	if (!path_is_inside(*watch->path ? watch->path : "."))
		return err_new(ERR_REFUSED, "the key '%s' leads out of '%s'", watch->path, root);
	TRY(follow_path(files, path, 0));
	if (files->as_leaves)
		return read_folder(files, root, "", 0, all);
	if (watch->scope == KV_KEY || !fs_is_dir(path))
		return fs_is_dir(path) ? NULL : read_entry(files, path, watch->path, 0, all);
	return read_folder(files, path, watch->path, 0, all);
}

static void read_files(struct kv_watch *watch)
{
	AUTOPTR(kv_set) all = kv_set_new();
	struct kv_set *set = NULL;
	if (!watch->state)
		watch->state = MEM_NEW(struct follow);
	((struct follow *)watch->state)->is_dirty = false;
	err *e = read_all(watch, all);
	kv_set_seal(all);
	if (!e)
		e = kv_select(all, watch->scope, watch->path, &set);
	kv_read_done(watch, set, e);
}

static void wait_files(struct kv_watch *watch)
{
	struct follow *follow = watch->state;
	follow->is_waiting = true;
	set_due(watch->kv->state);
	if (follow->is_dirty)
		wake(watch);
}

static void stop(struct kv_watch *watch)
{
	mem_free(watch->state);
	watch->state = NULL;
}

/* --- changing --- */

static err *change_one(const struct files *files, const struct kv_change *change)
{
	if (!path_is_inside(change->path) || *path_base(change->path) == '.')
		return err_new(ERR_REFUSED, "'%s' is no key", change->path);
	AUTOFREE char *path = path_join(files->path, change->path);
	if (change->is_removal)
		return fs_remove(path);
	AUTOFREE char *dir = path_dir(path);
	TRY(fs_mkdir_all(dir, 0755));
	struct fs_stat st = { .mode = PRIVATE_MODE };
	err_ignore(fs_stat(path, &st), "a new file is private");
	return fs_write_atomic(path, change->value, st.mode);
}

static void change_files(struct kv_task *task)
{
	const struct files *files = task->kv->state;
	bool is_folder = !files->as_leaves && (fs_is_dir(files->path) || !fs_exists(files->path));
	err *e =
		is_folder
			? NULL
			: err_new(ERR_UNSUPPORTED,
	                          "'%s' is a document, or many: edit it, or use 'fettle vault set'",
	                          files->path);
	for (size_t i = 0; i < task->count && !e; i++)
		e = change_one(files, &task->changes[i]);
	kv_task_done(task, e);
}

/* --- life --- */

static err *open_files(struct kv *kv)
{
	const char *path = kv->options.url + strlen("file:");
	if (str_starts(path, "//"))
		path += 2;
	if (!*path)
		return err_new(ERR_USAGE, "the source 'file:' needs a path");
	struct files *files = MEM_NEW(struct files);
	kv->state = files;
	files->kv = kv;
	files->as_leaves = str_ends(path, KV_ALL_LEAVES);
	AUTOFREE char *name =
		mem_strndup(path, strlen(path) - (files->as_leaves ? strlen(KV_ALL_LEAVES) : 0));
	files->path = path_is_absolute(name) || !kv->options.base_dir
	                      ? path_clean(name)
	                      : path_join(kv->options.base_dir, name);
	files->timer = loop_timer_new(kv->loop, on_timer, files);
	return NULL;
}

static void close_files(struct kv *kv)
{
	struct files *files = kv->state;
	if (!files)
		return;
	loop_io_free(files->io);
	loop_timer_free(files->timer);
	watch_free(files->watch);
	mem_free(files->path);
	mem_free(files);
}

const struct kv_driver kv_driver_file = {
	.schemes = schemes,
	.features = KV_CAN_PUSH | KV_CAN_CHANGE | KV_IS_LOCAL,
	.open = open_files,
	.close = close_files,
	.read = read_files,
	.wait = wait_files,
	.stop = stop,
	.change = change_files,
};
