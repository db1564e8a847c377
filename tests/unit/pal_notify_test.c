#include "test.h"
#include "pal/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Stands in for systemd. */
struct manager {
	int fd;
	char got[512];
};

static void manager_clear(struct manager *manager)
{
	if (manager->fd >= 0)
		close(manager->fd);
}

static bool manager_open(struct manager *manager, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	manager->fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	len += offsetof(struct sockaddr_un, sun_path) + (path[0] == '/');
	return bind(manager->fd, (struct sockaddr *)&address, (socklen_t)len) == 0;
}

static const char *manager_read(struct manager *manager)
{
	ssize_t len = recv(manager->fd, manager->got, sizeof(manager->got) - 1, MSG_DONTWAIT);

	manager->got[len > 0 ? len : 0] = '\0';
	return manager->got;
}

TEST(notify, speaks_to_a_socket_file)
{
	AUTO(manager) manager = { .fd = -1 };
	AUTOFREE char *path = str_format("%s/notify", test_dir());

	CHECK(manager_open(&manager, path));
	AUTOPTR(notify) notify = notify_new(path);
	CHECK(notify_is_on(notify));
	notify_ready(notify, NULL);
	CHECK_STR(manager_read(&manager), "READY=1\n");
	notify_ready(notify, "applied\nREADY=0");
	CHECK_STR(manager_read(&manager), "READY=1\nSTATUS=applied READY=0\n");
	notify_status(notify, "waiting");
	CHECK_STR(manager_read(&manager), "STATUS=waiting\n");
	notify_stopping(notify);
	CHECK_STR(manager_read(&manager), "STOPPING=1\n");
	notify_watchdog(notify);
	CHECK_STR(manager_read(&manager), "WATCHDOG=1\n");
	notify_reloading(notify);
	CHECK(str_starts(manager_read(&manager), "RELOADING=1\nMONOTONIC_USEC="));
}

TEST(notify, speaks_to_an_abstract_socket)
{
	AUTO(manager) manager = { .fd = -1 };
	AUTOFREE char *path = str_format("@fettle-unit-test-%d", (int)getpid());

	CHECK(manager_open(&manager, path));
	AUTOPTR(notify) notify = notify_new(path);
	notify_ready(notify, NULL);
	CHECK_STR(manager_read(&manager), "READY=1\n");
}

TEST(notify, does_nothing_without_a_manager)
{
	AUTOPTR(notify) off = notify_new(NULL);
	AUTOPTR(notify) odd = notify_new("vsock:2:1234");
	AUTOPTR(notify) gone = notify_new("/no/such/socket");

	CHECK(!notify_is_on(off));
	CHECK(!notify_is_on(odd));
	notify_ready(off, "x");
	notify_ready(gone, "x");
	CHECK_INT(notify_watchdog_ms(off), 0);
}

TEST(notify, reads_the_watchdog_from_the_environment)
{
	char self[32];

	snprintf(self, sizeof(self), "%d", (int)getpid());
	setenv("NOTIFY_SOCKET", "/run/x", 1);
	setenv("WATCHDOG_USEC", "30000000", 1);
	setenv("WATCHDOG_PID", self, 1);
	AUTOPTR(notify) ours = notify_from_env();
	setenv("WATCHDOG_PID", "1", 1);
	AUTOPTR(notify) others = notify_from_env();
	unsetenv("WATCHDOG_PID");
	AUTOPTR(notify) anybody = notify_from_env();
	setenv("WATCHDOG_USEC", "soon", 1);
	AUTOPTR(notify) broken = notify_from_env();
	unsetenv("WATCHDOG_USEC");
	unsetenv("NOTIFY_SOCKET");
	CHECK(notify_is_on(ours));
	CHECK_INT(notify_watchdog_ms(ours), 15000);
	CHECK_INT(notify_watchdog_ms(others), 0);
	CHECK_INT(notify_watchdog_ms(anybody), 15000);
	CHECK_INT(notify_watchdog_ms(broken), 0);
}

TEST(notify, takes_no_listeners_meant_for_others)
{
	pal_handle handles[4];

	setenv("LISTEN_FDS", "2", 1);
	setenv("LISTEN_PID", "1", 1);
	size_t for_others = notify_listeners(handles, ARRAY_LEN(handles));
	unsetenv("LISTEN_PID");
	size_t for_nobody = notify_listeners(handles, ARRAY_LEN(handles));
	unsetenv("LISTEN_FDS");
	CHECK_INT(for_others, 0);
	CHECK_INT(for_nobody, 0);
	CHECK_INT(notify_listeners(handles, ARRAY_LEN(handles)), 0);
}
