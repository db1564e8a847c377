/*
 * Private to pkg/pal: reading addresses, the same on every system.
 */
#ifndef PAL_SOCK_IMPL_H
#define PAL_SOCK_IMPL_H

#include "base/base.h"
#include "pal/sock.h"

struct sock_address {
	char *unix_path; /* NULL: TCP */
	char *host;      /* without brackets */
	char *port;      /* decimal, 0 to 65535 */
};

void sock_address_clear(struct sock_address *address);
NODISCARD err *sock_address_parse(const char *text, struct sock_address *ret_address);

#endif
