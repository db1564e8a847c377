#include "base/base.h"

#include "config_children.h"

#include "base/vec.h"
#include "pal/clock.h"
#include "pal/loop_queue.h"
#include "pal/pool.h"
#include "pal/proc.h"
#include "schema/schema.h"
#include "supervise/supervise.h"

enum { START_MS = 60000 }; /* a restart, kill timeout included */

struct child {
	struct children *all;
	const char *unit;
	struct supervise_spec spec;
	struct supervise *supervise;
	bool is_started;      /* the loop's own; the rest is guarded by the mutex */
	int64_t pid;          /* 0: does not run */
	uint64_t asked, done; /* reloads */
	char *trouble;        /* how it ended, why it does not start; NULL: well */
};

struct children {
	struct children_options options;
	struct loop_queue *queue;
	struct proc_family *family;
	struct mutex *mutex;
	struct cond *news;
	struct arena arena;
	VEC(struct child *) list;
	bool is_ending;
};

/* --- configuration --- */

static const struct val *run_of(const struct agent_unit *unit)
{
	return val_get(unit->settings, "run");
}

bool children_are_wanted(const struct agent_config *config)
{
	for (size_t i = 0; i < config->unit_count; i++)
		if (run_of(&config->units[i]))
			return true;
	return false;
}

static err *check_signal(const struct val *run, const char *name)
{
	const char *signal = val_get_str(run, name, NULL);
	int number;
	err *e = signal ? proc_signal_number(signal, &number) : NULL;
	return e ? val_place(e, val_get(run, name)) : NULL;
}

static err *read_spec(struct children *all, const struct agent_unit *unit,
                      struct supervise_spec *spec)
{
	const struct val *run = run_of(unit), *command = val_get(run, "command"), *word;
	const char **argv = arena_zalloc(&all->arena, val_len(command) + 1, sizeof(*argv));
	const char *change = val_get_str(run, "onChange", "restart");
	const char *restart = val_get_str(run, "restart", "always");
	TRY(check_signal(run, "signal"));
	TRY(check_signal(run, "killSignal"));
	for (VAL_EACH_ITEM(i, word, command))
		argv[i] = word->as.str.ptr;
	*spec = (struct supervise_spec){
		.name = unit->name,
		.argv = argv,
		.dir = unit->dir,
		.on_change = str_equal(change, "signal")    ? SUPERVISE_SIGNAL
		             : str_equal(change, "restart") ? SUPERVISE_RESTART
		                                            : SUPERVISE_NOTHING,
		.change_signal = val_get_str(run, "signal", "HUP"),
		.kill_signal = val_get_str(run, "killSignal", NULL),
		.kill_timeout_ms = schema_duration_of(run, "killTimeout"),
		.restart = str_equal(restart, "never")        ? SUPERVISE_NEVER
		           : str_equal(restart, "on-failure") ? SUPERVISE_ON_FAILURE
		                                              : SUPERVISE_ALWAYS,
	};
	return NULL;
}

/* --- events, on the loop --- */

static void set_trouble(struct child *child, char *take_text)
{
	mem_free(child->trouble);
	child->trouble = take_text;
}

static char *ended_text(const struct supervise_event *event)
{
	return event->signal ? str_format("it was ended by %s", proc_signal_name(event->signal))
	                     : str_format("it ended with %d", event->exit_code);
}

static void note_event(struct child *child, const struct supervise_event *event)
{
	switch (event->kind) {
	case SUPERVISE_STARTED:
		child->pid = event->pid;
		child->done = child->asked;
		set_trouble(child, NULL);
		break;
	case SUPERVISE_SIGNALLED:
		child->done = child->asked;
		break;
	case SUPERVISE_ENDED:
		child->pid = 0;
		set_trouble(child, ended_text(event));
		break;
	case SUPERVISE_FAILED:
		child->done = child->asked;
		set_trouble(child, mem_strdup(err_message(event->error)));
		break;
	default:
		break;
	}
}

static void stop_when_over(struct children *all)
{
	for (size_t i = 0; i < all->list.len; i++)
		if (all->list.ptr[i]->is_started && !supervise_is_over(all->list.ptr[i]->supervise))
			return;
	loop_stop(all->options.loop);
}

static void log_event(const struct child *child, const struct supervise_event *event)
{
	struct ui *ui = child->all->options.ui;
	AUTOFREE char *pid = str_format("%" PRId64, event->pid);
	AUTOFREE char *pause = str_format("%.1fs", (double)event->pause_ms / 1000);
	const struct ui_field fields[] = {
		{ "unit", child->unit },
		{ "pid", event->pid ? pid : NULL },
		{ "pause", event->kind == SUPERVISE_PAUSED ? pause : NULL },
		{ "error", event->error ? err_message(event->error) : NULL }
	};
	static const char *const words[] = {
		[SUPERVISE_STARTED] = "program started",
		[SUPERVISE_ENDED] = "program ended",
		[SUPERVISE_SIGNALLED] = "program told",
		[SUPERVISE_KILLED] = "program killed: it did not end in time",
		[SUPERVISE_PAUSED] = "program is started again after a pause",
		[SUPERVISE_FAILED] = "program cannot be started",
		[SUPERVISE_OVER] = "program is not started again",
	};
	bool is_bad = event->kind == SUPERVISE_KILLED || event->kind == SUPERVISE_PAUSED ||
	              event->kind == SUPERVISE_FAILED;
	if (event->kind != SUPERVISE_OVER || !child->all->is_ending)
		ui_log(ui, is_bad ? UI_LEVEL_WARN : UI_LEVEL_INFO, fields, ARRAY_LEN(fields), "%s",
		       words[event->kind]);
}

static void on_event(void *ctx, const struct supervise_event *event)
{
	struct child *child = ctx;
	struct children *all = child->all;
	log_event(child, event);
	mutex_lock(all->mutex);
	note_event(child, event);
	cond_broadcast(all->news);
	mutex_unlock(all->mutex);
	if (event->kind == SUPERVISE_OVER && all->is_ending)
		stop_when_over(all);
}

static void on_signal(void *ctx, const char *name)
{
	struct children *all = ctx;
	if (str_equal(name, "HUP")) {
		all->options.on_hup(all->options.ctx);
		return;
	}
	bool is_end = str_equal(name, "TERM") || str_equal(name, "INT");
	if (is_end)
		children_end(all);
	for (size_t i = 0; i < all->list.len; i++) {
		struct child *child = all->list.ptr[i];
		if (!child->is_started || supervise_is_over(child->supervise))
			continue;
		if (is_end)
			supervise_stop(child->supervise);
		else
			supervise_signal(child->supervise, name);
	}
	if (is_end)
		stop_when_over(all);
}

/* --- reloads --- */

static void start(struct child *child)
{
	struct strs env = STRS_INIT;
	if (child->all->is_ending)
		return;
	if (child->is_started && !supervise_is_over(child->supervise))
		supervise_change(child->supervise, &env);
	else
		supervise_start(child->supervise, &env);
	child->is_started = true;
	if (child->spec.on_change == SUPERVISE_NOTHING) {
		mutex_lock(child->all->mutex);
		child->done = child->asked;
		cond_broadcast(child->all->news);
		mutex_unlock(child->all->mutex);
	}
}

static void start_posted(void *ctx)
{
	start(ctx);
}

static struct child *find(const struct children *all, const char *unit)
{
	for (size_t i = 0; i < all->list.len; i++)
		if (str_equal(all->list.ptr[i]->unit, unit))
			return all->list.ptr[i];
	return NULL;
}

err *children_reload(void *children, const char *unit)
{
	struct children *all = children;
	struct child *child = find(all, unit);
	struct deadline deadline = deadline_after(START_MS);
	AUTO(mutex_hold) hold = mutex_hold(all->mutex);
	uint64_t mine = ++child->asked;
	loop_queue_post(all->queue, start_posted, child);
	while (child->done < mine && !all->is_ending)
		if (!cond_wait(all->news, all->mutex, deadline))
			return err_new(ERR_TIMEOUT, "the program of '%s' was not started in time",
			               unit);
	if (all->is_ending)
		return err_new(ERR_CANCELLED, "the agent ends");
	return child->pid || child->spec.on_change == SUPERVISE_NOTHING
	               ? NULL
	               : err_new(ERR_INVALID, "the program of '%s' does not run: %s", unit,
	                         child->trouble ? child->trouble : "nobody knows why");
}

err *children_is_alive(void *children, const char *unit)
{
	struct children *all = children;
	const struct child *child = find(all, unit);
	AUTO(mutex_hold) hold = mutex_hold(all->mutex);
	return child->pid ? NULL
	                  : err_new(ERR_INVALID, "the program of '%s' does not run: %s", unit,
	                            child->trouble ? child->trouble : "it is not started yet");
}

void children_settled(struct children *children, const char *unit)
{
	struct child *child = find(children, unit);
	if (child && !child->is_started)
		start(child);
}

/* --- life --- */

static err *add(struct children *all, const struct agent_unit *unit)
{
	struct child *child = ARENA_NEW(&all->arena, struct child);
	const struct supervise_events events = { on_event, child };
	child->all = all;
	child->unit = unit->name;
	TRY(read_spec(all, unit, &child->spec));
	child->supervise = supervise_new(all->options.loop, all->family, &child->spec, &events);
	vec_push(&all->list, child);
	return NULL;
}

static err *open_all(struct children *all)
{
	const struct proc_family_opts family = { .on_signal = on_signal, .ctx = all };
	const struct agent_config *config = all->options.config;
	TRY(loop_queue_new(all->options.loop, &all->queue));
	TRY(proc_family_new(all->options.loop, &family, &all->family));
	for (size_t i = 0; i < config->unit_count; i++)
		if (run_of(&config->units[i]))
			TRY(add(all, &config->units[i]));
	return NULL;
}

err *children_new(const struct children_options *options, struct children **ret_children)
{
	struct children *all = MEM_NEW(struct children);
	all->options = *options;
	all->mutex = mutex_new();
	all->news = cond_new();
	err *e = open_all(all);
	if (e) {
		children_free(all);
		return e;
	}
	*ret_children = all;
	return NULL;
}

void children_end(struct children *children)
{
	if (!children)
		return;
	AUTO(mutex_hold) hold = mutex_hold(children->mutex);
	children->is_ending = true;
	cond_broadcast(children->news);
}

void children_free(struct children *children)
{
	if (!children)
		return;
	for (size_t i = 0; i < children->list.len; i++) {
		supervise_free(children->list.ptr[i]->supervise);
		mem_free(children->list.ptr[i]->trouble);
	}
	vec_clear(&children->list);
	proc_family_free(children->family);
	loop_queue_free(children->queue);
	cond_free(children->news);
	mutex_free(children->mutex);
	arena_clear(&children->arena);
	mem_free(children);
}

size_t children_count(const struct children *children)
{
	return children ? children->list.len : 0;
}

const char *children_at(struct children *children, size_t index, int64_t *ret_pid)
{
	AUTO(mutex_hold) hold = mutex_hold(children->mutex);
	*ret_pid = children->list.ptr[index]->pid;
	return children->list.ptr[index]->unit;
}
