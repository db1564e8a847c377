#define BASE_ALLOW_BANNED
#include "base/base.h"

#include "pal/proc_child.h"

#include "pal/proc_os_win32.h"
#include "pal/sig.h"

/* The console's events come as the stop of a `struct cancel`: the first as INT, closing as TERM. */
struct proc_family {
	struct proc_family_opts opts;
	struct loop *loop;
	struct cancel *cancel;
	struct loop_io *io;
};

struct proc_child {
	struct proc_family *family;
	struct child child;
	struct loop_io *io;
	proc_child_fn *on_end;
	void *ctx;
};

static void on_cancel(void *ctx, unsigned ready)
{
	struct proc_family *family = ctx;
	(void)ready;
	cancel_drain(family->cancel);
	loop_io_set(family->io, 0);
	family->opts.on_signal(family->opts.ctx,
	                       cancel_exit_code(family->cancel) == 130 ? "INT" : "TERM");
}

err *proc_family_new(struct loop *loop, const struct proc_family_opts *opts,
                     struct proc_family **ret_family)
{
	AUTOPTR(proc_family) family = MEM_NEW(struct proc_family);
	pal_handle handle;
	*family = (struct proc_family){ .opts = *opts, .loop = loop };
	if (opts->on_signal) {
		family->cancel = cancel_new();
		TRY(sig_install(family->cancel, false));
		TRY(cancel_handle(family->cancel, &handle));
		family->io = loop_add_handle(loop, handle, on_cancel, family);
	}
	*ret_family = steal(&family);
	return NULL;
}

void proc_family_free(struct proc_family *family)
{
	if (!family)
		return;
	loop_io_free(family->io);
	if (family->cancel)
		sig_uninstall();
	cancel_free(family->cancel);
	mem_free(family);
}

static void on_exit_of(void *ctx, unsigned ready)
{
	struct proc_child *child = ctx;
	DWORD code = 1;
	(void)ready;
	loop_io_set(child->io, 0);
	GetExitCodeProcess(child->child.process, &code);
	child->on_end(child->ctx, child, (int)code, 0);
}

err *proc_child_start(struct proc_family *family, const struct proc_child_opts *opts,
                      struct proc_child **ret_child)
{
	if (opts->on_output)
		return err_new(ERR_UNSUPPORTED,
		               "the output of a program cannot be followed on Windows");
	struct proc_child *child = MEM_NEW(struct proc_child);
	struct proc_opts spawn = { .argv = opts->argv,
		                   .env = opts->env,
		                   .dir = opts->dir,
		                   .gift = opts->gift,
		                   .flags = PROC_INHERIT_STDIN | PROC_INHERIT_OUTPUT };
	err *e = proc_os_spawn(&spawn, &child->child);
	if (e) {
		mem_free(child);
		return e;
	}
	child->family = family;
	child->on_end = opts->on_end;
	child->ctx = opts->ctx;
	child->io =
		loop_add_handle(family->loop, (pal_handle)child->child.process, on_exit_of, child);
	*ret_child = child;
	return NULL;
}

int64_t proc_child_pid(const struct proc_child *child)
{
	return (int64_t)child->child.pid;
}

bool proc_child_shares_group(const struct proc_child *child)
{
	(void)child;
	return true; /* the console tells everybody */
}

/* There are no signals: whatever asks for the end, ends it. */
err *proc_child_signal(struct proc_child *child, const char *name)
{
	int number;
	TRY(proc_signal_number(name, &number));
	if (strcmp(name, "KILL") != 0 && strcmp(name, "TERM") != 0 && strcmp(name, "INT") != 0)
		return err_new(ERR_UNSUPPORTED, "there is no signal %s on Windows", name);
	TerminateJobObject(child->child.job, 143);
	return NULL;
}

void proc_child_free(struct proc_child *child)
{
	if (!child)
		return;
	loop_io_free(child->io);
	child_clear(&child->child);
	mem_free(child);
}
