/*
 * The least a program can do that writes files as durably as fettle: temp file in the same folder,
 * write, fsync, rename, fsync of the folder.
 *
 *	bench_write DIR COUNT SIZE [each|end]
 *
 * A thousand files to a folder, as tests/bench/manifests lays them out. `each` (the default) flushes
 * the folder after every file, `end` once after its last.
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

static int open_folder(int top, int index)
{
	char name[16];
	snprintf(name, sizeof(name), "%03d", index);
	if (mkdirat(top, name, 0755) != 0 || fsync(top) != 0)
		fail("make folder");
	int dir = openat(top, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		fail("open folder");
	return dir;
}

static void write_files(int top, int count, size_t size, int flushes_each)
{
	enum { FILES_PER_FOLDER = 1000 };
	char *bytes = malloc(size + 1);
	if (!bytes)
		fail("malloc");
	memset(bytes, 'x', size);
	for (int start = 0; start < count; start += FILES_PER_FOLDER) {
		int dir = open_folder(top, start / FILES_PER_FOLDER);
		for (int i = start; i < count && i < start + FILES_PER_FOLDER; i++) {
			write_file(dir, i, bytes, size);
			if (flushes_each && fsync(dir) != 0)
				fail("fsync folder");
		}
		if (fsync(dir) != 0 || close(dir) != 0)
			fail("fsync folder");
	}
	free(bytes);
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: bench_write DIR COUNT SIZE [each|end]\n");
		return 2;
	}
	if (mkdir(argv[1], 0755) != 0)
		fail(argv[1]);
	int top = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		fail(argv[1]);
	write_files(top, atoi(argv[2]), (size_t)atoi(argv[3]),
		    argc < 5 || strcmp(argv[4], "end") != 0);
	return 0;
}
