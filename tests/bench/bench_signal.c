/*
 * bench_signal ROUNDS FROM TO PIDFILE [PAUSE_MS]: writes FROM anew, renames it to TO and measures the time until USR1
 * comes, in µs, a line each round. Our process id is in PIDFILE for whoever shall send the signal.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	sigset_t set;
	struct timespec limit = { 5, 0 };
	if (argc != 5 && argc != 6)
		return 2;
	struct timespec pause = { 0, (argc == 6 ? atol(argv[5]) : 20) * 1000 * 1000 };
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	FILE *pid = fopen(argv[4], "w");
	if (!pid)
		return 2;
	fprintf(pid, "%d\n", (int)getpid());
	fclose(pid);
	/* Whoever sends is started now, and says so with a first signal or by a file. */
	nanosleep(&(struct timespec){ 1, 0 }, NULL);
	while (sigtimedwait(&set, NULL, &(struct timespec){ 0, 0 }) > 0)
		;
	for (int i = 0; i < atoi(argv[1]); i++) {
		FILE *file = fopen(argv[2], "w");
		if (!file)
			return 2;
		fprintf(file, "round %d\n", i);
		fclose(file);
		nanosleep(&pause, NULL);
		long long begin = now_us();
		if (rename(argv[2], argv[3]) != 0)
			return 2;
		if (sigtimedwait(&set, NULL, &limit) != SIGUSR1)
			return 1;
		printf("%lld\n", now_us() - begin);
		nanosleep(&pause, NULL);
		while (sigtimedwait(&set, NULL, &(struct timespec){ 0, 0 }) > 0)
			;
	}
	return 0;
}
