#include "base/base.h"
#include "pal/watch.h"

#include "pal/clock.h"
#include "pal/fault.h"
#include "pal/watch_impl.h"

#include <errno.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#define NAME_EVENTS    (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)
#define SELF_EVENTS    (IN_DELETE_SELF | IN_MOVE_SELF)
#define CONTENT_EVENTS (IN_CLOSE_WRITE | IN_ATTRIB)

const bool watch_os_needs_steps = true;
const bool watch_os_has_contents = true;
const bool watch_os_has_names = true;

struct watch_os {
	int fd;
	struct map by_id; /* decimal watch descriptor -> first struct watch_dir */
};

struct id_text {
	char text[16];
};

static struct id_text id_text(intptr_t id)
{
	struct id_text result;

	snprintf(result.text, sizeof(result.text), "%d", (int)id);
	return result;
}

void watch_os_new(struct watch *watch, struct watch_os **ret_os)
{
	int fd = FAULT("inotify_init") ? -1 : inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fd < 0) {
		const char *why = errno == EMFILE ? "fs.inotify.max_user_instances is reached"
		                                  : "inotify is not available";
		watch_set_note(watch, str_format("%s, so paths are polled", why));
		return;
	}
	*ret_os = MEM_NEW(struct watch_os);
	(*ret_os)->fd = fd;
}

void watch_os_free(struct watch_os *os)
{
	if (!os)
		return;
	close(os->fd);
	map_clear(&os->by_id);
	mem_free(os);
}

pal_handle watch_os_handle(const struct watch_os *os)
{
	return os->fd;
}

size_t watch_os_root_len(const char *full)
{
	return full[0] == '/' ? 1 : 0;
}

/* File systems whose changes come from elsewhere, or that never tell: `man statfs`, magic.h. */
static const char *silent_file_system(const char *path)
{
	static const struct {
		uint32_t magic;
		const char *name;
	} silent[] = {
		{ 0x6969, "NFS" },       { 0x517b, "SMB" },        { 0xff534d42, "CIFS" },
		{ 0xfe534d42, "SMB2" },  { 0x01021997, "9p" },     { 0x65735546, "FUSE" },
		{ 0x00c36400, "Ceph" },  { 0x5346414f, "AFS" },    { 0x9fa0, "procfs" },
		{ 0x62656572, "sysfs" }, { 0x0bd00bd0, "Lustre" }, { 0x786f4256, "vboxsf" },
		{ 0x01161970, "GFS2" },  { 0x47504653, "GPFS" },   { 0x63677270, "cgroup" },
	};
	struct statfs info;

	if (FAULT("statfs") || statfs(path, &info) != 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(silent); i++)
		if ((uint32_t)info.f_type == silent[i].magic)
			return silent[i].name;
	return NULL;
}

/* Take the folder out of those with its id; the last one gives the id back. */
static void forget(struct watch_os *os, struct watch_dir *dir, bool is_void)
{
	struct id_text id = id_text(dir->id);
	struct watch_dir *first = map_get(&os->by_id, id.text);

	if (first == dir) {
		if (dir->alias) {
			map_set(&os->by_id, id.text, dir->alias);
		} else {
			map_remove(&os->by_id, id.text);
			if (!is_void)
				inotify_rm_watch(os->fd, (int)dir->id);
		}
	}
	for (struct watch_dir *other = first; other; other = other->alias)
		if (other->alias == dir)
			other->alias = dir->alias;
	dir->alias = NULL;
	dir->id = -1;
}

void watch_os_disarm(struct watch *watch, struct watch_dir *dir)
{
	forget(watch->os, dir, false);
}

static enum watch_arm arm_error(struct watch *watch, int code)
{
	switch (code) {
	case ENOENT:
	case ENOTDIR:
	case ELOOP:
	case ENAMETOOLONG:
		return WATCH_ARM_GONE;
	case EACCES:
	case EPERM:
		return WATCH_ARM_DENIED;
	case ENOSPC:
		watch_set_note(watch, str_format("fs.inotify.max_user_watches is reached, "
		                                 "so some paths are polled"));
		return WATCH_ARM_FAILED;
	default:
		watch_set_note(watch, str_format("inotify failed (%s), so some paths are polled",
		                                 strerror(code)));
		return WATCH_ARM_FAILED;
	}
}

static void set_id(struct watch_os *os, struct watch_dir *dir, int id)
{
	if (dir->id == id)
		return;
	if (dir->id >= 0)
		forget(os, dir, false); /* the path leads to another folder now */
	dir->id = id;
	dir->alias = map_set(&os->by_id, id_text(id).text, dir);
}

enum watch_arm watch_os_arm(struct watch *watch, struct watch_dir *dir)
{
	/* MASK_ADD: another path to the same folder may need more than this one. */
	uint32_t mask = NAME_EVENTS | SELF_EVENTS | IN_ONLYDIR | IN_EXCL_UNLINK | IN_MASK_ADD |
	                (dir->wants_contents ? CONTENT_EVENTS : 0);

	int id =
		FAULT("inotify_add_watch") ? -1 : inotify_add_watch(watch->os->fd, dir->path, mask);
	if (id < 0) {
		int code = errno;
		if (dir->id >= 0)
			forget(watch->os, dir, false);
		return arm_error(watch, code);
	}
	set_id(watch->os, dir, id);
	const char *silent = dir->wants_contents ? silent_file_system(dir->path) : NULL;
	if (silent) {
		watch_set_note(watch, str_format("'%s' is on %s, which does not tell about "
		                                 "changes, so it is polled",
		                                 dir->path, silent));
		return WATCH_ARM_FAILED;
	}
	return WATCH_ARM_OK;
}

/* The folder went, or stands somewhere else now: its id says nothing about the path any more. */
static void lose_dir(struct watch *watch, struct watch_dir *dir, bool is_void)
{
	watch_event(watch, dir, NULL, WATCH_EVENT_SELF);
	forget(watch->os, dir, is_void);
}

static void dispatch(struct watch *watch, const struct inotify_event *event)
{
	if (event->mask & IN_Q_OVERFLOW) {
		watch_lost(watch);
		return;
	}
	struct watch_dir *dir = map_get(&watch->os->by_id, id_text(event->wd).text);
	while (dir) {
		struct watch_dir *next = dir->alias; /* `dir` may leave the chain */
		if (event->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT))
			lose_dir(watch, dir, (event->mask & IN_IGNORED) != 0);
		else if (event->len > 0)
			watch_event(watch, dir, event->name,
			            event->mask & NAME_EVENTS ? WATCH_EVENT_NAME
			                                      : WATCH_EVENT_CONTENT);
		else if (event->mask & IN_ATTRIB)
			watch_event(watch, dir, "", WATCH_EVENT_CONTENT);
		dir = next;
	}
}

err *watch_os_drain(struct watch *watch)
{
	union {
		struct inotify_event event; /* for the alignment */
		char bytes[16384];
	} buf;

	for (;;) {
		ssize_t len = FAULT("read inotify")
		                      ? -1
		                      : read(watch->os->fd, buf.bytes, sizeof(buf.bytes));
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return NULL;
		if (len < 0)
			return err_sys(errno, "cannot read file events");
		for (size_t at = 0; at < (size_t)len;) {
			const struct inotify_event *event = (const void *)(buf.bytes + at);
			dispatch(watch, event);
			at += sizeof(*event) + event->len;
		}
	}
}

err *watch_os_wait(struct watch_os *os, int timeout_ms)
{
	struct pollfd entry = { .fd = os ? os->fd : -1, .events = POLLIN };

	if (poll(&entry, 1, timeout_ms) < 0 && errno != EINTR)
		return err_sys(errno, "cannot wait for file events");
	return NULL;
}
