#include "base/base.h"

#include "pal/pipe.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pal/clock.h"
#include "pal/fault.h"
#include "pal/fd_posix.h"
#include "pal/proc.h"
#include "pal/proc_os_posix.h"

enum {
	ERRORS_MAX = 64 << 10,
	CANCEL_MS = 50, /* how often to look at the cancel flag */
	LOOK_MS = 5,
};

struct pipe_child {
	struct child child;
	char *name;
	int64_t deadline_ns;
	const atomic_int *cancel;
	struct str errors;
	bool is_reaped;
	int exit_code;
};

err *pipe_open(const struct pipe_opts *opts, struct pipe_child **ret_child)
{
	struct child started;
	/* A first byte to write makes proc_os_spawn open a pipe; it is ours to fill. */
	struct proc_opts spawn = {
		.argv = opts->argv,
		.env = opts->env,
		.input = { "", 1 },
		.flags = opts->may_ask ? PROC_INHERIT_STDIN : 0,
	};
	TRY(proc_os_spawn(&spawn, &started));
	struct pipe_child *child = MEM_NEW(struct pipe_child);
	child->child = started;
	child->name = mem_strdup(opts->argv[0]);
	child->deadline_ns = opts->deadline_ns;
	child->cancel = opts->cancel;
	str_init(&child->errors);
	*ret_child = child;
	return NULL;
}

static err *check_time(const struct pipe_child *child)
{
	if (child->cancel && atomic_load(child->cancel) != 0)
		return err_new(ERR_CANCELLED, "'%s' was interrupted", child->name);
	if (child->deadline_ns && clock_monotonic_ns() >= child->deadline_ns)
		return err_new(ERR_TIMEOUT, "'%s' did not answer in time", child->name);
	return NULL;
}

static int wait_ms(const struct pipe_child *child)
{
	int64_t wait = child->cancel ? CANCEL_MS : -1;
	if (child->deadline_ns) {
		int64_t left = (child->deadline_ns - clock_monotonic_ns()) / CLOCK_NS_PER_MS + 1;
		left = MAX(left, 0);
		wait = wait < 0 ? left : MIN(wait, left);
	}
	return (int)MIN(wait, INT_MAX);
}

/* Keep the tail of stderr; a full pipe would stop the child. */
static void read_errors(struct pipe_child *child)
{
	char buf[4096];
	ssize_t got;
	while (child->child.err >= 0 && (got = read(child->child.err, buf, sizeof(buf))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return;
		if (got < 0)
			break;
		str_add(&child->errors, buf, (size_t)got);
		if (child->errors.len <= ERRORS_MAX)
			continue;
		size_t cut = child->errors.len - ERRORS_MAX / 2;
		memmove(child->errors.ptr, child->errors.ptr + cut, child->errors.len - cut);
		str_truncate(&child->errors, child->errors.len - cut);
	}
	fd_close(fd_steal(&child->child.err));
}

/* Wait until `fd` can be used, keeping stderr empty meanwhile. */
static err *wait_for(struct pipe_child *child, int fd, short events)
{
	for (;;) {
		TRY(check_time(child));
		struct pollfd fds[] = { { fd, events, 0 }, { child->child.err, POLLIN, 0 } };
		int count = FAULT("poll") ? -1 : poll(fds, ARRAY_LEN(fds), wait_ms(child));
		if (count < 0 && errno != EINTR)
			return err_sys(errno, "cannot watch '%s'", child->name);
		if (count > 0 && fds[1].revents)
			read_errors(child);
		if (count > 0 && fds[0].revents)
			return NULL;
	}
}

/* write(2) where a child that is gone gives EPIPE, not a signal to us. */
static ssize_t write_quietly(int fd, const char *bytes, size_t len)
{
	sigset_t pipe_set, old, pending;
	int number;
	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGPIPE);
	sigpending(&pending);
	bool was_pending = sigismember(&pending, SIGPIPE) == 1;
	pthread_sigmask(SIG_BLOCK, &pipe_set, &old);
	ssize_t put = FAULT("write") ? -1 : write(fd, bytes, len);
	int code = errno;
	if (put < 0 && code == EPIPE && !was_pending)
		(void)sigwait(&pipe_set, &number);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = code;
	return put;
}

err *pipe_write(struct pipe_child *child, const char *bytes, size_t len)
{
	while (len > 0) {
		TRY(wait_for(child, child->child.in, POLLOUT));
		ssize_t put = write_quietly(child->child.in, bytes, len);
		if (put < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (put < 0)
			return err_sys(errno, "cannot write to '%s'", child->name);
		bytes += put;
		len -= (size_t)put;
	}
	return NULL;
}

err *pipe_read(struct pipe_child *child, char *buf, size_t buf_size, size_t *ret_len)
{
	for (;;) {
		TRY(wait_for(child, child->child.out, POLLIN));
		ssize_t got = FAULT("read") ? -1 : read(child->child.out, buf, buf_size);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got < 0)
			return err_sys(errno, "cannot read from '%s'", child->name);
		*ret_len = (size_t)got;
		return NULL;
	}
}

static bool try_reap(struct pipe_child *child, int flags)
{
	int status = 0;
	pid_t pid;
	do
		pid = waitpid(child->child.pid, &status, flags);
	while (pid < 0 && errno == EINTR);
	if (pid == 0)
		return false;
	child->is_reaped = true;
	child->exit_code = pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return true;
}

/* Without a descriptor for its end: look often, it is on its way out. */
static bool wait_for_end(struct pipe_child *child, int64_t grace_ms)
{
	int64_t end = clock_monotonic_ms() + grace_ms;
	while (!try_reap(child, WNOHANG)) {
		if (clock_monotonic_ms() >= end)
			return false;
		struct pollfd errors = { child->child.err, POLLIN, 0 };
		(void)poll(&errors, 1, LOOK_MS);
		if (errors.revents)
			read_errors(child);
	}
	return true;
}

/* Ask it to end, then make it. */
static void end(struct pipe_child *child)
{
	pid_t target = child->child.has_group ? -child->child.pid : child->child.pid;
	(void)kill(target, SIGTERM);
	if (wait_for_end(child, 500))
		return;
	(void)kill(target, SIGKILL);
	(void)try_reap(child, 0);
}

int pipe_finish(struct pipe_child *child, int64_t grace_ms, struct str *ret_errors)
{
	fd_close(fd_steal(&child->child.in));
	fd_close(fd_steal(&child->child.out));
	if (!child->is_reaped && !wait_for_end(child, grace_ms))
		end(child);
	read_errors(child);
	str_reset(ret_errors);
	str_add_str(ret_errors, &child->errors);
	return child->exit_code;
}

void pipe_free(struct pipe_child *child)
{
	if (!child)
		return;
	AUTO(str) errors = STR_INIT;
	if (!child->is_reaped)
		(void)pipe_finish(child, 0, &errors);
	fd_close(child->child.err);
	str_clear(&child->errors);
	mem_free(child->name);
	mem_free(child);
}
