#include "base/base.h"
#include "pal/watch.h"

#include "base/path.h"
#include "pal/clock.h"
#include "pal/fs.h"
#include "pal/watch_impl.h"

#define POLL_MS 1000

/* ---- signatures --------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	for (int i = 0; i < 8; i++) {
		hash = (hash ^ (value & 0xff)) * UINT64_C(0x100000001b3);
		value >>= 8;
	}
	return hash;
}

static uint64_t mix_stat(uint64_t hash, err *take_e, const struct fs_stat *info)
{
	/* Any failure is a state too: missing, not allowed, a loop of links. */
	if (take_e) {
		hash = mix(hash, 1 + (uint64_t)err_kind(take_e));
		err_ignore(take_e, "only looks whether it changed");
		return hash;
	}
	hash = mix(hash, ((uint64_t)info->type << 32) | info->mode);
	hash = mix(hash, ((uint64_t)info->uid << 32) | info->gid);
	hash = mix(hash, info->size);
	hash = mix(hash, (uint64_t)info->mtime_ns);
	hash = mix(hash, info->inode);
	return mix(hash, info->dev);
}

static uint64_t mix_entries(uint64_t hash, const char *path)
{
	AUTO(fs_list) list = { 0 };
	struct fs_stat info = { 0 };

	err *e = fs_list(path, &list);
	if (e) {
		err_ignore(e, "not a folder: its own state says so");
		return hash;
	}
	for (size_t i = 0; i < list.len; i++) {
		AUTOFREE char *child = path_join(path, list.ptr[i].name);
		hash = mix(hash, map_hash(list.ptr[i].name, strlen(list.ptr[i].name)));
		e = fs_lstat(child, &info);
		hash = mix_stat(hash, e, &info);
	}
	return hash;
}

uint64_t watch_signature(const struct watch_entry *entry)
{
	struct fs_stat info = { 0 };
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	err *e = fs_lstat(entry->full, &info);
	bool is_link = !e && info.type == FS_SYMLINK, is_dir = !e && info.type == FS_DIR;
	hash = mix_stat(hash, e, &info);
	if (is_link) {
		e = fs_stat(entry->full, &info);
		is_dir = !e && info.type == FS_DIR;
		hash = mix_stat(hash, e, &info);
	}
	if (is_dir && (entry->flags & WATCH_ENTRIES))
		hash = mix_entries(hash, entry->full);
	return hash;
}

/* ---- life --------------------------------------------------------------------------------- */

err *watch_new(const struct watch_opts *opts, struct watch **ret_watch)
{
	struct watch *watch = MEM_NEW(struct watch);

	if (opts)
		watch->opts = *opts;
	if (watch->opts.poll_ms <= 0)
		watch->opts.poll_ms = POLL_MS;
	if (watch->opts.quiet_max_ms <= 0)
		watch->opts.quiet_max_ms = 4 * watch->opts.quiet_ms;
	watch->epoch = 1;
	if (watch->opts.backend == WATCH_AUTO)
		watch_os_new(watch, &watch->os);
	*ret_watch = watch;
	return NULL;
}

static void entry_free(struct watch_entry *entry)
{
	mem_free(entry->links.ptr);
	mem_free(entry->path);
	mem_free(entry->full);
	mem_free(entry);
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	for (struct map_entry *item = map_first(&watch->entries); item;
	     item = map_next(&watch->entries, item)) {
		watch_unlink(watch, item->value);
		entry_free(item->value);
	}
	map_clear(&watch->entries);
	map_clear(&watch->dirs);
	watch_os_free(watch->os);
	vec_clear(&watch->touched);
	vec_clear(&watch->dirty);
	vec_clear(&watch->removed);
	mem_free(watch->note);
	mem_free(watch);
}

void watch_set_note(struct watch *watch, char *take_note)
{
	if (watch->note)
		mem_free(take_note);
	else
		watch->note = take_note;
}

void watch_set_polled(struct watch *watch, struct watch_entry *entry, bool is_polled)
{
	if (entry->is_polled == is_polled)
		return;
	entry->is_polled = is_polled;
	if (!is_polled) {
		watch->polled--;
		return;
	}
	if (!entry->signature)
		entry->signature = watch_signature(entry);
	if (watch->polled++ == 0)
		watch->next_poll_ns = clock_monotonic_ns() + watch->opts.poll_ms * CLOCK_NS_PER_MS;
}

static err *make_absolute(const char *path, char **ret_full)
{
	AUTO(str) cwd = STR_INIT;

	if (path_is_absolute(path)) {
		*ret_full = mem_strdup(path);
		return NULL;
	}
	TRY(fs_current_dir(&cwd));
	*ret_full = path_join(cwd.ptr, path);
	return NULL;
}

err *watch_add(struct watch *watch, const char *path, unsigned flags, void *cookie)
{
	char *full;

	if (!*path)
		return err_new(ERR_INVALID, "cannot watch an empty path");
	if (map_has(&watch->entries, path))
		return err_new(ERR_EXISTS, "cannot watch '%s': it is watched already", path);
	TRY(make_absolute(path, &full));

	struct watch_entry *entry = MEM_NEW(struct watch_entry);
	entry->path = mem_strdup(path);
	entry->full = full;
	entry->flags = flags;
	entry->cookie = cookie;
	map_set(&watch->entries, path, entry);
	watch_resolve(watch, entry);
	if (!watch_os_has_names && !entry->signature)
		entry->signature = watch_signature(entry);
	return NULL;
}

static void list_drop(struct watch_entries *list, const struct watch_entry *entry)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->len; i++)
		if (list->ptr[i] != entry)
			list->ptr[kept++] = list->ptr[i];
	list->len = kept;
}

void watch_remove(struct watch *watch, const char *path)
{
	struct watch_entry *entry = map_remove(&watch->entries, path);
	if (!entry)
		return;

	watch_set_polled(watch, entry, false);
	watch_unlink(watch, entry);
	if (entry->is_queued)
		list_drop(&watch->touched, entry);
	if (entry->changes && !watch->is_reporting)
		list_drop(&watch->dirty, entry);
	if (watch->is_reporting) {
		entry->is_removed = true;
		vec_push(&watch->removed, entry);
	} else {
		entry_free(entry);
	}
}

/* ---- looking ------------------------------------------------------------------------------ */

void watch_mark(struct watch *watch, struct watch_entry *entry, unsigned changes)
{
	if (!entry->changes)
		vec_push(&watch->dirty, entry);
	entry->changes |= changes;
	watch->activity++;
}

/* Marks it when its signature is another than last time. */
static void compare(struct watch *watch, struct watch_entry *entry)
{
	uint64_t signature = watch_signature(entry);

	if (signature == entry->signature)
		return;
	entry->signature = signature;
	watch_mark(watch, entry, WATCH_CHANGED);
}

static void look_at_touched(struct watch *watch)
{
	watch->epoch++;
	for (size_t i = 0; i < watch->touched.len; i++) {
		struct watch_entry *entry = watch->touched.ptr[i];
		if (entry->must_resolve)
			watch_resolve(watch, entry);
		if (entry->must_compare)
			compare(watch, entry);
		entry->must_resolve = entry->must_compare = entry->is_queued = false;
	}
	watch->touched.len = 0;
}

static void poll_if_due(struct watch *watch)
{
	if (watch->polled == 0 || clock_monotonic_ns() < watch->next_poll_ns)
		return;
	for (struct map_entry *item = map_first(&watch->entries); item;
	     item = map_next(&watch->entries, item)) {
		struct watch_entry *entry = item->value;
		if (entry->is_polled)
			compare(watch, entry);
	}
	watch->next_poll_ns = clock_monotonic_ns() + watch->opts.poll_ms * CLOCK_NS_PER_MS;
}

/* Take in what is there. */
static err *collect(struct watch *watch)
{
	if (watch->os)
		TRY(watch_os_drain(watch));
	if (watch->touched.len > 0)
		look_at_touched(watch);
	poll_if_due(watch);
	return NULL;
}

pal_handle watch_handle(const struct watch *watch)
{
	return watch->os ? watch_os_handle(watch->os) : PAL_HANDLE_NONE;
}

int watch_due_ms(const struct watch *watch)
{
	if (watch->dirty.len > 0 || watch->touched.len > 0)
		return 0;
	if (watch->polled == 0)
		return -1;
	return deadline_left_ms((struct deadline){ watch->next_poll_ns });
}

/* Sleep until events come, a poll is due or `end`. */
static err *sleep_until(struct watch *watch, struct deadline end)
{
	int due_ms = watch_due_ms(watch), left_ms = deadline_left_ms(end);

	if (due_ms >= 0 && (left_ms < 0 || due_ms < left_ms))
		left_ms = due_ms;
	return watch_os_wait(watch->os, left_ms);
}

/* Changes go on coming while somebody is at work: wait for the end of it. */
static err *wait_quiet(struct watch *watch)
{
	struct deadline most = deadline_after(watch->opts.quiet_max_ms);
	struct deadline quiet = deadline_after(watch->opts.quiet_ms);

	while (!deadline_is_over(quiet) && !deadline_is_over(most)) {
		TRY(watch_os_wait(watch->os, deadline_left_ms(deadline_min(quiet, most))));
		uint64_t before = watch->activity;
		TRY(collect(watch));
		if (watch->activity != before)
			quiet = deadline_after(watch->opts.quiet_ms);
	}
	return NULL;
}

/* Calls `fn` for what is dirty now; what becomes dirty meanwhile comes next time. */
static size_t report(struct watch *watch, watch_fn *fn, void *ctx)
{
	struct watch_entries list = watch->dirty;
	size_t count = 0;

	watch->dirty = (struct watch_entries)VEC_INIT;
	watch->is_reporting = true;
	for (size_t i = 0; i < list.len; i++) {
		struct watch_entry *entry = list.ptr[i];
		unsigned changes = entry->changes;
		entry->changes = 0;
		if (entry->is_removed)
			continue;
		fn(ctx, entry->path, entry->cookie, changes);
		count++;
	}
	watch->is_reporting = false;
	for (size_t i = 0; i < watch->removed.len; i++) {
		list_drop(&watch->dirty, watch->removed.ptr[i]);
		entry_free(watch->removed.ptr[i]);
	}
	watch->removed.len = 0;
	vec_clear(&list);
	return count;
}

err *watch_read(struct watch *watch, int timeout_ms, watch_fn *fn, void *ctx, size_t *ret_count)
{
	struct deadline end = timeout_ms < 0 ? DEADLINE_NEVER : deadline_after(timeout_ms);

	TRY(collect(watch));
	while (watch->dirty.len == 0 && !deadline_is_over(end)) {
		TRY(sleep_until(watch, end));
		TRY(collect(watch));
	}
	if (watch->dirty.len > 0 && watch->opts.quiet_ms > 0)
		TRY(wait_quiet(watch));
	size_t count = report(watch, fn, ctx);
	if (ret_count)
		*ret_count = count;
	return NULL;
}

size_t watch_polled(const struct watch *watch)
{
	return watch->polled;
}

const char *watch_note(const struct watch *watch)
{
	return watch->note;
}
