#include "base/base.h"

#include "pal/proc.h"
#include "pal/proc_os_posix.h"

#include <mach-o/dyld.h>
#include <signal.h>
#include <sys/sysctl.h>

err *proc_self_path(struct str *ret_path)
{
	char path[4096];
	uint32_t size = sizeof(path);
	if (_NSGetExecutablePath(path, &size) != 0)
		return err_new(ERR_LIMIT, "the path of fettle's own executable is too long");
	str_addz(ret_path, path);
	return NULL;
}

int proc_os_exit_fd(pid_t pid)
{
	(void)pid;
	return -1;
}

int proc_os_hide_fds(posix_spawnattr_t *attr, short *flags)
{
	(void)attr;
	*flags = (short)(*flags | POSIX_SPAWN_CLOEXEC_DEFAULT);
	return 0;
}

int proc_os_signal(int exit_fd, pid_t pid, int number)
{
	(void)exit_fd;
	return kill(pid, number);
}

bool proc_os_start_time(pid_t pid, int64_t *ret_seconds)
{
	struct kinfo_proc info;
	size_t size = sizeof(info);
	int name[] = { CTL_KERN, KERN_PROC, KERN_PROC_PID, (int)pid };
	if (sysctl(name, ARRAY_LEN(name), &info, &size, NULL, 0) != 0 || size == 0)
		return false;
	*ret_seconds = (int64_t)info.kp_proc.p_starttime.tv_sec;
	return true;
}

void proc_os_adopt_orphans(void)
{
	/* Only process 1 gets them here. */
}
