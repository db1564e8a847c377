/*
 * Many atomic writes with few flushes: a batch of files is staged, its file systems are flushed as a whole, then each
 * file is moved into place; one flush more at the end for the folders. No file is in place before its
 * bytes are on the disk.
 */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "pal/fd_posix.h"
#include "pal/fs.h"
#include "pal/pool.h"
#include "pal/stage_posix.h"

enum {
	BATCH = 256,    /* each holds two descriptors */
	MOST_DISKS = 8, /* file systems; files on others are flushed one by one */
};

struct disks {
	dev_t ids[MOST_DISKS];
	int fds[MOST_DISKS]; /* of some folder on it */
	size_t count;
};

static void disks_clear(struct disks *disks)
{
	for (size_t i = 0; i < disks->count; i++)
		fd_close(disks->fds[i]);
}

/* False: the file must be flushed by itself. */
static bool note_disk(struct disks *disks, int dir_fd)
{
	struct stat st;
	if (fstat(dir_fd, &st) != 0)
		return false;
	for (size_t i = 0; i < disks->count; i++)
		if (disks->ids[i] == st.st_dev)
			return true;
	if (disks->count == MOST_DISKS)
		return false;
	int fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return false;
	disks->ids[disks->count] = st.st_dev;
	disks->fds[disks->count++] = fd;
	return true;
}

static int flush(const struct disks *disks)
{
	for (size_t i = 0; i < disks->count; i++)
		if (stage_sync_fs(disks->fds[i]) != 0)
			return -1;
	return 0;
}

struct batch {
	struct disks *disks;
	struct mutex *mutex;
	struct fs_new_file *files;
	struct fs_stage *stages[BATCH];
	bool is_flushed[BATCH];
	int flush_code;
};

static bool note_disk_of(struct batch *b, int dir_fd)
{
	AUTO(mutex_hold) hold = mutex_hold(b->mutex);
	return note_disk(b->disks, dir_fd);
}

static err *stage_one(struct batch *b, const struct fs_new_file *file, struct fs_stage **ret_stage,
                      bool *ret_is_flushed)
{
	AUTOFREE char *clean = path_clean(file->path);
	AUTOFREE char *dir = path_dir(clean);
	AUTOFD fd = fd_openat(AT_FDCWD, dir, FD_DIR_READ, 0);
	if (fd < 0)
		return err_sys(errno, "cannot write '%s'", file->path);
	*ret_is_flushed = !note_disk_of(b, fd);
	const struct fs_stage_opts opts = {
		.mode = file->mode, .uid = FS_KEEP, .gid = FS_KEEP, .is_unflushed = !*ret_is_flushed
	};
	return stage_begin_at(fd_steal(&fd), dir, path_base(clean), &opts, file->bytes, ret_stage);
}

static void stage_in(void *ctx, size_t i)
{
	struct batch *b = ctx;
	b->files[i].error = stage_one(b, &b->files[i], &b->stages[i], &b->is_flushed[i]);
}

static void commit_in(void *ctx, size_t i)
{
	struct batch *b = ctx;
	struct fs_stage *stage = b->stages[i];
	if (!stage)
		return;
	if (b->flush_code && !b->is_flushed[i]) {
		fs_stage_free(stage);
		b->files[i].error = err_sys(b->flush_code, "cannot write '%s'", b->files[i].path);
	} else {
		b->files[i].error = fs_stage_commit(stage, b->is_flushed[i] ? 0 : FS_NO_DIR_SYNC);
	}
}

static void write_batch(struct disks *disks, struct mutex *mutex, struct fs_new_file *files,
                        size_t count)
{
	struct batch b = { .disks = disks, .mutex = mutex, .files = files };
	pool_for_each(0, count, stage_in, &b);
	b.flush_code = flush(disks) == 0 ? 0 : errno;
	pool_for_each(0, count, commit_in, &b);
}

/* Other programs' writes are flushed too, which a few files are not worth. */
static bool is_worth_it(size_t count)
{
	enum { FEW = 32 };
	return count > FEW && (stage_sync_fs(-1) == 0 || errno != ENOTSUP);
}

void fs_write_many(struct fs_new_file *files, size_t count)
{
	struct disks disks = { .count = 0 };
	struct mutex *mutex = mutex_new();
	bool is_together = is_worth_it(count);
	for (size_t i = 0; !is_together && i < count; i++)
		files[i].error = fs_write_atomic(files[i].path, files[i].bytes, files[i].mode);
	for (size_t i = 0; is_together && i < count; i += BATCH)
		write_batch(&disks, mutex, files + i, MIN(count - i, (size_t)BATCH));
	if (flush(&disks) != 0) {
		int code = errno;
		for (size_t i = 0; i < count; i++)
			if (!files[i].error)
				files[i].error = err_sys(code, "cannot flush the folder of '%s'",
				                         files[i].path);
	}
	disks_clear(&disks);
	mutex_free(mutex);
}
