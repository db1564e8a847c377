#include "base/base.h"

#include "target_host/file.h"

#include "base/limits.h"

/* --- the check of the staged copy --- */

static char *put_path(const char *argument, const char *path)
{
	AUTO(str) text = STR_INIT;
	for (const char *at = argument, *hole; *at; at = hole + 2) {
		hole = strstr(at, "{}");
		if (!hole) {
			str_addz(&text, at);
			break;
		}
		str_add(&text, at, (size_t)(hole - at));
		str_addz(&text, path);
	}
	return str_detach(&text);
}

static err *check_staged(struct host *host, const struct file *file, const struct fs_stage *stage)
{
	if (!file->check)
		return NULL;
	AUTO(strs) argv = STRS_INIT;
	for (size_t i = 0; file->check[i]; i++)
		strs_push_take(&argv, put_path(file->check[i], fs_stage_path(stage)));
	struct host_program program = {
		.argv = (const char *const *)argv.ptr,
		.timeout_ms = file->check_timeout_ms,
	};
	err *e = host_run_ok(host, &program);
	if (!e)
		return NULL;
	return err_hint(err_wrap(e, "the check of '%s' failed", file->base.location),
	                "the file on the target is as it was before");
}

/* --- write --- */

static struct fs_stage_opts stage_opts(const struct file *file, const struct file_undo *undo,
                                       const struct host_attributes *wanted)
{
	struct fs_stage_opts opts = { wanted->mode, wanted->uid, wanted->gid, true };
	/* Permissions of a symlink or folder that was in the place mean nothing for a file. */
	if (undo->old.type != FS_FILE && opts.mode == FS_KEEP)
		opts.mode = file->base.shape & SHAPE_KEYED ? 0600 : 0644;
	return opts;
}

static err *begin_stage(struct host *host, const struct file *file,
                        const struct fs_stage_opts *opts, struct fs_stage **ret_stage)
{
	err *e = fs_stage_begin(host->root, file->base.rel, opts, file->content, ret_stage);
	if (!err_is(e, ERR_NOT_FOUND))
		return e;
	err_ignore(e, "another removal may have taken the empty folder with it");
	TRY(host_make_parents(host, file->base.rel));
	return fs_stage_begin(host->root, file->base.rel, opts, file->content, ret_stage);
}

/* Windows stages every file writable; "read-only" can only be said of the finished one. */
static err *settle_read_only(struct host *host, const struct file *file,
                             const struct host_attributes *wanted)
{
	struct fs_stat now;
	TRY(fs_root_stat(host->root, file->base.rel, &now));
	return host_attributes_apply(host, file->base.rel, wanted, &now);
}

static err *replace_content(struct host *host, const struct file *file,
                            const struct file_undo *undo, const struct host_attributes *wanted)
{
	struct fs_stage_opts opts = stage_opts(file, undo, wanted);
	AUTOPTR(fs_stage) stage = NULL;
	if (undo->dir_count)
		TRY(host_make_parents(host, file->base.rel));
	if (undo->old.type == FS_DIR)
		TRY(fs_root_rmdir(host->root, file->base.rel, FS_NO_DIR_SYNC));
	TRY(begin_stage(host, file, &opts, &stage));
	TRY(check_staged(host, file, stage));
	TRY(fs_stage_commit(steal(&stage), FS_NO_DIR_SYNC));
	host_touch(host, file->base.rel);
	return host_platform.has_modes ? NULL : settle_read_only(host, file, wanted);
}

err *file_write(struct host *host, const struct file *file, const struct file_undo *undo)
{
	struct host_attributes wanted;
	TRY(host_attributes_resolve(host, &file->base.attributes, &wanted));
	if (undo->is_same_content)
		return host_attributes_apply(host, file->base.rel, &wanted, &undo->old);
	return replace_content(host, file, undo, &wanted);
}

/* --- back --- */

err *file_keep_old(struct host *host, const char *rel, struct arena *arena, struct file_undo *undo)
{
	AUTO(str) bytes = STR_INIT;
	if (undo->old.type == FS_FILE && !undo->is_same_content) {
		TRY(fs_root_read(host->root, rel, LIMIT_CONTENT_BYTES, &bytes, NULL));
		undo->old_bytes =
			(struct view){ arena_strndup(arena, bytes.ptr, bytes.len), bytes.len };
	}
	if (undo->old.type == FS_SYMLINK) {
		TRY(fs_root_readlink(host->root, rel, &bytes));
		undo->old_target = arena_strdup(arena, bytes.ptr);
	}
	return NULL;
}

static err *put_back_attributes(struct host *host, const char *rel, const struct file_undo *undo)
{
	struct fs_stat now;
	struct host_attributes old = { .mode = undo->old.mode,
		                       .uid = undo->old.uid,
		                       .gid = undo->old.gid };
	TRY(fs_root_stat(host->root, rel, &now));
	return host_attributes_apply(host, rel, &old, &now);
}

static err *put_back_nothing(struct host *host, const char *rel, const struct file_undo *undo)
{
	err *e = fs_root_unlink(host->root, rel, FS_NO_DIR_SYNC);
	if (err_is(e, ERR_NOT_FOUND)) {
		err_ignore(e, "somebody else removed it: nothing is there, as before");
		return NULL;
	}
	TRY(e);
	for (size_t i = undo->dir_count; i > 0; i--)
		err_ignore(fs_root_rmdir(host->root, undo->dirs[i - 1], FS_NO_DIR_SYNC),
		           "not empty: others use it");
	return NULL;
}

static err *put_back(struct host *host, const char *rel, const struct file_undo *undo)
{
	struct fs_stage_opts opts = { undo->old.mode, undo->old.uid, undo->old.gid, true };
	if (!host_platform.has_owners)
		opts.uid = opts.gid = FS_KEEP;
	if (undo->is_same_content)
		return put_back_attributes(host, rel, undo);
	switch (undo->old.type) {
	case FS_FILE:
		return fs_root_write(host->root, rel, &opts, undo->old_bytes, FS_NO_DIR_SYNC);
	case FS_SYMLINK:
		return fs_root_symlink_atomic(host->root, undo->old_target, rel, FS_NO_DIR_SYNC);
	case FS_DIR:
		TRY(fs_root_unlink(host->root, rel, FS_NO_DIR_SYNC));
		return fs_root_mkdir(host->root, rel, undo->old.mode);
	case FS_NONE:
	case FS_OTHER:
		break;
	}
	return put_back_nothing(host, rel, undo);
}

err *file_put_back(struct host *host, const char *rel, const struct file_undo *undo)
{
	TRY(put_back(host, rel, undo));
	host_touch(host, rel);
	return NULL;
}
