#include "base/base.h"

#include "pal/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/path.h"
#include "pal/fault.h"
#include "pal/fd_posix.h"
#include "pal/sig.h"
#include "pal/stage_posix.h"

static bool is_standard(const char *path)
{
	return !path || str_equal(path, "-");
}

/* --- reading --- */

struct stream_in {
	int fd;
	char *name;
	const struct cancel *cancel;
};

err *stream_in_open(const char *path, const struct cancel *cancel, struct stream_in **ret_in)
{
	AUTOPTR(stream_in) in = MEM_NEW(struct stream_in);
	struct stat st;
	in->fd = STDIN_FILENO;
	in->name = mem_strdup(is_standard(path) ? "standard input" : path);
	in->cancel = cancel;
	if (!is_standard(path)) {
		in->fd = FAULT("open") ? -1 : fd_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
		if (in->fd < 0 || FAULT("fstat") || fstat(in->fd, &st) != 0)
			return err_sys(errno, "cannot read '%s'", path);
		if (S_ISDIR(st.st_mode))
			return err_new(ERR_INVALID, "cannot read '%s': it is a folder", path);
	}
	*ret_in = steal(&in);
	return NULL;
}

err *stream_in_read(struct stream_in *in, uint8_t *buf, size_t cap, size_t *ret_len)
{
	for (;;) {
		TRY(cancel_check(in->cancel));
		ssize_t got = FAULT("read") ? -1 : read(in->fd, buf, cap);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(errno, "cannot read '%s'", in->name);
		*ret_len = (size_t)got;
		return NULL;
	}
}

void stream_in_free(struct stream_in *in)
{
	if (!in)
		return;
	if (in->fd != STDIN_FILENO)
		fd_close(in->fd);
	mem_free(in->name);
	mem_free(in);
}

/* --- writing --- */

struct stream_out {
	int fd;
	char *name;
	const struct cancel *cancel;
	struct fs_stage *stage; /* NULL: written as it is */
};

static err *open_staged(struct stream_out *out, const char *path, bool is_new, uint32_t mode)
{
	AUTO(str) real = STR_INIT;
	if (!is_new)
		TRY(fs_real_path(path, &real));
	AUTOFREE char *clean = path_clean(is_new ? path : real.ptr);
	AUTOFREE char *dir = path_dir(clean);
	int dir_fd = fd_openat(AT_FDCWD, dir, FD_DIR_READ, 0);
	if (dir_fd < 0)
		return err_sys(errno, "cannot write '%s'", path);
	const struct fs_stage_opts opts = { .mode = is_new ? mode : FS_KEEP,
		                            .uid = FS_KEEP,
		                            .gid = FS_KEEP,
		                            .keep_xattrs = !is_new };
	TRY(stage_begin_at(dir_fd, dir, path_base(clean), &opts, (struct view){ "", 0 },
	                   &out->stage));
	out->fd = stage_open_copy(out->stage);
	return out->fd < 0 ? err_sys(errno, "cannot write '%s'", path) : NULL;
}

err *stream_out_open(const char *path, uint32_t mode, const struct cancel *cancel,
                     struct stream_out **ret_out)
{
	AUTOPTR(stream_out) out = MEM_NEW(struct stream_out);
	struct stat st;
	out->fd = STDOUT_FILENO;
	out->name = mem_strdup(is_standard(path) ? "standard output" : path);
	out->cancel = cancel;
	if (!is_standard(path)) {
		bool is_there = !FAULT("stat") && stat(path, &st) == 0;
		if (!is_there && errno != ENOENT)
			return err_sys(errno, "cannot write '%s'", path);
		if (is_there && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
			out->fd = fd_openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
			if (out->fd < 0)
				return err_sys(errno, "cannot write '%s'", path);
		} else {
			TRY(open_staged(out, path, !is_there, mode));
		}
	}
	*ret_out = steal(&out);
	return NULL;
}

err *stream_out_write(struct stream_out *out, const uint8_t *ptr, size_t len)
{
	TRY(cancel_check(out->cancel));
	return fd_write_all(out->fd, out->name, (struct view){ (const char *)ptr, len });
}

err *stream_out_commit(struct stream_out *out)
{
	if (!out->stage)
		return NULL;
	TRY(cancel_check(out->cancel));
	if (FAULT("fsync") || fd_sync(out->fd) != 0)
		return err_sys(errno, "cannot write '%s'", out->name);
	int fd = out->fd;
	out->fd = -1;
	if (FAULT("close") || close(fd) != 0)
		return err_sys(errno, "cannot write '%s'", out->name);
	return fs_stage_commit(steal(&out->stage), 0);
}

void stream_out_free(struct stream_out *out)
{
	if (!out)
		return;
	if (out->fd != STDOUT_FILENO)
		fd_close(out->fd);
	fs_stage_free(out->stage);
	mem_free(out->name);
	mem_free(out);
}
