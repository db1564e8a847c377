#include "base/base.h"

#include "apply_watch.h"

#include "agent_metrics.h"
#include "base/path.h"
#include "pal/loop.h"
#include "pal/notify.h"
#include "pal/random.h"
#include "pal/watch.h"
#include "run_plan.h"
#include "serve/serve.h"

enum {
	FIRST_BACKOFF_MS = 1000,
	JITTER_PERCENT = 10,
	SOURCE_QUIET_MS = 100, /* a folder being edited is read when it was quiet for so long */
};

struct agent {
	struct session *session;
	struct ui *ui;
	const struct apply_watch_options *options;
	struct loop *loop;
	struct watch *watch;
	struct loop_io *watch_io;
	struct loop_timer *fetch_timer, *watchdog_timer;
	struct cancel *wake;     /* its HUP means: the target told of a change, from another thread */
	struct loop_io *wake_io;
	struct mutex *mutex;     /* guards dirty and has_dirty */
	struct serve *serve;
	struct notify *notify;
	struct agent_metrics metrics;
	bool *dirty;             /* by object index: something happened to it */
	bool has_dirty;
	bool has_good;           /* session->manifests was applied completely */
	unsigned failures;       /* in a row */
	char *rejected;          /* commit that failed its checks; not tried again until it changes */
	bool was_ready;          /* systemd was told so */
};

/* --- talking --- */

static void log_error(struct agent *agent, const char *what, const err *e)
{
	const struct err_place *place = err_place(e);
	AUTOFREE char *where = place ? str_format("%s:%zu:%zu", place->file, place->line,
	                                          place->column)
	                             : NULL;
	const struct ui_field fields[] = { { "error", err_message(e) }, { "place", where } };
	ui_log(agent->ui, UI_LEVEL_ERROR, fields, where ? 2 : 1, "%s", what);
}

static const char *commit_of(const struct source *source)
{
	return source && source_info(source)->commit ? source_info(source)->commit : "";
}

/* --- drift: what the kernel says happened to owned places --- */

struct place {
	struct agent *agent;
	size_t index; /* of the object; SIZE_MAX: the source folder */
};

static void set_dirty(struct agent *agent, size_t index)
{
	AUTO(mutex_hold) hold = mutex_hold(agent->mutex);
	size_t count = agent->session->manifests.objects.len;
	if (index == SIZE_MAX)
		memset(agent->dirty, true, count * sizeof(bool));
	else if (index < count)
		agent->dirty[index] = true;
	agent->has_dirty = true;
}

/* From a thread of the target. */
static void note_target_change(void *context, const char *key)
{
	struct agent *agent = context;
	const struct object *object = object_set_find(&agent->session->manifests.objects, key);
	if (!object)
		return;
	set_dirty(agent, object->index);
	cancel_note_hup(agent->wake);
}

static void note_change(void *context, const char *path, void *cookie, unsigned changes)
{
	struct agent *agent = context;
	(void)path;
	size_t index = (size_t)(uintptr_t)cookie;
	if (index == 0) {
		loop_timer_set(agent->fetch_timer, SOURCE_QUIET_MS);
		return;
	}
	set_dirty(agent, changes & WATCH_LOST ? SIZE_MAX : index - 1);
}

static void watch_path(void *context, const char *path)
{
	struct place *place = context;
	err *e = watch_add(place->agent->watch, path, 0, (void *)(uintptr_t)(place->index + 1));
	if (e && !err_is(e, ERR_EXISTS))
		log_error(place->agent, "cannot watch a place; the interval still covers it", e);
	err_free(e);
}

static void watch_folder_of(struct agent *agent, const char *relpath)
{
	AUTO(str) file = STR_INIT;
	source_add_display(agent->session->source, relpath, &file);
	AUTOFREE char *dir = path_dir(file.ptr);
	err_ignore(watch_add(agent->watch, dir, WATCH_ENTRIES, NULL),
	           "watched already, or covered by the interval");
}

/* Manifests on disk and what they refer to: an edit is applied at once, not at the next interval. */
static void watch_source(struct agent *agent)
{
	const struct session *session = agent->session;
	const struct map *references = &session->manifests.references;
	if (session->spec.kind != SOURCE_FOLDER && session->spec.kind != SOURCE_FILE)
		return;
	for (size_t i = 0; i < source_file_count(session->source); i++)
		watch_folder_of(agent, source_file(session->source, i));
	for (struct map_entry *e = map_first(references); e; e = map_next(references, e))
		watch_folder_of(agent, e->key);
}

static void stop_watching(struct agent *agent)
{
	loop_io_free(agent->watch_io);
	watch_free(agent->watch);
	agent->watch_io = NULL;
	agent->watch = NULL;
}

static err *follow_nothing(struct agent *agent)
{
	struct target *target = agent->session->target;
	return target && target->ops->follow ? target->ops->follow(target, NULL, NULL, NULL) : NULL;
}

/* Files are watched by us, anything else by the target itself. */
static err *watch_objects(struct agent *agent)
{
	const struct object_set *set = &agent->session->manifests.objects;
	struct target *target = agent->session->target;
	if (target->ops->follow)
		return target->ops->follow(target, set, note_target_change, agent);
	if (!target->ops->watch_paths)
		return NULL; /* looked at every interval */
	for (size_t i = 0; i < set->len; i++) {
		struct place place = { agent, i };
		TRY(target->ops->watch_paths(target, set->items[i], watch_path, &place));
	}
	return NULL;
}

static void read_events(void *context, unsigned ready);

/* Watches first, then a look: what changes in between is reported. */
static err *watch_everything(struct agent *agent)
{
	const struct object_set *set = &agent->session->manifests.objects;
	stop_watching(agent);
	TRY(watch_new(NULL, &agent->watch));
	mem_free(agent->dirty);
	agent->dirty = mem_zalloc(set->len + 1, sizeof(bool));
	agent->has_dirty = false;
	TRY(watch_objects(agent));
	watch_source(agent);
	if (watch_handle(agent->watch) != PAL_HANDLE_NONE)
		agent->watch_io = loop_add_handle(agent->loop, watch_handle(agent->watch),
		                                  read_events, agent);
	if (watch_note(agent->watch))
		ui_warn(agent->ui, "%s", watch_note(agent->watch));
	return NULL;
}

/* --- applying --- */

static void told_step(void *context, const struct plan_item *item, enum step_outcome outcome,
                      const err *error)
{
	struct agent *agent = context;
	const struct ui_field fields[] = { { "location", item->location },
		                           { "reason", item->reason } };
	size_t first = item->location ? 0 : 1, end = item->reason ? 2 : 1;
	notify_watchdog(agent->notify);
	if (error)
		log_error(agent, step_outcome_name(outcome), error);
	else
		ui_log(agent->ui, UI_LEVEL_INFO, fields + first, end > first ? end - first : 0,
		       "%s %s", item->display, done_word(item->action));
}

static struct deadline run_deadline(const struct agent *agent)
{
	return agent->options->timeout_ms > 0 ? deadline_after(agent->options->timeout_ms)
	                                      : DEADLINE_NEVER;
}

/* What an apply would do; it is not done. */
static void tell_drift(struct agent *agent, const struct plan *plan)
{
	for (size_t i = 0; i < plan->len; i++) {
		const struct plan_item *item = &plan->items[i];
		const struct ui_field fields[] = { { "location", item->location } };
		if (item->action == PLAN_NONE)
			continue;
		agent->metrics.drift_detected++;
		ui_log(agent->ui, UI_LEVEL_WARN, fields, item->location ? 1 : 0, "%s is not as wanted: %s",
		       item->display, plan_action_name(item->action));
	}
}

/* Plan and carry out the session's manifests; `only` as in plan_options. */
static err *apply_current(struct agent *agent, const char *command, const bool *only,
                          struct execute_result *ret_result)
{
	struct session *session = agent->session;
	records_clear(&session->records);
	TRY(records_load(&session->records, session->owned));
	struct plan_options plan_options = agent->options->plan;
	plan_options.project = session->owned;
	plan_options.only = only;
	if (only)
		plan_options.prune = false;
	AUTOPTR(plan) plan = NULL;
	TRY(plan_make(session->target, &session->manifests.objects, &session->records,
	              &plan_options, &plan));
	if (!plan_has_work(plan))
		return NULL;
	if (agent->options->detect_only) {
		tell_drift(agent, plan);
		return NULL;
	}
	struct inv_run_info info = session_run_info(session, command, plan);
	struct execute_options options = { .project = session->owned,
		                           .info = &info,
		                           .deadline = run_deadline(agent),
		                           .cancel = session->cancel,
		                           .threads = agent->options->threads,
		                           .on_step = told_step,
		                           .context = agent };
	return execute_plan(session->target, plan, &options, ret_result);
}

static err *apply_all(struct agent *agent, const char *command, struct execute_result *ret_result)
{
	int64_t start_ns = clock_monotonic_ns();
	agent->session->context.deadline_ns = run_deadline(agent).at_ns;
	err *e = apply_current(agent, command, NULL, ret_result);
	agent->metrics.last_apply_s = (double)(clock_monotonic_ns() - start_ns) / 1e9;
	if (e)
		agent->metrics.applies_failed++;
	else
		agent->metrics.applies_ok++;
	return e;
}

static bool *take_dirty(struct agent *agent)
{
	AUTO(mutex_hold) hold = mutex_hold(agent->mutex);
	bool *dirty = agent->dirty;
	agent->dirty = mem_zalloc(agent->session->manifests.objects.len + 1, sizeof(bool));
	agent->has_dirty = false;
	return dirty;
}

static void correct_drift(struct agent *agent)
{
	if (!agent->has_dirty || !agent->has_good)
		return;
	struct execute_result result = { 0 };
	bool *only = take_dirty(agent);
	agent->session->context.deadline_ns = run_deadline(agent).at_ns;
	err *e = apply_current(agent, "correct drift", only, &result);
	agent->metrics.drift_corrected += result.done;
	mem_free(only);
	if (e && !err_is(e, ERR_CANCELLED)) {
		log_error(agent, "cannot correct drift", e);
		agent->metrics.is_healthy = false;
		loop_timer_set(agent->fetch_timer, FIRST_BACKOFF_MS);
	}
	err_free(e);
}

static void read_events(void *context, unsigned ready)
{
	struct agent *agent = context;
	(void)ready;
	err *e = watch_read(agent->watch, 0, note_change, agent, NULL);
	if (e)
		log_error(agent, "cannot read file events", e);
	err_free(e);
	correct_drift(agent);
}

static void on_wake(void *context, unsigned ready)
{
	struct agent *agent = context;
	(void)ready;
	cancel_drain(agent->wake);
	(void)cancel_take_hup(agent->wake);
	correct_drift(agent);
}

/* --- following the source --- */

/* A revision on trial: swapped in for the session's own, and back when it fails. */
struct revision {
	struct source *source;
	struct manifests manifests;
};

static void revision_clear(struct revision *revision)
{
	manifests_clear(&revision->manifests);
	source_free(revision->source);
	revision->source = NULL;
}

static void swap_in(struct session *session, struct revision *revision)
{
	struct revision mine = { session->source, session->manifests };
	session->source = revision->source;
	session->manifests = revision->manifests;
	*revision = mine;
}

static bool is_for_good(const err *e)
{
	return err_is(e, ERR_INVALID) || err_is(e, ERR_REFUSED) || err_is(e, ERR_LIMIT) ||
	       err_is(e, ERR_UNSUPPORTED);
}

static void set_rejected(struct agent *agent, const char *commit)
{
	mem_free(agent->rejected);
	agent->rejected = *commit ? mem_strdup(commit) : NULL;
}

static void reject(struct agent *agent, const char *commit, const err *e)
{
	log_error(agent, "the new revision is not taken", e);
	if (!agent->rejected || !str_equal(agent->rejected, commit))
		agent->metrics.rejected++;
	set_rejected(agent, commit);
}

/*
 * Compile, watch and apply the session's manifests. Compiled anew at every entry because drivers keep
 * one set; watched before they are compared, so that nothing happens unseen in between.
 */
static err *enter_revision(struct agent *agent, const char *command,
                           struct execute_result *ret_result)
{
	TRY(follow_nothing(agent)); /* it knows the compiled forms of the set before */
	TRY(manifests_compile(&agent->session->manifests, agent->session->target));
	TRY(watch_everything(agent));
	return apply_all(agent, command, ret_result);
}

/* What the failed revision changed is put back; when it changed nothing, drift still is. */
static err *keep_last_good(struct agent *agent, bool was_left)
{
	struct execute_result result = { 0 };
	ui_warn(agent->ui, "keeping the last good revision %.10s",
	        commit_of(agent->session->source));
	return was_left ? enter_revision(agent, "apply --watch: keep the last good revision", &result)
	                : apply_all(agent, "apply --watch: resync", &result);
}

static err *take_revision(struct agent *agent, struct revision *revision)
{
	struct session *session = agent->session;
	struct execute_result result = { 0 };
	err *e = manifests_load(&revision->manifests, revision->source);
	bool is_entered = !e;
	if (is_entered) {
		swap_in(session, revision);
		e = enter_revision(agent, "apply --watch", &result);
	}
	if (!e) {
		agent->has_good = true;
		set_rejected(agent, "");
		return NULL;
	}
	if (cancel_is_set(session->cancel))
		return e;
	if (is_entered)
		swap_in(session, revision);
	if (is_for_good(e) || result.reverted > 0)
		reject(agent, commit_of(revision->source), e);
	return agent->has_good ? err_join(e, keep_last_good(agent, is_entered)) : e;
}

/* Is there something new? `ret_revision` gets it; its source stays NULL when there is not. */
static err *look_at_source(struct agent *agent, bool is_forced, struct revision *ret_revision)
{
	struct session *session = agent->session;
	struct source_options options = session_source_options(session, run_deadline(agent));
	options.refresh = true;
	if (session->spec.kind == SOURCE_GIT && session->source) {
		AUTOFREE char *commit = NULL;
		TRY(source_latest(&session->spec, &options, &commit));
		bool is_known = str_equal(commit, commit_of(session->source)) && agent->has_good;
		bool is_rejected = agent->rejected && str_equal(commit, agent->rejected);
		if (is_known)
			set_rejected(agent, ""); /* the ref went back to the good one */
		if (is_known || (is_rejected && !is_forced))
			return NULL;
	}
	return source_open(&session->spec, &options, &ret_revision->source);
}

static err *cycle(struct agent *agent, bool is_forced)
{
	struct revision revision = { 0 };
	struct execute_result result = { 0 };
	manifests_init(&revision.manifests);
	revision.manifests.opener = agent->session->manifests.opener;
	err *e = look_at_source(agent, is_forced, &revision);
	if (e) {
		agent->metrics.fetches_failed++;
		log_error(agent, "cannot look at the source", e);
	} else {
		agent->metrics.fetches_ok++;
	}
	if (!e && revision.source)
		e = take_revision(agent, &revision);
	else if (agent->has_good)
		e = err_join(e, apply_all(agent, "apply --watch: resync", &result));
	revision_clear(&revision);
	return e;
}

static void schedule(struct agent *agent, bool is_ok)
{
	int64_t interval = agent->options->interval_ms, wait = interval;
	agent->failures = is_ok ? 0 : agent->failures + 1;
	if (!is_ok) {
		wait = FIRST_BACKOFF_MS << MIN(agent->failures - 1, 20u);
		wait = MIN(wait, interval);
	}
	loop_timer_set(agent->fetch_timer, random_jitter_ms(wait, JITTER_PERCENT));
}

static void succeed(struct agent *agent)
{
	const char *commit = commit_of(agent->session->source);
	(void)snprintf(agent->metrics.commit, sizeof(agent->metrics.commit), "%s", commit);
	agent->metrics.objects = agent->session->manifests.objects.len;
	agent->metrics.last_success_ms = clock_wall_ns() / CLOCK_NS_PER_MS;
	AUTOFREE char *status = str_format("%zu objects in sync%s%.10s", agent->metrics.objects,
	                                   *commit ? " at " : "", commit);
	notify_ready(agent->notify, status);
	agent->was_ready = true;
	ui_log(agent->ui, UI_LEVEL_DEBUG, NULL, 0, "%s", status);
}

static void run_cycle(struct agent *agent, bool is_forced)
{
	err *e = cycle(agent, is_forced);
	bool is_ok = !e;
	agent->metrics.is_healthy = is_ok && !agent->rejected;
	if (is_ok) {
		succeed(agent);
	} else if (!err_is(e, ERR_CANCELLED)) {
		log_error(agent, "this round failed; trying again", e);
		/* A reload, too, is over when it failed; systemd waits to hear that. */
		if (agent->was_ready)
			notify_ready(agent->notify, err_message(e));
		else
			notify_status(agent->notify, err_message(e));
	}
	err_free(e);
	schedule(agent, is_ok);
}

static void on_timer(void *context)
{
	run_cycle(context, false);
}

static void on_hup(void *context)
{
	struct agent *agent = context;
	notify_reloading(agent->notify);
	run_cycle(agent, true);
}

static void on_watchdog(void *context)
{
	struct agent *agent = context;
	notify_watchdog(agent->notify);
	loop_timer_set(agent->watchdog_timer, notify_watchdog_ms(agent->notify));
}

static void answer(void *context, const struct serve_request *request, struct serve_reply *reply)
{
	struct agent *agent = context;
	if (str_equal(request->path, "/metrics")) {
		reply->content_type = "text/plain; version=0.0.4; charset=utf-8";
		agent_metrics_write(&agent->metrics, agent->session->name, &reply->body);
	} else if (str_equal(request->path, "/healthz")) {
		reply->status = agent->metrics.is_healthy ? 200 : 503;
		str_addz(&reply->body, agent->metrics.is_healthy ? "ok\n" : "not in sync\n");
	} else {
		reply->status = 404;
		str_addz(&reply->body, "there is /metrics and /healthz\n");
	}
}

/* --- life --- */

static err *start(struct agent *agent)
{
	struct session *session = agent->session;
	sig_uninstall();
	TRY(sig_install(session->cancel, true));
	TRY(session_open_target(session,
	                        agent->options->detect_only ? INV_READ_ONLY : INV_READ_WRITE,
	                        "fettle apply --watch"));
	if (agent->options->plan.prune)
		TRY(session_check_prune(session));
	TRY(loop_new(session->cancel, &agent->loop));
	agent->fetch_timer = loop_timer_new(agent->loop, on_timer, agent);
	agent->watchdog_timer = loop_timer_new(agent->loop, on_watchdog, agent);
	loop_on_hup(agent->loop, on_hup, agent);
	pal_handle wake;
	TRY(cancel_handle(agent->wake, &wake));
	agent->wake_io = loop_add_handle(agent->loop, wake, on_wake, agent);
	agent->notify = notify_from_env();
	if (agent->options->metrics) {
		TRY(serve_new(agent->loop, agent->options->metrics, NULL, answer, agent,
		              &agent->serve));
		ui_info(agent->ui, "metrics on %s", serve_address(agent->serve));
	}
	if (notify_watchdog_ms(agent->notify) > 0)
		on_watchdog(agent);
	return NULL;
}

static err *live(struct agent *agent)
{
	TRY(start(agent));
	run_cycle(agent, false);
	while (!cancel_is_set(agent->session->cancel)) {
		int due_ms = agent->watch ? watch_due_ms(agent->watch) : -1;
		err *e = loop_step(agent->loop, due_ms);
		if (e && !err_is(e, ERR_CANCELLED))
			return e;
		err_free(e);
		if (agent->watch && watch_due_ms(agent->watch) == 0)
			read_events(agent, 0);
		TRY(ui_flush(agent->ui));
	}
	notify_stopping(agent->notify);
	return NULL;
}

static void agent_clear(struct agent *agent)
{
	err_ignore(follow_nothing(agent), "it ends anyway");
	serve_free(agent->serve);
	stop_watching(agent);
	loop_io_free(agent->wake_io);
	loop_timer_free(agent->fetch_timer);
	loop_timer_free(agent->watchdog_timer);
	loop_free(agent->loop);
	notify_free(agent->notify);
	cancel_free(agent->wake);
	mutex_free(agent->mutex);
	mem_free(agent->dirty);
	mem_free(agent->rejected);
}

err *apply_watch(struct session *session, struct cli_ctx *ctx,
                 const struct apply_watch_options *options)
{
	struct agent agent = { .session = session, .ui = ctx->ui, .options = options };
	agent.wake = cancel_new();
	agent.mutex = mutex_new();
	ui_set_log_format(ctx->ui, options->log_format);
	err *e = session_parse_source(session);
	if (!e)
		e = live(&agent);
	agent_clear(&agent);
	return e;
}
