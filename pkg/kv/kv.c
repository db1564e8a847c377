#include "base/base.h"

#include "kv/kv.h"

#include "crypto/secret.h"
#include "kv/kv_driver.h"
#include "pal/clock.h"
#include "pal/loop.h"
#include "pal/random.h"

enum {
	BASE_MS = 250,
	CAP_MS = 60000,
	POLL_MS = 30000,
	REQUEST_MS = 30000,
	STABLE_MS =
		10000, /* good for so long: the next failure starts from the shortest delay again */
	LOCAL_CAP_MS = 1000, /* looking at a file costs nothing */
	LOCAL_TOKEN_MS = 5,  /* for what is on this machine */
	LOCAL_TOKENS = 20,
	TOKEN_MS = 100, /* one answer of a long poll each so often … */
	TOKENS = 2,     /* … and so many at once */
	DOUBLINGS = 20,
	CHECK_POLLS = 10, /* times poll_ms: so long news are waited for without looking */
	STEP_MS = 100,    /* how late the deadline of a blocking call may be noticed */
};

enum step { STEP_PAUSE, STEP_READ, STEP_WAIT };

struct kv_progress {
	struct kv_watch *watch;
	struct kv_events events;
	struct loop_timer *timer; /* begins the next read */
	struct loop_timer *check; /* ends a wait that hears nothing */
	enum step step;
	unsigned failures;     /* in a row */
	int64_t good_since_ms; /* 0: not good */
	int64_t tokens_ms;     /* of the bucket: time at which it would be full */
	struct kv_set *current;
	int64_t fresh_ns;
	uint8_t refused[SHA256_BYTES]; /* told once, until it changes */
	bool has_refused;
	bool is_once; /* kv_read */
	struct kv_set *once_set;
	err *once_error;
	bool once_done;
};

/* --- delays --- */

static const struct kv_policy *policy_of(const struct kv_watch *watch)
{
	return &watch->kv->options.policy;
}

static bool is_local(const struct kv_watch *watch)
{
	return (watch->kv->driver->features & KV_IS_LOCAL) != 0;
}

static int64_t backoff_ms(const struct kv_watch *watch, unsigned failures)
{
	const struct kv_policy *policy = policy_of(watch);
	int64_t cap_ms = is_local(watch) ? MIN(policy->cap_ms, (int64_t)LOCAL_CAP_MS) : policy->cap_ms;
	int64_t longest_ms = policy->base_ms << MIN(failures, (unsigned)DOUBLINGS);
	return (int64_t)random_below((uint64_t)MIN(longest_ms, cap_ms) + 1);
}

/* How long to hold back the next look, so that a server that answers at once does not spin us. */
static int64_t token_ms(struct kv_progress *progress)
{
	bool is_near = is_local(progress->watch);
	int64_t each_ms = is_near ? LOCAL_TOKEN_MS : TOKEN_MS;
	int64_t most_ms = each_ms * (is_near ? LOCAL_TOKENS : TOKENS);
	int64_t now_ms = clock_monotonic_ms();
	progress->tokens_ms = MAX(progress->tokens_ms, now_ms - most_ms) + each_ms;
	return MAX(progress->tokens_ms - now_ms, (int64_t)0);
}

static void pause_for(struct kv_watch *watch, int64_t ms)
{
	watch->progress->step = STEP_PAUSE;
	loop_timer_set(watch->progress->timer, ms);
}

/* --- guards --- */

static err *guard(const struct kv_watch *watch, const struct kv_set *before,
                  const struct kv_set *after)
{
	const struct kv_policy *policy = policy_of(watch);
	size_t old_len = kv_set_len(before), new_len = kv_set_len(after);
	if (kv_set_is_filtered(after) && !policy->allows_filtered)
		return err_hint(
			err_new(ERR_REFUSED, "the server hides keys below '%s' for lack of rights",
		                watch->path),
			"give the token read access to the whole path, or set guards.allowFiltered");
	if (new_len == 0 && old_len > 0 && !policy->allows_empty)
		return err_hint(err_new(ERR_REFUSED, "'%s' is suddenly empty (%zu keys before)",
		                        watch->path, old_len),
		                "set guards.allowEmpty if that is meant");
	if (new_len < policy->min_entries)
		return err_new(ERR_REFUSED, "'%s' has %zu keys, fewer than %zu (guards.minEntries)",
		               watch->path, new_len, policy->min_entries);
	if (policy->max_removed_percent == 0 || old_len == 0 || new_len == 0)
		return NULL;
	size_t removed = kv_set_removed(before, after);
	if (removed * 100 > old_len * policy->max_removed_percent)
		return err_new(
			ERR_REFUSED,
			"%zu of %zu keys of '%s' would go, more than %u %% (guards.maxRemoved)",
			removed, old_len, watch->path, policy->max_removed_percent);
	return NULL;
}

/* --- the cycle: read, tell, wait, read … --- */

static void start_read(struct kv_watch *watch);

static void tell_error(struct kv_watch *watch, err *take_error, int64_t retry_ms)
{
	const struct kv_events *events = &watch->progress->events;
	if (events->on_error)
		events->on_error(events->ctx, watch, take_error, retry_ms);
	err_free(take_error);
}

static void fail(struct kv_watch *watch, err *take_error)
{
	struct kv_progress *progress = watch->progress;
	int64_t now_ms = clock_monotonic_ms();
	if (progress->good_since_ms && now_ms - progress->good_since_ms >= STABLE_MS)
		progress->failures = 0;
	progress->good_since_ms = 0;
	int64_t retry_ms = backoff_ms(watch, progress->failures++);
	pause_for(watch, retry_ms);
	tell_error(watch, take_error, retry_ms);
}

void kv_wait_later(struct kv_watch *watch)
{
	pause_for(watch, random_jitter_ms(policy_of(watch)->poll_ms, 10));
}

static void start_wait(struct kv_watch *watch)
{
	struct kv_progress *progress = watch->progress;
	const struct kv_driver *driver = watch->kv->driver;
	if (!driver->wait) {
		kv_wait_later(watch);
		return;
	}
	progress->step = STEP_WAIT;
	if (!is_local(watch))
		loop_timer_set(progress->check,
		               random_jitter_ms(policy_of(watch)->poll_ms * CHECK_POLLS, 10));
	driver->wait(watch);
}

static void take_set(struct kv_watch *watch, struct kv_set *set)
{
	struct kv_progress *progress = watch->progress;
	struct kv_set *before = progress->current;
	if (!progress->good_since_ms)
		progress->good_since_ms = clock_monotonic_ms();
	if (kv_set_equal(before, set)) {
		progress->fresh_ns = clock_wall_ns();
		kv_set_free(set);
		return;
	}
	err *refusal = guard(watch, before, set);
	if (refusal) {
		bool is_told = progress->has_refused &&
		               memcmp(progress->refused, kv_set_hash(set), SHA256_BYTES) == 0;
		memcpy(progress->refused, kv_set_hash(set), SHA256_BYTES);
		progress->has_refused = true;
		kv_set_free(set);
		if (is_told)
			err_ignore(refusal, "told already");
		else
			tell_error(watch, refusal, -1);
		return;
	}
	progress->has_refused = false;
	progress->fresh_ns = clock_wall_ns();
	progress->current = set;
	kv_set_free(before);
	progress->events.on_set(progress->events.ctx, watch, set);
}

static void finish_once(struct kv_watch *watch, struct kv_set *take_set, err *take_error)
{
	struct kv_progress *progress = watch->progress;
	progress->step = STEP_PAUSE;
	progress->once_set = take_set;
	progress->once_error = take_error;
	progress->once_done = true;
}

void kv_read_done(struct kv_watch *watch, struct kv_set *take_set_ptr, err *take_error)
{
	struct kv_progress *progress = watch->progress;
	if (progress->is_once) {
		finish_once(watch, take_set_ptr, take_error);
		return;
	}
	if (take_error) {
		fail(watch, take_error);
		return;
	}
	bool was_waiting = progress->step == STEP_WAIT;
	progress->step = STEP_WAIT;
	loop_timer_set(progress->timer, was_waiting ? token_ms(progress) : 0);
	take_set(watch, take_set_ptr);
}

void kv_wait_done(struct kv_watch *watch, err *take_error)
{
	struct kv_progress *progress = watch->progress;
	if (take_error)
		fail(watch, take_error);
	else
		pause_for(watch, token_ms(progress));
}

static void start_read(struct kv_watch *watch)
{
	watch->progress->step = STEP_READ;
	watch->kv->driver->read(watch);
}

/* A line may be dead without telling anybody: whoever waited long for news looks for himself, on a new one. */
static void on_check(void *ctx)
{
	struct kv_watch *watch = ctx;
	if (watch->progress->step == STEP_WAIT)
		kv_watch_nudge(watch);
}

static void on_timer(void *ctx)
{
	struct kv_watch *watch = ctx;
	if (watch->progress->step == STEP_WAIT)
		start_wait(watch);
	else
		start_read(watch);
}

/* --- watches --- */

static struct kv_watch *watch_new(struct kv *kv, enum kv_scope scope, const char *path)
{
	struct kv_watch *watch = MEM_NEW(struct kv_watch);
	watch->kv = kv;
	watch->scope = scope;
	watch->path = mem_strdup(path);
	watch->progress = MEM_NEW(struct kv_progress);
	watch->progress->watch = watch;
	watch->progress->timer = loop_timer_new(kv->loop, on_timer, watch);
	watch->progress->check = loop_timer_new(kv->loop, on_check, watch);
	watch->next = kv->first;
	kv->first = watch;
	return watch;
}

struct kv_watch *kv_watch_new(struct kv *kv, enum kv_scope scope, const char *path,
                              const struct kv_events *events)
{
	struct kv_watch *watch = watch_new(kv, scope, path);
	watch->progress->events = *events;
	pause_for(watch, 0);
	return watch;
}

void kv_watch_free(struct kv_watch *watch)
{
	if (!watch)
		return;
	struct kv_progress *progress = watch->progress;
	struct kv_watch **link = &watch->kv->first;
	while (*link != watch)
		link = &(*link)->next;
	*link = watch->next;
	watch->kv->driver->stop(watch);
	http_call_drop(watch->call);
	loop_timer_free(progress->timer);
	loop_timer_free(progress->check);
	kv_set_free(progress->current);
	kv_set_free(progress->once_set);
	err_free(progress->once_error);
	mem_free(progress);
	mem_free(watch->path);
	mem_free(watch);
}

const char *kv_watch_path(const struct kv_watch *watch)
{
	return watch->path;
}

enum kv_scope kv_watch_scope(const struct kv_watch *watch)
{
	return watch->scope;
}

struct kv_set *kv_watch_current(const struct kv_watch *watch)
{
	return watch->progress->current;
}

int64_t kv_watch_fresh_ns(const struct kv_watch *watch)
{
	return watch->progress->fresh_ns;
}

void kv_watch_seed(struct kv_watch *watch, struct kv_set *set)
{
	struct kv_set *before = watch->progress->current;
	watch->progress->current = kv_set_ref(set);
	kv_set_free(before);
}

void kv_watch_nudge(struct kv_watch *watch)
{
	watch->kv->driver->stop(watch);
	http_call_drop(watch->call);
	watch->call = NULL;
	pause_for(watch, 0);
}

/* --- once, and changes --- */

static err *timed_out(const struct kv *kv)
{
	return err_new(ERR_TIMEOUT, "cannot talk to '%s': no answer in time", kv->display);
}

static err *read_once(struct kv_watch *watch, struct deadline deadline, struct kv_set **ret_set)
{
	struct kv *kv = watch->kv;
	struct kv_progress *progress = watch->progress;
	err *e = NULL;
	progress->is_once = true;
	start_read(watch);
	while (!progress->once_done && !e) {
		e = loop_step(kv->loop, STEP_MS);
		if (!e && !progress->once_done && deadline_is_over(deadline))
			e = timed_out(kv);
	}
	if (!e)
		e = steal(&progress->once_error);
	if (!e)
		*ret_set = steal(&progress->once_set);
	kv_watch_free(watch);
	return e;
}

err *kv_read(struct kv *kv, enum kv_scope scope, const char *path, struct deadline deadline,
             struct kv_set **ret_set)
{
	return read_once(watch_new(kv, scope, path), deadline, ret_set);
}

err *kv_read_at(struct kv *kv, const char *path, uint64_t version, struct deadline deadline,
                struct kv_set **ret_set)
{
	if (!(kv->driver->features & KV_HAS_PAST))
		return err_new(ERR_UNSUPPORTED, "'%s' does not keep what was before", kv->display);
	struct kv_watch *watch = watch_new(kv, KV_KEY, path);
	watch->at = version;
	return read_once(watch, deadline, ret_set);
}

void kv_task_done(struct kv_task *task, err *take_error)
{
	task->error = take_error;
	task->is_done = true;
}

static err *check_changes(const struct kv *kv, const struct kv_change *changes, size_t count)
{
	if (!(kv->driver->features & KV_CAN_CHANGE))
		return err_new(ERR_UNSUPPORTED, "'%s' can only be read", kv->display);
	for (size_t i = 0; i < count; i++)
		if (changes[i].version != KV_ANY_VERSION &&
		    !(kv->driver->features & KV_CAN_COMPARE))
			return err_new(ERR_UNSUPPORTED, "'%s' cannot compare before it changes",
			               kv->display);
	return NULL;
}

err *kv_change(struct kv *kv, const struct kv_change *changes, size_t count,
               struct deadline deadline)
{
	TRY(check_changes(kv, changes, count));
	struct kv_task task = { .kv = kv, .changes = changes, .count = count };
	err *e = NULL;
	if (count > 0)
		kv->driver->change(&task);
	while (count > 0 && !task.is_done && !e) {
		e = loop_step(kv->loop, STEP_MS);
		if (!e && !task.is_done && deadline_is_over(deadline))
			e = timed_out(kv);
	}
	if ((!task.is_done || task.state) && count > 0 && kv->driver->stop_task)
		kv->driver->stop_task(&task);
	http_call_drop(task.call);
	return e ? err_join(e, task.error) : task.error;
}

/* --- sources --- */

static const struct kv_driver *find_driver(const char *scheme)
{
	for (size_t i = 0; i < kv_driver_count; i++)
		for (const char *const *known = kv_drivers[i]->schemes; *known; known++)
			if (strcmp(*known, scheme) == 0)
				return kv_drivers[i];
	return NULL;
}

void kv_list_schemes(struct str *text)
{
	for (size_t i = 0; i < kv_driver_count; i++)
		for (const char *const *known = kv_drivers[i]->schemes; *known; known++)
			str_addf(text, "%s%s", text->len ? ", " : "", *known);
}

static char *copy(const char *text)
{
	return text ? mem_strdup(text) : NULL;
}

static struct view copy_bytes(struct view bytes)
{
	return (struct view){ mem_strndup(bytes.ptr ? bytes.ptr : "", bytes.len), bytes.len };
}

static void wipe_bytes(struct view *bytes)
{
	secret_wipe((char *)(uintptr_t)bytes->ptr, bytes->len);
	mem_free((char *)(uintptr_t)bytes->ptr);
}

static void copy_options(struct kv *kv, const struct kv_options *options)
{
	struct kv_policy *policy = &kv->options.policy;
	kv->options = *options;
	kv->options.url = copy(options->url);
	kv->options.user = copy(options->user);
	kv->options.password = copy_bytes(options->password);
	kv->options.token = copy_bytes(options->token);
	kv->options.ca_pem = copy_bytes(options->ca_pem);
	kv->options.cert_pem = copy_bytes(options->cert_pem);
	kv->options.key_pem = copy_bytes(options->key_pem);
	kv->options.tls_server_name = copy(options->tls_server_name);
	kv->options.proxy = copy(options->proxy);
	kv->options.base_dir = copy(options->base_dir);
	policy->base_ms = policy->base_ms ? policy->base_ms : BASE_MS;
	policy->cap_ms = policy->cap_ms ? policy->cap_ms : CAP_MS;
	policy->poll_ms = policy->poll_ms ? policy->poll_ms : POLL_MS;
	policy->request_ms = policy->request_ms ? policy->request_ms : REQUEST_MS;
}

static void clear_options(struct kv_options *options)
{
	mem_free((char *)(uintptr_t)options->url);
	mem_free((char *)(uintptr_t)options->user);
	wipe_bytes(&options->password);
	wipe_bytes(&options->token);
	wipe_bytes(&options->ca_pem);
	wipe_bytes(&options->cert_pem);
	wipe_bytes(&options->key_pem);
	mem_free((char *)(uintptr_t)options->tls_server_name);
	mem_free((char *)(uintptr_t)options->proxy);
	mem_free((char *)(uintptr_t)options->base_dir);
}

static err *unknown_scheme(const struct kv *kv)
{
	AUTO(str) known = STR_INIT;
	kv_list_schemes(&known);
	return err_hint(err_new(ERR_USAGE, "cannot open the source '%s': unknown scheme '%s'",
	                        kv->display, kv->url.scheme),
	                "these are known: %s", known.ptr);
}

err *kv_open(struct loop *loop, const struct kv_options *options, struct kv **ret_kv)
{
	AUTOPTR(kv) kv = MEM_NEW(struct kv);
	kv->loop = loop;
	copy_options(kv, options);
	TRY(kv_url_parse(options->url, &kv->url));
	kv->display = mem_strndup(options->url, strcspn(options->url, "?"));
	kv->driver = find_driver(kv->url.scheme);
	if (!kv->driver)
		return unknown_scheme(kv);
	TRY(kv->driver->open(kv));
	*ret_kv = steal(&kv);
	return NULL;
}

void kv_free(struct kv *kv)
{
	if (!kv)
		return;
	while (kv->first)
		kv_watch_free(kv->first);
	if (kv->driver && kv->driver->close)
		kv->driver->close(kv);
	http_loop_free(kv->http);
	clear_options(&kv->options);
	kv_url_clear(&kv->url);
	mem_free(kv->display);
	mem_free(kv);
}

unsigned kv_features(const struct kv *kv)
{
	return kv->driver->features;
}

size_t kv_change_limit(const struct kv *kv)
{
	return kv->driver->max_changes;
}

const char *kv_scheme(const struct kv *kv)
{
	return kv->url.scheme;
}

const char *kv_display(const struct kv *kv)
{
	return kv->display;
}
