#include "test.h"
#include "pal/sig.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_readable(pal_handle handle)
{
	struct pollfd entry = { .fd = (int)handle, .events = POLLIN };

	return poll(&entry, 1, 0) == 1;
}

TEST(cancel, keeps_the_first_exit_code)
{
	AUTOPTR(cancel) cancel = cancel_new();

	CHECK(!cancel_is_set(cancel));
	CHECK_INT(cancel_exit_code(cancel), 0);
	CHECK_OK(cancel_check(cancel));
	cancel_request(cancel, 143);
	cancel_request(cancel, 130);
	CHECK(cancel_is_set(cancel));
	CHECK_INT(cancel_exit_code(cancel), 143);
	CHECK(*cancel_flag(cancel) != 0);
	CHECK_ERR(cancel_check(cancel), ERR_CANCELLED, "interrupted");
}

TEST(cancel, null_is_never_cancelled)
{
	CHECK(!cancel_is_set(NULL));
	CHECK_OK(cancel_check(NULL));
	CHECK(!cancel_flag(NULL));
	CHECK_INT(cancel_exit_code(NULL), 0);
	cancel_free(NULL);
}

TEST(cancel, the_handle_stays_readable_after_the_stop)
{
	AUTOPTR(cancel) cancel = cancel_new();
	pal_handle handle = PAL_HANDLE_NONE;

	CHECK_OK(cancel_handle(cancel, &handle));
	CHECK(!is_readable(handle));
	cancel_request(cancel, 130);
	CHECK(is_readable(handle));
	cancel_drain(cancel);
	CHECK(is_readable(handle));
}

TEST(cancel, a_handle_made_late_knows_of_an_earlier_stop)
{
	AUTOPTR(cancel) cancel = cancel_new();
	pal_handle handle = PAL_HANDLE_NONE;

	cancel_drain(cancel);
	cancel_request(cancel, 130);
	CHECK_OK(cancel_handle(cancel, &handle));
	CHECK(is_readable(handle));
}

TEST(cancel, hup_is_taken_once)
{
	AUTOPTR(cancel) cancel = cancel_new();
	pal_handle handle = PAL_HANDLE_NONE;

	CHECK_OK(cancel_handle(cancel, &handle));
	cancel_note_hup(cancel);
	cancel_note_hup(cancel);
	CHECK(is_readable(handle));
	CHECK(cancel_take_hup(cancel));
	CHECK(!cancel_take_hup(cancel));
	cancel_drain(cancel);
	CHECK(!is_readable(handle));
	CHECK(!cancel_is_set(cancel));
}

/* Runs in a child, as signals are the process's; the exit code is the answer. */
static int in_child(int (*run)(void))
{
	int status = 0;

	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		_exit(run());
	while (waitpid(pid, &status, 0) < 0) {
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int installed(struct cancel *cancel, bool hup_is_reload)
{
	err *e = sig_install(cancel, hup_is_reload);

	err_free(e);
	return e ? 99 : 0;
}

static int stop_by_term(void)
{
	struct cancel *cancel = cancel_new();

	if (installed(cancel, false))
		return 99;
	raise(SIGPIPE);
	if (cancel_is_set(cancel))
		return 98;
	raise(SIGTERM);
	raise(SIGTERM);
	int code = cancel_exit_code(cancel);
	cancel_free(cancel);
	return code;
}

TEST(sig, term_asks_for_the_stop_and_pipe_is_ignored)
{
	CHECK_INT(in_child(stop_by_term), 143);
}

static int stop_by_two_ints(void)
{
	struct cancel *cancel = cancel_new();

	if (installed(cancel, false))
		return 99;
	raise(SIGINT);
	if (cancel_exit_code(cancel) != 130)
		return 98;
	raise(SIGINT);
	return 97;
}

TEST(sig, a_second_ctrl_c_ends_the_process_at_once)
{
	CHECK_INT(in_child(stop_by_two_ints), 130);
}

static int note_hup(void)
{
	struct cancel *cancel = cancel_new();

	if (installed(cancel, true))
		return 99;
	raise(SIGHUP);
	bool is_right = cancel_take_hup(cancel) && !cancel_is_set(cancel);
	sig_uninstall();
	cancel_free(cancel);
	return is_right ? 0 : 1;
}

TEST(sig, hup_is_a_reload_when_told)
{
	CHECK_INT(in_child(note_hup), 0);
}

static int stop_by_hup(void)
{
	struct cancel *cancel = cancel_new();

	if (installed(cancel, false))
		return 99;
	raise(SIGHUP);
	int code = cancel_exit_code(cancel);
	cancel_free(cancel);
	return code;
}

TEST(sig, hup_asks_for_the_stop_otherwise)
{
	CHECK_INT(in_child(stop_by_hup), 129);
}

static int stay_under_nohup(void)
{
	struct cancel *cancel = cancel_new();

	signal(SIGHUP, SIG_IGN);
	if (installed(cancel, false))
		return 99;
	raise(SIGHUP);
	int code = cancel_exit_code(cancel);
	cancel_free(cancel);
	return code;
}

TEST(sig, what_was_ignored_stays_ignored)
{
	CHECK_INT(in_child(stay_under_nohup), 0);
}

static int die_after_uninstall(void)
{
	struct cancel *cancel = cancel_new();

	if (installed(cancel, false))
		return 99;
	sig_uninstall();
	raise(SIGTERM);
	return 1;
}

TEST(sig, uninstall_gives_the_old_behaviour_back)
{
	CHECK_INT(in_child(die_after_uninstall), -SIGTERM);
}
