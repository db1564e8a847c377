/*
 * The least a program can do that writes files as durably as fettle: temp file in the same folder,
 * write, fsync, rename, fsync of the folder.
 *
 *	bench_write DIR COUNT SIZE [each|end]
 *
 * `each` (the default) flushes the folder after every file, `end` once after the last.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void write_file(int dir, int index, const char *bytes, size_t size)
{
	char name[64], temp[64];
	snprintf(name, sizeof(name), "file-%06d", index);
	snprintf(temp, sizeof(temp), ".file-%06d.tmp", index);
	int file = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (file < 0)
		fail("open");
	if (write(file, bytes, size) != (ssize_t)size)
		fail("write");
	if (fsync(file) != 0 || close(file) != 0)
		fail("fsync");
	if (renameat(dir, temp, dir, name) != 0)
		fail("rename");
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: bench_write DIR COUNT SIZE [each|end]\n");
		return 2;
	}
	int count = atoi(argv[2]);
	size_t size = (size_t)atoi(argv[3]);
	int flushes_each = argc < 5 || strcmp(argv[4], "end") != 0;
	char *bytes = malloc(size + 1);
	if (!bytes)
		fail("malloc");
	memset(bytes, 'x', size);
	(void)mkdir(argv[1], 0755);
	int dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		fail("open folder");
	for (int i = 0; i < count; i++) {
		write_file(dir, i, bytes, size);
		if (flushes_each && fsync(dir) != 0)
			fail("fsync folder");
	}
	if (fsync(dir) != 0)
		fail("fsync folder");
	free(bytes);
	return 0;
}
