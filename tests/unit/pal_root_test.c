#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/path.h"
#include "pal/fs.h"
#include "pal/root.h"
#include "pal/root_posix.h"

/* A root at <test folder>/root and something outside that nobody may touch. */
static struct fs_root *open_root(bool by_hand)
{
	struct fs_root *root = NULL;
	AUTOFREE char *path = path_join(test_dir(), "root");
	AUTOFREE char *outside = path_join(test_dir(), "outside");
	AUTOFREE char *secret = path_join(test_dir(), "outside/secret");
	err *e = fs_root_open(path, true, &root);
	if (!e)
		e = fs_mkdir_all(outside, 0755);
	if (!e)
		e = fs_write_atomic(secret, view_of("secret"), 0644);
	if (e)
		abort();
	if (by_hand)
		root->has_fast = false;
	return root;
}

static const struct fs_stage_opts plain = { 0644, FS_KEEP, FS_KEEP, false };

static err *put(struct fs_root *root, const char *rel, const char *text)
{
	return fs_root_write(root, rel, &plain, view_of(text), 0);
}

static void make_link(struct fs_root *root, const char *target, const char *rel)
{
	if (symlinkat(target, root->fd, rel) != 0)
		abort();
}

static size_t count_entries(struct fs_root *root, const char *rel)
{
	AUTO(fs_list) list = { 0 };
	err_ignore(fs_root_list(root, rel, &list), "a test looks at the count");
	return list.len;
}

/* --- every check of what leads out runs twice: by the kernel and by hand --- */

#define BOTH(name_)                             \
	static void both_##name_(bool by_hand); \
	TEST(root, name_##_fast)                \
	{                                       \
		both_##name_(false);            \
	}                                       \
	TEST(root, name_##_by_hand)             \
	{                                       \
		both_##name_(true);             \
	}                                       \
	static void both_##name_(bool by_hand)

BOTH(an_absolute_symlink_is_refused_by_name)
{
	AUTOPTR(fs_root) root = open_root(by_hand);
	AUTO(str) text = STR_INIT;
	struct fs_stat st;
	bool is_same;
	AUTOFREE char *outside = path_join(test_dir(), "outside");
	make_link(root, outside, "out");
	CHECK_ERR(fs_root_read(root, "out/secret", 100, &text, NULL), ERR_REFUSED, "symlink 'out'");
	CHECK_ERR(fs_root_stat(root, "out/secret", &st), ERR_REFUSED, "leads out of");
	CHECK_ERR(fs_root_probe(root, "out/secret", &st), ERR_REFUSED, "leads out of");
	CHECK_ERR(fs_root_same(root, "out/secret", view_of("secret"), &is_same, &st), ERR_REFUSED,
	          "leads out of");
	CHECK_ERR(put(root, "out/secret", "x"), ERR_REFUSED, "-> '");
	CHECK_ERR(fs_root_mkdir(root, "out/dir", 0755), ERR_REFUSED, "leads out of");
	CHECK_ERR(fs_root_mkdir_all(root, "out/dir/dir", 0755), ERR_REFUSED, "leads out of");
	CHECK_ERR(fs_root_unlink(root, "out/secret", 0), ERR_REFUSED, "leads out of");
	CHECK_ERR(fs_root_remove_tree(root, "out/secret"), ERR_REFUSED, "leads out of");
	CHECK_ERR(fs_root_chmod(root, "out/secret", 0777), ERR_REFUSED, "leads out of");
	CHECK_ERR(fs_root_chown(root, "out/secret", 0, 0), ERR_REFUSED, "leads out of");
	CHECK_ERR(fs_root_symlink_atomic(root, "x", "out/link", 0), ERR_REFUSED, "leads out of");
	CHECK_ERR(fs_root_rename(root, "out/secret", "mine", 0), ERR_REFUSED, "leads out of");
	CHECK_ERR(fs_root_sync_dir(root, "out"), ERR_REFUSED, "leads out of");
}

BOTH(a_symlink_that_climbs_out_is_refused)
{
	AUTOPTR(fs_root) root = open_root(by_hand);
	AUTO(str) text = STR_INIT;
	CHECK_OK(fs_root_mkdir_all(root, "a/b", 0755));
	make_link(root, "../../../outside", "a/b/up");
	make_link(root, "up", "a/b/up2");
	CHECK_ERR(fs_root_read(root, "a/b/up/secret", 100, &text, NULL), ERR_REFUSED,
	          "'a/b/up' -> '../../../outside'");
	CHECK_ERR(fs_root_read(root, "a/b/up2/secret", 100, &text, NULL), ERR_REFUSED,
	          "'a/b/up' -> '../../../outside'");
}

BOTH(an_absolute_symlink_to_the_inside_is_refused_too)
{
	AUTOPTR(fs_root) root = open_root(by_hand);
	AUTO(str) text = STR_INIT;
	CHECK_OK(fs_root_mkdir(root, "real", 0755));
	CHECK_OK(put(root, "real/file", "x"));
	AUTOFREE char *target = path_join(fs_root_path(root), "real");
	make_link(root, target, "link");
	CHECK_ERR(fs_root_read(root, "link/file", 100, &text, NULL), ERR_REFUSED, "leads out of");
}

BOTH(symlinks_that_stay_inside_are_followed_for_parents)
{
	AUTOPTR(fs_root) root = open_root(by_hand);
	AUTO(str) text = STR_INIT;
	CHECK_OK(fs_root_mkdir_all(root, "run/lock", 0755));
	CHECK_OK(fs_root_mkdir_all(root, "var/deep", 0755));
	make_link(root, "../run", "var/run");
	make_link(root, "../../var/run/./lock", "var/deep/lock");
	CHECK_OK(put(root, "var/run/pid", "12"));
	CHECK_OK(put(root, "var/deep/lock/x", "34"));
	CHECK_OK(fs_root_read(root, "run/pid", 100, &text, NULL));
	CHECK_STR(text.ptr, "12");
	CHECK_OK(fs_root_read(root, "run/lock/x", 100, &text, NULL));
	CHECK_STR(text.ptr, "34");
	CHECK_OK(fs_root_mkdir_all(root, "var/run/new/newer", 0755));
	CHECK_INT(count_entries(root, "run/new"), 1);
}

BOTH(a_symlink_in_the_last_place_is_not_followed)
{
	AUTOPTR(fs_root) root = open_root(by_hand);
	AUTO(str) text = STR_INIT;
	struct fs_stat st;
	bool is_same = true;
	CHECK_OK(put(root, "file", "text"));
	make_link(root, "file", "link");
	CHECK_OK(fs_root_stat(root, "link", &st));
	CHECK_INT(st.type, FS_SYMLINK);
	CHECK_ERR(fs_root_read(root, "link", 100, &text, NULL), ERR_INVALID, "it is a symlink");
	CHECK_OK(fs_root_same(root, "link", view_of("text"), &is_same, &st));
	CHECK(!is_same);
	CHECK_INT(st.type, FS_SYMLINK);
	CHECK_ERR(fs_root_chmod(root, "link", 0600), ERR_INVALID, "it is a symlink");
	CHECK_ERR(fs_root_list(root, "link", &(struct fs_list){ 0 }), ERR_INVALID,
	          "it is a symlink");
	CHECK_OK(fs_root_readlink(root, "link", &text));
	CHECK_STR(text.ptr, "file");
	CHECK_OK(put(root, "link", "new"));
	CHECK_OK(fs_root_read(root, "file", 100, &text, NULL));
	CHECK_STR(text.ptr, "text");
}

BOTH(loops_of_symlinks_end)
{
	AUTOPTR(fs_root) root = open_root(by_hand);
	struct fs_stat st;
	make_link(root, "b", "a");
	make_link(root, "a", "b");
	err *e = fs_root_stat(root, "a/x", &st);
	CHECK(e != NULL);
	CHECK_INT(err_code(e), ELOOP);
	err_free(e);
}

BOTH(deep_paths_work)
{
	AUTOPTR(fs_root) root = open_root(by_hand);
	AUTO(str) rel = STR_INIT;
	AUTO(str) text = STR_INIT;
	str_addz(&rel, "d");
	for (int i = 0; i < 100; i++)
		str_addz(&rel, "/d");
	CHECK_OK(fs_root_mkdir_all(root, rel.ptr, 0755));
	str_addz(&rel, "/file");
	CHECK_OK(put(root, rel.ptr, "deep"));
	CHECK_OK(fs_root_read(root, rel.ptr, 100, &text, NULL));
	CHECK_OK(fs_root_remove_tree(root, "d"));
	CHECK_INT(count_entries(root, ""), 0);
}

BOTH(a_parent_swapped_for_a_symlink_is_no_door)
{
	AUTOPTR(fs_root) root = open_root(by_hand);
	struct fs_stage *stage = NULL;
	AUTO(str) text = STR_INIT;
	AUTOFREE char *outside = path_join(test_dir(), "outside");
	AUTOFREE char *secret = path_join(test_dir(), "outside/secret");
	CHECK_OK(fs_root_mkdir(root, "dir", 0755));
	CHECK_OK(fs_stage_begin(root, "dir/secret", &plain, view_of("x"), &stage));
	CHECK_OK(fs_root_rename(root, "dir", "moved", 0));
	make_link(root, outside, "dir");
	CHECK_OK(fs_stage_commit(stage, 0));
	CHECK_OK(fs_read_file(secret, 100, &text));
	CHECK_STR(text.ptr, "secret");
	CHECK_OK(fs_root_read(root, "moved/secret", 100, &text, NULL));
	CHECK_STR(text.ptr, "x");
}

TEST(root, plain_relative_paths_only)
{
	AUTOPTR(fs_root) root = open_root(false);
	struct fs_stat st;
	static const char *const bad[] = { "../x", "/etc", "a/../b", "a//b",
		                           "a/",   "./a",  "a/.",    ".." };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CHECK_ERR(fs_root_stat(root, bad[i], &st), ERR_INVALID, "not a plain path");
		CHECK_ERR(put(root, bad[i], "x"), ERR_INVALID, "not a plain path");
	}
	AUTO(str) rel = STR_INIT;
	str_add_repeat(&rel, 'x', 5000);
	CHECK_ERR(fs_root_stat(root, rel.ptr, &st), ERR_INVALID, "longer than");
	CHECK_OK(fs_root_stat(root, "", &st));
	CHECK_OK(fs_root_stat(root, ".", &st));
	CHECK_INT(st.type, FS_DIR);
	CHECK_ERR(put(root, ".", "x"), ERR_INVALID, "it is a folder");
	CHECK_ERR(fs_root_remove_tree(root, ""), ERR_REFUSED, "the root itself");
}

TEST(root, opens_only_folders)
{
	struct fs_root *root = NULL;
	AUTOFREE char *file = path_join(test_dir(), "file");
	AUTOFREE char *missing = path_join(test_dir(), "missing");
	CHECK_OK(fs_write_atomic(file, view_of(""), 0600));
	CHECK_ERR(fs_root_open(file, false, &root), ERR_INVALID, "not a folder");
	CHECK_ERR(fs_root_open(missing, false, &root), ERR_NOT_FOUND, "as a root");
	CHECK_OK(fs_root_open(missing, true, &root));
	CHECK(!fs_root_is_machine(root));
	CHECK_STR(fs_root_path(root), missing);
	fs_root_free(root);
}

static void check_machine(bool by_hand)
{
	struct fs_root *root = NULL;
	AUTO(str) path = STR_INIT;
	struct fs_stat st;
	AUTOFREE char *dir = path_join(test_dir(), "real");
	AUTOFREE char *file = path_join(test_dir(), "real/file");
	AUTOFREE char *link = path_join(test_dir(), "link");
	AUTOFREE char *up = path_join(test_dir(), "up");
	CHECK_OK(fs_mkdir_all(dir, 0755));
	CHECK_OK(fs_write_atomic(file, view_of("x"), 0600));
	CHECK_INT(symlink(dir, link), 0);
	CHECK_INT(symlink("../../../../../../..", up), 0);
	CHECK_OK(fs_root_open("/", false, &root));
	root->has_fast = root->has_fast && !by_hand;
	CHECK(fs_root_is_machine(root));
	AUTOFREE char *rel = path_join(link + 1, "file");
	AUTOFREE char *rel_up = str_format("%s%s/file", up + 1, dir);
	CHECK_OK(fs_root_read(root, rel, 10, &path, &st));
	CHECK_OK(fs_root_read(root, rel_up, 10, &path, &st));
	CHECK_OK(fs_root_stat(root, rel, &st));
	CHECK_OK(fs_root_write(root, rel, &FS_STAGE_KEEP, view_of("yy"), 0));
	CHECK_OK(fs_stat(file, &st));
	CHECK_INT(st.size, 2);
	CHECK_INT(st.mode, 0600);
	fs_root_os_path(root, "etc/motd", &path);
	CHECK_STR(path.ptr, "/etc/motd");
	fs_root_free(root);
}

TEST(root, the_whole_machine_follows_absolute_symlinks)
{
	check_machine(false);
}

TEST(root, the_whole_machine_follows_absolute_symlinks_by_hand)
{
	check_machine(true);
}

/* --- looking --- */

TEST(root, probing_nothing_is_an_answer)
{
	AUTOPTR(fs_root) root = open_root(false);
	struct fs_stat st;
	bool is_same = true;
	CHECK_OK(put(root, "file", "x"));
	static const char *const missing[] = { "nothing", "no/such/folder", "file/below" };
	for (size_t i = 0; i < ARRAY_LEN(missing); i++) {
		CHECK_OK(fs_root_probe(root, missing[i], &st));
		CHECK_INT(st.type, FS_NONE);
		CHECK_OK(fs_root_same(root, missing[i], view_of(""), &is_same, &st));
		CHECK(!is_same);
		CHECK_INT(st.type, FS_NONE);
		CHECK_ERR(fs_root_stat(root, missing[i], &st), ERR_NOT_FOUND, missing[i]);
		CHECK_ERR(fs_root_read(root, missing[i], 9, &(struct str)STR_INIT, NULL),
		          ERR_NOT_FOUND, missing[i]);
	}
}

TEST(root, compares_content_byte_for_byte)
{
	AUTOPTR(fs_root) root = open_root(false);
	AUTO(str) big = STR_INIT;
	struct fs_stat st;
	bool is_same;
	str_add_repeat(&big, 'x', 100000);
	CHECK_OK(fs_root_write(root, "big", &plain, view_str(&big), 0));
	CHECK_OK(fs_root_same(root, "big", view_str(&big), &is_same, &st));
	CHECK(is_same);
	CHECK_INT(st.size, 100000);
	CHECK_INT(st.mode, 0644);
	big.ptr[99999] = 'y';
	CHECK_OK(fs_root_same(root, "big", view_str(&big), &is_same, &st));
	CHECK(!is_same);
	CHECK_OK(fs_root_same(root, "big", view_of("x"), &is_same, &st));
	CHECK(!is_same);
	CHECK_OK(put(root, "empty", ""));
	CHECK_OK(fs_root_same(root, "empty", (struct view){ NULL, 0 }, &is_same, &st));
	CHECK(is_same);
}

TEST(root, folders_pipes_and_sockets_are_not_files)
{
	AUTOPTR(fs_root) root = open_root(false);
	AUTO(str) text = STR_INIT;
	struct fs_stat st;
	bool is_same;
	CHECK_OK(fs_root_mkdir(root, "dir", 0755));
	AUTOFREE char *pipe = path_join(fs_root_path(root), "pipe");
	CHECK_INT(mkfifo(pipe, 0600), 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/sock", fs_root_path(root));
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int bound = bind(sock, (struct sockaddr *)&address, sizeof(address));
	close(sock);
	CHECK_INT(bound, 0);
	static const char *const names[] = { "dir", "pipe", "sock" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		CHECK_OK(fs_root_same(root, names[i], view_of(""), &is_same, &st));
		CHECK(!is_same);
		CHECK_INT(st.type, i == 0 ? FS_DIR : FS_OTHER);
		CHECK_ERR(fs_root_read(root, names[i], 9, &text, NULL), ERR_INVALID, "it is a");
		CHECK_OK(fs_root_chmod(root, names[i], 0700));
		CHECK_OK(fs_root_stat(root, names[i], &st));
		CHECK_INT(st.mode, 0700);
	}
}

/* --- changing --- */

TEST(root, folders_get_exactly_the_mode_asked_for)
{
	AUTOPTR(fs_root) root = open_root(false);
	struct fs_stat st;
	mode_t old = umask(077);
	err *e = fs_root_mkdir(root, "dir", 01777);
	if (!e)
		e = fs_root_mkdir_all(root, "x/y/z", 0775);
	umask(old);
	CHECK_OK(e);
	CHECK_OK(fs_root_stat(root, "dir", &st));
	CHECK_INT(st.mode, 01777);
	CHECK_OK(fs_root_stat(root, "x/y", &st));
	CHECK_INT(st.mode, 0775);
	CHECK_ERR(fs_root_mkdir(root, "dir", 0755), ERR_EXISTS, "cannot create the folder");
	CHECK_ERR(fs_root_mkdir(root, "no/dir", 0755), ERR_NOT_FOUND, "cannot create the folder");
	CHECK_OK(put(root, "file", "x"));
	CHECK_ERR(fs_root_mkdir_all(root, "file/dir", 0755), ERR_EXISTS,
	          "cannot create the folder");
	make_link(root, "nowhere", "dangling");
	CHECK_ERR(fs_root_mkdir_all(root, "dangling/dir", 0755), ERR_EXISTS, "dangling");
}

TEST(root, a_symlink_is_replaced_in_one_step)
{
	AUTOPTR(fs_root) root = open_root(false);
	AUTO(str) target = STR_INIT;
	CHECK_OK(fs_root_symlink_atomic(root, "one", "..data", 0));
	CHECK_OK(fs_root_symlink_atomic(root, "/etc/two", "..data", FS_NO_DIR_SYNC));
	CHECK_OK(fs_root_readlink(root, "..data", &target));
	CHECK_STR(target.ptr, "/etc/two");
	CHECK_OK(fs_root_mkdir(root, "dir", 0755));
	CHECK_ERR(fs_root_symlink_atomic(root, "x", "dir", 0), ERR_INVALID, "folder is in the way");
	CHECK_INT(count_entries(root, ""), 2);
}

TEST(root, removes_files_folders_and_trees)
{
	AUTOPTR(fs_root) root = open_root(false);
	CHECK_OK(fs_root_mkdir_all(root, "dir/sub", 0755));
	CHECK_OK(put(root, "dir/file", "x"));
	AUTOFREE char *outside = path_join(test_dir(), "outside");
	make_link(root, outside, "dir/sub/out");
	CHECK_ERR(fs_root_rmdir(root, "dir", 0), ERR_EXISTS, "cannot remove");
	CHECK_OK(fs_root_unlink(root, "dir/file", 0));
	CHECK_ERR(fs_root_unlink(root, "dir/file", 0), ERR_NOT_FOUND, "cannot remove");
	CHECK_OK(fs_root_remove_tree(root, "dir"));
	CHECK_OK(fs_root_remove_tree(root, "dir"));
	CHECK_OK(fs_root_remove_tree(root, "no/such"));
	CHECK_INT(count_entries(root, ""), 0);
	AUTOFREE char *secret = path_join(outside, "secret");
	CHECK(fs_exists(secret));
}

TEST(root, renames_inside)
{
	AUTOPTR(fs_root) root = open_root(false);
	AUTO(str) text = STR_INIT;
	CHECK_OK(fs_root_mkdir(root, "a", 0755));
	CHECK_OK(put(root, "a/file", "x"));
	CHECK_OK(fs_root_rename(root, "a/file", "file", 0));
	CHECK_OK(fs_root_read(root, "file", 10, &text, NULL));
	CHECK_ERR(fs_root_rename(root, "a/file", "file", 0), ERR_NOT_FOUND, "cannot rename");
}

TEST(root, owners_change_when_we_may)
{
	AUTOPTR(fs_root) root = open_root(false);
	struct fs_stat st;
	CHECK_OK(put(root, "file", "x"));
	CHECK_OK(fs_root_chown(root, "file", FS_KEEP, FS_KEEP));
	if (geteuid() != 0) {
		CHECK_ERR(fs_root_chown(root, "file", 0, FS_KEEP), ERR_DENIED, "set the owner");
		test_skip("the rest needs root");
		return;
	}
	CHECK_OK(fs_root_chown(root, "file", 1234, FS_KEEP));
	CHECK_OK(fs_root_stat(root, "file", &st));
	CHECK_INT(st.uid, 1234);
	CHECK_INT(st.gid, 0);
}

TEST(root, lists_with_types)
{
	AUTOPTR(fs_root) root = open_root(false);
	AUTO(fs_list) list = { 0 };
	CHECK_OK(put(root, "file", "x"));
	make_link(root, "file", "link");
	CHECK_OK(fs_root_list(root, "", &list));
	CHECK_INT(list.len, 2);
	CHECK_INT(list.ptr[1].type, FS_SYMLINK);
	CHECK_ERR(fs_root_list(root, "file", &list), ERR_INVALID, "it is a file");
	CHECK_ERR(fs_root_list(root, "none", &list), ERR_NOT_FOUND, "cannot list");
	CHECK_INT(list.len, 2);
}

TEST(root, in_a_missing_root_there_is_nothing)
{
	struct fs_root *opened = NULL;
	AUTOFREE char *path = path_join(test_dir(), "no/such");
	CHECK_OK(fs_root_open_missing(path, &opened));
	AUTOPTR(fs_root) root = opened;
	AUTO(str) text = STR_INIT;
	AUTO(fs_list) list = { 0 };
	struct fs_stat st;
	bool is_same = true;
	static const char *const rels[] = { "", "etc", "etc/motd" };
	for (size_t i = 0; i < ARRAY_LEN(rels); i++) {
		CHECK_OK(fs_root_probe(root, rels[i], &st));
		CHECK_INT(st.type, FS_NONE);
		CHECK_OK(fs_root_same(root, rels[i], view_of(""), &is_same, &st));
		CHECK(!is_same);
		CHECK_ERR(fs_root_stat(root, rels[i], &st), ERR_NOT_FOUND, path);
		CHECK_ERR(fs_root_read(root, rels[i], 9, &text, NULL), ERR_NOT_FOUND, path);
		CHECK_ERR(fs_root_list(root, rels[i], &list), ERR_NOT_FOUND, path);
		CHECK_ERR(put(root, rels[i], "x"), ERR_NOT_FOUND, path);
		CHECK_OK(fs_root_remove_tree(root, rels[i]));
	}
	CHECK(!fs_exists(path));
}
