#include "base/base.h"
#include "pal/sock.h"

#include "pal/fault.h"
#include "pal/sock_impl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128

struct fd_hold {
	int fd;
};

static void fd_hold_clear(struct fd_hold *hold)
{
	if (hold->fd >= 0)
		close(hold->fd);
	hold->fd = -1;
}

static int fd_steal(struct fd_hold *hold)
{
	int fd = hold->fd;

	hold->fd = -1;
	return fd;
}

union any_address {
	struct sockaddr any;
	struct sockaddr_un local;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage storage;
};

static err *prepare(int fd)
{
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
		return err_sys(errno, "cannot set up a socket");
#ifdef SO_NOSIGPIPE
	int on = 1;
	setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#endif
	return NULL;
}

static err *unix_address(const char *path, union any_address *ret_address, socklen_t *ret_len)
{
	size_t len = strlen(path);

	if (len >= sizeof(ret_address->local.sun_path))
		return err_new(ERR_INVALID,
		               "cannot use socket '%s': the path is longer than %zu bytes", path,
		               sizeof(ret_address->local.sun_path) - 1);
	memset(ret_address, 0, sizeof(*ret_address));
	ret_address->local.sun_family = AF_UNIX;
	memcpy(ret_address->local.sun_path, path, len + 1);
	*ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
	return NULL;
}

static err *resolve(const struct sock_address *address, const char *text,
                    struct addrinfo **ret_infos)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };

	int code = FAULT("getaddrinfo")
	                   ? EAI_FAIL
	                   : getaddrinfo(address->host, address->port, &hints, ret_infos);
	if (code)
		return err_new(ERR_NOT_FOUND, "cannot use address '%s': %s", text,
		               gai_strerror(code));
	return NULL;
}

/* ---- listening ---------------------------------------------------------------------------- */

static err *listen_error(const char *text)
{
	int code = errno;
	err *e = err_sys(code, "cannot listen on '%s'", text);

	return code == EADDRINUSE ? err_as(e, ERR_EXISTS) : e;
}

static err *listen_at(int family, const struct sockaddr *address, socklen_t len, const char *text,
                      int *ret_fd)
{
	AUTO(fd_hold) hold = { -1 };
	int on = 1;

	hold.fd = FAULT("socket") ? -1 : socket(family, SOCK_STREAM, 0);
	if (hold.fd < 0)
		return listen_error(text);
	TRY(prepare(hold.fd));
	if (family != AF_UNIX)
		setsockopt(hold.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (family == AF_INET6)
		setsockopt(hold.fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (FAULT("bind") || bind(hold.fd, address, len) != 0)
		return listen_error(text);
	if (FAULT("listen") || listen(hold.fd, BACKLOG) != 0)
		return listen_error(text);
	*ret_fd = fd_steal(&hold);
	return NULL;
}

/* True when nobody answers there any more: what is left of a process that died. */
static bool is_stale(const union any_address *address, socklen_t len)
{
	struct stat info;

	if (lstat(address->local.sun_path, &info) != 0 || !S_ISSOCK(info.st_mode))
		return false;
	AUTO(fd_hold) hold = { socket(AF_UNIX, SOCK_STREAM, 0) };
	if (hold.fd < 0)
		return false;
	return connect(hold.fd, &address->any, len) != 0 && errno == ECONNREFUSED;
}

static err *listen_unix(const char *path, const char *text, int *ret_fd)
{
	union any_address address;
	socklen_t len = 0;

	TRY(unix_address(path, &address, &len));
	if (is_stale(&address, len))
		unlink(path);
	TRY(listen_at(AF_UNIX, &address.any, len, text, ret_fd));
	/* Whoever may scrape is put into our group. */
	if (chmod(path, 0660) != 0) {
		err *e = err_sys(errno, "cannot set the mode of '%s'", path);
		unlink(path);
		close(*ret_fd);
		return e;
	}
	return NULL;
}

err *sock_listen(const char *text, pal_handle *ret_listener)
{
	AUTO(sock_address) address = { 0 };
	struct addrinfo *infos = NULL;
	err *e = NULL;
	int fd = -1;

	TRY(sock_address_parse(text, &address));
	if (address.unix_path) {
		TRY(listen_unix(address.unix_path, text, &fd));
		*ret_listener = fd;
		return NULL;
	}
	TRY(resolve(&address, text, &infos));
	for (struct addrinfo *info = infos; info && fd < 0; info = info->ai_next) {
		err_free(e);
		e = listen_at(info->ai_family, info->ai_addr, info->ai_addrlen, text, &fd);
	}
	freeaddrinfo(infos);
	if (!e)
		*ret_listener = fd;
	return e;
}

void sock_listen_close(pal_handle listener)
{
	union any_address address;
	socklen_t len = sizeof(address);

	memset(&address, 0, sizeof(address));
	if (getsockname((int)listener, &address.any, &len) == 0 &&
	    address.any.sa_family == AF_UNIX && address.local.sun_path[0])
		unlink(address.local.sun_path);
	close((int)listener);
}

/* What accept(2) reports about a connection that is gone already, or about our own shortage. */
static bool is_passing(int code)
{
	return code == EAGAIN || code == EWOULDBLOCK || code == EINTR || code == ECONNABORTED ||
	       code == EPROTO || code == EPERM || code == ENETDOWN || code == EHOSTUNREACH ||
	       code == ENETUNREACH || code == ETIMEDOUT;
}

err *sock_accept(pal_handle listener, pal_handle *ret_conn, enum sock_state *ret_state)
{
	int fd = FAULT("accept") ? -1 : accept((int)listener, NULL, NULL);
	if (fd < 0 && !is_passing(errno))
		return err_sys(errno, "cannot accept a connection");

	if (fd < 0) {
		*ret_conn = PAL_HANDLE_NONE;
		*ret_state = SOCK_AGAIN;
		return NULL;
	}
	err *e = prepare(fd);
	if (e) {
		close(fd);
		return e;
	}
	int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* fails on unix sockets */
	*ret_conn = fd;
	*ret_state = SOCK_OK;
	return NULL;
}

/* ---- connecting --------------------------------------------------------------------------- */

static err *connect_error(int code, const char *text)
{
	return err_as(err_sys(code, "cannot connect to '%s'", text),
	              code == ETIMEDOUT ? ERR_TIMEOUT : ERR_UNAVAILABLE);
}

static err *wait_connected(int fd, int timeout_ms, const char *text)
{
	struct pollfd entry = { .fd = fd, .events = POLLOUT };
	int code = 0;
	socklen_t len = sizeof(code);

	if (poll(&entry, 1, timeout_ms) <= 0)
		return connect_error(ETIMEDOUT, text);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) != 0)
		code = errno;
	return code ? connect_error(code, text) : NULL;
}

static err *connect_at(int family, const struct sockaddr *address, socklen_t len, int timeout_ms,
                       const char *text, int *ret_fd)
{
	AUTO(fd_hold) hold = { socket(family, SOCK_STREAM, 0) };

	if (hold.fd < 0)
		return connect_error(errno, text);
	TRY(prepare(hold.fd));
	if (FAULT("connect") || connect(hold.fd, address, len) != 0) {
		if (errno != EINPROGRESS && errno != EINTR)
			return connect_error(errno, text);
		TRY(wait_connected(hold.fd, timeout_ms, text));
	}
	*ret_fd = fd_steal(&hold);
	return NULL;
}

err *sock_connect(const char *text, int timeout_ms, pal_handle *ret_conn)
{
	AUTO(sock_address) address = { 0 };
	struct addrinfo *infos = NULL;
	err *e = NULL;
	int fd = -1;

	TRY(sock_address_parse(text, &address));
	if (address.unix_path) {
		union any_address local;
		socklen_t len = 0;
		TRY(unix_address(address.unix_path, &local, &len));
		TRY(connect_at(AF_UNIX, &local.any, len, timeout_ms, text, &fd));
		*ret_conn = fd;
		return NULL;
	}
	TRY(resolve(&address, text, &infos));
	for (struct addrinfo *info = infos; info && fd < 0; info = info->ai_next) {
		err_free(e);
		e = connect_at(info->ai_family, info->ai_addr, info->ai_addrlen, timeout_ms, text,
		               &fd);
	}
	freeaddrinfo(infos);
	if (!e)
		*ret_conn = fd;
	return e;
}

/* ---- bytes -------------------------------------------------------------------------------- */

err *sock_read(pal_handle conn, void *buf, size_t cap, size_t *ret_len, enum sock_state *ret_state)
{
	ssize_t len;

	do {
		len = FAULT("recv") ? -1 : recv((int)conn, buf, cap, 0);
	} while (len < 0 && errno == EINTR);
	if (len < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != ECONNRESET)
		return err_sys(errno, "cannot read from a connection");
	bool is_again = len < 0 && errno != ECONNRESET;
	*ret_state = len > 0 ? SOCK_OK : is_again ? SOCK_AGAIN : SOCK_END;
	*ret_len = len > 0 ? (size_t)len : 0;
	return NULL;
}

err *sock_write(pal_handle conn, const void *ptr, size_t len, size_t *ret_len,
                enum sock_state *ret_state)
{
	int flags = 0;
	ssize_t written;

#ifdef MSG_NOSIGNAL
	flags = MSG_NOSIGNAL;
#endif
	do {
		written = FAULT("send") ? -1 : send((int)conn, ptr, len, flags);
	} while (written < 0 && errno == EINTR);
	bool is_end = written < 0 && (errno == EPIPE || errno == ECONNRESET);
	if (written < 0 && !is_end && errno != EAGAIN && errno != EWOULDBLOCK)
		return err_sys(errno, "cannot write to a connection");
	*ret_state = written >= 0 ? SOCK_OK : is_end ? SOCK_END : SOCK_AGAIN;
	*ret_len = written > 0 ? (size_t)written : 0;
	return NULL;
}

void sock_finish(pal_handle conn)
{
	shutdown((int)conn, SHUT_WR);
}

void sock_close(pal_handle conn)
{
	if (conn != PAL_HANDLE_NONE)
		close((int)conn);
}

err *sock_local_address(pal_handle handle, struct str *ret_address)
{
	union any_address address;
	socklen_t len = sizeof(address);
	char host[INET6_ADDRSTRLEN];

	memset(&address, 0, sizeof(address));
	if (FAULT("getsockname") || getsockname((int)handle, &address.any, &len) != 0)
		return err_sys(errno, "cannot find the address of a socket");
	str_reset(ret_address);
	if (address.any.sa_family == AF_UNIX) {
		str_addf(ret_address, "unix:%s", address.local.sun_path);
	} else if (address.any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &address.in6.sin6_addr, host, sizeof(host));
		str_addf(ret_address, "[%s]:%u", host, ntohs(address.in6.sin6_port));
	} else {
		inet_ntop(AF_INET, &address.in.sin_addr, host, sizeof(host));
		str_addf(ret_address, "%s:%u", host, ntohs(address.in.sin_port));
	}
	return NULL;
}
