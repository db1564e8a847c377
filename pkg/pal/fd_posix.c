#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "pal/fault.h"
#include "pal/fd_posix.h"
#include "pal/random.h"

void fd_close(int fd)
{
	if (fd < 0)
		return;
	int saved = errno;
	(void)close(fd);
	errno = saved;
}

void fd_close_ptr(int *fd)
{
	fd_close(*fd);
}

int fd_steal(int *fd)
{
	int stolen = *fd;
	*fd = -1;
	return stolen;
}

int fd_openat(int dir_fd, const char *name, int flags, mode_t mode)
{
	if (FAULT("openat"))
		return -1;
	int fd;
	do
		fd = openat(dir_fd, name, flags, mode);
	while (fd < 0 && errno == EINTR);
	return fd;
}

int fd_sync(int fd)
{
	if (FAULT("fsync"))
		return -1;
#ifdef F_FULLFSYNC
	if (fcntl(fd, F_FULLFSYNC) == 0)
		return 0;
#endif
	int result;
	do
		result = fsync(fd);
	while (result != 0 && errno == EINTR);
	return result;
}

static ssize_t read_some(int fd, void *buf, size_t len)
{
	if (FAULT("read"))
		return -1;
	ssize_t got;
	do
		got = read(fd, buf, len);
	while (got < 0 && errno == EINTR);
	return got;
}

/* Enough for the rest of the file as far as we know, plus the byte that shows its end. */
static size_t next_chunk(uint64_t size_hint, size_t have, size_t limit)
{
	enum { CHUNK = 64 << 10 };
	size_t want = size_hint > have ? (size_t)MIN(size_hint - have, SIZE_MAX / 4) + 1 : CHUNK;
	size_t room = limit - have;
	return want > room ? room + 1 : want;
}

err *fd_read_all(int fd, const char *what, size_t limit, uint64_t size_hint, struct str *ret_text)
{
	if (size_hint > limit)
		return err_new(ERR_LIMIT, "cannot read '%s': it has %llu bytes, more than %zu",
		               what, (unsigned long long)size_hint, limit);
	AUTO(str) text = STR_INIT;
	for (;;) {
		size_t want = next_chunk(size_hint, text.len, limit);
		str_reserve(&text, want);
		ssize_t got = read_some(fd, text.ptr + text.len, want);
		if (got < 0)
			return err_sys(errno, "cannot read '%s'", what);
		text.len += (size_t)got;
		text.ptr[text.len] = '\0';
		if (text.len > limit)
			return err_new(ERR_LIMIT, "cannot read '%s': more than %zu bytes", what,
			               limit);
		/* a regular file that gave as much as it has, and less than asked, is at its end */
		if (got == 0 || (size_hint && text.len == size_hint && (size_t)got < want))
			break;
	}
	str_clear(ret_text);
	*ret_text = text;
	str_init(&text);
	return NULL;
}

err *fd_write_all(int fd, const char *what, struct view bytes)
{
	for (size_t done = 0; done < bytes.len;) {
		ssize_t put = FAULT("write") ? -1 : write(fd, bytes.ptr + done, bytes.len - done);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return err_sys(errno, "cannot write '%s'", what);
		done += (size_t)put;
	}
	return NULL;
}

enum fs_type fd_type_of_mode(mode_t mode)
{
	if (S_ISREG(mode))
		return FS_FILE;
	if (S_ISDIR(mode))
		return FS_DIR;
	if (S_ISLNK(mode))
		return FS_SYMLINK;
	return FS_OTHER;
}

void fd_stat_of(const struct stat *from, struct fs_stat *ret_stat)
{
#ifdef __APPLE__
	struct timespec modified = from->st_mtimespec;
#else
	struct timespec modified = from->st_mtim;
#endif
	*ret_stat = (struct fs_stat){
		.type = fd_type_of_mode(from->st_mode),
		.mode = (uint32_t)(from->st_mode & 07777),
		.uid = (uint32_t)from->st_uid,
		.gid = (uint32_t)from->st_gid,
		.size = (uint64_t)from->st_size,
		.mtime_ns = (int64_t)modified.tv_sec * 1000000000 + (int64_t)modified.tv_nsec,
		.inode = (uint64_t)from->st_ino,
		.dev = (uint64_t)from->st_dev,
		.links = (uint64_t)from->st_nlink,
	};
}

void fd_random_name(char *out, size_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
	unsigned char bytes[32];
	assert(len <= sizeof(bytes));
	random_bytes(bytes, len);
	for (size_t i = 0; i < len; i++)
		out[i] = letters[bytes[i] & 31];
}

err *fd_readlink(int dir_fd, const char *name, const char *what, struct str *ret_target)
{
	AUTO(str) target = STR_INIT;
	for (size_t room = 256;; room *= 4) {
		str_reset(&target);
		str_reserve(&target, room);
		ssize_t len = FAULT("readlinkat") ? -1 : readlinkat(dir_fd, name, target.ptr, room);
		if (len < 0 && errno == EINVAL)
			return err_new(ERR_INVALID, "cannot read the symlink '%s': it is none",
			               what);
		if (len < 0)
			return err_sys(errno, "cannot read the symlink '%s'", what);
		if ((size_t)len < room) {
			str_reset(ret_target);
			str_add(ret_target, target.ptr, (size_t)len);
			return NULL;
		}
	}
}
