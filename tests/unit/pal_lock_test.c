#include "test.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/path.h"
#include "pal/fs.h"
#include "pal/lock.h"
#include "pal/user.h"

/* A child that holds the lock until it is killed; returns when it has it. */
static pid_t hold_in_child(const char *path)
{
	int ready[2];
	char byte;
	if (pipe(ready) != 0)
		abort();
	pid_t pid = fork();
	if (pid == 0) {
		struct lock *lock = NULL;
		const struct lock_opts opts = { .command = "fettle apply" };
		close(ready[0]);
		err *e = lock_take(path, &opts, &lock);
		if (e || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		abort();
	close(ready[0]);
	return pid;
}

TEST(lock, says_who_holds_it)
{
	AUTOFREE char *path = path_join(test_dir(), "lock");
	AUTO(str) host = STR_INIT;
	struct lock *lock = NULL;
	pid_t pid = hold_in_child(path);
	err *e = lock_take(path, &(struct lock_opts){ .what = "project 'shop'" }, &lock);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	user_host_name(&host);
	AUTOFREE char *holder = str_format(
		"cannot lock project 'shop': locked by pid %d on %s since 2", (int)pid, host.ptr);
	CHECK_ERR(e, ERR_CONFLICT, holder);
}

TEST(lock, dies_with_its_holder)
{
	AUTOFREE char *path = path_join(test_dir(), "lock");
	struct lock *lock = NULL;
	pid_t pid = hold_in_child(path);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CHECK_OK(lock_take(path, &(struct lock_opts){ 0 }, &lock));
	lock_free(lock);
}

TEST(lock, excludes_within_one_process_and_names_the_command)
{
	AUTOFREE char *path = path_join(test_dir(), "lock");
	struct lock *first = NULL, *second = NULL;
	CHECK_OK(lock_take(path, &(struct lock_opts){ .command = "fettle diff" }, &first));
	CHECK_ERR(lock_take(path, &(struct lock_opts){ 0 }, &second), ERR_CONFLICT,
	          "(fettle diff)");
	lock_free(first);
	CHECK_OK(lock_take(path, &(struct lock_opts){ 0 }, &second));
	lock_free(second);
	lock_free(NULL);
}

TEST(lock, waits_until_it_is_free_or_the_deadline)
{
	AUTOFREE char *path = path_join(test_dir(), "lock");
	struct lock *lock = NULL;
	pid_t pid = hold_in_child(path);
	err *late = lock_take(path, &(struct lock_opts){ .wait_ms = 60 }, &lock);
	pid_t killer = fork();
	if (killer == 0) {
		nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
		kill(pid, SIGKILL);
		_exit(0);
	}
	err *taken = lock_take(path, &(struct lock_opts){ .wait_ms = 10000 }, &lock);
	waitpid(killer, NULL, 0);
	waitpid(pid, NULL, 0);
	CHECK_ERR(late, ERR_CONFLICT, "locked by pid");
	CHECK_OK(taken);
	lock_free(lock);
}

TEST(lock, waiting_can_be_cancelled)
{
	AUTOFREE char *path = path_join(test_dir(), "lock");
	struct lock *first = NULL, *second = NULL;
	atomic_int cancel = 1;
	CHECK_OK(lock_take(path, &(struct lock_opts){ 0 }, &first));
	err *e = lock_take(path, &(struct lock_opts){ .wait_ms = -1, .cancel = &cancel }, &second);
	lock_free(first);
	CHECK_ERR(e, ERR_CANCELLED, "waiting for the lock");
}

TEST(lock, a_missing_folder_is_not_found)
{
	AUTOFREE char *path = path_join(test_dir(), "no/lock");
	struct lock *lock = NULL;
	CHECK_ERR(lock_take(path, &(struct lock_opts){ 0 }, &lock), ERR_NOT_FOUND, "lock file");
}
