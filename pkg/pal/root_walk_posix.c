/*
 * Path resolution that cannot leave the root, by hand: macOS, Linux kernels without openat2, and
 * naming the symlink to blame. Folders are held open on a stack, so ".." in a link means "the
 * folder we came from" whatever is renamed meanwhile.
 */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/vec.h"
#include "pal/fault.h"
#include "pal/root_posix.h"

enum { WALK_LINKS_MAX = 40, WALK_DEPTH_MAX = 500 };

struct level {
	int fd;
	size_t path_len; /* of `where` before this folder's name was added */
};

struct walk {
	const struct fs_root *root;
	VEC(struct level) levels;
	struct str where;   /* path of the current folder below the root */
	struct str pending; /* what is still to be walked, from `at` on */
	size_t at;
	struct str link; /* the last symlink, as "link -> target" */
	unsigned links;
};

static void walk_pop(struct walk *walk)
{
	struct level *top = &walk->levels.ptr[--walk->levels.len];
	fd_close(top->fd);
	str_truncate(&walk->where, top->path_len);
}

static void walk_clear(struct walk *walk)
{
	while (walk->levels.len)
		walk_pop(walk);
	vec_clear(&walk->levels);
	str_clear(&walk->where);
	str_clear(&walk->pending);
	str_clear(&walk->link);
}

static int current_fd(const struct walk *walk)
{
	return walk->levels.len ? walk->levels.ptr[walk->levels.len - 1].fd : walk->root->fd;
}

static int fail(int code)
{
	errno = code;
	return -1;
}

/* Cut the next name off `pending`; false at its end. NUL-terminates it in place. */
static bool next_name(struct walk *walk, const char **ret_name, bool *ret_is_last)
{
	char *text = walk->pending.ptr;
	while (text[walk->at] == '/')
		walk->at++;
	if (!text[walk->at])
		return false;
	size_t start = walk->at, end = start;
	while (text[end] && text[end] != '/')
		end++;
	size_t rest = end;
	while (text[rest] == '/')
		rest++;
	*ret_is_last = text[rest] == '\0';
	text[end] = '\0';
	walk->at = rest;
	*ret_name = text + start;
	return true;
}

static int push_folder(struct walk *walk, const char *name)
{
	if (walk->levels.len >= WALK_DEPTH_MAX)
		return fail(ENAMETOOLONG);
	int fd = fd_openat(current_fd(walk), name, FD_DIR_HANDLE | O_NOFOLLOW, 0);
	if (fd < 0)
		return -1;
	struct level level = { fd, walk->where.len };
	if (walk->where.len)
		str_addch(&walk->where, '/');
	str_addz(&walk->where, name);
	vec_push(&walk->levels, level);
	return 0;
}

/* `name` could not be opened as a folder: when it is a symlink, walk its target instead. */
static int follow(struct walk *walk, const char *name, int code)
{
	AUTO(str) target = STR_INIT;
	err *e = fd_readlink(current_fd(walk), name, name, &target);
	bool is_link = e == NULL;
	err_ignore(e, "no symlink: the first error stands");
	if (!is_link)
		return fail(code);
	str_reset(&walk->link);
	str_addf(&walk->link, "%s%s%s' -> '%s", walk->where.ptr, walk->where.len ? "/" : "", name,
	         target.ptr);
	if (++walk->links > WALK_LINKS_MAX)
		return fail(ELOOP);
	if (target.ptr[0] == '/') {
		if (!walk->root->is_machine)
			return fail(EXDEV);
		while (walk->levels.len)
			walk_pop(walk);
	}
	str_addch(&target, '/');
	str_addz(&target, walk->pending.ptr + walk->at);
	str_clear(&walk->pending);
	walk->pending = target;
	str_init(&target);
	walk->at = 0;
	return 0;
}

static int climb(struct walk *walk)
{
	if (walk->levels.len) {
		walk_pop(walk);
		return 0;
	}
	return walk->root->is_machine ? 0 : fail(EXDEV);
}

/* The last name; `*ret_fd` stays -1 when it was a symlink that is walked on. */
static int open_last(struct walk *walk, const char *name, int flags, int *ret_fd)
{
	*ret_fd = fd_openat(current_fd(walk), name, flags | O_NOFOLLOW | O_CLOEXEC, 0);
	if (*ret_fd >= 0 || (flags & O_NOFOLLOW))
		return *ret_fd >= 0 ? 0 : -1;
	return follow(walk, name, errno);
}

static int step(struct walk *walk, const char *name, bool is_last, int flags, int *ret_fd)
{
	if (str_equal(name, "."))
		return 0;
	if (str_equal(name, ".."))
		return climb(walk);
	if (is_last)
		return open_last(walk, name, flags, ret_fd);
	if (push_folder(walk, name) == 0)
		return 0;
	bool may_be_link = errno == ELOOP || errno == ENOTDIR || errno == EMLINK;
	return may_be_link ? follow(walk, name, errno) : -1;
}

static int run(struct walk *walk, int flags)
{
	const char *name;
	bool is_last;
	while (next_name(walk, &name, &is_last)) {
		int fd = -1;
		if (step(walk, name, is_last, flags, &fd) != 0)
			return -1;
		if (fd >= 0)
			return fd;
	}
	/* it ended in ".", ".." or a link to the root */
	return fd_openat(current_fd(walk), ".", flags | O_CLOEXEC, 0);
}

int root_open_walk(const struct fs_root *root, const char *rel, int flags, struct str *ret_culprit)
{
	struct walk walk = { .root = root, .levels = VEC_INIT, .where = STR_INIT };
	str_init(&walk.pending);
	str_init(&walk.link);
	str_addz(&walk.pending, rel);
	int fd = run(&walk, flags);
	int code = errno;
	if (fd < 0 && code == EXDEV && ret_culprit)
		str_add_str(ret_culprit, &walk.link);
	walk_clear(&walk);
	errno = code;
	return fd;
}
