/*
 * The head of an HTTP/1 request (RFC 9112), read strictly: what two readers could understand
 * differently is refused, as that is how requests get smuggled. Pure text, no sockets.
 */
#ifndef SERVE_HEAD_H
#define SERVE_HEAD_H

#include "base/base.h"

struct serve_head {
	const char *method; /* "GET" or "HEAD" */
	struct str path;    /* decoded */
	struct str query;   /* as it came */
	bool keep_alive;
};

#define SERVE_HEAD_INIT                          \
	{                                        \
		"GET", STR_INIT, STR_INIT, false \
	}

void serve_head_clear(struct serve_head *head);

/*
 * Bytes of the head at the start of `bytes`, with the empty line that ends it; 0: not complete.
 * Empty lines before the request line count as part of it.
 */
size_t serve_head_find(struct view bytes);

/*
 * Read a complete head. Returns 200, or the status to refuse it with (400, 405, 413, 417, 431, 501,
 * 505); then the connection cannot be used further. `head` is filled only with 200.
 */
NODISCARD int serve_head_read(struct view bytes, struct serve_head *head);

#endif
