/*
 * Runs commands in turn, ROUNDS times each, and prints one line per command: median wall time and
 * median CPU time in microseconds, largest resident set in KiB, runs that failed.
 *
 *	measure ROUNDS -- COMMAND ARG… [-- COMMAND ARG…]…
 *
 * MEASURE_PREPARE, a shell command, is run before each of them and not measured. Output goes to
 * /dev/null. An exit code over MEASURE_MAX_EXIT (default 0) is a failure.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_COMMANDS = 16, MAX_ROUNDS = 2000 };

struct command {
	char **argv;
	long wall_us[MAX_ROUNDS], cpu_us[MAX_ROUNDS];
	long max_rss_kib;
	int failures;
};

static struct command commands[MAX_COMMANDS];

static long now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

static long cpu_us(const struct rusage *usage)
{
	return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000L +
	       usage->ru_utime.tv_usec + usage->ru_stime.tv_usec;
}

static void run(struct command *command, int round, int null, int max_exit)
{
	struct rusage usage = { 0 };
	int status = 0;
	long start_us = now_us();
	pid_t child = vfork();
	if (child == 0) {
		dup2(null, 1);
		dup2(null, 2);
		execvp(command->argv[0], command->argv);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child)
		abort();
	command->wall_us[round] = now_us() - start_us;
	command->cpu_us[round] = cpu_us(&usage);
	if (usage.ru_maxrss > command->max_rss_kib)
		command->max_rss_kib = usage.ru_maxrss;
	if (!WIFEXITED(status) || WEXITSTATUS(status) > max_exit)
		command->failures++;
}

static int compare(const void *a, const void *b)
{
	long left = *(const long *)a, right = *(const long *)b;
	return (left > right) - (left < right);
}

static long median(long *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), compare);
	return values[count / 2];
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 0;
	int count = 0;
	for (int i = 2; i < argc; i++)
		if (strcmp(argv[i], "--") == 0) {
			argv[i] = NULL;
			if (count < MAX_COMMANDS && i + 1 < argc)
				commands[count++].argv = &argv[i + 1];
		}
	if (rounds < 1 || rounds > MAX_ROUNDS || count == 0) {
		fprintf(stderr, "usage: measure ROUNDS -- COMMAND ARG... [-- COMMAND ARG...]...\n");
		return 2;
	}
	const char *prepare = getenv("MEASURE_PREPARE");
	const char *max_exit = getenv("MEASURE_MAX_EXIT");
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < count; i++) {
			if (prepare && system(prepare) != 0)
				return 1;
			run(&commands[i], round, null, max_exit ? atoi(max_exit) : 0);
		}
	for (int i = 0; i < count; i++)
		printf("%ld %ld %ld %d\n", median(commands[i].wall_us, rounds),
		       median(commands[i].cpu_us, rounds), commands[i].max_rss_kib,
		       commands[i].failures);
	return 0;
}
