#include "base/base.h"

#include "target_host/internal.h"

#include "pal/pool.h"

/*
 * Two locks, so that changing files never waits for a flush or for systemd: `lock` guards the lists
 * and is held for a moment, `flushing` and `reloading` are held during the work itself.
 */
struct host_batch {
	struct mutex *lock, *flushing, *reloading;
	struct map dirs;       /* folders to flush */
	struct map swept;      /* folders where the leftovers of killed runs are gone */
	uint64_t unit_changes; /* counts changes of unit files */
	uint64_t unit_reloads; /* as many of them systemd has seen */
};

struct host_batch *host_batch_new(void)
{
	struct host_batch *batch = MEM_NEW(struct host_batch);
	batch->lock = mutex_new();
	batch->flushing = mutex_new();
	batch->reloading = mutex_new();
	return batch;
}

void host_batch_free(struct host_batch *batch)
{
	if (!batch)
		return;
	map_clear(&batch->dirs);
	map_clear(&batch->swept);
	mutex_free(batch->lock);
	mutex_free(batch->flushing);
	mutex_free(batch->reloading);
	mem_free(batch);
}

void host_touch(struct host *host, const char *rel)
{
	const char *slash = strrchr(rel, '/');
	AUTOFREE char *dir = mem_strndup(rel, slash ? (size_t)(slash - rel) : 0);
	mutex_lock(host->batch->lock);
	if (!map_has(&host->batch->dirs, dir))
		map_set(&host->batch->dirs, dir, host);
	mutex_unlock(host->batch->lock);
}

/* A folder is swept once, not per file in it. */
static err *sweep_once(struct host *host, const char *dir)
{
	size_t removed;
	if (map_has(&host->batch->swept, dir))
		return NULL;
	map_set(&host->batch->swept, dir, host);
	return fs_root_sweep(host->root, dir, &removed);
}

/*
 * Temp files lie beside the file they were to become; those of a projection are in the folder that
 * is the object itself. A sweep of what is no folder finds nothing.
 */
err *host_clean_up(struct target *target, const struct target_record *record)
{
	struct host *host = host_of(target);
	AUTO(arena) arena = ARENA_INIT;
	struct host_place place;
	TRY(host_place_of_record(host, record, &arena, &place));
	if (!place.rel)
		return NULL;
	TRY(sweep_once(host, host_parent(&arena, place.rel)));
	return sweep_once(host, place.rel);
}

/*
 * Whoever comes second waits for the first to end: when this returns, everything touched before the
 * call is on disk, whichever thread flushed it.
 */
err *host_flush(struct target *target)
{
	struct host *host = host_of(target);
	struct host_batch *batch = host->batch;
	mutex_lock(batch->flushing);
	mutex_lock(batch->lock);
	AUTO(map) dirs = batch->dirs;
	batch->dirs = (struct map)MAP_INIT;
	mutex_unlock(batch->lock);
	err *e = NULL;
	for (struct map_entry *entry = map_first(&dirs); entry; entry = map_next(&dirs, entry)) {
		err *one = fs_root_sync_dir(host->root, entry->key);
		if (err_is(one, ERR_NOT_FOUND))
			err_ignore(one, "the folder was removed after it was changed");
		else
			e = err_join(e, one);
	}
	mutex_unlock(batch->flushing);
	return e;
}

void host_units_changed(struct host *host)
{
	mutex_lock(host->batch->lock);
	host->batch->unit_changes++;
	mutex_unlock(host->batch->lock);
}

err *host_daemon_reload(struct host *host)
{
	struct host_batch *batch = host->batch;
	mutex_lock(batch->reloading);
	mutex_lock(batch->lock);
	uint64_t changes = batch->unit_changes;
	bool is_needed = changes != batch->unit_reloads;
	mutex_unlock(batch->lock);
	err *e = is_needed ? host_systemctl(host, "daemon-reload", NULL) : NULL;
	if (!e)
		batch->unit_reloads = changes;
	mutex_unlock(batch->reloading);
	return e;
}
