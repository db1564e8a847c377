#include "base/base.h"

#include "pal/proc.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pal/clock.h"
#include "pal/fault.h"
#include "pal/fd_posix.h"
#include "pal/proc_os_posix.h"

enum {
	OUTPUT_LIMIT_DEFAULT = 64 << 10,
	GRACE_MS_DEFAULT = 2000,
	LOOK_MS = 5,         /* how often to look for the end without an exit descriptor */
	CANCEL_MS = 20,      /* how often to look at the cancel flag */
	DRAIN_MAX = 4 << 20, /* read after the end of the child: more than any pipe holds */
};

/* One stream of the child and where its last `limit` bytes go. */
struct stream {
	int fd;
	struct str *text;
	bool *is_truncated;
	int error; /* errno of a failed read, or 0 */
};

struct run {
	const struct proc_opts *opts;
	struct proc_result *result;
	struct child child;
	struct stream out, err;
	size_t limit, written;
	int exit_fd;
	int64_t end_at;  /* when to ask it to end, or -1 */
	int64_t kill_at; /* when to force it, or -1 */
	bool is_ending;
};

/* --- streams --- */

static void cut_to_limit(struct stream *stream, size_t limit)
{
	struct str *text = stream->text;
	if (text->len <= limit)
		return;
	memmove(text->ptr, text->ptr + text->len - limit, limit);
	str_truncate(text, limit);
	*stream->is_truncated = true;
}

/* Read once; false when there is nothing more for now, or for ever (then fd is -1). */
static bool pump(struct stream *stream, size_t limit, size_t *ret_got)
{
	char buf[16 << 10];
	if (stream->fd < 0)
		return false;
	ssize_t got = FAULT("read") ? -1 : read(stream->fd, buf, sizeof(buf));
	if (got < 0 && errno == EINTR)
		return true;
	if (got < 0 && errno == EAGAIN)
		return false;
	if (got <= 0) {
		stream->error = got < 0 ? errno : 0;
		fd_close(fd_steal(&stream->fd));
		return false;
	}
	str_add(stream->text, buf, (size_t)got);
	if (stream->text->len / 2 > limit) /* not at each read: that would be quadratic */
		cut_to_limit(stream, limit);
	*ret_got = (size_t)got;
	return true;
}

static void feed(struct run *run)
{
	struct view rest = { run->opts->input.ptr + run->written,
		             run->opts->input.len - run->written };
	ssize_t put = write(run->child.in, rest.ptr, rest.len);
	if (put < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (put > 0)
		run->written += (size_t)put;
	/* a child that closes its input early (EPIPE) has read what it wanted */
	if (put < 0 || run->written == run->opts->input.len)
		fd_close(fd_steal(&run->child.in));
}

/* --- the end of the child --- */

/* Has it ended? It stays a zombie, so that its process group id cannot be re-used. */
static bool has_ended(const struct run *run)
{
	siginfo_t info = { 0 };
	int result = waitid(P_PID, (id_t)run->child.pid, &info, WEXITED | WNOHANG | WNOWAIT);
	return result != 0 ? errno != EINTR : info.si_pid == run->child.pid;
}

static void signal_all(const struct run *run, int number)
{
	(void)kill(run->child.has_group ? -run->child.pid : run->child.pid, number);
}

static void begin_end(struct run *run, int64_t now, bool *reason)
{
	int64_t grace = run->opts->grace_ms ? run->opts->grace_ms : GRACE_MS_DEFAULT;
	*reason = true;
	run->is_ending = true;
	run->end_at = -1;
	run->kill_at = now + grace;
	signal_all(run, SIGTERM);
}

static void check_time(struct run *run)
{
	int64_t now = clock_monotonic_ms();
	const atomic_int *cancel = run->opts->cancel;
	if (!run->is_ending && cancel && atomic_load(cancel) != 0)
		begin_end(run, now, &run->result->cancelled);
	else if (!run->is_ending && run->end_at >= 0 && now >= run->end_at)
		begin_end(run, now, &run->result->timed_out);
	else if (run->kill_at >= 0 && now >= run->kill_at) {
		signal_all(run, SIGKILL);
		run->kill_at = -1;
	}
}

static int poll_timeout(const struct run *run)
{
	int64_t wait = -1;
	int64_t next = run->is_ending ? run->kill_at : run->end_at;
	if (next >= 0)
		wait = MAX(next - clock_monotonic_ms(), 0);
	if (run->opts->cancel && !run->is_ending && (wait < 0 || wait > CANCEL_MS))
		wait = CANCEL_MS;
	if (run->exit_fd < 0 && (wait < 0 || wait > LOOK_MS))
		wait = LOOK_MS;
	return (int)MIN(wait, INT_MAX);
}

static err *wait_for_event(struct run *run)
{
	struct pollfd fds[] = {
		{ run->out.fd, POLLIN, 0 },
		{ run->err.fd, POLLIN, 0 },
		{ run->child.in, POLLOUT, 0 },
		{ run->exit_fd, POLLIN, 0 },
	};
	int count = FAULT("poll") ? -1 : poll(fds, ARRAY_LEN(fds), poll_timeout(run));
	if (count < 0 && errno != EINTR)
		return err_sys(errno, "cannot watch '%s'", run->opts->argv[0]);
	size_t got;
	if (fds[0].revents)
		(void)pump(&run->out, run->limit, &got);
	if (fds[1].revents)
		(void)pump(&run->err, run->limit, &got);
	if (fds[2].revents && run->child.in >= 0)
		feed(run);
	return NULL;
}

/*
 * What the child itself wrote is in the pipes when it ends, so reading until they are empty is
 * enough; waiting for their end would wait for every daemon it left behind.
 */
static void drain(struct run *run, struct stream *stream)
{
	size_t total = 0, got = 0;
	while (total < DRAIN_MAX && pump(stream, run->limit, &got))
		total += got;
	cut_to_limit(stream, run->limit);
}

static err *reap(struct run *run)
{
	int status = 0;
	pid_t pid;
	if (run->is_ending)
		signal_all(run, SIGKILL); /* its own children, before the group id is free again */
	do
		pid = waitpid(run->child.pid, &status, 0);
	while (pid < 0 && errno == EINTR);
	if (pid < 0)
		return err_sys(errno, "cannot tell how '%s' ended", run->opts->argv[0]);
	run->result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	run->result->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return NULL;
}

static err *watch(struct run *run)
{
	while (!has_ended(run)) {
		err *e = wait_for_event(run);
		if (e) {
			signal_all(run, SIGKILL);
			err_ignore(reap(run), "the first error is the one to tell");
			return e;
		}
		check_time(run);
	}
	TRY(reap(run));
	drain(run, &run->out);
	drain(run, &run->err);
	int code = run->out.error ? run->out.error : run->err.error;
	return code ? err_sys(code, "cannot read what '%s' wrote", run->opts->argv[0]) : NULL;
}

/* --- SIGPIPE must not kill us when the child closes its input: hold it in this thread --- */

static bool block_sigpipe(sigset_t *ret_old)
{
	sigset_t pipe_set, pending;
	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe_set, ret_old);
	return sigismember(&pending, SIGPIPE) == 1;
}

static void restore_sigpipe(const sigset_t *old, bool was_pending)
{
	sigset_t pipe_set, pending;
	int number;
	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGPIPE);
	sigpending(&pending);
	if (!was_pending && sigismember(&pending, SIGPIPE) == 1)
		(void)sigwait(&pipe_set, &number);
	pthread_sigmask(SIG_SETMASK, old, NULL);
}

err *proc_run(const struct proc_opts *opts, struct proc_result *ret_result)
{
	sigset_t old;
	proc_result_clear(ret_result);
	struct run run = { .opts = opts, .result = ret_result, .end_at = -1, .kill_at = -1 };
	run.limit = opts->output_limit ? opts->output_limit : OUTPUT_LIMIT_DEFAULT;
	TRY(proc_os_spawn(opts, &run.child));
	if (opts->timeout_ms > 0)
		run.end_at = clock_monotonic_ms() + opts->timeout_ms;
	run.out = (struct stream){ run.child.out, &ret_result->out, &ret_result->out_truncated, 0 };
	run.err = (struct stream){ run.child.err, &ret_result->err, &ret_result->err_truncated, 0 };
	run.exit_fd = proc_os_exit_fd(run.child.pid);
	bool was_pending = block_sigpipe(&old);
	err *e = watch(&run);
	fd_close(run.child.in);
	fd_close(run.out.fd);
	fd_close(run.err.fd);
	fd_close(run.exit_fd);
	restore_sigpipe(&old, was_pending);
	return e;
}

/* --- other processes --- */

int64_t proc_self(void)
{
	return (int64_t)getpid();
}

bool proc_is_alive(int64_t pid)
{
	return pid > 0 && pid <= INT32_MAX && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

static err *signal_error(int64_t pid, const char *name, int code)
{
	if (code == ESRCH)
		return err_new(ERR_NOT_FOUND, "cannot send %s to process %" PRId64 ": it is gone",
		               name, pid);
	return err_sys(code, "cannot send %s to process %" PRId64, name, pid);
}

err *proc_signal(int64_t pid, const char *name)
{
	int number;
	TRY(proc_signal_number(name, &number));
	if (pid <= 1 || pid > INT32_MAX)
		return err_new(ERR_INVALID, "cannot send %s to process %" PRId64, name, pid);
	if (FAULT("kill") || kill((pid_t)pid, number) != 0)
		return signal_error(pid, name, errno);
	return NULL;
}

/* A process that started clearly after its pid file was written is another one. */
static bool is_reused(pid_t pid, int64_t written_ns)
{
	enum { SLACK_S = 5 }; /* boot time is known to the second, and clocks are set */
	int64_t started;
	return proc_os_start_time(pid, &started) && started > written_ns / 1000000000 + SLACK_S;
}

err *proc_signal_pid_file(const char *path, const char *name)
{
	AUTO(str) text = STR_INIT;
	struct fs_stat st;
	int64_t pid;
	int number;
	TRY(proc_signal_number(name, &number));
	TRY(fs_read_file(path, 4096, &text));
	TRY(fs_stat(path, &st));
	err *e = proc_parse_pid(view_str(&text), &pid);
	if (e)
		return err_wrap(e, "cannot use the pid file '%s'", path);
	AUTOFD exit_fd = proc_os_exit_fd((pid_t)pid);
	if (is_reused((pid_t)pid, st.mtime_ns))
		return err_new(ERR_NOT_FOUND,
		               "stale pid file '%s': process %" PRId64 " is another one", path,
		               pid);
	if (FAULT("kill") || proc_os_signal(exit_fd, (pid_t)pid, number) != 0)
		return err_wrap(signal_error(pid, name, errno), "stale pid file '%s'", path);
	return NULL;
}
