#include "base/base.h"

#include "pal/proc_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pal/fault.h"
#include "pal/fd_posix.h"
#include "pal/proc.h"
#include "pal/proc_os_posix.h"

/*
 * Signals belong to the process, so what their handler reaches is global, as in sig_posix.c: the pipe that
 * turns them into events of the loop.
 */
static atomic_int relay_fd = -1;

static const int relayed[] = {
	SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH
};

struct proc_child {
	struct proc_family *family;
	struct proc_child *next;
	struct child child;
	struct loop_io *out_io, *err_io;
	void (*on_output)(void *ctx, struct proc_child *child, int stream, struct view bytes);
	proc_child_fn *on_end;
	void *ctx;
	bool has_ended;
};

struct proc_family {
	struct proc_family_opts opts;
	struct loop *loop;
	struct loop_io *io;
	int pipe[2];
	struct proc_child *first;
	struct sigaction before[ARRAY_LEN(relayed)];
	size_t handled;
};

static void on_signal(int number)
{
	int saved = errno;
	unsigned char byte = (unsigned char)number;
	/* A full pipe loses a signal of a flood; SIGCHLD is looked after at the next one. */
	ssize_t written = write(atomic_load(&relay_fd), &byte, 1);
	(void)written;
	errno = saved;
}

/* --- the end of children --- */

static void note_end(struct proc_child *child, const siginfo_t *info)
{
	int status = 0;
	child->has_ended = true;
	(void)waitpid(child->child.pid, &status, 0);
	(void)info;
	child->on_end(child->ctx, child, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
	              WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

static struct proc_child *find(struct proc_family *family, pid_t pid)
{
	struct proc_child *child = family->first;
	while (child && (child->has_ended || child->child.pid != pid))
		child = child->next;
	return child;
}

/* One that ended; on_end may free children and start others, so the search begins anew each time. */
static bool reap_own(struct proc_family *family)
{
	for (struct proc_child *child = family->first; child; child = child->next) {
		siginfo_t info = { 0 };
		if (!child->has_ended &&
		    waitid(P_PID, (id_t)child->child.pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
		            0 &&
		    info.si_pid == child->child.pid) {
			note_end(child, &info);
			return true;
		}
	}
	return false;
}

static bool reap_any(struct proc_family *family)
{
	siginfo_t info = { 0 };
	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
		return false;
	struct proc_child *child = find(family, info.si_pid);
	if (child)
		note_end(child, &info);
	else
		(void)waitpid(info.si_pid, NULL, WNOHANG); /* an orphan */
	return true;
}

static void reap(struct proc_family *family)
{
	while (family->opts.adopts_orphans ? reap_any(family) : reap_own(family))
		;
}

/* --- signals --- */

static void on_pipe(void *ctx, unsigned ready)
{
	struct proc_family *family = ctx;
	unsigned char bytes[64];
	(void)ready;
	ssize_t len = read(family->pipe[0], bytes, sizeof(bytes));
	for (ssize_t i = 0; i < len; i++)
		if (bytes[i] != SIGCHLD && family->opts.on_signal)
			family->opts.on_signal(family->opts.ctx, proc_signal_name(bytes[i]));
	reap(family);
}

static err *open_relay(struct proc_family *family)
{
	if (FAULT("pipe") || pipe(family->pipe) != 0)
		return err_sys(errno, "cannot make a pipe");
	for (int i = 0; i < 2; i++) {
		fcntl(family->pipe[i], F_SETFD, FD_CLOEXEC);
		fcntl(family->pipe[i], F_SETFL, O_NONBLOCK);
	}
	atomic_store(&relay_fd, family->pipe[1]);
	family->io = loop_add_handle(family->loop, family->pipe[0], on_pipe, family);
	return NULL;
}

static err *handle_signals(struct proc_family *family)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	size_t count = family->opts.on_signal ? ARRAY_LEN(relayed) : 1;
	for (; family->handled < count; family->handled++)
		if (sigaction(relayed[family->handled], &action,
		              &family->before[family->handled]) != 0)
			return err_sys(errno, "cannot handle signal %d", relayed[family->handled]);
	return NULL;
}

err *proc_family_new(struct loop *loop, const struct proc_family_opts *opts,
                     struct proc_family **ret_family)
{
	AUTOPTR(proc_family) family = MEM_NEW(struct proc_family);
	*family = (struct proc_family){ .opts = *opts, .loop = loop, .pipe = { -1, -1 } };
	if (opts->adopts_orphans)
		proc_os_adopt_orphans();
	TRY(open_relay(family));
	TRY(handle_signals(family));
	*ret_family = steal(&family);
	return NULL;
}

void proc_family_free(struct proc_family *family)
{
	if (!family)
		return;
	for (size_t i = 0; i < family->handled; i++)
		sigaction(relayed[i], &family->before[i], NULL);
	atomic_store(&relay_fd, -1);
	loop_io_free(family->io);
	fd_close(family->pipe[0]);
	fd_close(family->pipe[1]);
	mem_free(family);
}

/* --- children --- */

/* One piece at a time: the callback may free the child. */
static void take_output(struct proc_child *child, int stream, int *fd, struct loop_io **io)
{
	char buf[16 << 10];
	ssize_t len = read(*fd, buf, sizeof(buf));
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0) {
		loop_io_free(*io);
		*io = NULL;
		fd_close(fd_steal(fd));
		len = 0;
	}
	child->on_output(child->ctx, child, stream, (struct view){ buf, (size_t)len });
}

static void on_out(void *ctx, unsigned ready)
{
	struct proc_child *child = ctx;
	(void)ready;
	take_output(child, STDOUT_FILENO, &child->child.out, &child->out_io);
}

static void on_err(void *ctx, unsigned ready)
{
	struct proc_child *child = ctx;
	(void)ready;
	take_output(child, STDERR_FILENO, &child->child.err, &child->err_io);
}

err *proc_child_start(struct proc_family *family, const struct proc_child_opts *opts,
                      struct proc_child **ret_child)
{
	struct proc_child *child = MEM_NEW(struct proc_child);
	struct proc_opts spawn = { .argv = opts->argv,
		                   .env = opts->env,
		                   .dir = opts->dir,
		                   .gift = opts->gift,
		                   .flags = PROC_INHERIT_STDIN |
		                            (opts->on_output ? 0u : PROC_INHERIT_OUTPUT) |
		                            (isatty(STDIN_FILENO) ? 0u : PROC_OWN_GROUP) };
	err *e = proc_os_spawn(&spawn, &child->child);
	if (e) {
		mem_free(child);
		return e;
	}
	child->family = family;
	child->on_end = opts->on_end;
	child->on_output = opts->on_output;
	child->ctx = opts->ctx;
	if (opts->on_output) {
		child->out_io = loop_add_handle(family->loop, child->child.out, on_out, child);
		child->err_io = loop_add_handle(family->loop, child->child.err, on_err, child);
	}
	child->next = family->first;
	family->first = child;
	*ret_child = child;
	return NULL;
}

int64_t proc_child_pid(const struct proc_child *child)
{
	return child->child.pid;
}

bool proc_child_shares_group(const struct proc_child *child)
{
	return !child->child.has_group;
}

err *proc_child_signal(struct proc_child *child, const char *name)
{
	int number;
	TRY(proc_signal_number(name, &number));
	if (child->has_ended)
		return NULL;
	pid_t whom =
		number == SIGKILL && child->child.has_group ? -child->child.pid : child->child.pid;
	if (kill(whom, number) != 0 && errno != ESRCH)
		return err_sys(errno, "cannot send %s to process %d", name, (int)child->child.pid);
	return NULL;
}

void proc_child_free(struct proc_child *child)
{
	if (!child)
		return;
	struct proc_child **link = &child->family->first;
	while (*link != child)
		link = &(*link)->next;
	*link = child->next;
	loop_io_free(child->out_io);
	loop_io_free(child->err_io);
	if (child->on_output) {
		fd_close(child->child.out);
		fd_close(child->child.err);
	}
	mem_free(child);
}
