/*
 * A child under supervision: started, told of changes by a signal or a restart, ended politely and then for
 * good, started again with growing pauses when it dies by itself, given up when it only dies.
 */
#ifndef SUPERVISE_SUPERVISE_H
#define SUPERVISE_SUPERVISE_H

#include "base/base.h"
#include "pal/proc_child.h"

struct supervise;

enum supervise_on_change { SUPERVISE_RESTART, SUPERVISE_SIGNAL, SUPERVISE_NOTHING };
enum supervise_restart { SUPERVISE_NEVER, SUPERVISE_ON_FAILURE, SUPERVISE_ALWAYS };

struct supervise_spec {
	const char *name;
	const char *const *argv;
	const char *dir;
	enum supervise_on_change on_change;
	const char *change_signal; /* "HUP" */
	const char *kill_signal;   /* NULL: TERM */
	int64_t kill_timeout_ms;   /* then KILL; 0: 30 s */
	int64_t splay_ms;          /* a change is acted on after a random part of it */
	enum supervise_restart restart;
	unsigned max_restarts;   /* within a minute; 0: 10 */
	int64_t base_ms, cap_ms; /* pause before a restart: random up to base * 2^n; 0: 1 s, 60 s */
};

enum supervise_event_kind {
	SUPERVISE_STARTED,
	SUPERVISE_ENDED, /* by itself, or because it was asked */
	SUPERVISE_SIGNALLED,
	SUPERVISE_KILLED, /* it did not end in time */
	SUPERVISE_PAUSED, /* until the next start: pause_ms */
	SUPERVISE_FAILED, /* it could not be started: error */
	SUPERVISE_OVER,   /* for good; exit_code is ours */
};

struct supervise_event {
	enum supervise_event_kind kind;
	const char *name;
	int64_t pid;
	int exit_code, signal;
	int64_t pause_ms;
	const err *error;
};

struct supervise_events {
	void (*on_event)(void *ctx, const struct supervise_event *event);
	void *ctx;
};

/* `spec` is borrowed for its life. Nothing runs yet. */
struct supervise *supervise_new(struct loop *loop, struct proc_family *family,
                                const struct supervise_spec *spec,
                                const struct supervise_events *events);
/* Ends the child at once when it still runs. */
void supervise_free(struct supervise *s);
AUTOPTR_DEFINE(supervise)

/* (Re)start with this environment ("NAME=value" sets, "NAME" removes); copied. */
void supervise_start(struct supervise *s, const struct strs *env);
/* The environment is another one now: restart, signal or nothing, as the spec says. */
void supervise_change(struct supervise *s, const struct strs *env);
/* Pass a signal on; what ends programs ends the supervision too when the child ends of it. */
void supervise_signal(struct supervise *s, const char *name);
/* End it: kill signal, kill timeout, KILL; OVER comes when it is gone. */
void supervise_stop(struct supervise *s);
bool supervise_is_over(const struct supervise *s);
/* Of the whole: the child's own code, 128 + N for signal N, 127 or 126 when it could not be started. */
int supervise_exit_code(const struct supervise *s);

#endif
