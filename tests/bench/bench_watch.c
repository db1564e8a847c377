/*
 * Drift and its repair, seen from outside.
 *
 *	bench_watch measure FILE COUNT    damages FILE, waits until its first content is back, COUNT
 *	                                  times; prints p50, p99 and the largest in microseconds
 *	bench_watch restore FILE          the peer: the least a program can do that puts FILE back when
 *	                                  it changes (inotify, temp file, fsync, rename, fsync of the
 *	                                  folder); runs until it is killed
 */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

enum { MAX_BYTES = 1 << 20, TIMEOUT_MS = 5000, MAX_COUNT = 10000 };

static char wanted[MAX_BYTES], found[MAX_BYTES];
static size_t wanted_len;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static long now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

static size_t read_file(const char *path, char *bytes)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return 0;
	ssize_t len = read(file, bytes, MAX_BYTES);
	close(file);
	return len < 0 ? 0 : (size_t)len;
}

static int is_right(const char *path)
{
	return read_file(path, found) == wanted_len && memcmp(found, wanted, wanted_len) == 0;
}

static int watch(const char *path)
{
	static char dir[PATH_MAX];
	snprintf(dir, sizeof(dir), "%s", path);
	int inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (inotify < 0 ||
	    inotify_add_watch(inotify, dirname(dir), IN_MOVED_TO | IN_CLOSE_WRITE) < 0)
		fail("inotify");
	return inotify;
}

/* Wait for an event; 0 when none came in time. */
static int await(int inotify, int timeout_ms)
{
	static char events[65536];
	struct pollfd poll_fd = { inotify, POLLIN, 0 };
	int count = poll(&poll_fd, 1, timeout_ms);
	while (read(inotify, events, sizeof(events)) > 0)
		;
	return count > 0;
}

static void pause_ms(long ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };
	nanosleep(&time, NULL);
}

static void damage(const char *path)
{
	int file = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (file < 0 || write(file, "damaged\n", 8) != 8 || close(file) != 0)
		fail("damage");
}

static int compare(const void *a, const void *b)
{
	long left = *(const long *)a, right = *(const long *)b;
	return (left > right) - (left < right);
}

static int measure(const char *path, int count)
{
	static long times_us[MAX_COUNT];
	int inotify = watch(path);
	for (int i = 0; i < count; i++) {
		long start_us = now_us();
		damage(path);
		while (!is_right(path))
			if (!await(inotify, TIMEOUT_MS)) {
				fprintf(stderr, "repair %d did not come within %d ms\n", i + 1,
					TIMEOUT_MS);
				return 1;
			}
		times_us[i] = now_us() - start_us;
		pause_ms(30 + i % 41); /* not in step with anything */
	}
	qsort(times_us, (size_t)count, sizeof(*times_us), compare);
	printf("%ld %ld %ld\n", times_us[count / 2], times_us[(count * 99 - 1) / 100],
	       times_us[count - 1]);
	return 0;
}

static void put_back(const char *path)
{
	char temp[PATH_MAX], dir_name[PATH_MAX];
	snprintf(temp, sizeof(temp), "%s.tmp", path);
	snprintf(dir_name, sizeof(dir_name), "%s", path);
	int file = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int dir = open(dirname(dir_name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file < 0 || dir < 0 || write(file, wanted, wanted_len) != (ssize_t)wanted_len ||
	    fsync(file) != 0 || close(file) != 0 || rename(temp, path) != 0 || fsync(dir) != 0)
		fail("restore");
	close(dir);
}

__attribute__((noreturn)) static void restore(const char *path)
{
	int inotify = watch(path);
	for (;;) {
		(void)await(inotify, -1);
		if (!is_right(path))
			put_back(path);
	}
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: bench_watch measure FILE COUNT | restore FILE\n");
		return 2;
	}
	wanted_len = read_file(argv[2], wanted);
	if (wanted_len == 0)
		fail(argv[2]);
	if (strcmp(argv[1], "restore") == 0)
		restore(argv[2]);
	int count = argc > 3 ? atoi(argv[3]) : 200;
	return measure(argv[2], count < 1 || count > MAX_COUNT ? 200 : count);
}
