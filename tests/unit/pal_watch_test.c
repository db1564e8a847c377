#include "test.h"
#include "pal/watch.h"

#include "pal/clock.h"
#include "pal/fault.h"
#include "pal/fs.h"
#include "base/path.h"

#include <sys/stat.h>
#include <unistd.h>

/* Longer than any event takes; only reached when one is missing. */
#define WAIT_MS 5000

struct seen {
	struct strs paths;
	struct watch *watch;
	unsigned changes;
	void *cookie;
};

static void seen_clear(struct seen *seen)
{
	strs_clear(&seen->paths);
	seen->changes = 0;
}

static void note(void *ctx, const char *path, void *cookie, unsigned changes)
{
	struct seen *seen = ctx;

	strs_push(&seen->paths, path);
	seen->changes |= changes;
	seen->cookie = cookie;
}

/* Read until `path` was reported; false when it never is. */
static bool is_reported(struct watch *watch, const char *path)
{
	struct deadline end = deadline_after(WAIT_MS);

	while (!deadline_is_over(end)) {
		AUTO(seen) seen = { 0 };
		err *e = watch_read(watch, deadline_left_ms(end), note, &seen, NULL);
		if (e) {
			err_free(e);
			return false;
		}
		if (strs_contains(&seen.paths, path))
			return true;
	}
	return false;
}

static size_t count_now(struct watch *watch)
{
	AUTO(seen) seen = { 0 };
	size_t count = 99;

	err_ignore(watch_read(watch, 0, note, &seen, &count), "the count tells");
	return count;
}

static char *in_dir(const char *name)
{
	return path_join(test_dir(), name);
}

/* In place, as `>` does: no new inode. */
static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (!file)
		abort();
	fputs(text, file);
	fclose(file);
}

static bool is_fine(err *take_e)
{
	bool is_fine = !take_e;

	err_free(take_e);
	return is_fine;
}

static void replace(const char *path, const char *text)
{
	AUTOFREE char *tmp = str_format("%s.tmp", path);

	put(tmp, text);
	if (!is_fine(fs_rename(tmp, path)))
		abort();
}

static void make_dir(const char *path)
{
	err_ignore(fs_mkdir_all(path, 0755), "the test fails by itself");
}

static void make_link(const char *target, const char *path)
{
	if (symlink(target, path) != 0)
		abort();
}

/* Both must behave the same: the kernel's events and the polling oracle. */
static err *open_watch(enum watch_backend backend, struct watch **ret_watch)
{
	struct watch_opts opts = { .backend = backend, .poll_ms = 5 };

	return watch_new(&opts, ret_watch);
}

#define BOTH(name_)                                            \
	static void check_##name_(enum watch_backend backend); \
	TEST(watch, name_)                                     \
	{                                                      \
		check_##name_(WATCH_AUTO);                     \
	}                                                      \
	TEST(watch_poll, name_)                                \
	{                                                      \
		check_##name_(WATCH_POLL);                     \
	}                                                      \
	static void check_##name_(enum watch_backend backend)

BOTH(sees_a_write_in_place)
{
	AUTOPTR(watch) watch = NULL;
	AUTOFREE char *file = in_dir("f");
	AUTO(seen) seen = { 0 };
	int cookie;
	size_t count;

	put(file, "one");
	CHECK_OK(open_watch(backend, &watch));
	CHECK_OK(watch_add(watch, file, 0, &cookie));
	CHECK_INT(count_now(watch), 0);
	put(file, "three");
	CHECK_OK(watch_read(watch, WAIT_MS, note, &seen, &count));
	CHECK_INT(count, 1);
	CHECK_STR(seen.paths.ptr[0], file);
	CHECK(seen.cookie == &cookie);
	CHECK_INT(seen.changes, WATCH_CHANGED);
}

BOTH(sees_an_atomic_replacement_again_and_again)
{
	AUTOPTR(watch) watch = NULL;
	AUTOFREE char *file = in_dir("f");

	put(file, "0");
	CHECK_OK(open_watch(backend, &watch));
	CHECK_OK(watch_add(watch, file, 0, NULL));
	for (int i = 1; i < 20; i++) {
		AUTOFREE char *text = str_format("%0*d", i, i);
		replace(file, text);
		CHECK(is_reported(watch, file));
	}
}

BOTH(sees_removal_and_return)
{
	AUTOPTR(watch) watch = NULL;
	AUTOFREE char *file = in_dir("f");

	put(file, "one");
	CHECK_OK(open_watch(backend, &watch));
	CHECK_OK(watch_add(watch, file, 0, NULL));
	CHECK(unlink(file) == 0);
	CHECK(is_reported(watch, file));
	put(file, "two");
	CHECK(is_reported(watch, file));
}

BOTH(sees_a_change_of_mode)
{
	AUTOPTR(watch) watch = NULL;
	AUTOFREE char *file = in_dir("f");

	put(file, "one");
	CHECK_OK(open_watch(backend, &watch));
	CHECK_OK(watch_add(watch, file, 0, NULL));
	CHECK(chmod(file, 0600) == 0);
	CHECK(is_reported(watch, file));
}

BOTH(descends_as_missing_folders_appear)
{
	AUTOPTR(watch) watch = NULL;
	AUTOFREE char *a = in_dir("a"), *b = in_dir("a/b"), *file = in_dir("a/b/f");

	CHECK_OK(open_watch(backend, &watch));
	CHECK_OK(watch_add(watch, file, 0, NULL));
	make_dir(a);
	count_now(watch);
	make_dir(b);
	count_now(watch);
	put(file, "one");
	CHECK(is_reported(watch, file));
	put(file, "three");
	CHECK(is_reported(watch, file));
}

BOTH(sees_a_whole_tree_moved_into_place)
{
	AUTOPTR(watch) watch = NULL;
	AUTOFREE char *ready = in_dir("ready/b"), *from = in_dir("ready"), *to = in_dir("a");
	AUTOFREE char *hidden = in_dir("ready/b/f"), *file = in_dir("a/b/f");

	make_dir(ready);
	put(hidden, "one");
	CHECK_OK(open_watch(backend, &watch));
	CHECK_OK(watch_add(watch, file, 0, NULL));
	CHECK_OK(fs_rename(from, to));
	CHECK(is_reported(watch, file));
	put(file, "three");
	CHECK(is_reported(watch, file));
}

BOTH(follows_the_path_and_not_the_inode_when_a_parent_is_swapped)
{
	AUTOPTR(watch) watch = NULL;
	AUTOFREE char *a = in_dir("a"), *old = in_dir("old"), *dir = in_dir("a/b/c");
	AUTOFREE char *file = in_dir("a/b/c/f");

	make_dir(dir);
	put(file, "one");
	CHECK_OK(open_watch(backend, &watch));
	CHECK_OK(watch_add(watch, file, 0, NULL));
	CHECK_OK(fs_rename(a, old));
	CHECK(is_reported(watch, file));
	make_dir(dir);
	put(file, "two");
	CHECK(is_reported(watch, file));
	put(file, "three");
	CHECK(is_reported(watch, file));
}

BOTH(sees_the_data_swap_of_a_kubernetes_volume)
{
	AUTOPTR(watch) watch = NULL;
	AUTOFREE char *gen1 = in_dir("..1"), *gen2 = in_dir("..2"), *data = in_dir("..data");
	AUTOFREE char *tmp = in_dir("..data_tmp"), *file = in_dir("f");
	AUTOFREE char *file1 = in_dir("..1/f"), *file2 = in_dir("..2/f");

	make_dir(gen1);
	make_dir(gen2);
	put(file1, "one");
	put(file2, "two");
	make_link("..1", data);
	make_link("..data/f", file);
	CHECK_OK(open_watch(backend, &watch));
	CHECK_OK(watch_add(watch, file, 0, NULL));
	make_link("..2", tmp);
	CHECK_OK(fs_rename(tmp, data));
	CHECK(is_reported(watch, file));
	put(file2, "three");
	CHECK(is_reported(watch, file));
}

BOTH(sees_the_target_of_a_symlink_and_its_retargeting)
{
	AUTOPTR(watch) watch = NULL;
	AUTOFREE char *x = in_dir("x"), *y = in_dir("y"), *xf = in_dir("x/f"), *yf = in_dir("y/f");
	AUTOFREE char *link = in_dir("link");

	make_dir(x);
	make_dir(y);
	put(xf, "one");
	put(yf, "two");
	make_link(xf, link);
	CHECK_OK(open_watch(backend, &watch));
	CHECK_OK(watch_add(watch, link, 0, NULL));
	put(xf, "three");
	CHECK(is_reported(watch, link));
	CHECK(unlink(link) == 0);
	make_link("y/f", link);
	CHECK(is_reported(watch, link));
	put(yf, "four");
	CHECK(is_reported(watch, link));
}

BOTH(survives_a_loop_of_symlinks)
{
	AUTOPTR(watch) watch = NULL;
	AUTOFREE char *a = in_dir("a"), *b = in_dir("b");

	make_link("b", a);
	make_link("a", b);
	CHECK_OK(open_watch(backend, &watch));
	CHECK_OK(watch_add(watch, a, 0, NULL));
	CHECK(unlink(b) == 0);
	put(b, "end");
	CHECK(is_reported(watch, a));
}

BOTH(a_folder_with_entries_tells_about_what_is_in_it)
{
	AUTOPTR(watch) watch = NULL;
	AUTOFREE char *dir = in_dir("d"), *file = in_dir("d/f");

	make_dir(dir);
	CHECK_OK(open_watch(backend, &watch));
	CHECK_OK(watch_add(watch, dir, WATCH_ENTRIES, NULL));
	put(file, "one");
	CHECK(is_reported(watch, dir));
	put(file, "three");
	CHECK(is_reported(watch, dir));
	CHECK(unlink(file) == 0);
	CHECK(is_reported(watch, dir));
}

BOTH(names_that_nobody_watches_are_not_reported)
{
	AUTOPTR(watch) watch = NULL;
	AUTOFREE char *file = in_dir("f"), *other = in_dir("other");

	put(file, "one");
	CHECK_OK(open_watch(backend, &watch));
	CHECK_OK(watch_add(watch, file, 0, NULL));
	put(other, "x");
	CHECK_INT(count_now(watch), 0);
}

BOTH(remove_stops_the_reports)
{
	AUTOPTR(watch) watch = NULL;
	AUTOFREE char *file = in_dir("f"), *other = in_dir("other");

	put(file, "one");
	CHECK_OK(open_watch(backend, &watch));
	CHECK_OK(watch_add(watch, file, 0, NULL));
	CHECK_OK(watch_add(watch, other, 0, NULL));
	CHECK_ERR(watch_add(watch, file, 0, NULL), ERR_EXISTS, "watched already");
	put(file, "three");
	put(other, "x");
	watch_remove(watch, file);
	watch_remove(watch, "no such");
	AUTO(seen) seen = { 0 };
	CHECK_OK(watch_read(watch, WAIT_MS, note, &seen, NULL));
	CHECK_INT(seen.paths.len, 1);
	CHECK_STR(seen.paths.ptr[0], other);
	CHECK_OK(watch_add(watch, file, 0, NULL));
	put(file, "twelve");
	CHECK(is_reported(watch, file));
}

BOTH(many_changes_of_one_path_are_one_report)
{
	AUTOPTR(watch) watch = NULL;
	AUTOFREE char *file = in_dir("f");

	put(file, "one");
	CHECK_OK(open_watch(backend, &watch));
	CHECK_OK(watch_add(watch, file, 0, NULL));
	for (int i = 0; i < 10; i++)
		put(file, i % 2 ? "even" : "odd");
	AUTO(seen) seen = { 0 };
	CHECK_OK(watch_read(watch, WAIT_MS, note, &seen, NULL));
	CHECK_INT(seen.paths.len, 1);
}

static void remove_and_add(void *ctx, const char *path, void *cookie, unsigned changes)
{
	struct seen *seen = ctx;

	(void)cookie, (void)changes;
	strs_push(&seen->paths, path);
	/* Both files: the other one may be next in this very report. */
	for (const char *name = "ab"; *name; name++) {
		char text[2] = { *name, '\0' };
		AUTOFREE char *file = in_dir(text);
		watch_remove(seen->watch, file);
		err_ignore(watch_add(seen->watch, file, 0, NULL), "it was removed just now");
	}
}

BOTH(a_callback_may_remove_and_add)
{
	AUTOPTR(watch) watch = NULL;
	AUTOFREE char *a = in_dir("a"), *b = in_dir("b");

	CHECK_OK(open_watch(backend, &watch));
	CHECK_OK(watch_add(watch, a, 0, NULL));
	CHECK_OK(watch_add(watch, b, 0, NULL));
	put(a, "one");
	put(b, "one");
	AUTO(seen) seen = { .watch = watch };
	CHECK_OK(watch_read(watch, WAIT_MS, remove_and_add, &seen, NULL));
	CHECK_INT(seen.paths.len, 1);
	put(b, "three");
	CHECK(is_reported(watch, b));
}

TEST(watch, the_handle_is_quiet_until_something_happens)
{
	AUTOPTR(watch) watch = NULL;
	AUTOFREE char *file = in_dir("f");

	CHECK_OK(open_watch(WATCH_AUTO, &watch));
	CHECK_OK(watch_add(watch, file, 0, NULL));
	CHECK(watch_handle(watch) != PAL_HANDLE_NONE);
	CHECK_INT(watch_due_ms(watch), -1);
	CHECK_INT(watch_polled(watch), 0);
	CHECK(!watch_note(watch));
}

TEST(watch, relative_paths_count_from_the_working_folder)
{
	AUTOPTR(watch) watch = NULL;
	AUTO(str) before = STR_INIT;

	CHECK_OK(fs_current_dir(&before));
	CHECK(chdir(test_dir()) == 0);
	CHECK_OK(open_watch(WATCH_AUTO, &watch));
	CHECK_OK(watch_add(watch, "sub/../f", 0, NULL));
	CHECK_OK(watch_add(watch, "./g", 0, NULL));
	put("g", "one");
	bool is_seen = is_reported(watch, "./g");
	make_dir("sub");
	bool is_found = is_reported(watch, "sub/../f");
	CHECK(chdir(before.ptr) == 0);
	CHECK(is_seen);
	CHECK(is_found);
}

TEST(watch, an_empty_path_is_refused)
{
	AUTOPTR(watch) watch = NULL;

	CHECK_OK(watch_new(NULL, &watch));
	CHECK_ERR(watch_add(watch, "", 0, NULL), ERR_INVALID, "empty path");
}

TEST(watch, a_file_system_without_events_is_polled_and_the_note_says_so)
{
	AUTOPTR(watch) watch = NULL;
	AUTOFREE char *file = in_dir("f");

	CHECK_OK(open_watch(WATCH_AUTO, &watch));
	CHECK_OK(watch_add(watch, "/proc/self/status", 0, NULL));
	CHECK_OK(watch_add(watch, "/proc/self/stat", 0, NULL));
	CHECK_OK(watch_add(watch, file, 0, NULL));
	CHECK_INT(watch_polled(watch), 2);
	CHECK_HAS(watch_note(watch), "procfs");
	CHECK(watch_due_ms(watch) >= 0);
	put(file, "one");
	CHECK(is_reported(watch, file));
	watch_remove(watch, "/proc/self/stat");
	watch_remove(watch, "/proc/self/status");
	CHECK_INT(watch_polled(watch), 0);
}

TEST(watch, quiet_time_gathers_changes)
{
	struct watch_opts opts = { .quiet_ms = 30, .quiet_max_ms = 200 };
	AUTOPTR(watch) watch = NULL;
	AUTOFREE char *a = in_dir("a"), *b = in_dir("b");
	AUTO(seen) seen = { 0 };

	CHECK_OK(watch_new(&opts, &watch));
	CHECK_OK(watch_add(watch, a, 0, NULL));
	CHECK_OK(watch_add(watch, b, 0, NULL));
	put(a, "1");
	int64_t start_ms = clock_monotonic_ms();
	put(b, "1");
	CHECK_OK(watch_read(watch, WAIT_MS, note, &seen, NULL));
	CHECK(clock_monotonic_ms() - start_ms >= 29);
	CHECK_INT(seen.paths.len, 2);
}

TEST(watch, lost_events_mean_that_everything_may_have_changed)
{
	AUTOPTR(watch) watch = NULL;
	AUTOFREE char *file = in_dir("f"), *calm = in_dir("calm"), *other = in_dir("other");
	AUTO(seen) seen = { 0 };
	AUTO(str) text = STR_INIT;

	CHECK_OK(fs_read_file("/proc/sys/fs/inotify/max_queued_events", 64, &text));
	unsigned long limit = strtoul(text.ptr, NULL, 10);
	if (limit > 20000) {
		test_skip("the event queue of this machine is too long to fill");
		return;
	}
	put(file, "one");
	put(calm, "one");
	CHECK_OK(open_watch(WATCH_AUTO, &watch));
	CHECK_OK(watch_add(watch, file, 0, NULL));
	CHECK_OK(watch_add(watch, calm, 0, NULL));
	/* Two names in turn: the kernel merges equal neighbours. */
	for (unsigned long i = 0; i < limit / 2 + 10; i++) {
		chmod(file, i % 2 ? 0600 : 0644);
		if (i % 2)
			put(other, "");
		else
			unlink(other);
	}
	while (seen.paths.len == 0 || !(seen.changes & WATCH_LOST))
		CHECK_OK(watch_read(watch, WAIT_MS, note, &seen, NULL));
	CHECK(strs_contains(&seen.paths, calm));
}

TEST(watch, ten_thousand_paths_stay_quick)
{
	AUTOPTR(watch) watch = NULL;
	AUTOFREE char *last = NULL;

	CHECK_OK(open_watch(WATCH_AUTO, &watch));
	for (int i = 0; i < 10000; i++) {
		AUTOFREE char *name = str_format("d%d/file%d", i % 100, i);
		mem_free(last);
		last = in_dir(name);
		CHECK_OK(watch_add(watch, last, 0, NULL));
	}
	AUTOFREE char *dir = path_dir(last);
	make_dir(dir);
	put(last, "one");
	CHECK(is_reported(watch, last));
	put(last, "three");
	int64_t start_ms = clock_monotonic_ms();
	CHECK(is_reported(watch, last));
	/* Far above what it takes, far below what a walk over all of them would. */
	CHECK(clock_monotonic_ms() - start_ms < 1000);
}

TEST(watch, polls_when_there_is_no_inotify)
{
	struct watch_opts opts = { .poll_ms = 5 };
	AUTOPTR(watch) watch = NULL;
	AUTOFREE char *file = in_dir("f");

	fault_arm(1);
	CHECK_OK(watch_new(&opts, &watch));
	fault_arm(0);
	CHECK(watch_handle(watch) == PAL_HANDLE_NONE);
	CHECK_HAS(watch_note(watch), "so paths are polled");
	CHECK_OK(watch_add(watch, file, 0, NULL));
	put(file, "one");
	CHECK(is_reported(watch, file));
}

TEST(watch, polls_the_paths_whose_folder_cannot_be_watched)
{
	AUTOPTR(watch) watch = NULL;
	AUTOFREE char *file = in_dir("f");

	CHECK_OK(open_watch(WATCH_AUTO, &watch));
	fault_arm(1);
	CHECK_OK(watch_add(watch, file, 0, NULL));
	fault_arm(0);
	CHECK_INT(watch_polled(watch), 1);
	CHECK_HAS(watch_note(watch), "some paths are polled");
	put(file, "one");
	CHECK(is_reported(watch, file));
}

static void live(const char *dir, const char *file)
{
	AUTOPTR(watch) watch = NULL;
	AUTO(seen) seen = { 0 };

	err_free(open_watch(WATCH_AUTO, &watch));
	if (!watch)
		return;
	err_free(watch_add(watch, file, 0, NULL));
	err_free(watch_add(watch, dir, WATCH_ENTRIES, NULL));
	put(file, "one");
	err_free(watch_read(watch, 10, note, &seen, NULL));
	unlink(file);
	err_free(watch_read(watch, 10, note, &seen, NULL));
}

TEST(watch, survives_any_call_that_fails)
{
	AUTOFREE char *dir = in_dir("d"), *file = in_dir("d/f");

	make_dir(dir);
	for (unsigned long i = 1; i < 120; i++) {
		fault_arm(i);
		live(dir, file);
	}
	fault_arm(0);
}
