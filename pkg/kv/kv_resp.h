/*
 * The protocol of Redis (RESP2): requests as arrays of bulk strings, and an incremental reader of answers.
 */
#ifndef KV_KV_RESP_H
#define KV_KV_RESP_H

#include "base/arena.h"
#include "base/base.h"
#include "val/val.h"

#define RESP_MAX_BYTES (256u << 20) /* of one answer */
#define RESP_MAX_ITEMS 1000000u
#define RESP_MAX_DEPTH 8u

/* Append one command of `count` words. */
void resp_add(struct str *out, const struct view *words, size_t count);

enum resp_state {
	RESP_MORE,  /* not whole yet */
	RESP_VALUE, /* *ret_value: str, int, null, list */
	RESP_ERROR, /* *ret_value: the text of "-ERR …" */
	RESP_BROKEN,
};

/* The answer at the start of `text`; *ret_len is what it took. */
enum resp_state resp_read(struct view text, struct arena *a, struct val **ret_value,
                          size_t *ret_len);

#endif
