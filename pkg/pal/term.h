/*
 * The terminal and the three standard streams (0, 1, 2): is it one, how wide, may we draw on it;
 * unbuffered writing; asking the user for a line or for a passphrase.
 */
#ifndef PAL_TERM_H
#define PAL_TERM_H

#include "base/base.h"

bool term_is_terminal(int stream);
/* A terminal that understands escape sequences; on Windows switches them on. Not for TERM=dumb. */
bool term_has_color(int stream);
/* Columns of the terminal, 0 when it is none or does not say. */
size_t term_columns(int stream);
/* False while our job runs in the background: drawing would garble the user's prompt. */
bool term_is_foreground(int stream);
/* Does the locale (the console) show UTF-8? */
bool term_is_utf8(void);

/*
 * Write all bytes; waits when the stream is full or was interrupted. Fails with IO;
 * err_code is EPIPE when the reader is gone.
 */
NODISCARD err *term_write(int stream, const void *ptr, size_t len);

/*
 * Write `prompt` (may be "") to the terminal itself, then read one line from it without its line
 * end, though stdin and stdout may be redirected. `ret_is_end`: end of input instead of a line.
 * Fails with UNSUPPORTED when there is no terminal, CANCELLED on Ctrl-C, LIMIT over 64 KiB.
 */
NODISCARD err *term_ask(const char *prompt, struct str *ret_line, bool *ret_is_end);
/*
 * The same without echo, into memory of the caller's (locked, for a secret), never elsewhere.
 * `ret_len` bytes, no NUL. LIMIT when the line is longer than `cap`.
 */
NODISCARD err *term_ask_hidden(const char *prompt, char *buf, size_t cap, size_t *ret_len);

#endif
