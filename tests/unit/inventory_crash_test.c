/*
 * A small model of an apply: objects are files in a folder, the digest is the content. It is killed,
 * or fails, at every single call into the operating system; then the next run must find its way
 * from the record and the folder alone.
 */
#include "test.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inventory/inventory.h"
#include "pal/fault.h"
#include "pal/fs.h"

enum { OBJECTS = 6 };

/* In memory where there is such a folder: a kill takes nothing from it, and hundreds of runs are fast. */
static char model_dir[64];

struct model {
	bool is_made;
};

static void model_clear(struct model *model)
{
	if (model->is_made)
		err_ignore(fs_remove_tree(model_dir), "a folder of a test");
}

static struct model model_make(void)
{
	const char *parent = fs_is_dir("/dev/shm") ? "/dev/shm" : test_dir();
	(void)snprintf(model_dir, sizeof(model_dir), "%s/fettle-model-XXXXXX", parent);
	return (struct model){ .is_made = mkdtemp(model_dir) != NULL };
}

static const struct inv_run_info info = { .command = "apply", .source = "model" };

#ifdef FETTLE_TEST_HOOKS

static void make_digest(const char *content, uint8_t digest[INV_DIGEST_BYTES])
{
	memset(digest, 0, INV_DIGEST_BYTES);
	memcpy(digest, content, MIN(strlen(content), (size_t)INV_DIGEST_BYTES));
}

static const char *live_path(struct arena *arena, const char *key)
{
	return arena_printf(arena, "%s/live/%s", model_dir, key);
}

/* "" for a missing file; a file that cannot be read is not a missing one. */
static err *read_live(struct arena *arena, const char *key, const char **ret_live)
{
	AUTO(str) text = STR_INIT;
	err *e = fs_read_file(live_path(arena, key), 100, &text);
	if (e && !err_is(e, ERR_NOT_FOUND))
		return e;
	err_free(e);
	*ret_live = arena_strdup(arena, text.ptr);
	return NULL;
}

/* What the driver would do for one item. */
static err *change_live(struct arena *arena, const struct inv_item *item)
{
	const char *path = live_path(arena, item->key);
	if (item->action == INV_DELETE)
		return fs_remove(path);
	if (item->action == INV_RECORD || item->action == INV_FORGET)
		return NULL;
	return fs_write_atomic(path, item->manifest, 0600);
}

static bool is_live_as(const uint8_t digest[INV_DIGEST_BYTES], const char *live)
{
	uint8_t actual[INV_DIGEST_BYTES];
	make_digest(live, actual);
	return live[0] && memcmp(digest, actual, INV_DIGEST_BYTES) == 0;
}

/* The planner: objects 0…4 with `content`, object 5 is not wanted any more. */
static bool plan_one(const struct inv_object *object, const char *live, bool is_wanted,
                     struct inv_item *item)
{
	bool is_right = is_live_as(item->digest, live);
	bool is_applied = object && object->state == INV_APPLIED;
	if (is_wanted) {
		item->action = is_right ? INV_RECORD : live[0] ? INV_UPDATE : INV_CREATE;
		return !is_right || !is_applied;
	}
	item->action = live[0] ? INV_DELETE : INV_FORGET;
	return object != NULL;
}

static err *converge(const char *content, size_t wanted, bool keeps_going)
{
	AUTO(arena) arena = ARENA_INIT;
	AUTOPTR(inv) inv = NULL;
	AUTOPTR(inv_project) project = NULL;
	AUTOPTR(inv_run) run = NULL;
	struct inv_object_list objects;
	struct inv_item items[OBJECTS] = { 0 };
	size_t count = 0;
	TRY(inv_open(arena_printf(&arena, "%s/state.db", model_dir), INV_READ_WRITE, &inv));
	TRY(inv_project(inv, "model", "host:/", &project));
	TRY(inv_objects(project, &arena, &objects));
	for (size_t i = 0; i < OBJECTS; i++) {
		struct inv_item item = { .key = arena_printf(&arena, "object-%zu", i) };
		item.location = item.key;
		item.manifest = view_of(content);
		make_digest(content, item.digest);
		const char *live = "";
		TRY(read_live(&arena, item.key, &live));
		if (plan_one(inv_object_find(&objects, item.key), live, i < wanted, &item))
			items[count++] = item;
	}
	TRY(inv_run_begin(project, &info, items, count, &run));
	bool has_failed = false;
	for (size_t i = 0; i < count; i++) {
		err *e = change_live(&arena, &items[i]);
		if (e && !keeps_going)
			return e;
		has_failed = has_failed || e;
		struct inv_outcome_info done = { e ? INV_UNKNOWN : INV_DONE, NULL, NULL };
		err_free(e);
		TRY(inv_run_result(run, i, &done));
	}
	TRY(inv_run_finish(run, has_failed ? INV_PARTIAL : INV_OK, NULL));
	return has_failed ? err_new(ERR_IO, "partly done") : NULL;
}

/* What the record says must cover what is there; strict: nothing is pending. */
static bool check_record(bool is_strict)
{
	AUTO(arena) arena = ARENA_INIT;
	AUTOPTR(inv) inv = NULL;
	AUTOPTR(inv_project) project = NULL;
	struct inv_object_list objects;
	AUTOERR err *e =
		inv_open(arena_printf(&arena, "%s/state.db", model_dir), INV_READ_ONLY, &inv);
	if (!e)
		e = inv_project(inv, "model", "host:/", &project);
	if (!e)
		e = inv_objects(project, &arena, &objects);
	if (e) {
		printf("# %s\n", err_message(e));
		return false;
	}
	for (size_t i = 0; i < OBJECTS; i++) {
		const char *key = arena_printf(&arena, "object-%zu", i);
		const char *live = "?";
		err_ignore(read_live(&arena, key, &live), "told apart below");
		const struct inv_object *object = inv_object_find(&objects, key);
		bool is_applied = object && object->state == INV_APPLIED;
		bool is_known = !live[0] || (object && (is_live_as(object->digest, live) ||
		                                        is_live_as(object->pending_digest, live)));
		bool is_there = !is_applied || is_live_as(object->digest, live);
		if (!is_known || !is_there || (is_strict && !is_applied != !live[0])) {
			printf("# %s: live '%s', recorded as %s\n", key, live,
			       object ? inv_state_name(object->state) : "nothing");
			return false;
		}
	}
	return true;
}

#endif

static err *start_over(void)
{
	AUTOFREE char *live = str_format("%s/live", model_dir);
	TRY(fs_remove_tree(live));
	const char *const names[] = { "state.db", "state.db-wal", "state.db-shm" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTOFREE char *path = str_format("%s/%s", model_dir, names[i]);
		TRY(fs_remove_tree(path));
	}
	return fs_mkdir_all(live, 0700);
}

#ifdef FETTLE_TEST_HOOKS

/* Two runs: the first creates all, the second changes five and removes one. */
static err *two_runs(void)
{
	TRY(converge("first", OBJECTS, false));
	return converge("second", OBJECTS - 1, false);
}

static int run_killed_at(unsigned long n)
{
	pid_t child = fork();
	if (child == 0) {
		fault_arm_kill(n);
		AUTOERR err *e = two_runs();
		if (e)
			printf("# %s\n", err_message(e));
		fflush(stdout);
		_exit(e ? 1 : 0);
	}
	int status = 0;
	(void)waitpid(child, &status, 0);
	return status;
}

TEST(inventory_crash, a_kill_at_every_single_call_is_followed_by_convergence)
{
	AUTO(model) model = model_make();
	CHECK(model.is_made);
	for (unsigned long n = 1;; n++) {
		CHECK(n < 3000);
		CHECK_OK(start_over());
		int status = run_killed_at(n);
		CHECK(check_record(false));
		CHECK_OK(converge("second", OBJECTS - 1, false));
		CHECK(check_record(true));
		if (WIFEXITED(status)) {
			printf("# %lu calls\n", n - 1);
			CHECK_INT(WEXITSTATUS(status), 0);
			break;
		}
	}
}

TEST(inventory_crash, a_failure_of_every_single_call_is_followed_by_convergence)
{
	bool was_hit = true;
	AUTO(model) model = model_make();
	CHECK(model.is_made);
	for (unsigned long n = 1; was_hit; n++) {
		CHECK(n < 3000);
		CHECK_OK(start_over());
		fault_arm(n);
		AUTOERR err *e = converge("first", OBJECTS, true);
		if (!e)
			e = converge("second", OBJECTS - 1, true);
		was_hit = fault_count() >= n;
		fault_arm(0);
		if (e && err_kind(e) != ERR_IO)
			CHECK_STR(err_message(e), "an IO error");
		CHECK(check_record(false));
		CHECK_OK(converge("second", OBJECTS - 1, false));
		CHECK(check_record(true));
	}
}

#endif

/* --- a full disk --- */

static void fill_the_disk(const char *path)
{
	AUTO(str) content = STR_INIT;
	str_add_repeat(&content, 'x', 300000);
	AUTOPTR(inv) inv = NULL;
	AUTOPTR(inv_project) project = NULL;
	AUTOPTR(inv_run) run = NULL;
	CHECK_OK(inv_open(path, INV_READ_WRITE, &inv));
	CHECK_OK(inv_project(inv, "model", "host:/", &project));
	struct inv_item items[5] = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		static const char *const keys[] = { "a", "b", "c", "d", "e" };
		items[i].key = items[i].location = keys[i];
		items[i].manifest = view_str(&content);
	}
	CHECK_ERR(inv_run_begin(project, &info, items, 5, &run), ERR_IO, path);
	CHECK_OK(inv_run_begin(project, &info, items, 1, &run));
	struct inv_outcome_info done = { INV_DONE, NULL, NULL };
	CHECK_OK(inv_run_result(run, 0, &done));
	CHECK_OK(inv_run_finish(run, INV_OK, NULL));
	CHECK_INT(inv_run_number(run), 1);
}

TEST(inventory_crash, a_full_disk_stops_a_run_before_it_changes_anything)
{
	AUTOFREE char *dir = str_format("%s/small", test_dir());
	AUTOFREE char *path = str_format("%s/state.db", dir);
	if (mkdir(dir, 0700) != 0 || mount("none", dir, "tmpfs", 0, "size=1m") != 0) {
		test_skip("needs root to mount a small tmpfs");
		return;
	}
	fill_the_disk(path);
	CHECK_INT(umount2(dir, MNT_DETACH), 0);
}

/* --- two processes in one file --- */

static err *work_as(const char *name)
{
	AUTO(arena) arena = ARENA_INIT;
	AUTOPTR(inv) inv = NULL;
	AUTOPTR(inv_project) project = NULL;
	TRY(inv_open(arena_printf(&arena, "%s/state.db", model_dir), INV_READ_WRITE, &inv));
	TRY(inv_project(inv, name, "host:/", &project));
	for (int i = 0; i < 10; i++) {
		AUTOPTR(inv_run) run = NULL;
		struct inv_item item = { .key = "a", .location = name };
		item.manifest = view_of(arena_printf(&arena, "%d", i));
		struct inv_outcome_info done = { INV_DONE, NULL, NULL };
		TRY(inv_run_begin(project, &info, &item, 1, &run));
		TRY(inv_run_result(run, 0, &done));
		TRY(inv_run_finish(run, INV_OK, NULL));
	}
	return NULL;
}

TEST(inventory_crash, projects_work_in_one_file_at_the_same_time)
{
	AUTO(model) model = model_make();
	CHECK(model.is_made);
	CHECK_OK(start_over());
	static const char *const names[] = { "shop", "wiki", "mail" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (fork() == 0) {
			AUTOERR err *e = work_as(names[i]);
			if (e)
				printf("# %s\n", err_message(e));
			fflush(stdout);
			_exit(e ? 1 : 0);
		}
	int failed = 0;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		int status = 1;
		(void)wait(&status);
		failed += status != 0;
	}
	CHECK_INT(failed, 0);
	AUTO(arena) arena = ARENA_INIT;
	AUTOPTR(inv) inv = NULL;
	AUTOPTR(inv_project) project = NULL;
	struct inv_run_list runs;
	CHECK_OK(inv_open(arena_printf(&arena, "%s/state.db", model_dir), INV_READ_ONLY, &inv));
	CHECK_OK(inv_project(inv, "wiki", "host:/", &project));
	CHECK_OK(inv_runs(project, 0, &arena, &runs));
	CHECK_INT(runs.len, 10);
	CHECK_INT(runs.ptr[0].number, 10);
	CHECK_INT(runs.ptr[0].result, INV_OK);
}
