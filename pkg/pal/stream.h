/*
 * Files of any size, a piece at a time: reading a file or standard input, and writing a file that
 * appears only when all of it is there. Signals that ask for a stop end a wait.
 */
#ifndef PAL_STREAM_H
#define PAL_STREAM_H

#include "base/base.h"

struct cancel;

/* --- reading --- */

struct stream_in;

/* NULL or "-": standard input. NOT_FOUND, DENIED, INVALID for a folder. `cancel` may be NULL. */
NODISCARD err *stream_in_open(const char *path, const struct cancel *cancel,
                              struct stream_in **ret_in);
/* At least one byte, 0 at the end. IO, CANCELLED. */
NODISCARD err *stream_in_read(struct stream_in *in, uint8_t *buf, size_t cap, size_t *ret_len);
void stream_in_free(struct stream_in *in); /* NULL is fine */
AUTOPTR_DEFINE(stream_in)

/* --- writing --- */

struct stream_out;

/*
 * NULL or "-": standard output. A regular file is written beside its name and moved there by
 * stream_out_commit; without that nothing remains of it. A file that is replaced keeps its mode and
 * owner, a new one gets `mode`. Symlinks are followed. Pipes and devices are written as they are.
 */
NODISCARD err *stream_out_open(const char *path, uint32_t mode, const struct cancel *cancel,
                               struct stream_out **ret_out);
NODISCARD err *stream_out_write(struct stream_out *out, const uint8_t *ptr, size_t len);
/* Flush it and give it its name. */
NODISCARD err *stream_out_commit(struct stream_out *out);
void stream_out_free(struct stream_out *out); /* NULL is fine */
AUTOPTR_DEFINE(stream_out)

#endif
