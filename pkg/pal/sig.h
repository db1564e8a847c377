/*
 * Stopping. A `struct cancel` is a flag handed down by pointer; everything that may take long looks
 * at it, and whatever sleeps in the loop is woken by it. sig_install ties one to Ctrl-C and
 * TERM: the first asks for a clean stop, a second Ctrl-C ends the process at once with 130.
 */
#ifndef PAL_SIG_H
#define PAL_SIG_H

#include "base/base.h"
#include "pal/handle.h"
#include <stdatomic.h>

struct cancel;

struct cancel *cancel_new(void);
void cancel_free(struct cancel *cancel);
AUTOPTR_DEFINE(cancel)

/* Ask for the stop; safe in signal handlers and from any thread. The first exit code stays. */
void cancel_request(struct cancel *cancel, int exit_code);
/* NULL is never cancelled. */
bool cancel_is_set(const struct cancel *cancel);
/* The flag itself, for proc_opts.cancel and its like: 0 until cancelled. NULL for NULL. */
const atomic_int *cancel_flag(const struct cancel *cancel);
/* 0 until cancelled; then what a shell expects: 130 (Ctrl-C), 143 (TERM), 129 (HUP). */
int cancel_exit_code(const struct cancel *cancel);
/* CANCELLED, "interrupted", when the flag is set: TRY(cancel_check(ctx->cancel)); */
NODISCARD err *cancel_check(const struct cancel *cancel);
/*
 * Becomes readable (signalled) at the stop and at every HUP; made on first use, borrowed.
 * Fails with IO when the process is out of descriptors.
 */
NODISCARD err *cancel_handle(struct cancel *cancel, pal_handle *ret_handle);
/* Make the handle quiet again after it woke the loop for a HUP. */
void cancel_drain(struct cancel *cancel);

/* True once after each HUP (or several of them); always false unless sig_install was told. */
bool cancel_take_hup(struct cancel *cancel);
/* What the handler of HUP does; also for tests and for Windows, which has no HUP. */
void cancel_note_hup(struct cancel *cancel);

/*
 * From now on INT and TERM set `cancel` and PIPE is ignored; HUP is noted for cancel_take_hup when
 * `hup_is_reload`, else it asks for the stop too. One per process; `cancel` must outlive it.
 * A signal that was ignored when we started (nohup) stays ignored. Windows: the console events.
 */
NODISCARD err *sig_install(struct cancel *cancel, bool hup_is_reload);
/* Back to what was before; for tests. */
void sig_uninstall(void);
/* Only ignore PIPE, for commands that need no clean stop. Costs one system call. */
void sig_ignore_pipe(void);

#endif
