#include "base/base.h"

#include "pal/proc.h"
#include "pal/proc_os_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/num.h"
#include "pal/fs.h"

/* The numbers are the same on every architecture; musl's headers may be older than the kernel. */
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define CLOSE_RANGE_CLOEXEC_ 4u

/* In a child that is about to run it, that is still us. */
err *proc_self_path(struct str *ret_path)
{
	str_addz(ret_path, "/proc/self/exe");
	return NULL;
}

int proc_os_exit_fd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/*
 * Nothing of ours is meant for a child except what dup2 puts in place, so everything above stderr
 * is marked close-on-exec, also what a library opened without. One call; before Linux 5.11 it
 * fails and the flags given at open have to do.
 */
int proc_os_hide_fds(posix_spawnattr_t *attr, short *flags)
{
	(void)attr;
	(void)flags;
	(void)syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC_);
	return 0;
}

int proc_os_signal(int exit_fd, pid_t pid, int number)
{
	if (exit_fd < 0)
		return kill(pid, number);
	return (int)syscall(SYS_pidfd_send_signal, exit_fd, number, NULL, 0);
}

static bool boot_time(int64_t *ret_seconds)
{
	AUTO(str) text = STR_INIT;
	err *e = fs_read_file("/proc/stat", 8 << 20, &text);
	bool is_read = e == NULL;
	err_ignore(e, "no /proc: the time cannot be known");
	const char *line = is_read ? strstr(text.ptr, "\nbtime ") : NULL;
	if (!line)
		return false;
	const char *digits = line + strlen("\nbtime ");
	return num_parse_i64(digits, strspn(digits, "0123456789"), ret_seconds);
}

/* Field 22 of /proc/PID/stat, in clock ticks since boot; the name in field 2 may hold anything. */
static bool start_ticks(pid_t pid, int64_t *ret_ticks)
{
	AUTOFREE char *path = str_format("/proc/%d/stat", (int)pid);
	AUTO(str) text = STR_INIT;
	err *e = fs_read_file(path, 64 << 10, &text);
	bool is_read = e == NULL;
	err_ignore(e, "the process is gone");
	const char *at = is_read ? strrchr(text.ptr, ')') : NULL;
	for (int field = 2; at && field < 22; field++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	return at && num_parse_i64(at, strspn(at, "0123456789"), ret_ticks);
}

bool proc_os_start_time(pid_t pid, int64_t *ret_seconds)
{
	int64_t boot, ticks;
	long per_second = sysconf(_SC_CLK_TCK);
	if (per_second <= 0 || !boot_time(&boot) || !start_ticks(pid, &ticks))
		return false;
	*ret_seconds = boot + ticks / per_second;
	return true;
}

void proc_os_adopt_orphans(void)
{
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* process 1 gets them anyway */
}
