/* The promises of pal/root.h while others interfere; threads stand for other processes. */
#include "test.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "pal/fs.h"
#include "pal/proc.h"
#include "pal/root.h"
#include "pal/root_posix.h"

static const struct fs_stage_opts plain = { 0644, FS_KEEP, FS_KEEP, false };

struct attacker {
	int root_fd;
	atomic_bool is_done;
	atomic_uint swaps;
};

/* Swaps the folder "dir" for a symlink out of the root and back, as fast as it can. */
static void *attack(void *arg)
{
	struct attacker *attacker = arg;
	int fd = attacker->root_fd;
	while (!atomic_load(&attacker->is_done)) {
		if (renameat(fd, "dir", fd, "real") != 0 || renameat(fd, "evil", fd, "dir") != 0)
			break;
		if (renameat(fd, "dir", fd, "evil") != 0 || renameat(fd, "real", fd, "dir") != 0)
			break;
		atomic_fetch_add(&attacker->swaps, 1);
	}
	return NULL;
}

static void check_swaps(bool by_hand)
{
	AUTOFREE char *path = path_join(test_dir(), "root"), *out = path_join(test_dir(), "out");
	struct fs_root *opened = NULL;
	CHECK_OK(fs_root_open(path, true, &opened));
	AUTOPTR(fs_root) root = opened;
	root->has_fast = root->has_fast && !by_hand;
	CHECK_OK(fs_mkdir_all(out, 0755));
	CHECK_OK(fs_root_mkdir(root, "dir", 0755));
	CHECK_OK(fs_root_symlink_atomic(root, out, "evil", 0));
	struct attacker attacker = { .root_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
	pthread_t thread;
	CHECK_INT(pthread_create(&thread, NULL, attack, &attacker), 0);
	for (int i = 0; i < 150; i++) {
		AUTOFREE char *rel = str_format("dir/file%d", i);
		err_ignore(fs_root_write(root, rel, &plain, view_of("x"), FS_NO_DIR_SYNC),
		           "refused or not found while it is swapped");
		err_ignore(fs_root_mkdir_all(root, "dir/a/b", 0755), "the same");
		err_ignore(fs_root_symlink_atomic(root, "x", "dir/l", FS_NO_DIR_SYNC), "the same");
		err_ignore(fs_root_remove_tree(root, "dir/a"), "the same");
	}
	atomic_store(&attacker.is_done, true);
	pthread_join(thread, NULL);
	close(attacker.root_fd);
	AUTO(fs_list) list = { 0 };
	CHECK_OK(fs_list(out, &list));
	CHECK_INT(list.len, 0);
	CHECK(atomic_load(&attacker.swaps) > 0);
}

TEST(race, nothing_leaves_a_root_whose_folder_is_swapped)
{
	check_swaps(false);
}

TEST(race, nothing_leaves_a_root_whose_folder_is_swapped_by_hand)
{
	check_swaps(true);
}

struct writer {
	struct fs_root *root;
	int number;
	unsigned failures;
};

static void *write_many(void *arg)
{
	struct writer *writer = arg;
	for (int i = 0; i < 60; i++) {
		AUTOFREE char *own = str_format("a/b/c/own%d-%d", writer->number, i);
		size_t removed;
		AUTOERR err *e = fs_root_mkdir_all(writer->root, "a/b/c", 0755);
		if (!e)
			e = fs_root_write(writer->root, own, &plain, view_of("own"),
			                  FS_NO_DIR_SYNC);
		if (!e)
			e = fs_root_write(writer->root, "a/b/c/shared", &FS_STAGE_KEEP,
			                  view_of("shared"), FS_NO_DIR_SYNC);
		if (!e)
			e = fs_root_symlink_atomic(writer->root, "x", "a/b/c/link", FS_NO_DIR_SYNC);
		if (!e && i % 4 == 0)
			e = fs_root_sweep(writer->root, "a/b/c", &removed);
		writer->failures += e ? 1 : 0;
	}
	return NULL;
}

TEST(race, threads_write_and_sweep_in_one_folder)
{
	enum { THREADS = 4 };
	struct fs_root *opened = NULL;
	AUTO(fs_list) list = { 0 };
	CHECK_OK(fs_root_open(test_dir(), false, &opened));
	AUTOPTR(fs_root) root = opened;
	pthread_t threads[THREADS];
	struct writer writers[THREADS];
	for (int i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){ root, i, 0 };
		CHECK_INT(pthread_create(&threads[i], NULL, write_many, &writers[i]), 0);
	}
	unsigned failures = 0;
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		failures += writers[i].failures;
	}
	CHECK_INT(failures, 0);
	CHECK_OK(fs_root_list(root, "a/b/c", &list));
	CHECK_INT(list.len, THREADS * 60 + 2);
}

static void *run_many(void *arg)
{
	unsigned *failures = arg;
	for (int i = 0; i < 20; i++) {
		const char *const argv[] = { "sh", "-c", "cat; echo done >&2", NULL };
		AUTO(proc_result) result = PROC_RESULT_INIT;
		struct proc_opts opts = { .argv = argv,
			                  .input = view_of("input"),
			                  .timeout_ms = 20000 };
		err *e = proc_run(&opts, &result);
		bool is_good = !e && str_equal(result.out.ptr, "input") &&
		               str_equal(result.err.ptr, "done\n") && result.exit_code == 0;
		*failures += is_good ? 0 : 1;
		err_free(e);
	}
	return NULL;
}

TEST(race, threads_run_children)
{
	enum { THREADS = 4 };
	pthread_t threads[THREADS];
	unsigned failures[THREADS] = { 0 };
	for (int i = 0; i < THREADS; i++)
		CHECK_INT(pthread_create(&threads[i], NULL, run_many, &failures[i]), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < THREADS; i++)
		CHECK_INT(failures[i], 0);
}

/* Scripts that were just written are run while other threads write and run theirs (ETXTBSY). */
static void *run_staged(void *arg)
{
	struct writer *writer = arg;
	const struct fs_stage_opts executable = { 0755, FS_KEEP, FS_KEEP, false };
	for (int i = 0; i < 15; i++) {
		AUTOFREE char *rel = str_format("script%d-%d", writer->number, i);
		AUTOPTR(fs_stage) stage = NULL;
		AUTO(proc_result) result = PROC_RESULT_INIT;
		AUTOERR err *e = fs_stage_begin(writer->root, rel, &executable,
		                                view_of("#!/bin/sh\nexit 0\n"), &stage);
		if (!e) {
			const char *const argv[] = { fs_stage_path(stage), NULL };
			e = proc_run(&(struct proc_opts){ .argv = argv }, &result);
		}
		writer->failures += e || result.exit_code != 0 ? 1 : 0;
	}
	return NULL;
}

TEST(race, staged_scripts_run_while_others_are_written)
{
	enum { THREADS = 4 };
	struct fs_root *opened = NULL;
	CHECK_OK(fs_root_open(test_dir(), false, &opened));
	AUTOPTR(fs_root) root = opened;
	pthread_t threads[THREADS];
	struct writer writers[THREADS];
	for (int i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){ root, i, 0 };
		CHECK_INT(pthread_create(&threads[i], NULL, run_staged, &writers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < THREADS; i++)
		CHECK_INT(writers[i].failures, 0);
}
