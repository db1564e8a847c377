/*
 * Stream sockets, all non-blocking: listeners on TCP or on a unix socket, and their connections.
 * Addresses are text: "127.0.0.1:9090", "[::1]:9090", "localhost:0", ":9090" (loopback only) or
 * "unix:/run/fettle.sock"; "0.0.0.0:9090" must be asked for by name.
 */
#ifndef PAL_SOCK_H
#define PAL_SOCK_H

#include "base/base.h"
#include "pal/handle.h"

enum sock_state {
	SOCK_OK,
	SOCK_AGAIN, /* nothing now; wait in the loop */
	SOCK_END,   /* the other side closed */
};

/*
 * Listen. A unix socket left by a dead process is replaced, a live one is EXISTS; the file is 0660.
 * Fails with INVALID (no such form), EXISTS (address in use), DENIED, UNSUPPORTED, NOT_FOUND.
 */
NODISCARD err *sock_listen(const char *address, pal_handle *ret_listener);
/* Close it and remove the socket file if it is a unix listener. */
void sock_listen_close(pal_handle listener);
/* The next connection, or SOCK_AGAIN and PAL_HANDLE_NONE. A connection lost meanwhile is AGAIN. */
NODISCARD err *sock_accept(pal_handle listener, pal_handle *ret_conn, enum sock_state *ret_state);
/* Connect and wait for it up to `timeout_ms`; for tests and local control only. */
NODISCARD err *sock_connect(const char *address, int timeout_ms, pal_handle *ret_conn);

/* Some bytes: `ret_len` of them with SOCK_OK. A reset connection is SOCK_END. */
NODISCARD err *sock_read(pal_handle conn, void *buf, size_t cap, size_t *ret_len,
                         enum sock_state *ret_state);
NODISCARD err *sock_write(pal_handle conn, const void *ptr, size_t len, size_t *ret_len,
                          enum sock_state *ret_state);
/* No more from us; the other side sees the end after the last byte. */
void sock_finish(pal_handle conn);
void sock_close(pal_handle conn);

/* The address it is bound to, in the form sock_connect takes: tells the port chosen for ":0". */
NODISCARD err *sock_local_address(pal_handle handle, struct str *ret_address);

#endif
