#include "test.h"
#include "pal/sock.h"

#include "base/path.h"
#include "pal/fs.h"

#include <poll.h>

#define WAIT_MS 5000

static bool wait_readable(pal_handle handle)
{
	struct pollfd entry = { .fd = (int)handle, .events = POLLIN };

	return poll(&entry, 1, WAIT_MS) == 1;
}

struct sock {
	pal_handle handle;
};

#define SOCK_NONE               \
	{                       \
		PAL_HANDLE_NONE \
	}

static void sock_clear(struct sock *sock)
{
	sock_close(sock->handle);
}

struct listener {
	pal_handle handle;
};

static void listener_clear(struct listener *listener)
{
	if (listener->handle != PAL_HANDLE_NONE)
		sock_listen_close(listener->handle);
}

static err *accept_one(pal_handle listener, struct sock *ret_sock)
{
	enum sock_state state = SOCK_AGAIN;

	if (!wait_readable(listener))
		return err_new(ERR_TIMEOUT, "nobody came");
	TRY(sock_accept(listener, &ret_sock->handle, &state));
	return state == SOCK_OK ? NULL : err_new(ERR_INTERNAL, "state %d", (int)state);
}

static err *exchange(const char *address)
{
	AUTO(listener) listener = SOCK_NONE;
	AUTO(sock) client = SOCK_NONE;
	AUTO(sock) server = SOCK_NONE;
	AUTO(str) local = STR_INIT;
	char buf[16];
	size_t len = 0;
	enum sock_state state = SOCK_OK;

	TRY(sock_listen(address, &listener.handle));
	TRY(sock_accept(listener.handle, &server.handle, &state));
	if (state != SOCK_AGAIN)
		return err_new(ERR_INTERNAL, "accepted nobody with %d", (int)state);
	TRY(sock_local_address(listener.handle, &local));
	TRY(sock_connect(local.ptr, WAIT_MS, &client.handle));
	TRY(accept_one(listener.handle, &server));

	TRY(sock_read(server.handle, buf, sizeof(buf), &len, &state));
	if (state != SOCK_AGAIN || len != 0)
		return err_new(ERR_INTERNAL, "read nothing with %d", (int)state);
	TRY(sock_write(client.handle, "hello", 5, &len, &state));
	sock_finish(client.handle);
	if (!wait_readable(server.handle))
		return err_new(ERR_TIMEOUT, "nothing came");
	TRY(sock_read(server.handle, buf, sizeof(buf), &len, &state));
	if (state != SOCK_OK || len != 5 || memcmp(buf, "hello", 5) != 0)
		return err_new(ERR_INTERNAL, "read %zu bytes with %d", len, (int)state);
	if (!wait_readable(server.handle))
		return err_new(ERR_TIMEOUT, "no end came");
	TRY(sock_read(server.handle, buf, sizeof(buf), &len, &state));
	return state == SOCK_END ? NULL : err_new(ERR_INTERNAL, "end is %d", (int)state);
}

TEST(sock, talks_over_tcp)
{
	CHECK_OK(exchange("127.0.0.1:0"));
	CHECK_OK(exchange(":0"));
	CHECK_OK(exchange("localhost:0"));
}

TEST(sock, talks_over_ipv6)
{
	struct fs_stat info;
	err *e = fs_stat("/proc/net/if_inet6", &info);

	if (e) {
		err_free(e);
		test_skip("this machine has no IPv6");
		return;
	}
	e = exchange("[::1]:0");
	if (e && strstr(err_message(e), "assign requested address")) {
		err_free(e);
		test_skip("this machine has no IPv6 loopback");
		return;
	}
	CHECK_OK(e);
}

TEST(sock, talks_over_a_unix_socket_and_removes_its_file)
{
	AUTOFREE char *address = str_format("unix:%s/s", test_dir());

	CHECK_OK(exchange(address));
	CHECK(!fs_exists(address + strlen("unix:")));
}

TEST(sock, a_unix_socket_is_closed_to_others)
{
	AUTOFREE char *address = str_format("unix:%s/s", test_dir());
	AUTO(listener) listener = SOCK_NONE;
	struct fs_stat info = { 0 };

	CHECK_OK(sock_listen(address, &listener.handle));
	CHECK_OK(fs_lstat(address + strlen("unix:"), &info));
	CHECK_INT(info.mode, 0660);
}

TEST(sock, replaces_a_dead_unix_socket_but_not_a_live_one_or_a_file)
{
	AUTOFREE char *address = str_format("unix:%s/s", test_dir());
	AUTOFREE char *file = str_format("unix:%s/file", test_dir());
	AUTO(listener) listener = SOCK_NONE;
	pal_handle other = PAL_HANDLE_NONE;

	/* Closed without removing the file, as by a crash. */
	CHECK_OK(sock_listen(address, &other));
	sock_close(other);
	CHECK(fs_exists(address + strlen("unix:")));
	CHECK_OK(sock_listen(address, &listener.handle));
	CHECK_ERR(sock_listen(address, &other), ERR_EXISTS, "cannot listen on");

	CHECK_OK(fs_write_atomic(file + strlen("unix:"), view_of("data"), 0644));
	CHECK_ERR(sock_listen(file, &other), ERR_EXISTS, "cannot listen on");
	CHECK(fs_exists(file + strlen("unix:")));
}

TEST(sock, says_when_nobody_listens)
{
	AUTOFREE char *address = str_format("unix:%s/none", test_dir());
	AUTO(listener) listener = SOCK_NONE;
	AUTO(str) local = STR_INIT;
	pal_handle conn = PAL_HANDLE_NONE;

	CHECK_ERR(sock_connect(address, WAIT_MS, &conn), ERR_UNAVAILABLE, "cannot connect to");
	CHECK_OK(sock_listen(":0", &listener.handle));
	CHECK_OK(sock_local_address(listener.handle, &local));
	listener_clear(&listener);
	listener.handle = PAL_HANDLE_NONE;
	CHECK_ERR(sock_connect(local.ptr, WAIT_MS, &conn), ERR_UNAVAILABLE, "refused");
}

TEST(sock, writing_to_who_is_gone_is_the_end_and_no_signal)
{
	AUTO(listener) listener = SOCK_NONE;
	AUTO(sock) client = SOCK_NONE;
	AUTO(sock) server = SOCK_NONE;
	AUTO(str) local = STR_INIT;
	enum sock_state state = SOCK_OK;
	size_t len;

	CHECK_OK(sock_listen(":0", &listener.handle));
	CHECK_OK(sock_local_address(listener.handle, &local));
	CHECK_OK(sock_connect(local.ptr, WAIT_MS, &client.handle));
	CHECK_OK(accept_one(listener.handle, &server));
	sock_close(server.handle);
	server.handle = PAL_HANDLE_NONE;
	CHECK(wait_readable(client.handle));
	for (int i = 0; i < 1000 && state != SOCK_END; i++)
		CHECK_OK(sock_write(client.handle, "x", 1, &len, &state));
	CHECK_INT(state, SOCK_END);
}

TEST(sock, refuses_addresses_it_cannot_read)
{
	static const char *const bad[] = {
		"",
		"localhost",
		"localhost:",
		"localhost:http",
		"localhost:65536",
		"localhost:-1",
		"::1:80",
		"unix:",
		"1.2.3.4:80x",
	};
	pal_handle handle = PAL_HANDLE_NONE;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_ERR(sock_listen(bad[i], &handle), ERR_INVALID, "cannot use address");
	CHECK_ERR(sock_listen("no such host.invalid:80", &handle), ERR_NOT_FOUND, "");
	AUTO(str) text = STR_INIT;
	str_addz(&text, "unix:/");
	str_add_repeat(&text, 'x', 200);
	CHECK_ERR(sock_listen(text.ptr, &handle), ERR_INVALID, "longer than");
	CHECK(handle == PAL_HANDLE_NONE);
}
