#include "base/base.h"
#include "pal/sock.h"

#include "pal/sock_impl.h"

#include <winsock2.h>
#include <ws2tcpip.h>

#include <errno.h>

#define BACKLOG 128

/* Winsock must be started before anything else; it counts the starts, so often is fine. */
static err *start(void)
{
	WSADATA data;

	int code = WSAStartup(MAKEWORD(2, 2), &data);
	return code ? err_new(ERR_IO, "cannot start Winsock: error %d", code) : NULL;
}

static err *socket_error(const char *what, const char *text)
{
	int code = WSAGetLastError();

	switch (code) {
	case WSAEADDRINUSE:
		return err_new(ERR_EXISTS, "cannot %s '%s': the address is in use", what, text);
	case WSAEACCES:
		return err_new(ERR_DENIED, "cannot %s '%s': not allowed", what, text);
	case WSAECONNREFUSED:
		return err_new(ERR_UNAVAILABLE, "cannot %s '%s': connection refused", what, text);
	default:
		return err_new(ERR_IO, "cannot %s '%s': Winsock error %d", what, text, code);
	}
}

static err *resolve(const char *text, struct addrinfo **ret_infos)
{
	AUTO(sock_address) address = { 0 };
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };

	TRY(sock_address_parse(text, &address));
	if (address.unix_path)
		return err_hint(err_new(ERR_UNSUPPORTED,
		                        "cannot use address '%s': no unix sockets on Windows",
		                        text),
		                "use a loopback port: 127.0.0.1:9090");
	TRY(start());
	if (getaddrinfo(address.host, address.port, &hints, ret_infos) != 0)
		return err_new(ERR_NOT_FOUND, "cannot use address '%s': Winsock error %d", text,
		               WSAGetLastError());
	return NULL;
}

static void prepare(SOCKET sock)
{
	u_long on = 1;

	ioctlsocket(sock, (long)FIONBIO, &on);
	SetHandleInformation((HANDLE)sock, HANDLE_FLAG_INHERIT, 0);
}

static err *listen_at(const struct addrinfo *info, const char *text, SOCKET *ret_socket)
{
	BOOL on = TRUE;
	SOCKET sock = socket(info->ai_family, SOCK_STREAM, 0);
	if (sock == INVALID_SOCKET)
		return socket_error("listen on", text);

	prepare(sock);
	/* The opposite of SO_REUSEADDR here, which would let others take the port from us. */
	setsockopt(sock, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&on, sizeof(on));
	if (bind(sock, info->ai_addr, (int)info->ai_addrlen) != 0 || listen(sock, BACKLOG) != 0) {
		err *e = socket_error("listen on", text);
		closesocket(sock);
		return e;
	}
	*ret_socket = sock;
	return NULL;
}

err *sock_listen(const char *text, pal_handle *ret_listener)
{
	struct addrinfo *infos = NULL;
	SOCKET sock = INVALID_SOCKET;
	err *e = NULL;

	TRY(resolve(text, &infos));
	for (struct addrinfo *info = infos; info && sock == INVALID_SOCKET; info = info->ai_next) {
		err_free(e);
		e = listen_at(info, text, &sock);
	}
	freeaddrinfo(infos);
	if (!e)
		*ret_listener = (pal_handle)sock;
	return e;
}

void sock_listen_close(pal_handle listener)
{
	sock_close(listener);
}

err *sock_accept(pal_handle listener, pal_handle *ret_conn, enum sock_state *ret_state)
{
	SOCKET sock = accept((SOCKET)listener, NULL, NULL);

	if (sock == INVALID_SOCKET) {
		int code = WSAGetLastError();
		if (code != WSAEWOULDBLOCK && code != WSAECONNRESET && code != WSAEINTR)
			return err_new(ERR_IO, "cannot accept a connection: Winsock error %d",
			               code);
		*ret_conn = PAL_HANDLE_NONE;
		*ret_state = SOCK_AGAIN;
		return NULL;
	}
	BOOL on = TRUE;
	prepare(sock);
	setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, (const char *)&on, sizeof(on));
	*ret_conn = (pal_handle)sock;
	*ret_state = SOCK_OK;
	return NULL;
}

static err *connect_at(const struct addrinfo *info, int timeout_ms, const char *text,
                       SOCKET *ret_socket)
{
	SOCKET sock = socket(info->ai_family, SOCK_STREAM, 0);
	if (sock == INVALID_SOCKET)
		return socket_error("connect to", text);

	prepare(sock);
	if (connect(sock, info->ai_addr, (int)info->ai_addrlen) != 0 &&
	    WSAGetLastError() != WSAEWOULDBLOCK) {
		err *e = socket_error("connect to", text);
		closesocket(sock);
		return e;
	}
	/* select and not WSAPoll, which does not report refused connections before Windows 10 2004. */
	fd_set writable, failed;
	FD_ZERO(&writable);
	FD_ZERO(&failed);
	FD_SET(sock, &writable);
	FD_SET(sock, &failed);
	struct timeval wait = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };
	int count = select(0, NULL, &writable, &failed, &wait);
	if (count <= 0 || FD_ISSET(sock, &failed)) {
		closesocket(sock);
		return err_new(count == 0 ? ERR_TIMEOUT : ERR_UNAVAILABLE,
		               "cannot connect to '%s': %s", text,
		               count == 0 ? "timed out" : "connection refused");
	}
	*ret_socket = sock;
	return NULL;
}

err *sock_connect(const char *text, int timeout_ms, pal_handle *ret_conn)
{
	struct addrinfo *infos = NULL;
	SOCKET sock = INVALID_SOCKET;
	err *e = NULL;

	TRY(resolve(text, &infos));
	for (struct addrinfo *info = infos; info && sock == INVALID_SOCKET; info = info->ai_next) {
		err_free(e);
		e = connect_at(info, timeout_ms, text, &sock);
	}
	freeaddrinfo(infos);
	if (!e)
		*ret_conn = (pal_handle)sock;
	return e;
}

static bool is_gone(int code)
{
	return code == WSAECONNRESET || code == WSAECONNABORTED || code == WSAESHUTDOWN ||
	       code == WSAENOTCONN;
}

/* Sorts out what recv or send returned. */
static err *transfer_state(int len, const char *what, enum sock_state if_zero, size_t *ret_len,
                           enum sock_state *ret_state)
{
	int code = len < 0 ? WSAGetLastError() : 0;

	if (len < 0 && code != WSAEWOULDBLOCK && !is_gone(code))
		return err_new(ERR_IO, "cannot %s a connection: Winsock error %d", what, code);
	*ret_len = len > 0 ? (size_t)len : 0;
	*ret_state = len > 0 ? SOCK_OK : len == 0 ? if_zero : is_gone(code) ? SOCK_END : SOCK_AGAIN;
	return NULL;
}

err *sock_read(pal_handle conn, void *buf, size_t cap, size_t *ret_len, enum sock_state *ret_state)
{
	int len = recv((SOCKET)conn, buf, (int)MIN(cap, (size_t)INT_MAX), 0);

	return transfer_state(len, "read from", SOCK_END, ret_len, ret_state);
}

err *sock_write(pal_handle conn, const void *ptr, size_t len, size_t *ret_len,
                enum sock_state *ret_state)
{
	int written = send((SOCKET)conn, ptr, (int)MIN(len, (size_t)INT_MAX), 0);

	return transfer_state(written, "write to", SOCK_OK, ret_len, ret_state);
}

void sock_finish(pal_handle conn)
{
	shutdown((SOCKET)conn, SD_SEND);
}

void sock_close(pal_handle conn)
{
	if (conn != PAL_HANDLE_NONE)
		closesocket((SOCKET)conn);
}

err *sock_local_address(pal_handle handle, struct str *ret_address)
{
	struct sockaddr_storage address;
	int len = sizeof(address);
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getsockname((SOCKET)handle, (struct sockaddr *)&address, &len) != 0 ||
	    getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), port, sizeof(port),
	                NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return err_new(ERR_IO, "cannot find the address of a socket: Winsock error %d",
		               WSAGetLastError());
	str_reset(ret_address);
	str_addf(ret_address, address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
	return NULL;
}
