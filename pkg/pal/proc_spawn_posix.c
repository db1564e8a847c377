/*
 * Starting a child: posix_spawn, which shares our memory until exec (cheap with a large heap) and
 * runs nothing of ours in between.
 */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include "pal/clock.h"
#include "pal/fault.h"
#include "pal/fd_posix.h"
#include "pal/proc.h"
#include "pal/proc_os_posix.h"

extern char **environ;

struct pipes {
	int in[2], out[2], err[2], gift[2]; /* [0] is read from, [1] is written to */
};

static void pipes_clear(struct pipes *pipes)
{
	for (int i = 0; i < 2; i++) {
		fd_close(fd_steal(&pipes->in[i]));
		fd_close(fd_steal(&pipes->out[i]));
		fd_close(fd_steal(&pipes->err[i]));
		fd_close(fd_steal(&pipes->gift[i]));
	}
}

/* --- environment --- */

/* Length of the name in "NAME=value" or "NAME". */
static size_t name_len(const char *entry)
{
	return strcspn(entry, "=");
}

static bool is_overridden(const char *entry, const char *const *changes)
{
	size_t len = name_len(entry);
	for (; changes && *changes; changes++)
		if (name_len(*changes) == len && memcmp(*changes, entry, len) == 0)
			return true;
	return false;
}

static void build_env(const char *const *changes, struct strs *ret_env)
{
	for (char **entry = environ; entry && *entry; entry++)
		if (!is_overridden(*entry, changes))
			strs_push(ret_env, *entry);
	for (; changes && *changes; changes++)
		if (strchr(*changes, '='))
			strs_push(ret_env, *changes);
}

static const char *env_value(const struct strs *env, const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < env->len; i++)
		if (name_len(env->ptr[i]) == len && memcmp(env->ptr[i], name, len) == 0)
			return env->ptr[i] + len + 1;
	return NULL;
}

/* --- looking the program up --- */

static bool is_program(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* Relative entries of PATH are skipped: what runs must not depend on where we stand. */
static err *find_in(const char *search, const char *name, struct str *ret_path)
{
	struct view rest = view_of(search ? search : "/usr/local/bin:/usr/bin:/bin"), dir;
	AUTO(str) path = STR_INIT;
	while (view_split(&rest, ':', &dir)) {
		if (dir.len == 0 || dir.ptr[0] != '/')
			continue;
		str_reset(&path);
		str_add(&path, dir.ptr, dir.len);
		str_addf(&path, "/%s", name);
		if (is_program(path.ptr)) {
			str_reset(ret_path);
			str_add_str(ret_path, &path);
			return NULL;
		}
	}
	return err_new(ERR_NOT_FOUND, "cannot find the program '%s' in PATH", name);
}

err *proc_find(const char *name, struct str *ret_path)
{
	if (!strchr(name, '/'))
		return find_in(getenv("PATH"), name, ret_path);
	if (!is_program(name))
		return err_new(ERR_NOT_FOUND, "'%s' is no program", name);
	return fs_real_path(name, ret_path);
}

/* --- pipes --- */

/* Above the standard handles, so that setting those up in the child cannot overwrite it. */
static int move_up(int fd)
{
	if (fd > STDERR_FILENO)
		return fd;
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	fd_close(fd);
	return moved;
}

static err *make_pipe(int ends[2], int our_end)
{
	int made[2];
#ifdef __APPLE__
	int result = FAULT("pipe") ? -1 : pipe(made);
#else
	int result = FAULT("pipe") ? -1 : pipe2(made, O_CLOEXEC);
#endif
	if (result != 0)
		return err_sys(errno, "cannot make a pipe");
	for (int i = 0; i < 2; i++) {
		ends[i] = move_up(made[i]);
		if (ends[i] < 0 || fcntl(ends[i], F_SETFD, FD_CLOEXEC) != 0) {
			err *e = err_sys(errno, "cannot make a pipe");
			if (i == 0)
				fd_close(made[1]);
			return e;
		}
	}
	if (fcntl(ends[our_end], F_SETFL, O_NONBLOCK) != 0)
		return err_sys(errno, "cannot make a pipe");
	return NULL;
}

/* Written before the child is there: what does not fit would wait for a reader. */
static err *fill_gift(struct view gift, int ends[2])
{
	TRY(make_pipe(ends, 1));
	ssize_t len = FAULT("write") ? -1 : write(ends[1], gift.ptr, gift.len);
	if (len < 0 && errno != EAGAIN)
		return err_sys(errno, "cannot fill a pipe");
	if (len < 0 || (size_t)len < gift.len)
		return err_new(ERR_LIMIT, "%zu bytes do not fit into a pipe", gift.len);
	fd_close(fd_steal(&ends[1]));
	return NULL;
}

static err *make_pipes(const struct proc_opts *opts, struct pipes *pipes)
{
	if (opts->input.len)
		TRY(make_pipe(pipes->in, 1));
	if (opts->gift.len)
		TRY(fill_gift(opts->gift, pipes->gift));
	if (opts->flags & PROC_INHERIT_OUTPUT)
		return NULL;
	TRY(make_pipe(pipes->out, 0));
	return opts->flags & (PROC_MERGE_STDERR | PROC_INHERIT_STDERR) ? NULL
	                                                               : make_pipe(pipes->err, 0);
}

/* --- spawn --- */

static int add_actions(posix_spawn_file_actions_t *actions, const struct proc_opts *opts,
                       const struct pipes *pipes)
{
	int code = 0;
	if (opts->input.len)
		code = posix_spawn_file_actions_adddup2(actions, pipes->in[0], STDIN_FILENO);
	else if (!(opts->flags & PROC_INHERIT_STDIN))
		code = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null",
		                                        O_RDONLY, 0);
	else
		code = posix_spawn_file_actions_adddup2(actions, STDIN_FILENO, STDIN_FILENO);
	bool inherits = (opts->flags & PROC_INHERIT_OUTPUT) != 0;
	int out = inherits ? STDOUT_FILENO : pipes->out[1];
	int err_fd = opts->flags & (PROC_INHERIT_OUTPUT | PROC_INHERIT_STDERR) ? STDERR_FILENO
	             : pipes->err[1] >= 0                                      ? pipes->err[1]
	                                                                       : out;
	if (code == 0)
		code = posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
	if (code == 0)
		code = posix_spawn_file_actions_adddup2(actions, err_fd, STDERR_FILENO);
	/* Last: the others may stand at its number. */
	if (code == 0 && opts->gift.len)
		code = posix_spawn_file_actions_adddup2(actions, pipes->gift[0], PROC_GIFT_FD);
	if (code == 0 && opts->dir)
		code = posix_spawn_file_actions_addchdir_np(actions, opts->dir);
	return code;
}

/* A process group of its own, no blocked signal, every signal back to its default. */
static int set_attributes(posix_spawnattr_t *attr, bool has_group)
{
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	if (has_group)
		flags = (short)(flags | POSIX_SPAWN_SETPGROUP);
	int code = proc_os_hide_fds(attr, &flags);
	if (code == 0)
		code = posix_spawnattr_setsigmask(attr, &none);
	if (code == 0)
		code = posix_spawnattr_setsigdefault(attr, &all);
	if (code == 0 && has_group)
		code = posix_spawnattr_setpgroup(attr, 0);
	return code ? code : posix_spawnattr_setflags(attr, flags);
}

static int spawn_once(const char *program, const struct proc_opts *opts, const struct strs *env,
                      const struct pipes *pipes, struct child *child)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int code = posix_spawn_file_actions_init(&actions);
	if (code)
		return code;
	code = posix_spawnattr_init(&attr);
	if (code) {
		posix_spawn_file_actions_destroy(&actions);
		return code;
	}
	code = add_actions(&actions, opts, pipes);
	if (code == 0)
		code = set_attributes(&attr, child->has_group);
	static char *const no_env[] = { NULL };
	/* POSIX left the const out of argv for old callers; it is not written to */
	union {
		const char *const *in;
		char *const *out;
	} argv = { .in = opts->argv };
	if (code == 0)
		code = FAULT("spawn") ? errno
		                      : posix_spawn(&child->pid, program, &actions, &attr, argv.out,
		                                    env->ptr ? env->ptr : no_env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return code;
}

/*
 * ETXTBSY: some other thread was just forking while a file that we wrote was open for writing; it
 * goes away with that thread's exec.
 */
static err *spawn(const char *program, const struct proc_opts *opts, const struct strs *env,
                  const struct pipes *pipes, struct child *child)
{
	enum { BUSY_TRIES = 20, BUSY_WAIT_MS = 2 };
	int code = ETXTBSY;
	for (int i = 0; i < BUSY_TRIES && code == ETXTBSY; i++) {
		if (i > 0)
			clock_sleep_ms(BUSY_WAIT_MS);
		code = spawn_once(program, opts, env, pipes, child);
	}
	if (code == ENOEXEC)
		return err_new(ERR_INVALID, "cannot run '%s': it is no program (a script needs #!)",
		               program);
	if (code == ENOENT && is_program(program))
		return err_new(ERR_NOT_FOUND, "cannot run '%s': its interpreter is missing",
		               program);
	return code ? err_sys(code, "cannot run '%s'", program) : NULL;
}

err *proc_os_spawn(const struct proc_opts *opts, struct child *ret_child)
{
	AUTO(strs) env = STRS_INIT;
	AUTO(str) program = STR_INIT;
	build_env(opts->env, &env);
	if (strchr(opts->argv[0], '/'))
		str_addz(&program, opts->argv[0]);
	else
		TRY(find_in(env_value(&env, "PATH"), opts->argv[0], &program));
	if (opts->dir && !fs_is_dir(opts->dir))
		return err_new(ERR_NOT_FOUND, "cannot run '%s' in '%s': there is no such folder",
		               opts->argv[0], opts->dir);
	AUTO(pipes) pipes = { { -1, -1 }, { -1, -1 }, { -1, -1 }, { -1, -1 } };
	TRY(make_pipes(opts, &pipes));
	struct child child = { .has_group = !(opts->flags & PROC_INHERIT_STDIN) ||
		                            (opts->flags & PROC_OWN_GROUP) };
	TRY(spawn(program.ptr, opts, &env, &pipes, &child));
	child.in = fd_steal(&pipes.in[1]);
	child.out = fd_steal(&pipes.out[0]);
	child.err = fd_steal(&pipes.err[0]);
	*ret_child = child;
	return NULL;
}
