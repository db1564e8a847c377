#include "base/base.h"

#include "supervise/supervise.h"

#include "pal/clock.h"
#include "pal/random.h"

enum {
	KILL_TIMEOUT_MS = 30000,
	MAX_RESTARTS = 10,
	WINDOW_MS = 60000,
	BASE_MS = 1000,
	CAP_MS = 60000,
	STABLE_MS = 10000, /* one that lived so long is not in a loop of crashes */
	DOUBLINGS = 20,
	NOT_FOUND_CODE = 127,
	NOT_STARTED_CODE = 126,
	SIGNAL_CODE = 128,
};

/* What happens when the child is gone. */
enum next { NEXT_BY_SPEC, NEXT_RESTART, NEXT_OVER };

struct supervise {
	struct loop *loop;
	struct proc_family *family;
	const struct supervise_spec *spec;
	struct supervise_events events;
	struct proc_child *child;       /* NULL: none runs */
	struct loop_timer *kill_timer;  /* kills */
	struct loop_timer *start_timer; /* starts after a pause */
	struct loop_timer *splay_timer; /* acts on a change */
	struct strs env;
	enum next next;
	int64_t started_ms;
	int64_t window_ms; /* in which restarts are counted */
	unsigned restarts, failures;
	int exit_code;
	bool is_over;
};

/* --- telling --- */

static void tell(struct supervise *s, struct supervise_event event)
{
	event.name = s->spec->name;
	event.pid = event.pid ? event.pid : s->child ? proc_child_pid(s->child) : 0;
	if (s->events.on_event)
		s->events.on_event(s->events.ctx, &event);
}

static void end(struct supervise *s, int exit_code)
{
	s->is_over = true;
	s->exit_code = exit_code;
	loop_timer_stop(s->start_timer);
	loop_timer_stop(s->splay_timer);
	tell(s, (struct supervise_event){ .kind = SUPERVISE_OVER, .exit_code = exit_code });
}

/* --- starting --- */

static void on_end(void *ctx, struct proc_child *child, int exit_code, int signal);

static void start(struct supervise *s)
{
	struct proc_child_opts opts = { .argv = s->spec->argv,
		                        .env = (const char *const *)s->env.ptr,
		                        .dir = s->spec->dir,
		                        .on_end = on_end,
		                        .ctx = s };
	s->next = NEXT_BY_SPEC;
	err *e = proc_child_start(s->family, &opts, &s->child);
	if (e) {
		int code = err_is(e, ERR_NOT_FOUND) ? NOT_FOUND_CODE : NOT_STARTED_CODE;
		tell(s, (struct supervise_event){ .kind = SUPERVISE_FAILED, .error = e });
		err_free(e);
		end(s, code);
		return;
	}
	s->started_ms = clock_monotonic_ms();
	tell(s, (struct supervise_event){ .kind = SUPERVISE_STARTED });
}

static void on_start_timer(void *ctx)
{
	start(ctx);
}

static void set_env(struct supervise *s, const struct strs *env)
{
	strs_clear(&s->env);
	for (size_t i = 0; i < env->len; i++)
		strs_push(&s->env, env->ptr[i]);
}

void supervise_start(struct supervise *s, const struct strs *env)
{
	set_env(s, env);
	s->is_over = false;
	start(s);
}

/* --- the end --- */

static int code_of(int exit_code, int signal)
{
	return signal ? SIGNAL_CODE + signal : exit_code;
}

/* Give up when it only dies. */
static bool may_restart(struct supervise *s, int64_t now_ms)
{
	unsigned limit = s->spec->max_restarts ? s->spec->max_restarts : MAX_RESTARTS;
	if (now_ms - s->window_ms > WINDOW_MS) {
		s->window_ms = now_ms;
		s->restarts = 0;
	}
	return s->restarts++ < limit;
}

static void restart_later(struct supervise *s, int64_t now_ms)
{
	int64_t base_ms = s->spec->base_ms ? s->spec->base_ms : BASE_MS;
	int64_t cap_ms = s->spec->cap_ms ? s->spec->cap_ms : CAP_MS;
	if (now_ms - s->started_ms >= STABLE_MS)
		s->failures = 0;
	int64_t longest_ms = MIN(base_ms << MIN(s->failures, (unsigned)DOUBLINGS), cap_ms);
	int64_t pause_ms = longest_ms / 2 + (int64_t)random_below((uint64_t)longest_ms / 2 + 1);
	s->failures++;
	loop_timer_set(s->start_timer, pause_ms);
	tell(s, (struct supervise_event){ .kind = SUPERVISE_PAUSED, .pause_ms = pause_ms });
}

static void on_end(void *ctx, struct proc_child *child, int exit_code, int signal)
{
	struct supervise *s = ctx;
	int64_t now_ms = clock_monotonic_ms();
	bool has_failed = signal != 0 || exit_code != 0;
	tell(s, (struct supervise_event){
			.kind = SUPERVISE_ENDED, .exit_code = exit_code, .signal = signal });
	proc_child_free(child);
	s->child = NULL;
	loop_timer_stop(s->kill_timer);
	if (s->next == NEXT_RESTART) {
		start(s);
		return;
	}
	bool restarts = s->spec->restart == SUPERVISE_ALWAYS ||
	                (s->spec->restart == SUPERVISE_ON_FAILURE && has_failed);
	if (s->next == NEXT_BY_SPEC && restarts && may_restart(s, now_ms))
		restart_later(s, now_ms);
	else
		end(s, code_of(exit_code, signal));
}

static void on_kill_timer(void *ctx)
{
	struct supervise *s = ctx;
	if (!s->child)
		return;
	tell(s, (struct supervise_event){ .kind = SUPERVISE_KILLED });
	err_ignore(proc_child_signal(s->child, "KILL"), "it is gone then");
}

/* Ask it to end, and see that it does. */
static void ask_to_end(struct supervise *s, const char *signal)
{
	int64_t timeout_ms = s->spec->kill_timeout_ms ? s->spec->kill_timeout_ms : KILL_TIMEOUT_MS;
	err *e = proc_child_signal(s->child, signal);
	if (e)
		timeout_ms = 0;
	err_ignore(e, "KILL follows");
	loop_timer_set(s->kill_timer, timeout_ms);
}

static const char *kill_signal(const struct supervise *s)
{
	return s->spec->kill_signal ? s->spec->kill_signal : "TERM";
}

void supervise_stop(struct supervise *s)
{
	s->next = NEXT_OVER;
	loop_timer_stop(s->splay_timer);
	if (s->child)
		ask_to_end(s, kill_signal(s));
	else if (!s->is_over)
		end(s, s->exit_code);
}

static bool ends_programs(const char *signal)
{
	return strcmp(signal, "INT") == 0 || strcmp(signal, "TERM") == 0 ||
	       strcmp(signal, "QUIT") == 0;
}

void supervise_signal(struct supervise *s, const char *name)
{
	if (!s->child) {
		if (ends_programs(name))
			supervise_stop(s);
		return;
	}
	if (ends_programs(name))
		s->next = NEXT_OVER;
	/* The terminal told it already. */
	if (proc_child_shares_group(s->child) &&
	    (strcmp(name, "INT") == 0 || strcmp(name, "QUIT") == 0 || strcmp(name, "WINCH") == 0))
		return;
	tell(s, (struct supervise_event){ .kind = SUPERVISE_SIGNALLED });
	if (ends_programs(name))
		ask_to_end(s, name);
	else
		err_ignore(proc_child_signal(s->child, name), "it is gone then");
}

/* --- changes --- */

static void act(struct supervise *s)
{
	if (!s->child) {
		/* It waits for its next start, which takes the new environment; a change may heal it. */
		if (!s->is_over)
			loop_timer_set(s->start_timer, 0);
		return;
	}
	if (s->spec->on_change == SUPERVISE_SIGNAL) {
		tell(s, (struct supervise_event){ .kind = SUPERVISE_SIGNALLED });
		err_ignore(proc_child_signal(s->child, s->spec->change_signal), "it is gone then");
	} else if (s->next == NEXT_BY_SPEC) {
		s->next = NEXT_RESTART;
		ask_to_end(s, kill_signal(s));
	}
}

static void on_splay_timer(void *ctx)
{
	act(ctx);
}

void supervise_change(struct supervise *s, const struct strs *env)
{
	set_env(s, env);
	if (s->is_over || s->spec->on_change == SUPERVISE_NOTHING)
		return;
	if (s->spec->splay_ms)
		loop_timer_set(s->splay_timer,
		               (int64_t)random_below((uint64_t)s->spec->splay_ms + 1));
	else
		act(s);
}

/* --- life --- */

struct supervise *supervise_new(struct loop *loop, struct proc_family *family,
                                const struct supervise_spec *spec,
                                const struct supervise_events *events)
{
	struct supervise *s = MEM_NEW(struct supervise);
	s->loop = loop;
	s->family = family;
	s->spec = spec;
	s->events = *events;
	s->kill_timer = loop_timer_new(loop, on_kill_timer, s);
	s->start_timer = loop_timer_new(loop, on_start_timer, s);
	s->splay_timer = loop_timer_new(loop, on_splay_timer, s);
	return s;
}

void supervise_free(struct supervise *s)
{
	if (!s)
		return;
	if (s->child)
		err_ignore(proc_child_signal(s->child, "KILL"), "it is gone then");
	proc_child_free(s->child);
	loop_timer_free(s->kill_timer);
	loop_timer_free(s->start_timer);
	loop_timer_free(s->splay_timer);
	strs_clear(&s->env);
	mem_free(s);
}

bool supervise_is_over(const struct supervise *s)
{
	return s->is_over;
}

int supervise_exit_code(const struct supervise *s)
{
	return s->exit_code;
}
