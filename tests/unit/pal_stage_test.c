#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/path.h"
#include "pal/fault.h"
#include "pal/fs.h"
#include "pal/root.h"
#include "pal/root_posix.h"
#include "pal/stage_posix.h"

static struct fs_root *open_root(void)
{
	struct fs_root *root = NULL;
	err *e = fs_root_open(test_dir(), false, &root);
	if (e)
		abort();
	return root;
}

static const struct fs_stage_opts plain = { 0644, FS_KEEP, FS_KEEP, false };

static size_t count_entries(struct fs_root *root, const char *rel)
{
	AUTO(fs_list) list = { 0 };
	err_ignore(fs_root_list(root, rel, &list), "a test looks at the count");
	return list.len;
}

TEST(stage, shows_a_copy_before_anything_changes)
{
	AUTOPTR(fs_root) root = open_root();
	struct fs_stage *stage = NULL;
	AUTO(str) text = STR_INIT;
	CHECK_OK(fs_root_write(root, "conf", &plain, view_of("old"), 0));
	CHECK_OK(fs_stage_begin(root, "conf", &plain, view_of("new"), &stage));
	CHECK_OK(fs_read_file(fs_stage_path(stage), 100, &text));
	CHECK_STR(text.ptr, "new");
	CHECK_OK(fs_root_read(root, "conf", 100, &text, NULL));
	CHECK_STR(text.ptr, "old");
	CHECK_OK(fs_stage_commit(stage, 0));
	CHECK_OK(fs_root_read(root, "conf", 100, &text, NULL));
	CHECK_STR(text.ptr, "new");
	CHECK_INT(count_entries(root, ""), 1);
}

TEST(stage, thrown_away_it_leaves_nothing)
{
	AUTOPTR(fs_root) root = open_root();
	struct fs_stage *stage = NULL;
	CHECK_OK(fs_stage_begin(root, "conf", &plain, view_of("new"), &stage));
	CHECK_INT(count_entries(root, ""), 1);
	fs_stage_free(stage);
	CHECK_INT(count_entries(root, ""), 0);
	fs_stage_free(NULL);
}

TEST(stage, a_staged_script_can_be_run)
{
	AUTOPTR(fs_root) root = open_root();
	struct fs_stage *stage = NULL;
	const struct fs_stage_opts opts = { 0755, FS_KEEP, FS_KEEP, false };
	CHECK_OK(fs_stage_begin(root, "run.sh", &opts, view_of("#!/bin/sh\nexit 7\n"), &stage));
	pid_t pid = fork();
	if (pid == 0) {
		execl(fs_stage_path(stage), "run.sh", (char *)NULL);
		_exit(errno == ETXTBSY ? 99 : 98);
	}
	int status;
	CHECK_INT(waitpid(pid, &status, 0), pid);
	fs_stage_free(stage);
	CHECK_INT(WEXITSTATUS(status), 7);
}

TEST(stage, keeps_the_mode_of_the_old_file_unless_told)
{
	AUTOPTR(fs_root) root = open_root();
	struct fs_stat st;
	CHECK_OK(fs_root_write(root, "new", &FS_STAGE_KEEP, view_of("x"), 0));
	CHECK_OK(fs_root_stat(root, "new", &st));
	CHECK_INT(st.mode, 0644);
	CHECK_OK(fs_root_chmod(root, "new", 04711));
	CHECK_OK(fs_root_write(root, "new", &FS_STAGE_KEEP, view_of("y"), 0));
	CHECK_OK(fs_root_stat(root, "new", &st));
	CHECK_INT(st.mode, 04711);
	CHECK_OK(fs_root_write(root, "new", &plain, view_of("z"), 0));
	CHECK_OK(fs_root_stat(root, "new", &st));
	CHECK_INT(st.mode, 0644);
}

TEST(stage, keeps_the_owner_of_the_old_file_unless_told)
{
	if (geteuid() != 0) {
		test_skip("needs root");
		return;
	}
	AUTOPTR(fs_root) root = open_root();
	struct fs_stat st;
	CHECK_OK(fs_root_write(root, "file", &plain, view_of("x"), 0));
	CHECK_OK(fs_root_chown(root, "file", 1000, 2000));
	CHECK_OK(fs_root_chmod(root, "file", 06755));
	CHECK_OK(fs_root_write(root, "file", &FS_STAGE_KEEP, view_of("y"), 0));
	CHECK_OK(fs_root_stat(root, "file", &st));
	CHECK_INT(st.uid, 1000);
	CHECK_INT(st.gid, 2000);
	CHECK_INT(st.mode, 06755);
	const struct fs_stage_opts opts = { FS_KEEP, 3000, FS_KEEP, true };
	CHECK_OK(fs_root_write(root, "file", &opts, view_of("z"), 0));
	CHECK_OK(fs_root_stat(root, "file", &st));
	CHECK_INT(st.uid, 3000);
	CHECK_INT(st.gid, 2000);
}

/* The value of an attribute; "" when there is none. */
static void attribute(const char *path, const char *name, char *buf, size_t size)
{
	ssize_t len = getxattr(path, name, buf, size - 1);
	buf[len > 0 ? len : 0] = '\0';
}

TEST(stage, keeps_extended_attributes_when_asked)
{
	AUTOPTR(fs_root) root = open_root();
	AUTOFREE char *path = path_join(test_dir(), "file");
	char value[100];
	CHECK_OK(fs_root_write(root, "file", &plain, view_of("x"), 0));
	if (setxattr(path, "user.note", "hello", 5, 0) != 0) {
		test_skip("no extended attributes on this file system");
		return;
	}
	CHECK_INT(setxattr(path, "user.empty", "", 0, 0), 0);
	CHECK_OK(fs_root_write(root, "file", &FS_STAGE_KEEP, view_of("y"), 0));
	attribute(path, "user.note", value, sizeof(value));
	CHECK_STR(value, "hello");
	CHECK_INT(getxattr(path, "user.empty", NULL, 0), 0);
	CHECK_OK(fs_root_write(root, "file", &plain, view_of("z"), 0));
	CHECK_INT(getxattr(path, "user.note", NULL, 0), -1);
}

/* user::rw-, user:1000:rw-, group::r--, mask::rw-, other::--- as the kernel stores it */
static const unsigned char acl[] = {
	2, 0,   0,   0,   1,   0,   6,  0, 255, 255, 255, 255, 2,   0,   6,
	0, 232, 3,   0,   0,   4,   0,  4, 0,   255, 255, 255, 255, 16,  0,
	6, 0,   255, 255, 255, 255, 32, 0, 0,   0,   255, 255, 255, 255,
};

TEST(stage, keeps_access_lists_and_drops_inherited_ones)
{
	AUTOPTR(fs_root) root = open_root();
	AUTOFREE char *path = path_join(test_dir(), "file");
	struct fs_stat st;
	char value[100];
	CHECK_OK(fs_root_write(root, "file", &plain, view_of("x"), 0));
	if (setxattr(path, "system.posix_acl_access", acl, sizeof(acl), 0) != 0) {
		test_skip("no access lists on this file system");
		return;
	}
	CHECK_OK(fs_root_write(root, "file", &FS_STAGE_KEEP, view_of("y"), 0));
	CHECK_INT(getxattr(path, "system.posix_acl_access", value, sizeof(value)), sizeof(acl));
	CHECK(memcmp(value, acl, sizeof(acl)) == 0);
	CHECK_OK(fs_root_stat(root, "file", &st));
	CHECK_INT(st.mode, 0660);
	CHECK_OK(fs_root_write(root, "bare", &plain, view_of("x"), 0));
	CHECK_INT(setxattr(test_dir(), "system.posix_acl_default", acl, sizeof(acl), 0), 0);
	CHECK_OK(fs_root_write(root, "bare", &FS_STAGE_KEEP, view_of("y"), 0));
	AUTOFREE char *bare = path_join(test_dir(), "bare");
	CHECK_INT(getxattr(bare, "system.posix_acl_access", NULL, 0), -1);
	CHECK_OK(fs_root_stat(root, "bare", &st));
	CHECK_INT(st.mode, 0644);
}

TEST(stage, keeps_capabilities)
{
	/* version 2, cap_net_bind_service permitted and effective */
	static const unsigned char caps[20] = { 1, 0, 0, 2, 0, 4 };
	AUTOPTR(fs_root) root = open_root();
	AUTOFREE char *path = path_join(test_dir(), "file");
	char value[100];
	CHECK_OK(fs_root_write(root, "file", &plain, view_of("x"), 0));
	if (setxattr(path, "security.capability", caps, sizeof(caps), 0) != 0) {
		test_skip("needs root and a file system with capabilities");
		return;
	}
	CHECK_OK(fs_root_chown(root, "file", 0, 0));
	CHECK_INT(setxattr(path, "security.capability", caps, sizeof(caps), 0), 0);
	CHECK_OK(fs_root_write(root, "file", &FS_STAGE_KEEP, view_of("y"), 0));
	CHECK_INT(getxattr(path, "security.capability", value, sizeof(value)), sizeof(caps));
	CHECK(memcmp(value, caps, sizeof(caps)) == 0);
}

TEST(stage, long_names_fit)
{
	AUTOPTR(fs_root) root = open_root();
	AUTO(str) name = STR_INIT;
	for (int i = 0; i < 127; i++)
		str_addz(&name, "é");
	CHECK_OK(fs_root_write(root, name.ptr, &plain, view_of("x"), 0));
	CHECK_INT(count_entries(root, ""), 1);
	char temp[STAGE_NAME_MAX];
	stage_temp_name(name.ptr, temp);
	CHECK(strlen(temp) <= 255);
	CHECK(stage_is_temp_name(temp));
}

TEST(stage, temp_names_are_recognised_and_others_are_not)
{
	CHECK(stage_is_temp_name(".motd.fettle-abcdefgh01"));
	CHECK(!stage_is_temp_name("motd.fettle-abcdefgh01"));
	CHECK(!stage_is_temp_name(".motd.fettle-abcdefgh0"));
	CHECK(!stage_is_temp_name(".motd.fettle-ABCDEFGH01"));
	CHECK(!stage_is_temp_name(".fettle"));
	CHECK(!stage_is_temp_name(""));
}

TEST(stage, a_folder_in_the_way_is_an_error_at_once)
{
	AUTOPTR(fs_root) root = open_root();
	struct fs_stage *stage = NULL;
	CHECK_OK(fs_root_mkdir(root, "dir", 0755));
	CHECK_ERR(fs_stage_begin(root, "dir", &plain, view_of("x"), &stage), ERR_INVALID,
	          "it is a folder");
	CHECK_ERR(fs_stage_begin(root, "no/file", &plain, view_of("x"), &stage), ERR_NOT_FOUND,
	          "cannot write");
	CHECK_OK(fs_stage_begin(root, "late", &plain, view_of("x"), &stage));
	CHECK_OK(fs_root_mkdir(root, "late", 0755));
	CHECK_ERR(fs_stage_commit(stage, 0), ERR_INVALID, "it is a folder");
	CHECK_INT(count_entries(root, ""), 2);
}

TEST(stage, a_sweep_takes_what_the_dead_left_and_nothing_else)
{
	AUTOPTR(fs_root) root = open_root();
	struct fs_stage *stage = NULL;
	size_t removed = 99;
	CHECK_OK(fs_stage_begin(root, "mine", &plain, view_of("x"), &stage));
	pid_t pid = fork();
	if (pid == 0) {
		struct fs_stage *lost = NULL;
		err_ignore(fs_stage_begin(root, "lost", &plain, view_of("x"), &lost), "seen below");
		raise(SIGKILL);
	}
	int status;
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_OK(fs_root_write(root, ".mine.fettle-notes", &plain, view_of("x"), 0));
	CHECK_INT(symlinkat("x", root->fd, ".link.fettle-abcdefghij"), 0);
	CHECK_INT(count_entries(root, ""), 4);
	CHECK_OK(fs_root_sweep(root, "", &removed));
	CHECK_INT(removed, 2);
	CHECK_INT(count_entries(root, ""), 2);
	CHECK_OK(fs_stage_commit(stage, 0));
	CHECK_OK(fs_root_sweep(root, "no/such", &removed));
	CHECK_INT(removed, 0);
}

/* --- file systems that fail; each needs root for the mount --- */

static bool mount_tmpfs(const char *path, const char *options)
{
	err_ignore(fs_mkdir_all(path, 0755), "the mount will tell");
	return mount("tmpfs", path, "tmpfs", 0, options) == 0;
}

TEST(stage, a_full_disk_leaves_the_old_file_and_no_temp)
{
	AUTOFREE char *path = path_join(test_dir(), "disk");
	if (!mount_tmpfs(path, "size=64k")) {
		test_skip("cannot mount a tmpfs here");
		return;
	}
	struct fs_root *root = NULL;
	AUTO(str) big = STR_INIT;
	AUTO(str) text = STR_INIT;
	str_add_repeat(&big, 'x', 200000);
	err *opened = fs_root_open(path, false, &root);
	err *first = fs_root_write(root, "file", &plain, view_of("old"), 0);
	err *full = fs_root_write(root, "file", &plain, view_str(&big), 0);
	size_t left = count_entries(root, "");
	err *read = fs_root_read(root, "file", 100, &text, NULL);
	fs_root_free(root);
	umount(path);
	CHECK_OK(opened);
	CHECK_OK(first);
	CHECK_ERR(full, ERR_IO, "No space left");
	CHECK_INT(left, 1);
	CHECK_OK(read);
	CHECK_STR(text.ptr, "old");
}

TEST(stage, a_read_only_disk_is_denied)
{
	AUTOFREE char *path = path_join(test_dir(), "disk");
	if (!mount_tmpfs(path, "ro")) {
		test_skip("cannot mount a tmpfs here");
		return;
	}
	struct fs_root *root = NULL;
	err *opened = fs_root_open(path, false, &root);
	err *write = fs_root_write(root, "file", &plain, view_of("x"), 0);
	fs_root_free(root);
	umount(path);
	CHECK_OK(opened);
	CHECK_ERR(write, ERR_DENIED, "Read-only");
}

TEST(stage, a_bind_mounted_file_is_overwritten_only_when_allowed)
{
	AUTOPTR(fs_root) root = open_root();
	AUTO(str) text = STR_INIT;
	AUTOFREE char *from = path_join(test_dir(), "from"), *to = path_join(test_dir(), "to");
	CHECK_OK(fs_root_write(root, "from", &plain, view_of("old and longer"), 0));
	CHECK_OK(fs_root_write(root, "to", &plain, view_of(""), 0));
	if (mount(from, to, NULL, MS_BIND, NULL) != 0) {
		test_skip("cannot bind-mount here");
		return;
	}
	err *refused = fs_root_write(root, "to", &plain, view_of("new"), 0);
	err *allowed = fs_root_write(root, "to", &plain, view_of("new"), FS_IN_PLACE_IF_BUSY);
	size_t left = count_entries(root, "");
	umount(to);
	CHECK_ERR(refused, ERR_REFUSED, "mount point");
	CHECK_OK(allowed);
	CHECK_INT(left, 2);
	CHECK_OK(fs_root_read(root, "from", 100, &text, NULL));
	CHECK_STR(text.ptr, "new");
}

TEST(stage, a_mount_inside_a_tree_is_not_removed)
{
	AUTOPTR(fs_root) root = open_root();
	AUTOFREE char *path = path_join(test_dir(), "tree/disk");
	AUTOFREE char *file = path_join(path, "file");
	if (!mount_tmpfs(path, "size=64k")) {
		test_skip("cannot mount a tmpfs here");
		return;
	}
	err *write = fs_write_atomic(file, view_of("x"), 0600);
	err *removed = fs_root_remove_tree(root, "tree");
	err *above = fs_remove_tree(path);
	err *moved = fs_root_rename(root, "tree/disk/file", "file", 0);
	bool is_there = fs_exists(file);
	umount(path);
	CHECK_OK(write);
	CHECK_ERR(removed, ERR_REFUSED, "another file system");
	CHECK_ERR(above, ERR_REFUSED, "another file system");
	CHECK_ERR(moved, ERR_IO, "device link");
	CHECK(is_there);
}

#ifdef FETTLE_TEST_HOOKS
TEST(stage, any_failing_call_leaves_the_old_file_and_no_temp)
{
	AUTOPTR(fs_root) root = open_root();
	AUTO(str) text = STR_INIT;
	CHECK_OK(fs_root_mkdir(root, "dir", 0755));
	CHECK_OK(fs_root_write(root, "dir/file", &plain, view_of("old"), 0));
	fault_arm(0);
	CHECK_OK(fs_root_write(root, "dir/file", &FS_STAGE_KEEP, view_of("old"), 0));
	unsigned long calls = fault_count();
	CHECK(calls > 5);
	for (unsigned long n = 1; n <= calls; n++) {
		fault_arm(n);
		err *e = fs_root_write(root, "dir/file", &FS_STAGE_KEEP, view_of("new"), 0);
		fault_arm(0);
		CHECK_INT(count_entries(root, "dir"), 1);
		CHECK_OK(fs_root_read(root, "dir/file", 100, &text, NULL));
		/* the last call flushes the folder: then the file is new, and we say it is in doubt */
		CHECK_STR(text.ptr, n == calls ? "new" : "old");
		CHECK_ERR(e, ERR_IO, "cannot");
	}
}

TEST(stage, killed_at_any_call_the_file_is_whole_and_a_sweep_cleans_up)
{
	AUTOPTR(fs_root) root = open_root();
	AUTO(str) text = STR_INIT;
	int status = 1;
	unsigned long n = 0;
	CHECK_OK(fs_root_mkdir(root, "dir", 0755));
	while (status != 0 && n < 1000) {
		fault_arm(0);
		CHECK_OK(fs_root_write(root, "dir/file", &plain, view_of("old"), 0));
		n++;
		pid_t pid = fork();
		if (pid == 0) {
			fault_arm_kill(n);
			err *e = fs_root_write(root, "dir/file", &FS_STAGE_KEEP, view_of("new"), 0);
			_exit(e ? 1 : 0);
		}
		CHECK_INT(waitpid(pid, &status, 0), pid);
		size_t removed;
		CHECK_OK(fs_root_sweep(root, "dir", &removed));
		CHECK_INT(count_entries(root, "dir"), 1);
		CHECK_OK(fs_root_read(root, "dir/file", 100, &text, NULL));
		CHECK(str_equal(text.ptr, "old") || str_equal(text.ptr, "new"));
	}
	CHECK(n > 10);
	CHECK_INT(status, 0);
	CHECK_STR(text.ptr, "new");
}
#endif
