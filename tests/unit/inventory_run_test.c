#include "test.h"

#include "inventory/inventory.h"
#include "pal/clock.h"
#include "pal/fs.h"
#include "pal/pool.h"

/* --- helpers: an item is "KEY=CONTENT"; its digest is made of the content --- */

static const struct inv_run_info info = {
	.command = "apply",
	.source = "https://example.com/shop.git",
	.commit = "c0ffee",
	.author = "Ann <ann@example.com>",
	.subject = "first",
	.user = "ann",
	.host = "web1",
	.unchanged = 7,
};

static void make_digest(const char *content, uint8_t digest[INV_DIGEST_BYTES])
{
	memset(digest, 0, INV_DIGEST_BYTES);
	for (size_t i = 0; content[i]; i++)
		digest[i % INV_DIGEST_BYTES] =
			(uint8_t)(digest[i % INV_DIGEST_BYTES] * 31 + content[i] + 1);
}

static struct inv_item item(enum inv_action action, const char *key, const char *content)
{
	struct inv_item made = {
		.key = key,
		.location = key,
		.action = action,
		.manifest = view_of(content),
	};
	make_digest(content, made.digest);
	return made;
}

static bool has_digest_of(const uint8_t digest[INV_DIGEST_BYTES], const char *content)
{
	uint8_t wanted[INV_DIGEST_BYTES];
	make_digest(content, wanted);
	return memcmp(digest, wanted, INV_DIGEST_BYTES) == 0;
}

static err *report(struct inv_run *run, size_t index, enum inv_outcome outcome)
{
	return inv_run_result(run, index, &(struct inv_outcome_info){ .outcome = outcome });
}

/* One run in which everything succeeds. */
static err *apply(struct inv_project *project, const struct inv_item *items, size_t count)
{
	AUTOPTR(inv_run) run = NULL;
	TRY(inv_run_begin(project, &info, items, count, &run));
	for (size_t i = 0; i < count; i++)
		TRY(report(run, i, INV_DONE));
	return inv_run_finish(run, INV_OK, NULL);
}

/* One run that is killed before anything is reported. */
static err *apply_killed(struct inv_project *project, const struct inv_item *items, size_t count)
{
	AUTOPTR(inv_run) run = NULL;
	return inv_run_begin(project, &info, items, count, &run);
}

struct fixture {
	struct arena arena;
	char *path;
	struct inv *inv;
	struct inv_project *project;
};

static void fixture_clear(struct fixture *f)
{
	inv_project_free(f->project);
	inv_free(f->inv);
	mem_free(f->path);
	arena_clear(&f->arena);
}

static err *fixture_open(struct fixture *f, enum inv_mode mode)
{
	inv_project_free(steal(&f->project));
	inv_free(steal(&f->inv));
	if (!f->path)
		f->path = str_format("%s/state.db", test_dir());
	TRY(inv_open(f->path, mode, &f->inv));
	return inv_project(f->inv, "shop", "host:/srv", &f->project);
}

/* "key state origin" of each object, "; " between. */
static const char *describe(struct fixture *f)
{
	struct inv_object_list list;
	err *e = inv_objects(f->project, &f->arena, &list);
	if (e) {
		const char *text = arena_strdup(&f->arena, err_message(e));
		err_free(e);
		return text;
	}
	AUTO(str) text = STR_INIT;
	for (size_t i = 0; i < list.len; i++)
		str_addf(&text, "%s%s %s %s", i ? "; " : "", list.ptr[i].key,
		         inv_state_name(list.ptr[i].state), inv_origin_name(list.ptr[i].origin));
	return arena_strdup(&f->arena, text.ptr);
}

/* "key=manifest" of each entry. */
static const char *snapshot(struct fixture *f, int64_t number)
{
	struct inv_snapshot list;
	err *e = inv_snapshot(f->project, number, &f->arena, &list);
	if (e) {
		const char *text = arena_strdup(&f->arena, err_message(e));
		err_free(e);
		return text;
	}
	AUTO(str) text = STR_INIT;
	for (size_t i = 0; i < list.len; i++)
		str_addf(&text, "%s%s=%s", i ? " " : "", list.ptr[i].key,
		         list.ptr[i].manifest.ptr ? list.ptr[i].manifest.ptr : "(secret)");
	return arena_strdup(&f->arena, text.ptr);
}

#define FIXTURE(f)                                 \
	AUTO(fixture) f = { .arena = ARENA_INIT }; \
	CHECK_OK(fixture_open(&f, INV_READ_WRITE))

/* --- tests --- */

TEST(inventory, is_empty_without_a_file_and_reading_makes_none)
{
	AUTO(fixture) f = { .arena = ARENA_INIT };
	CHECK_OK(fixture_open(&f, INV_READ_ONLY));
	CHECK_STR(describe(&f), "");
	struct inv_run_list runs;
	CHECK_OK(inv_runs(f.project, 0, &f.arena, &runs));
	CHECK_INT(runs.len, 0);
	struct inv_claim_list claims;
	CHECK_OK(inv_other_claims(f.project, &f.arena, &claims));
	struct inv_project_list projects;
	CHECK_OK(inv_projects(f.inv, &f.arena, &projects));
	CHECK_INT(claims.len + projects.len, 0);
	uint8_t key[INV_DIGEST_BYTES];
	CHECK_ERR(inv_secret_key(f.inv, key), ERR_NOT_FOUND, "no state");
	struct inv_snapshot entries;
	CHECK_ERR(inv_snapshot(f.project, 1, &f.arena, &entries), ERR_NOT_FOUND, "nothing was");
	AUTO(str) text = STR_INIT;
	CHECK_ERR(inv_manifest(f.project, "a", &text), ERR_NOT_FOUND, "does not own");
	CHECK_ERR(inv_forget(f.project, "a"), ERR_NOT_FOUND, "does not own");
	CHECK(!fs_exists(f.path));
}

TEST(inventory, records_what_a_run_did)
{
	FIXTURE(f);
	struct inv_item items[] = {
		item(INV_CREATE, "b", "bee"),
		item(INV_CREATE, "a", "ant"),
		item(INV_CREATE, "c", "cat"),
		item(INV_CREATE, "d", "dog"),
	};
	items[1].reason = "it is missing";
	{
		AUTOPTR(inv_run) run = NULL;
		CHECK_OK(inv_run_begin(f.project, &info, items, 4, &run));
		CHECK_INT(inv_run_number(run), 1);
		struct inv_outcome_info done = { INV_DONE, "inode 7", NULL };
		struct inv_outcome_info failed = { INV_FAILED, NULL, "disk on fire" };
		CHECK_OK(inv_run_result(run, 1, &done));
		CHECK_OK(inv_run_result(run, 0, &failed));
		CHECK_OK(report(run, 3, INV_UNKNOWN));
		CHECK_OK(inv_run_finish(run, INV_PARTIAL, "1 of 4 failed"));
	}
	CHECK_OK(fixture_open(&f, INV_READ_ONLY));
	CHECK_STR(describe(&f), "a applied created; d pending-create created");
	struct inv_object_list list;
	CHECK_OK(inv_objects(f.project, &f.arena, &list));
	const struct inv_object *a = inv_object_find(&list, "a");
	CHECK(a && !inv_object_find(&list, "b"));
	CHECK_STR(a->uid, "inode 7");
	CHECK(a->has_digest && has_digest_of(a->digest, "ant") && !a->has_pending_digest);
	CHECK_INT(a->run, 1);
	const struct inv_object *d = inv_object_find(&list, "d");
	CHECK(!d->has_digest && d->has_pending_digest && has_digest_of(d->pending_digest, "dog"));

	struct inv_run_record record;
	CHECK_OK(inv_run_get(f.project, 1, &f.arena, &record));
	CHECK_INT(record.result, INV_PARTIAL);
	CHECK_STR(record.message, "1 of 4 failed");
	CHECK_STR(record.commit, "c0ffee");
	CHECK_STR(record.user, "ann");
	CHECK_INT(record.created, 1);
	CHECK_INT(record.failed, 1);
	CHECK_INT(record.skipped, 1);
	CHECK_INT(record.unknown, 1);
	CHECK_INT(record.unchanged, 7);
	CHECK(record.finished_ms >= record.started_ms && record.started_ms > 1600000000000);
	struct inv_change_list changes;
	CHECK_OK(inv_run_changes(f.project, 1, &f.arena, &changes));
	CHECK_INT(changes.len, 4);
	CHECK_STR(changes.ptr[0].error, "disk on fire");
	CHECK_STR(changes.ptr[1].reason, "it is missing");
	CHECK_INT(changes.ptr[2].outcome, INV_SKIPPED);
	CHECK_STR(inv_project_source(f.project), "https://example.com/shop.git");
	CHECK_ERR(inv_run_get(f.project, 9, &f.arena, &record), ERR_NOT_FOUND, "runs 1 to 1");
}

TEST(inventory, follows_an_object_through_its_life)
{
	FIXTURE(f);
	struct inv_item create = item(INV_CREATE, "a", "one");
	struct inv_item update = item(INV_UPDATE, "a", "two");
	struct inv_item adopt = item(INV_ADOPT, "b", "bee");
	struct inv_item seize = item(INV_UPDATE, "c", "cat");
	adopt.has_before = true;
	adopt.before = view_of("old bee");
	CHECK_OK(apply(f.project, (struct inv_item[]){ create, adopt, seize }, 3));
	CHECK_STR(describe(&f), "a applied created; b applied adopted; c applied adopted");
	adopt.before = view_of("not the first");
	CHECK_OK(apply(f.project, (struct inv_item[]){ update, adopt }, 2));
	AUTO(str) text = STR_INIT;
	CHECK_OK(inv_manifest(f.project, "a", &text));
	CHECK_STR(text.ptr, "two");
	CHECK_OK(inv_manifest(f.project, "b", &text));
	CHECK_STR(text.ptr, "bee");
	CHECK_OK(inv_before(f.project, "b", &text));
	CHECK_STR(text.ptr, "old bee");
	CHECK_ERR(inv_before(f.project, "a", &text), ERR_NOT_FOUND, "none is kept");
	struct inv_item removals[] = { item(INV_DELETE, "a", ""), item(INV_FORGET, "c", "") };
	CHECK_OK(apply(f.project, removals, 2));
	CHECK_STR(describe(&f), "b applied adopted");
	CHECK_STR(snapshot(&f, 1), "a=one b=bee c=cat");
	CHECK_STR(snapshot(&f, 2), "a=two b=bee c=cat");
	CHECK_STR(snapshot(&f, 3), "b=bee");
	CHECK_OK(apply(f.project, &create, 1));
	CHECK_STR(snapshot(&f, 4), "a=one b=bee");
	CHECK_OK(inv_forget(f.project, "b"));
	CHECK_STR(describe(&f), "a applied created");
	CHECK_ERR(inv_before(f.project, "b", &text), ERR_NOT_FOUND, "none is kept");
	CHECK_STR(snapshot(&f, 1), "a=one b=bee c=cat");
}

TEST(inventory, lists_what_a_killed_run_may_have_touched)
{
	FIXTURE(f);
	struct inv_item first[] = {
		item(INV_CREATE, "a", "ant"),
		item(INV_CREATE, "b", "bee"),
		item(INV_CREATE, "c", "cat"),
		item(INV_CREATE, "d", "dog"),
	};
	CHECK_OK(apply(f.project, first, 4));
	struct inv_item second[] = {
		item(INV_UPDATE, "a", "ape"), item(INV_DELETE, "b", ""),
		item(INV_FORGET, "c", ""),    item(INV_CREATE, "e", "elk"),
		item(INV_ADOPT, "f", "fox"),
	};
	second[4].has_before = true;
	second[4].before = view_of("old fox");
	CHECK_OK(apply_killed(f.project, second, 5));
	const char *wanted = "a pending-update created; b pending-delete created; "
			     "c applied created; d applied created; e pending-create created; "
			     "f pending-update adopted";
	CHECK_STR(describe(&f), wanted);
	AUTO(str) text = STR_INIT;
	CHECK_OK(inv_manifest(f.project, "e", &text));
	CHECK_STR(text.ptr, "elk");
	CHECK_OK(inv_before(f.project, "f", &text));
	CHECK_STR(text.ptr, "old fox");

	CHECK_OK(apply(f.project, NULL, 0)); /* the next run looks at nothing */
	CHECK_STR(describe(&f), wanted);
	CHECK_OK(inv_manifest(f.project, "e", &text));
	CHECK_STR(text.ptr, "elk");
	CHECK_OK(inv_manifest(f.project, "b", &text));
	CHECK_STR(text.ptr, "bee");
	CHECK_OK(inv_before(f.project, "f", &text));
	CHECK_STR(text.ptr, "old fox");
	struct inv_run_record record;
	CHECK_OK(inv_run_get(f.project, 2, &f.arena, &record));
	CHECK_INT(record.result, INV_INTERRUPTED);
	CHECK_INT(record.unknown, 5);
	struct inv_object_list list;
	CHECK_OK(inv_objects(f.project, &f.arena, &list));
	CHECK(has_digest_of(list.ptr[0].digest, "ant"));
	CHECK(has_digest_of(list.ptr[0].pending_digest, "ape"));
	CHECK(!list.ptr[1].has_pending_digest);

	struct inv_item third[] = {
		item(INV_RECORD, "a", "ape"),
		item(INV_CREATE, "b", "bee"),
		item(INV_RECORD, "e", "elk"),
		item(INV_UPDATE, "f", "fox"),
	};
	CHECK_OK(apply(f.project, third, 4));
	CHECK_STR(describe(&f), "a applied created; b applied created; c applied created; "
	                        "d applied created; e applied created; f applied adopted");
	CHECK_STR(snapshot(&f, 2), "a=ant b=bee c=cat d=dog");
	CHECK_STR(snapshot(&f, 4), "a=ape b=bee c=cat d=dog e=elk f=fox");
	CHECK_OK(inv_before(f.project, "f", &text));
	CHECK_STR(text.ptr, "old fox");
}

TEST(inventory, a_pending_object_can_turn_out_never_to_have_been)
{
	FIXTURE(f);
	struct inv_item create = item(INV_CREATE, "a", "ant");
	struct inv_item forget = item(INV_FORGET, "a", "");
	CHECK_OK(apply_killed(f.project, &create, 1));
	CHECK_OK(apply_killed(f.project, &create, 1)); /* killed twice */
	CHECK_STR(describe(&f), "a pending-create created");
	CHECK_OK(apply(f.project, &forget, 1));
	CHECK_STR(describe(&f), "");
	CHECK_STR(snapshot(&f, 3), "");
}

TEST(inventory, repairing_drift_stores_no_text_again)
{
	FIXTURE(f);
	AUTO(str) content = STR_INIT;
	str_add_repeat(&content, 'x', 1 << 20);
	struct inv_item create = item(INV_CREATE, "a", content.ptr);
	struct inv_item repair = item(INV_UPDATE, "a", content.ptr);
	CHECK_OK(apply(f.project, &create, 1));
	for (int i = 0; i < 20; i++)
		CHECK_OK(apply(f.project, &repair, 1));
	CHECK_OK(fixture_open(&f, INV_READ_ONLY));
	struct fs_stat stat;
	CHECK_OK(fs_stat(f.path, &stat));
	CHECK(stat.size < 3u << 20);
	AUTO(str) text = STR_INIT;
	CHECK_OK(inv_manifest(f.project, "a", &text));
	CHECK_INT(text.len, content.len);
	struct inv_snapshot entries;
	CHECK_OK(inv_snapshot(f.project, 10, &f.arena, &entries));
	CHECK_INT(entries.len, 1);
	CHECK_INT(entries.ptr[0].manifest.len, content.len);
}

TEST(inventory, keeps_no_secret)
{
	FIXTURE(f);
	struct inv_item secret = item(INV_ADOPT, "s", "hunter2-new");
	secret.is_sensitive = true;
	secret.has_before = true;
	secret.before = view_of("hunter2-old");
	CHECK_OK(apply(f.project, &secret, 1));
	CHECK_OK(apply(f.project, &secret, 1));
	struct inv_item later = item(INV_UPDATE, "s", "hunter3");
	later.is_sensitive = true;
	CHECK_OK(apply_killed(f.project, &later, 1));
	AUTO(str) text = STR_INIT;
	CHECK_ERR(inv_manifest(f.project, "s", &text), ERR_UNSUPPORTED, "sensitive");
	CHECK_STR(snapshot(&f, 1), "s=(secret)");
	uint8_t key[INV_DIGEST_BYTES], again[INV_DIGEST_BYTES];
	CHECK_OK(inv_secret_key(f.inv, key));
	CHECK_OK(fixture_open(&f, INV_READ_ONLY));
	CHECK_OK(inv_secret_key(f.inv, again));
	CHECK(memcmp(key, again, sizeof(key)) == 0);
	CHECK_OK(fixture_open(&f, INV_READ_WRITE));
	inv_project_free(steal(&f.project));
	inv_free(steal(&f.inv));
	CHECK_OK(fs_read_file(f.path, 1 << 24, &text));
	CHECK(!memmem(text.ptr, text.len, "hunter", 6));
}

TEST(inventory, forgets_old_runs_but_never_what_later_ones_need)
{
	FIXTURE(f);
	inv_set_keep_runs(f.inv, 3);
	struct inv_item stays = item(INV_CREATE, "stays", "rock");
	CHECK_OK(apply(f.project, &stays, 1));
	for (int i = 2; i <= 10; i++) {
		AUTOFREE char *content = str_format("value %d", i);
		struct inv_item change = item(i == 2 ? INV_CREATE : INV_UPDATE, "a", content);
		CHECK_OK(apply(f.project, &change, 1));
	}
	struct inv_run_list runs;
	CHECK_OK(inv_runs(f.project, 0, &f.arena, &runs));
	CHECK_INT(runs.len, 3);
	CHECK_INT(runs.ptr[0].number, 10);
	CHECK_INT(runs.ptr[2].number, 8);
	CHECK_STR(snapshot(&f, 8), "a=value 8 stays=rock");
	CHECK_STR(snapshot(&f, 10), "a=value 10 stays=rock");
	struct inv_snapshot entries;
	CHECK_ERR(inv_snapshot(f.project, 7, &f.arena, &entries), ERR_NOT_FOUND, "runs 8 to 10");
	CHECK_OK(inv_runs(f.project, 1, &f.arena, &runs));
	CHECK_INT(runs.len, 1);
	CHECK_INT(runs.ptr[0].updated, 1);
}

TEST(inventory, repairs_and_failures_do_not_push_out_what_can_be_rolled_back_to)
{
	FIXTURE(f);
	inv_set_keep_runs(f.inv, 2);
	struct inv_item create = item(INV_CREATE, "a", "one");
	struct inv_item update = item(INV_UPDATE, "a", "two");
	CHECK_OK(apply(f.project, &create, 1));
	CHECK_OK(apply(f.project, &update, 1));
	for (int i = 0; i < 5; i++) {
		CHECK_OK(apply(f.project, &update, 1));
		AUTOPTR(inv_run) run = NULL;
		struct inv_item other = item(INV_CREATE, "b", "bee");
		CHECK_OK(inv_run_begin(f.project, &info, &other, 1, &run));
		CHECK_OK(report(run, 0, INV_FAILED));
		CHECK_OK(inv_run_finish(run, INV_RUN_FAILED, NULL));
	}
	struct inv_run_list runs;
	CHECK_OK(inv_runs(f.project, 0, &f.arena, &runs));
	CHECK_INT(runs.len, 4);
	CHECK_INT(runs.ptr[0].number, 12);
	CHECK_INT(runs.ptr[1].number, 11);
	CHECK(!runs.ptr[0].is_lasting && !runs.ptr[1].is_lasting);
	CHECK_INT(runs.ptr[2].number, 2);
	CHECK(runs.ptr[2].is_lasting && runs.ptr[3].is_lasting);
	CHECK_INT(runs.ptr[3].number, 1);
	CHECK_STR(snapshot(&f, 1), "a=one");
	CHECK_STR(snapshot(&f, 12), "a=two");
	AUTO(str) text = STR_INIT;
	CHECK_OK(inv_manifest(f.project, "a", &text));
	CHECK_STR(text.ptr, "two");
}

TEST(inventory, knows_what_other_projects_claim)
{
	FIXTURE(f);
	struct inv_item mine = item(INV_CREATE, "a", "ant");
	CHECK_OK(apply(f.project, &mine, 1));
	AUTOPTR(inv_project) other = NULL;
	AUTOPTR(inv_project) elsewhere = NULL;
	CHECK_OK(inv_project(f.inv, "wiki", "host:/srv", &other));
	CHECK_OK(inv_project(f.inv, "shop", "host:/other", &elsewhere));
	struct inv_item theirs = item(INV_CREATE, "b", "bee");
	CHECK_OK(apply(other, &theirs, 1));
	CHECK_OK(apply(elsewhere, &theirs, 1));
	struct inv_claim_list claims;
	CHECK_OK(inv_other_claims(f.project, &f.arena, &claims));
	CHECK_INT(claims.len, 1);
	CHECK_STR(claims.ptr[0].location, "b");
	CHECK_STR(claims.ptr[0].project, "wiki");
	struct inv_project_list projects;
	CHECK_OK(inv_projects(f.inv, &f.arena, &projects));
	CHECK_INT(projects.len, 3);
	CHECK_STR(projects.ptr[1].target, "host:/srv");
	CHECK_INT(projects.ptr[1].object_count, 1);
	CHECK_STR(describe(&f), "a applied created");
}

/* --- threads --- */

struct reporter {
	struct inv_run *run;
	size_t failed;
};

static void report_one(void *context, size_t index)
{
	struct reporter *reporter = context;
	err *e = report(reporter->run, index, index % 100 == 99 ? INV_FAILED : INV_DONE);
	if (e)
		__atomic_add_fetch(&reporter->failed, 1, __ATOMIC_RELAXED);
	err_free(e);
}

static struct inv_item *many_items(struct arena *arena, enum inv_action action, size_t count,
                                   const char *content)
{
	struct inv_item *items = arena_zalloc(arena, count, sizeof(*items));
	for (size_t i = 0; i < count; i++)
		items[i] = item(action, arena_printf(arena, "/File//object-%06zu", i), content);
	return items;
}

TEST(inventory, takes_results_from_many_threads)
{
	FIXTURE(f);
	enum { COUNT = 5000 };
	struct inv_item *items = many_items(&f.arena, INV_CREATE, COUNT, "x");
	struct reporter reporter = { 0 };
	CHECK_OK(inv_run_begin(f.project, &info, items, COUNT, &reporter.run));
	pool_for_each(8, COUNT, report_one, &reporter);
	CHECK_OK(inv_run_finish(reporter.run, INV_PARTIAL, NULL));
	inv_run_free(reporter.run);
	CHECK_INT(reporter.failed, 0);
	struct inv_run_record record;
	CHECK_OK(inv_run_get(f.project, 1, &f.arena, &record));
	CHECK_INT(record.created, COUNT - COUNT / 100);
	CHECK_INT(record.failed, COUNT / 100);
	struct inv_object_list list;
	CHECK_OK(inv_objects(f.project, &f.arena, &list));
	CHECK_INT(list.len, COUNT - COUNT / 100);
}

/* --- speed: printed, not judged --- */

static double milliseconds_since(int64_t start_ns)
{
	return (double)(clock_monotonic_ns() - start_ns) / 1e6;
}

static void measure(struct fixture *f, size_t count)
{
	AUTO(str) content = STR_INIT;
	str_add_repeat(&content, 'x', 1200);
	struct inv_item *items = many_items(&f->arena, INV_CREATE, count, content.ptr);
	CHECK_OK(fs_remove_tree(f->path));
	CHECK_OK(fixture_open(f, INV_READ_WRITE));
	AUTOPTR(inv_run) run = NULL;
	int64_t start_ns = clock_monotonic_ns();
	CHECK_OK(inv_run_begin(f->project, &info, items, count, &run));
	double begin_ms = milliseconds_since(start_ns);
	for (size_t i = 0; i < count; i++)
		CHECK_OK(report(run, i, INV_DONE));
	double results_ms = milliseconds_since(start_ns) - begin_ms;
	CHECK_OK(inv_run_finish(run, INV_OK, NULL));
	double finish_ms = milliseconds_since(start_ns) - begin_ms - results_ms;
	inv_run_free(steal(&run));
	int64_t close_ns = clock_monotonic_ns();
	CHECK_OK(fixture_open(f, INV_READ_ONLY));
	double close_ms = milliseconds_since(close_ns);
	int64_t list_ns = clock_monotonic_ns();
	struct inv_object_list list;
	CHECK_OK(inv_objects(f->project, &f->arena, &list));
	double list_ms = milliseconds_since(list_ns);
	CHECK_INT(list.len, count);
	printf("# %zu objects: begin %.1f results %.1f finish %.1f close+open %.1f list %.1f ms\n",
	       count, begin_ms, results_ms, finish_ms, close_ms, list_ms);
}

TEST(inventory, prints_what_a_run_costs)
{
	FIXTURE(f);
	measure(&f, 100);
	measure(&f, 1000);
	measure(&f, 10000);
}
