#include "base/base.h"

#include "pal/stage_posix.h"

#include <errno.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "pal/fault.h"

#define ACL_NAME "system.posix_acl_access"

/* Measured over the content by the kernel: copying them to other content would be a lie. */
static bool is_computed(const char *name)
{
	return str_equal(name, "security.ima") || str_equal(name, "security.evm");
}

/* Labels that only the administrator may set; a user's copy gets the ones of its folder. */
static bool is_privileged(const char *name)
{
	return str_starts(name, "security.selinux") || str_starts(name, "security.apparmor") ||
	       str_starts(name, "security.SMACK") || str_starts(name, "trusted.");
}

static err *copy_one(int from_fd, int to_fd, const char *name, const char *what)
{
	AUTO(str) value = STR_INIT;
	ssize_t size = fgetxattr(from_fd, name, NULL, 0);
	if (size >= 0) {
		str_reserve(&value, (size_t)size + 1);
		size = fgetxattr(from_fd, name, value.ptr, (size_t)size + 1);
	}
	if (size < 0 && errno == ENODATA)
		return NULL;
	if (size >= 0 && !FAULT("fsetxattr") &&
	    fsetxattr(to_fd, name, value.ptr, (size_t)size, 0) == 0)
		return NULL;
	if ((errno == EPERM || errno == ENOTSUP || errno == EACCES) && is_privileged(name))
		return NULL;
	return err_sys(errno, "cannot keep the attribute '%s' of '%s'", name, what);
}

/* The names, NUL-separated; empty where the file system has none. */
static err *list_names(int fd, const char *what, struct str *names)
{
	for (;;) {
		ssize_t size = FAULT("flistxattr") ? -1 : flistxattr(fd, NULL, 0);
		if (size > 0) {
			str_reserve(names, (size_t)size);
			size = flistxattr(fd, names->ptr, (size_t)size);
		}
		if (size >= 0) {
			names->len = (size_t)size;
			return NULL;
		}
		if (errno == ENOTSUP)
			return NULL;
		if (errno != ERANGE) /* one was added between the two calls */
			return err_sys(errno, "cannot read the attributes of '%s'", what);
	}
}

err *stage_copy_xattrs(int from_fd, int to_fd, const char *what)
{
	AUTO(str) names = STR_INIT;
	TRY(list_names(from_fd, what, &names));
	bool has_acl = false;
	for (size_t at = 0; at < names.len; at += strlen(names.ptr + at) + 1) {
		const char *name = names.ptr + at;
		has_acl = has_acl || str_equal(name, ACL_NAME);
		if (!is_computed(name))
			TRY(copy_one(from_fd, to_fd, name, what));
	}
	/* the folder's default ACL may have given the new file one that the old file did not have */
	if (!has_acl && fremovexattr(to_fd, ACL_NAME) != 0 && errno != ENODATA && errno != ENOTSUP)
		return err_sys(errno, "cannot keep the access list of '%s'", what);
	return NULL;
}

int stage_sync_fs(int fd)
{
	return FAULT("syncfs") ? -1 : syncfs(fd);
}
