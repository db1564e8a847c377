#include "test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "pal/fault.h"
#include "pal/fs.h"

static char *in_dir(const char *name)
{
	return path_join(test_dir(), name);
}

TEST(fs, writes_a_file_whole_and_with_its_exact_mode)
{
	AUTOFREE char *path = in_dir("state.json");
	AUTO(str) text = STR_INIT;
	struct fs_stat st;
	mode_t old = umask(077);
	CHECK_OK(fs_write_atomic(path, view_of("one"), 0644));
	umask(old);
	CHECK_OK(fs_read_file(path, 100, &text));
	CHECK_STR(text.ptr, "one");
	CHECK_OK(fs_stat(path, &st));
	CHECK_INT(st.mode, 0644);
	CHECK_INT(st.type, FS_FILE);
	CHECK_INT(st.size, 3);
	CHECK(st.mtime_ns > 1000000000);
}

TEST(fs, an_atomic_write_leaves_no_other_file)
{
	AUTOFREE char *path = in_dir("a");
	AUTO(fs_list) list = { 0 };
	for (int i = 0; i < 3; i++)
		CHECK_OK(fs_write_atomic(path, view_of("text"), 0600));
	CHECK_OK(fs_list(test_dir(), &list));
	CHECK_INT(list.len, 1);
	CHECK_STR(list.ptr[0].name, "a");
}

TEST(fs, an_atomic_write_replaces_a_symlink_instead_of_following_it)
{
	AUTOFREE char *target = in_dir("target");
	AUTOFREE char *link = in_dir("link");
	AUTO(str) text = STR_INIT;
	struct fs_stat st;
	CHECK_OK(fs_write_atomic(target, view_of("precious"), 0600));
	CHECK_INT(symlink("target", link), 0);
	CHECK_OK(fs_write_atomic(link, view_of("new"), 0600));
	CHECK_OK(fs_read_file(target, 100, &text));
	CHECK_STR(text.ptr, "precious");
	CHECK_OK(fs_lstat(link, &st));
	CHECK_INT(st.type, FS_FILE);
}

TEST(fs, writing_over_a_folder_or_into_a_missing_one_fails)
{
	AUTOFREE char *dir = in_dir("dir");
	AUTOFREE char *missing = in_dir("no/such/file");
	CHECK_OK(fs_mkdir_all(dir, 0755));
	CHECK_ERR(fs_write_atomic(dir, view_of("x"), 0600), ERR_INVALID, "it is a folder");
	CHECK_ERR(fs_write_atomic(missing, view_of("x"), 0600), ERR_NOT_FOUND, "no/such");
}

TEST(fs, reading_stops_at_the_limit)
{
	AUTOFREE char *path = in_dir("big");
	AUTO(str) text = STR_INIT;
	CHECK_OK(fs_write_atomic(path, view_of("0123456789"), 0600));
	CHECK_OK(fs_read_file(path, 10, &text));
	CHECK_INT(text.len, 10);
	CHECK_ERR(fs_read_file(path, 9, &text), ERR_LIMIT, "10 bytes, more than 9");
	CHECK_INT(text.len, 10);
	CHECK_ERR(fs_read_file("/dev/zero", 100000, &text), ERR_LIMIT, "more than 100000");
}

TEST(fs, reads_files_that_do_not_say_their_size)
{
	AUTO(str) text = STR_INIT;
	if (!fs_exists("/proc/self/status")) {
		test_skip("no /proc here");
		return;
	}
	CHECK_OK(fs_read_file("/proc/self/status", 1 << 20, &text));
	CHECK_HAS(text.ptr, "Name:");
}

TEST(fs, reading_says_what_is_wrong)
{
	AUTO(str) text = STR_INIT;
	AUTOFREE char *missing = in_dir("missing");
	CHECK_ERR(fs_read_file(missing, 10, &text), ERR_NOT_FOUND, "cannot read");
	CHECK_ERR(fs_read_file(test_dir(), 10, &text), ERR_INVALID, "it is a folder");
}

TEST(fs, makes_folders_on_the_way_and_accepts_existing_ones)
{
	AUTOFREE char *deep = in_dir("a/b/../b//c/");
	AUTOFREE char *file = in_dir("a/file");
	AUTOFREE char *below_file = in_dir("a/file/x");
	AUTOFREE char *real = in_dir("a/b/c");
	CHECK_OK(fs_mkdir_all(deep, 0755));
	CHECK_OK(fs_mkdir_all(deep, 0755));
	CHECK(fs_is_dir(real));
	CHECK_OK(fs_write_atomic(file, view_of(""), 0600));
	CHECK_ERR(fs_mkdir_all(file, 0755), ERR_EXISTS, "a file is in the way");
	CHECK_ERR(fs_mkdir_all(below_file, 0755), ERR_EXISTS, "a file is in the way");
}

TEST(fs, lists_a_folder_sorted_with_types)
{
	AUTO(fs_list) list = { 0 };
	AUTOFREE char *b = in_dir("b"), *a = in_dir("a"), *link = in_dir("Z");
	CHECK_OK(fs_write_atomic(b, view_of(""), 0600));
	CHECK_OK(fs_mkdir_all(a, 0755));
	CHECK_INT(symlink("nowhere", link), 0);
	CHECK_OK(fs_list(test_dir(), &list));
	CHECK_INT(list.len, 3);
	CHECK_STR(list.ptr[0].name, "Z");
	CHECK_INT(list.ptr[0].type, FS_SYMLINK);
	CHECK_INT(list.ptr[1].type, FS_DIR);
	CHECK_INT(list.ptr[2].type, FS_FILE);
	CHECK_ERR(fs_list(b, &list), ERR_INVALID, "not a folder");
}

TEST(fs, a_dangling_symlink_exists_but_is_no_folder)
{
	AUTOFREE char *link = in_dir("link");
	AUTO(str) target = STR_INIT;
	CHECK_INT(symlink("nowhere", link), 0);
	CHECK(fs_exists(link));
	CHECK(!fs_is_dir(link));
	CHECK_OK(fs_readlink(link, &target));
	CHECK_STR(target.ptr, "nowhere");
	CHECK_ERR(fs_readlink(test_dir(), &target), ERR_INVALID, "it is none");
}

TEST(fs, removing_a_tree_leaves_what_its_symlinks_point_to)
{
	AUTOFREE char *tree = in_dir("tree"), *deep = in_dir("tree/a/b"),
		      *link = in_dir("tree/a/out"), *kept = in_dir("kept"),
		      *file = in_dir("kept/file");
	CHECK_OK(fs_mkdir_all(deep, 0755));
	CHECK_OK(fs_mkdir_all(kept, 0755));
	CHECK_OK(fs_write_atomic(file, view_of("x"), 0600));
	CHECK_INT(symlink(kept, link), 0);
	CHECK_OK(fs_remove_tree(tree));
	CHECK(!fs_exists(tree));
	CHECK(fs_exists(file));
	CHECK_OK(fs_remove_tree(tree));
	CHECK_OK(fs_remove_tree(file));
	CHECK(!fs_exists(file));
}

TEST(fs, removes_one_thing_at_a_time)
{
	AUTOFREE char *dir = in_dir("dir"), *file = in_dir("dir/file");
	CHECK_OK(fs_mkdir_all(dir, 0755));
	CHECK_OK(fs_write_atomic(file, view_of("x"), 0600));
	CHECK_ERR(fs_remove(dir), ERR_EXISTS, "cannot remove");
	CHECK_OK(fs_remove(file));
	CHECK_OK(fs_remove(dir));
	CHECK_ERR(fs_remove(dir), ERR_NOT_FOUND, "cannot remove");
}

TEST(fs, renames_over_a_file)
{
	AUTOFREE char *from = in_dir("from"), *to = in_dir("to");
	AUTO(str) text = STR_INIT;
	CHECK_OK(fs_write_atomic(from, view_of("new"), 0600));
	CHECK_OK(fs_write_atomic(to, view_of("old"), 0600));
	CHECK_OK(fs_rename(from, to));
	CHECK_OK(fs_read_file(to, 100, &text));
	CHECK_STR(text.ptr, "new");
	CHECK_ERR(fs_rename(from, to), ERR_NOT_FOUND, "cannot rename");
}

TEST(fs, makes_a_private_temporary_folder)
{
	AUTO(str) path = STR_INIT;
	struct fs_stat st;
	CHECK_OK(fs_mkdtemp("fettle-test-", &path));
	CHECK_OK(fs_stat(path.ptr, &st));
	CHECK_INT(st.mode, 0700);
	CHECK_OK(fs_remove(path.ptr));
}

TEST(fs, absolute_paths_are_cleaned_and_real_ones_resolved)
{
	AUTO(str) path = STR_INIT;
	AUTO(str) here = STR_INIT;
	AUTOFREE char *link = in_dir("link");
	CHECK_OK(fs_absolute("/a/./b/../c", &path));
	CHECK_STR(path.ptr, "/a/c");
	CHECK_OK(fs_current_dir(&here));
	CHECK_OK(fs_absolute("x", &path));
	CHECK(str_starts(path.ptr, here.ptr));
	CHECK(str_ends(path.ptr, "/x"));
	CHECK_INT(symlink(".", link), 0);
	CHECK_OK(fs_real_path(link, &path));
	CHECK_STR(path.ptr, test_dir());
}

enum { MANY = 600 };

struct many {
	struct fs_new_file files[MANY];
	char *paths[MANY];
};

static struct many *make_many(void)
{
	struct many *many = MEM_NEW(struct many);
	for (size_t i = 0; i < MANY; i++) {
		AUTOFREE char *name = str_format("file-%zu", i);
		many->paths[i] = path_join(test_dir(), name);
		many->files[i] = (struct fs_new_file){ many->paths[i], view_of("new"), 0640, NULL };
	}
	return many;
}

static void many_free(struct many *many)
{
	for (size_t i = 0; i < MANY; i++) {
		err_free(many->files[i].error);
		mem_free(many->paths[i]);
	}
	mem_free(many);
}

/* How many have the new content; SIZE_MAX when a file is neither old nor new. */
static size_t count_new(const struct many *many, const char *old)
{
	size_t count = 0;
	for (size_t i = 0; i < MANY; i++) {
		AUTO(str) text = STR_INIT;
		err *e = fs_read_file(many->paths[i], 100, &text);
		bool is_new = !e && str_equal(text.ptr, "new");
		bool is_old = e ? !old : old && str_equal(text.ptr, old);
		err_free(e);
		if (!is_new && !is_old)
			return SIZE_MAX;
		count += is_new;
	}
	return count;
}

TEST(fs, writes_many_files_and_those_that_can_be_are)
{
	struct many *many = make_many();
	AUTO(fs_list) list = { 0 };
	AUTOFREE char *missing = path_join(test_dir(), "nowhere/file");
	many->files[7].path = missing;
	fs_write_many(many->files, MANY);
	for (size_t i = 0; i < MANY; i++)
		CHECK((many->files[i].error != NULL) == (i == 7));
	CHECK(many->files[7].error && err_is(many->files[7].error, ERR_NOT_FOUND));
	CHECK_INT(count_new(many, NULL), MANY - 1);
	CHECK_OK(fs_list(test_dir(), &list));
	CHECK_INT(list.len, MANY - 1); /* and no temp file */
	many_free(many);
}

#ifdef FETTLE_TEST_HOOKS

TEST(fs, many_files_are_each_old_or_new_whatever_call_fails)
{
	for (unsigned long n = 1; n < 8000; n += n < 40 ? 1 : 397) {
		struct many *many = make_many();
		AUTO(fs_list) list = { 0 };
		for (size_t i = 0; i < MANY; i++)
			many->files[i].bytes = view_of("old");
		if (n == 1)
			fs_write_many(many->files, MANY);
		for (size_t i = 0; i < MANY; i++)
			many->files[i].bytes = view_of("new");
		fault_arm(n);
		fs_write_many(many->files, MANY);
		fault_arm(0);
		size_t failed = 0;
		for (size_t i = 0; i < MANY; i++)
			failed += many->files[i].error != NULL;
		size_t count = count_new(many, "old");
		CHECK(count >= MANY - failed && count <= MANY);
		CHECK_OK(fs_list(test_dir(), &list));
		CHECK(list.len <= MANY + 1); /* one temp file, when removing it was what failed */
		many_free(many);
	}
}

#endif
