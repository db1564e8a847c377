#include "base/base.h"
#include "pal/notify.h"

#include "pal/notify_os.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_LISTEN_FD 3

void notify_os_send(const char *path, const char *text, size_t len)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t path_len = strlen(path);
	if (path_len >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, path_len + 1);
	/* '@' stands for the NUL of an abstract address, which has no NUL at its end. */
	bool is_abstract = path[0] == '@';
	if (is_abstract)
		address.sun_path[0] = '\0';
	size_t size = offsetof(struct sockaddr_un, sun_path) + path_len + (is_abstract ? 0 : 1);

	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0)
		return;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	/* A manager that does not read must not stop us, but may need a moment. */
	struct timeval limit = { .tv_sec = 1 };
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	ssize_t sent = sendto(fd, text, len, 0, (struct sockaddr *)&address, (socklen_t)size);
	(void)sent;
	close(fd);
}

uint64_t notify_os_pid(void)
{
	return (uint64_t)getpid();
}

size_t notify_os_listeners(size_t count, pal_handle *ret_handles)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		int fd = FIRST_LISTEN_FD + (int)i;
		struct stat info;
		if (fstat(fd, &info) != 0 || !S_ISSOCK(info.st_mode))
			continue;
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		ret_handles[found++] = fd;
	}
	return found;
}
