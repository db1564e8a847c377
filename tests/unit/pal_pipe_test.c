#include "base/base.h"

#include "test.h"

#include "pal/clock.h"
#include "pal/pipe.h"

static err *open_shell(const char *script, int64_t timeout_ms, struct pipe_child **ret_child)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	struct pipe_opts opts = {
		.argv = argv,
		.deadline_ns = clock_monotonic_ns() + timeout_ms * CLOCK_NS_PER_MS,
	};
	return pipe_open(&opts, ret_child);
}

static err *read_all(struct pipe_child *child, struct str *text)
{
	for (;;) {
		char buf[512];
		size_t len = 0;
		TRY(pipe_read(child, buf, sizeof buf, &len));
		if (len == 0)
			return NULL;
		str_add(text, buf, len);
	}
}

TEST(pipe, bytes_go_there_and_come_back)
{
	struct pipe_child *child = NULL;
	char buf[16];
	size_t len = 0;
	AUTO(str) errors = STR_INIT;
	CHECK_OK(open_shell("read line; echo \"got $line\"; echo oops >&2; exit 3", 10000, &child));
	CHECK_OK(pipe_write(child, "hello\n", 6));
	CHECK_OK(pipe_read(child, buf, sizeof buf, &len));
	CHECK_INT(len, 10);
	CHECK(memcmp(buf, "got hello\n", 10) == 0);
	CHECK_INT(pipe_finish(child, 5000, &errors), 3);
	CHECK_STR(errors.ptr, "oops\n");
	pipe_free(child);
}

TEST(pipe, much_on_stderr_does_not_stop_the_child)
{
	struct pipe_child *child = NULL;
	AUTO(str) text = STR_INIT;
	AUTO(str) errors = STR_INIT;
	CHECK_OK(open_shell("i=0; while [ $i -lt 3000 ]; do echo "
	                    "0123456789012345678901234567890123456789012345678901234567890123 >&2; "
	                    "i=$((i+1)); done; echo end >&2; echo done",
	                    20000, &child));
	CHECK_OK(read_all(child, &text));
	CHECK_STR(text.ptr, "done\n");
	CHECK_INT(pipe_finish(child, 5000, &errors), 0);
	CHECK(errors.len <= 64 << 10);
	CHECK(str_ends(errors.ptr, "\nend\n"));
	pipe_free(child);
}

TEST(pipe, a_silent_child_meets_the_deadline_and_is_ended)
{
	struct pipe_child *child = NULL;
	char buf[16];
	size_t len = 0;
	AUTO(str) errors = STR_INIT;
	int64_t start = clock_monotonic_ms();
	CHECK_OK(open_shell("sleep 600; true", 100, &child));
	CHECK_ERR(pipe_read(child, buf, sizeof buf, &len), ERR_TIMEOUT, "in time");
	CHECK_INT(pipe_finish(child, 0, &errors), -1);
	CHECK(clock_monotonic_ms() - start < 5000);
	pipe_free(child);
}

TEST(pipe, cancellation_ends_the_wait)
{
	atomic_int cancel = 1;
	const char *const argv[] = { "sh", "-c", "sleep 600; true", NULL };
	struct pipe_opts opts = { .argv = argv, .cancel = &cancel };
	struct pipe_child *child = NULL;
	char buf[16];
	size_t len = 0;
	CHECK_OK(pipe_open(&opts, &child));
	CHECK_ERR(pipe_read(child, buf, sizeof buf, &len), ERR_CANCELLED, "interrupted");
	pipe_free(child);
}

TEST(pipe, writing_to_a_child_that_is_gone_is_an_error_not_a_signal)
{
	struct pipe_child *child = NULL;
	AUTO(str) errors = STR_INIT;
	char bytes[4096] = { 0 };
	err *e = NULL;
	CHECK_OK(open_shell("exec <&-; echo bye >&2", 10000, &child));
	for (int i = 0; i < 100 && !e; i++)
		e = pipe_write(child, bytes, sizeof bytes);
	CHECK(err_is(e, ERR_IO) || err_is(e, ERR_UNAVAILABLE));
	err_free(e);
	(void)pipe_finish(child, 5000, &errors);
	CHECK_STR(errors.ptr, "bye\n");
	pipe_free(child);
}

TEST(pipe, a_missing_program_is_not_found)
{
	const char *const argv[] = { "no-such-program-here", NULL };
	struct pipe_opts opts = { .argv = argv };
	struct pipe_child *child = NULL;
	CHECK_ERR(pipe_open(&opts, &child), ERR_NOT_FOUND, "no-such-program-here");
	pipe_free(NULL);
}
