/* The least that can tell of a rename: waits on a folder and sends USR1 to a process. */
#include <signal.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char buf[4096];
	int fd = inotify_init1(0);
	if (argc != 3 || inotify_add_watch(fd, argv[1], IN_MOVED_TO) < 0)
		return 2;
	while (read(fd, buf, sizeof(buf)) > 0)
		kill((pid_t)atoi(argv[2]), SIGUSR1);
	return 1;
}
