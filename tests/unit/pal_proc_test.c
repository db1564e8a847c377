#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/path.h"
#include "pal/fault.h"
#include "pal/fs.h"
#include "pal/proc.h"

static err *shell(const char *script, struct proc_opts opts, struct proc_result *ret_result)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	opts.argv = argv;
	return proc_run(&opts, ret_result);
}

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

TEST(proc, captures_both_streams_and_the_exit_code)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	CHECK_OK(shell("echo out; echo err >&2; exit 3", (struct proc_opts){ 0 }, &result));
	CHECK_STR(result.out.ptr, "out\n");
	CHECK_STR(result.err.ptr, "err\n");
	CHECK_INT(result.exit_code, 3);
	CHECK_INT(result.signal, 0);
	CHECK_ERR(proc_result_err(&result, "sh"), ERR_INVALID, "'sh' exited with 3: err");
}

TEST(proc, success_is_no_error_and_a_result_can_be_used_again)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	CHECK_OK(shell("echo one", (struct proc_opts){ 0 }, &result));
	CHECK_OK(shell("echo two", (struct proc_opts){ 0 }, &result));
	CHECK_STR(result.out.ptr, "two\n");
	CHECK_OK(proc_result_err(&result, "sh"));
}

TEST(proc, arguments_arrive_as_they_are)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	const char *const argv[] = {
		"printf", "[%s]", "", " a b ", "\"q\"", "$HOME;`x`", "\\", NULL
	};
	CHECK_OK(proc_run(&(struct proc_opts){ .argv = argv }, &result));
	CHECK_STR(result.out.ptr, "[][ a b ][\"q\"][$HOME;`x`][\\]");
}

TEST(proc, input_larger_than_a_pipe_comes_back_whole)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	AUTO(str) big = STR_INIT;
	for (int i = 0; i < 300000; i++)
		str_addch(&big, (char)('a' + i % 26));
	struct proc_opts opts = { .input = view_str(&big), .output_limit = 1 << 20 };
	CHECK_OK(shell("cat", opts, &result));
	CHECK_INT(result.out.len, big.len);
	CHECK(memcmp(result.out.ptr, big.ptr, big.len) == 0);
	CHECK(!result.out_truncated);
}

TEST(proc, a_child_that_ignores_its_input_is_no_error)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	AUTO(str) big = STR_INIT;
	str_add_repeat(&big, 'x', 1 << 20);
	CHECK_OK(shell("exec <&-; sleep 0.05", (struct proc_opts){ .input = view_str(&big) },
	               &result));
	CHECK_OK(proc_result_err(&result, "sh"));
}

TEST(proc, without_input_stdin_is_at_its_end)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	CHECK_OK(shell("cat; echo end", (struct proc_opts){ 0 }, &result));
	CHECK_STR(result.out.ptr, "end\n");
}

TEST(proc, only_the_end_of_long_output_is_kept)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	CHECK_OK(shell("i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done",
	               (struct proc_opts){ .output_limit = 100 }, &result));
	CHECK_INT(result.out.len, 100);
	CHECK(result.out_truncated);
	CHECK(str_ends(result.out.ptr, "line 4999\n"));
	CHECK(!result.err_truncated);
}

TEST(proc, streams_can_be_merged_in_order)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	CHECK_OK(shell("echo 1; echo 2 >&2; echo 3",
	               (struct proc_opts){ .flags = PROC_MERGE_STDERR }, &result));
	CHECK_STR(result.out.ptr, "1\n2\n3\n");
	CHECK_STR(result.err.ptr, "");
}

TEST(proc, environment_and_folder_are_set)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	const char *const env[] = { "FETTLE_A=1 2", "HOME", "FETTLE_B=", NULL };
	struct proc_opts opts = { .env = env, .dir = test_dir() };
	CHECK_OK(shell("echo \"$FETTLE_A,${HOME-none},${FETTLE_B-unset}\"; pwd", opts, &result));
	CHECK(str_starts(result.out.ptr, "1 2,none,\n"));
	CHECK_HAS(result.out.ptr, test_dir());
	opts.dir = "/no/such/folder";
	CHECK_ERR(shell("true", opts, &result), ERR_NOT_FOUND, "no such folder");
}

TEST(proc, the_program_is_found_in_the_path_the_child_gets)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	AUTOFREE char *program = path_join(test_dir(), "mytool");
	AUTOFREE char *path = str_format("PATH=%s", test_dir());
	CHECK_OK(fs_write_atomic(program, view_of("#!/bin/sh\necho mine\n"), 0755));
	const char *const env[] = { path, NULL }, *const argv[] = { "mytool", NULL };
	CHECK_OK(proc_run(&(struct proc_opts){ .argv = argv, .env = env }, &result));
	CHECK_STR(result.out.ptr, "mine\n");
	CHECK_ERR(proc_run(&(struct proc_opts){ .argv = argv }, &result), ERR_NOT_FOUND,
	          "'mytool' in PATH");
}

TEST(proc, says_why_a_program_cannot_run)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	AUTOFREE char *text = path_join(test_dir(), "text");
	AUTOFREE char *script = path_join(test_dir(), "script");
	AUTOFREE char *denied = path_join(test_dir(), "denied");
	CHECK_OK(fs_write_atomic(text, view_of("hello\n"), 0755));
	CHECK_OK(fs_write_atomic(script, view_of("#!/no/such/shell\n"), 0755));
	CHECK_OK(fs_write_atomic(denied, view_of("#!/bin/sh\n"), 0644));
	const char *argv[] = { text, NULL };
	CHECK_ERR(proc_run(&(struct proc_opts){ .argv = argv }, &result), ERR_INVALID,
	          "no program");
	argv[0] = script;
	CHECK_ERR(proc_run(&(struct proc_opts){ .argv = argv }, &result), ERR_NOT_FOUND,
	          "interpreter is missing");
	argv[0] = denied;
	CHECK_ERR(proc_run(&(struct proc_opts){ .argv = argv }, &result), ERR_DENIED, "cannot run");
	argv[0] = "/no/such/program";
	CHECK_ERR(proc_run(&(struct proc_opts){ .argv = argv }, &result), ERR_NOT_FOUND,
	          "cannot run");
}

TEST(proc, a_signal_is_reported_by_name)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	CHECK_OK(shell("kill -USR1 $$", (struct proc_opts){ 0 }, &result));
	CHECK_INT(result.signal, SIGUSR1);
	CHECK_INT(result.exit_code, -1);
	CHECK_ERR(proc_result_err(&result, "sh"), ERR_INVALID, "ended by signal USR1");
}

/* Waits until the process of the pid file is gone; false after two seconds. */
static bool is_gone(const char *pid_file)
{
	AUTO(str) text = STR_INIT;
	int64_t pid = 0;
	err *e = fs_read_file(pid_file, 100, &text);
	if (!e)
		e = proc_parse_pid(view_str(&text), &pid);
	bool is_known = e == NULL;
	err_ignore(e, "reported as not gone");
	for (int i = 0; is_known && i < 400; i++) {
		AUTOFREE char *path = str_format("/proc/%d/stat", (int)pid);
		AUTO(str) stat = STR_INIT;
		e = fs_read_file(path, 4096, &stat);
		bool is_dead = e != NULL || strstr(stat.ptr, ") Z") != NULL;
		err_ignore(e, "no such process");
		if (is_dead)
			return true;
		nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
	}
	return false;
}

TEST(proc, the_deadline_ends_the_child_and_its_children)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	AUTOFREE char *pid_file = path_join(test_dir(), "pid");
	const char *const env[] = { "UNUSED", NULL };
	struct proc_opts opts = { .timeout_ms = 200, .dir = test_dir(), .env = env };
	int64_t start = now_ms();
	CHECK_OK(shell("echo before; sleep 60 & echo $! > pid; wait", opts, &result));
	CHECK(now_ms() - start < 5000);
	CHECK(result.timed_out);
	CHECK_STR(result.out.ptr, "before\n");
	CHECK_ERR(proc_result_err(&result, "sh"), ERR_TIMEOUT, "did not end in time: before");
	CHECK(is_gone(pid_file));
}

TEST(proc, a_child_that_ignores_term_is_killed_after_the_grace)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	struct proc_opts opts = { .timeout_ms = 100, .grace_ms = 100 };
	int64_t start = now_ms();
	CHECK_OK(shell("trap '' TERM; while :; do sleep 0.05; done", opts, &result));
	CHECK(now_ms() - start < 5000);
	CHECK(result.timed_out);
	CHECK_INT(result.signal, SIGKILL);
}

TEST(proc, a_child_may_clean_up_on_term)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	struct proc_opts opts = { .timeout_ms = 100 };
	CHECK_OK(
		shell("trap 'echo bye; exit 0' TERM; while :; do sleep 0.02; done", opts, &result));
	CHECK(result.timed_out);
	CHECK_STR(result.out.ptr, "bye\n");
}

TEST(proc, cancelling_ends_the_child)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	atomic_int cancel = 1;
	int64_t start = now_ms();
	CHECK_OK(shell("sleep 60", (struct proc_opts){ .cancel = &cancel }, &result));
	CHECK(now_ms() - start < 5000);
	CHECK(result.cancelled);
	CHECK_ERR(proc_result_err(&result, "sleep"), ERR_CANCELLED, "was stopped");
}

TEST(proc, a_daemon_left_behind_does_not_hold_us)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	AUTOFREE char *pid_file = path_join(test_dir(), "pid");
	AUTO(str) text = STR_INIT;
	int64_t start = now_ms(), pid;
	struct proc_opts opts = { .dir = test_dir() };
	CHECK_OK(shell("sleep 30 & echo $! > pid; echo started", opts, &result));
	CHECK(now_ms() - start < 5000);
	CHECK_STR(result.out.ptr, "started\n");
	CHECK_OK(fs_read_file(pid_file, 100, &text));
	CHECK_OK(proc_parse_pid(view_str(&text), &pid));
	CHECK(proc_is_alive(pid));
	CHECK_OK(proc_signal(pid, "TERM"));
	CHECK(is_gone(pid_file));
}

TEST(proc, children_inherit_no_other_descriptor_and_no_blocked_signal)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	sigset_t set, old;
	int leaky = open("/dev/null", O_RDONLY);
	CHECK(leaky > 2);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	signal(SIGUSR2, SIG_IGN);
	err *e = shell("ls /proc/$$/fd; exec grep -E 'SigBlk|SigIgn' /proc/self/status",
	               (struct proc_opts){ 0 }, &result);
	signal(SIGUSR2, SIG_DFL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	close(leaky);
	CHECK_OK(e);
	CHECK(str_starts(result.out.ptr, "0\n1\n2\nSigBlk"));
	CHECK_HAS(result.out.ptr, "SigBlk:\t0000000000000000");
	/* glibc ignores two signals of its own, 32 and 33, in every child */
	CHECK(str_ends(result.out.ptr, "0000000\n"));
}

TEST(proc, finds_programs_and_only_programs)
{
	AUTO(str) path = STR_INIT;
	CHECK_OK(proc_find("sh", &path));
	CHECK(str_ends(path.ptr, "/sh"));
	CHECK_ERR(proc_find("no-such-program-here", &path), ERR_NOT_FOUND,
	          "cannot find the program");
	CHECK_ERR(proc_find("/etc/passwd", &path), ERR_NOT_FOUND, "no program");
	CHECK_ERR(proc_find("/etc", &path), ERR_NOT_FOUND, "no program");
}

TEST(proc, signals_have_names_and_numbers)
{
	int number = 0;
	CHECK_OK(proc_signal_number("HUP", &number));
	CHECK_INT(number, SIGHUP);
	CHECK_OK(proc_signal_number("SIGUSR1", &number));
	CHECK_INT(number, SIGUSR1);
	CHECK_OK(proc_signal_number("9", &number));
	CHECK_INT(number, SIGKILL);
	CHECK_ERR(proc_signal_number("HUPP", &number), ERR_INVALID, "no signal 'HUPP'");
	CHECK_ERR(proc_signal_number("0", &number), ERR_INVALID, "no signal");
	CHECK_ERR(proc_signal_number("", &number), ERR_INVALID, "no signal");
	CHECK_STR(proc_signal_name(SIGTERM), "TERM");
	CHECK_STR(proc_signal_name(999), "?");
}

TEST(proc, pid_files_are_read_strictly)
{
	int64_t pid = 0;
	CHECK_OK(proc_parse_pid(view_of(" 4711\n"), &pid));
	CHECK_INT(pid, 4711);
	static const char *const bad[] = { "", "\n", "1", "0", "-5", "12 13", "x", "99999999999" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_ERR(proc_parse_pid(view_of(bad[i]), &pid), ERR_INVALID, "no process id");
	CHECK_ERR(proc_signal(1, "TERM"), ERR_INVALID, "process 1");
	CHECK_ERR(proc_signal(-1, "TERM"), ERR_INVALID, "process -1");
}

TEST(proc, a_stale_pid_file_signals_nobody)
{
	AUTOFREE char *path = path_join(test_dir(), "pid");
	AUTOFREE char *text = str_format("%d\n", (int)getpid());
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;
	CHECK_OK(fs_write_atomic(path, view_of(text), 0644));
	sigaction(SIGUSR1, &ignore, &old);
	err *fresh = proc_signal_pid_file(path, "USR1");
	sigaction(SIGUSR1, &old, NULL);
	CHECK_OK(fresh);
	const struct timespec long_ago[2] = { { 1000, 0 }, { 1000, 0 } };
	CHECK_INT(utimensat(AT_FDCWD, path, long_ago, 0), 0);
	CHECK_ERR(proc_signal_pid_file(path, "USR1"), ERR_NOT_FOUND, "is another one");
	CHECK_OK(fs_write_atomic(path, view_of("2147483646"), 0644));
	CHECK_ERR(proc_signal_pid_file(path, "USR1"), ERR_NOT_FOUND, "it is gone");
}

#ifdef FETTLE_TEST_HOOKS
TEST(proc, any_failing_call_is_an_error_and_leaves_no_child)
{
	fault_arm(0);
	AUTO(proc_result) result = PROC_RESULT_INIT;
	CHECK_OK(shell("echo x", (struct proc_opts){ .timeout_ms = 5000 }, &result));
	for (unsigned long n = 1; n <= 4; n++) {
		fault_arm(n);
		err *e = shell("echo x", (struct proc_opts){ .timeout_ms = 5000 }, &result);
		fault_arm(0);
		CHECK_ERR(e, ERR_IO, "cannot");
	}
}
#endif
