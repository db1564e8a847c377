/*
 * Request heads as they come from a socket. A head that is accepted must have a path without
 * control characters and ".." parts, and reading it must not depend on what follows it.
 */
#include "base/base.h"

#include "serve/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct serve_head *head)
{
	if (head->path.ptr[0] != '/' || strstr(head->path.ptr, "/../"))
		abort();
	for (size_t i = 0; i < head->path.len; i++)
		if ((unsigned char)head->path.ptr[i] < 0x20)
			abort();
	if (strlen(head->path.ptr) != head->path.len || strlen(head->query.ptr) != head->query.len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(serve_head) head = SERVE_HEAD_INIT;
	/* An exact copy, so that reading beyond it is noticed. */
	AUTOFREE char *bytes = mem_dup(data, size);
	size_t len = serve_head_find((struct view){ bytes, size });

	if (len > size)
		abort();
	int status = serve_head_read((struct view){ bytes, size }, &head);
	if (status == 200)
		check(&head);
	if (len > 0) {
		AUTOFREE char *alone = mem_dup(data, len);
		AUTO(serve_head) again = SERVE_HEAD_INIT;
		int same = serve_head_read((struct view){ alone, len }, &again);
		if (same != status || !str_equal(head.path.ptr, again.path.ptr))
			abort();
	}
	return 0;
}
