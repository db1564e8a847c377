/*
 * git:ADDRESS — the files of a folder at a branch, tag or commit are keys; ADDRESS as `fettle apply` takes it:
 * a path or URL with //FOLDER and ?ref=NAME. With #FILE at the end, that document's leaves are keys; with #*
 * those of all documents.
 * Asked every poll_ms which commit it is; fetched when that is another one, on one thread of the
 * source, so that the loop never waits for a network.
 */
#include "base/base.h"

#include "kv/kv_all_drivers.h"

#include "base/arena.h"
#include "base/path.h"
#include "base/vec.h"
#include "pal/clock.h"
#include "pal/dirs.h"
#include "pal/loop.h"
#include "pal/pool.h"
#include "source/source.h"
#include "val/val.h"

enum {
	LOOK_MS = 20,         /* between two looks whether the thread is done */
	MOST_FRESH_MS = 5000, /* what was read so recently serves all watches */
	GIVE_UP_MS = 300000,
};

static const char *const schemes[] = { "git", NULL };

/* Read by the thread; taken over by the loop when it is done. */
struct job {
	struct strs paths;
	VEC(struct str) texts;
	bool is_changed;
	err *error;
};

struct checkout {
	struct kv *kv;
	struct source_spec spec;
	char *file; /* NULL: files are keys */
	bool as_leaves; /* #* */
	char *cache_dir;
	struct source *source; /* the thread's while a job runs */
	struct pool *pool;
	struct job *job; /* running */
	struct loop_timer *timer;
	atomic_int is_cancelled;
	struct kv_set *all; /* of the newest commit */
	int64_t read_ns;
};

/* Of a watch: */
struct follow {
	bool is_reading;
};

/* --- where --- */

static err *parse_address(struct kv *kv, struct checkout *checkout)
{
	const char *address = kv->options.url + strlen("git:"), *hash = strchr(address, '#');
	AUTOFREE char *text =
		mem_strndup(address, hash ? (size_t)(hash - address) : strlen(address));
	struct source_spec *spec = &checkout->spec;
	checkout->as_leaves = hash && str_equal(hash, KV_ALL_LEAVES);
	checkout->file = hash && hash[1] && !checkout->as_leaves ? mem_strdup(hash + 1) : NULL;
	if (checkout->file && !path_is_inside(checkout->file))
		return err_new(ERR_USAGE, "'%s' leads out of the repository", checkout->file);
	TRY(source_parse(text, spec));
	if (spec->kind != SOURCE_GIT && spec->kind != SOURCE_FOLDER)
		return err_hint(err_new(ERR_USAGE, "'%s' is no repository", kv->display),
		                "for example git:https://example.com/shop.git//conf?ref=main");
	spec->kind = SOURCE_GIT;
	if (kv->options.base_dir && !strchr(text, ':') && !path_is_absolute(spec->location)) {
		char *path = path_join(kv->options.base_dir, spec->location);
		mem_free(spec->location);
		spec->location = path;
	}
	mem_free(kv->display);
	kv->display = str_format("git:%s%s", spec->display, hash ? hash : "");
	return NULL;
}

static err *open_git(struct kv *kv)
{
	AUTO(str) cache_dir = STR_INIT;
	struct checkout *checkout = kv->state = MEM_NEW(struct checkout);
	checkout->kv = kv;
	TRY(parse_address(kv, checkout));
	TRY(dirs_cache(&cache_dir));
	checkout->cache_dir = str_detach(&cache_dir);
	checkout->pool = pool_new(1);
	return NULL;
}

static void job_free(struct job *job)
{
	if (!job)
		return;
	for (size_t i = 0; i < job->texts.len; i++) {
		mem_wipe(job->texts.ptr[i].ptr, job->texts.ptr[i].len);
		str_clear(&job->texts.ptr[i]);
	}
	vec_clear(&job->texts);
	strs_clear(&job->paths);
	err_free(job->error);
	mem_free(job);
}

static void close_git(struct kv *kv)
{
	struct checkout *checkout = kv->state;
	if (!checkout)
		return;
	atomic_store(&checkout->is_cancelled, 1);
	pool_free(checkout->pool);
	job_free(checkout->job);
	loop_timer_free(checkout->timer);
	source_free(checkout->source);
	source_spec_clear(&checkout->spec);
	kv_set_free(checkout->all);
	mem_free(checkout->file);
	mem_free(checkout->cache_dir);
	mem_free(checkout);
}

/* --- on the thread --- */

static err *read_files(const struct checkout *checkout, struct job *job)
{
	if (checkout->file)
		strs_push(&job->paths, checkout->file);
	else
		TRY(source_list_all(checkout->source, &job->paths));
	for (size_t i = 0; i < job->paths.len; i++) {
		struct str text = STR_INIT;
		err *e =
			source_read(checkout->source, job->paths.ptr[i], KV_MAX_VALUE_BYTES, &text);
		vec_push(&job->texts, text);
		TRY(e);
	}
	return NULL;
}

static err *fetch(struct checkout *checkout, struct job *job)
{
	const struct source_options options = { .cache_dir = checkout->cache_dir,
		                                .proxy = checkout->kv->options.proxy,
		                                .deadline_ns = deadline_after(GIVE_UP_MS).at_ns,
		                                .cancel = &checkout->is_cancelled,
		                                .refresh = true,
		                                .no_input = true };
	job->is_changed = true;
	if (!checkout->source)
		TRY(source_open(&checkout->spec, &options, &checkout->source));
	else
		TRY(source_update(&checkout->spec, &options, &checkout->source, &job->is_changed));
	return job->is_changed || !checkout->all ? read_files(checkout, job) : NULL;
}

static void run(void *data)
{
	struct checkout *checkout = data;
	checkout->job->error = fetch(checkout, checkout->job);
}

/* --- on the loop --- */

static err *add_file(const struct checkout *checkout, const char *path, struct view sealed,
                     struct kv_set *all)
{
	const struct kv_options *options = &checkout->kv->options;
	AUTO(arena) arena = ARENA_INIT;
	AUTO(str) plain = STR_INIT;
	struct val *root = NULL;
	err *e = options->decrypt ? options->decrypt(options->decrypt_ctx, path, sealed, &plain)
	                          : NULL;
	struct view text = options->decrypt ? view_str(&plain) : sealed;
	if (!e && checkout->file) {
		e = kv_parse_document(path, text, &arena, &root);
		if (!e)
			e = kv_add_document(all, "", root);
	} else if (!e) {
		e = kv_add_file(all, path, text, checkout->as_leaves);
	}
	mem_wipe(plain.ptr, plain.len);
	arena_wipe(&arena);
	return e;
}

static err *take(struct checkout *checkout, struct job *job)
{
	AUTOPTR(kv_set) all = kv_set_new();
	TRY(steal(&job->error));
	if (!job->is_changed && checkout->all)
		return NULL;
	for (size_t i = 0; i < job->paths.len; i++)
		TRY(add_file(checkout, job->paths.ptr[i], view_str(&job->texts.ptr[i]), all));
	kv_set_seal(all);
	kv_set_free(checkout->all);
	checkout->all = steal(&all);
	return NULL;
}

static void answer(struct kv_watch *watch, const err *error)
{
	const struct checkout *checkout = watch->kv->state;
	struct kv_set *set = NULL;
	err *e = NULL;
	((struct follow *)watch->state)->is_reading = false;
	if (error)
		e = err_new(err_kind(error), "%s", err_message(error));
	else
		e = kv_select(checkout->all, watch->scope, watch->path, &set);
	kv_read_done(watch, set, e);
}

static void on_timer(void *ctx)
{
	struct checkout *checkout = ctx;
	void *done = NULL;
	err *e = pool_next(checkout->pool, deadline_after(0), NULL, &done);
	if (e) {
		err_ignore(e, "not done yet");
		loop_timer_set(checkout->timer, LOOK_MS);
		return;
	}
	struct job *job = steal(&checkout->job);
	e = take(checkout, job);
	job_free(job);
	checkout->read_ns = clock_monotonic_ns();
	for (struct kv_watch *watch = checkout->kv->first, *next; watch; watch = next) {
		const struct follow *follow = watch->state;
		next = watch->next;
		if (follow && follow->is_reading)
			answer(watch, e);
	}
	err_free(e);
}

static bool is_fresh(const struct checkout *checkout)
{
	int64_t half_ms = checkout->kv->options.policy.poll_ms / 2;
	return checkout->all && clock_monotonic_ns() - checkout->read_ns <
	                                MIN(half_ms, (int64_t)MOST_FRESH_MS) * CLOCK_NS_PER_MS;
}

static void read_git(struct kv_watch *watch)
{
	struct checkout *checkout = watch->kv->state;
	if (!watch->state)
		watch->state = MEM_NEW(struct follow);
	((struct follow *)watch->state)->is_reading = true;
	if (is_fresh(checkout)) {
		answer(watch, NULL);
		return;
	}
	if (checkout->job)
		return; /* its end answers all */
	if (!checkout->timer)
		checkout->timer = loop_timer_new(checkout->kv->loop, on_timer, checkout);
	checkout->job = MEM_NEW(struct job);
	pool_submit(checkout->pool, run, checkout);
	loop_timer_set(checkout->timer, LOOK_MS);
}

static void stop(struct kv_watch *watch)
{
	mem_free(watch->state);
	watch->state = NULL;
}

const struct kv_driver kv_driver_git = {
	.schemes = schemes,
	.open = open_git,
	.close = close_git,
	.read = read_git,
	.stop = stop,
};
