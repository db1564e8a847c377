/*
 * The Windows half of pkg/pal, tried under Wine (or on Windows): a program of its own, because the
 * unit tests use POSIX. Speaks TAP. Runs itself as the child of the process tests.
 */
#define BASE_ALLOW_BANNED
#include "base/base.h"

#include <windows.h>

#include "base/path.h"
#include "pal/argv.h"
#include "pal/clock.h"
#include "pal/dirs.h"
#include "pal/fs.h"
#include "pal/lock.h"
#include "pal/proc.h"
#include "pal/root.h"
#include "pal/user.h"

static int count, failed;
static struct str dir; /* the folder of this run */
static const char *self;

static void check(bool is_ok, const char *what, const char *detail)
{
	printf("%sok %d - pal on windows: %s%s%s\n", is_ok ? "" : "not ", ++count, what,
	       *detail ? " # " : "", detail);
	fflush(stdout);
	failed += is_ok ? 0 : 1;
}

static void check_ok(err *take_e, const char *what)
{
	check(!take_e, what, take_e ? err_message(take_e) : "");
	err_free(take_e);
}

static void check_err(err *take_e, enum err_kind kind, const char *what)
{
	AUTOFREE char *detail =
		take_e ? str_format("%s: %s", err_kind_name(err_kind(take_e)), err_message(take_e))
		       : mem_strdup("no error");
	check(err_is(take_e, kind), what, detail);
	err_free(take_e);
}

static char *in_dir(const char *name)
{
	return path_join(dir.ptr, name);
}

static void check_files(void)
{
	AUTO(str) text = STR_INIT;
	AUTO(fs_list) list = { 0 };
	struct fs_stat st;
	AUTOFREE char *path = in_dir("state \xc3\xa4.json"), *backslash = in_dir("a\\b\\c");
	check_ok(fs_write_atomic(path, view_of("one"), 0600), "a private file is written");
	check_ok(fs_write_atomic(path, view_of("two!"), 0644), "a file is replaced");
	check_ok(fs_read_file(path, 100, &text), "a file is read");
	check(str_equal(text.ptr, "two!"), "the content is the new one", text.ptr);
	check_err(fs_read_file(path, 3, &text), ERR_LIMIT, "the limit holds");
	check_err(fs_read_file(dir.ptr, 3, &text), ERR_INVALID, "a folder is no file");
	check_ok(fs_stat(path, &st), "a file is looked at");
	check(st.type == FS_FILE && st.size == 4 && st.mtime_ns > 1000000000, "its facts are right",
	      "");
	check_ok(fs_mkdir_all(backslash, 0755), "folders are made, also with backslashes");
	check(fs_is_dir(backslash), "the folder is there", "");
	check_ok(fs_list(dir.ptr, &list), "a folder is listed");
	check(list.len == 2 && str_equal(list.ptr[1].name, "state \xc3\xa4.json"),
	      "names come back in UTF-8 and sorted", "");
	check_ok(fs_remove(path), "a file is removed");
	check_err(fs_remove(path), ERR_NOT_FOUND, "a missing file is not found");
	AUTOFREE char *tree = in_dir("a");
	check_ok(fs_remove_tree(tree), "a tree is removed");
	check(!fs_exists(tree), "the tree is gone", "");
}

static void check_names(void)
{
	static const char *const bad[] = { "nul",  "COM1.txt", "a/aux/b", "x:y",
		                           "dot.", "blank ",   "a<b",     "tab\tx" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTOFREE char *path = in_dir(bad[i]);
		check_err(fs_write_atomic(path, view_of("x"), 0644), ERR_INVALID, bad[i]);
	}
	AUTO(str) rel = STR_INIT;
	AUTO(str) text = STR_INIT;
	for (int i = 0; i < 12; i++)
		str_addf(&rel, "/%s%d", "a-rather-long-name-of-a-folder", i);
	AUTOFREE char *deep = in_dir(rel.ptr + 1);
	check_ok(fs_mkdir_all(deep, 0755), "a path over 260 characters is made");
	AUTOFREE char *file = path_join(deep, "file");
	check_ok(fs_write_atomic(file, view_of("deep"), 0644), "and written to");
	check_ok(fs_read_file(file, 100, &text), "and read from");
	AUTOFREE char *top = in_dir("a-rather-long-name-of-a-folder0");
	check_ok(fs_remove_tree(top), "and removed");
}

static void check_root(void)
{
	struct fs_root *root = NULL;
	AUTO(str) text = STR_INIT;
	AUTO(fs_list) list = { 0 };
	struct fs_stat st;
	bool is_same = false;
	AUTOFREE char *path = in_dir("root");
	check_ok(fs_root_open(path, true, &root), "a root is opened");
	check(!fs_root_is_machine(root), "it is not the machine", fs_root_path(root));
	const struct fs_stage_opts opts = { 0644, FS_KEEP, FS_KEEP, false };
	check_ok(fs_root_mkdir_all(root, "etc/app", 0755), "folders are made");
	check_ok(fs_root_write(root, "etc/app/conf", &opts, view_of("x = 1\n"), 0),
	         "a file is written");
	check_ok(fs_root_same(root, "etc/app/conf", view_of("x = 1\n"), &is_same, &st),
	         "and compared");
	check(is_same && st.type == FS_FILE, "it is the same", "");
	check_ok(fs_root_same(root, "etc/app/conf", view_of("x = 2\n"), &is_same, &st),
	         "and again");
	check(!is_same, "it differs", "");
	check_ok(fs_root_same(root, "no/such", view_of(""), &is_same, &st), "nothing is compared");
	check(!is_same && st.type == FS_NONE, "nothing is there", "");
	check_ok(fs_root_write(root, "etc/app/conf", &FS_STAGE_KEEP, view_of("y"), 0), "replaced");
	check_ok(fs_root_read(root, "etc/app/conf", 10, &text, &st), "and read");
	check(str_equal(text.ptr, "y"), "the new content is there", text.ptr);
	check_ok(fs_root_chmod(root, "etc/app/conf", 0444), "made read-only");
	check_ok(fs_root_stat(root, "etc/app/conf", &st), "looked at");
	check(st.mode == 0444, "it is read-only", "");
	check_ok(fs_root_write(root, "etc/app/conf", &opts, view_of("z"), 0),
	         "a read-only file is replaced");
	check_err(fs_root_stat(root, "../x", &st), ERR_INVALID, "no way up");
	check_err(fs_root_stat(root, "etc\\app", &st), ERR_INVALID, "no backslashes below a root");
	check_err(fs_root_stat(root, "etc/nul", &st), ERR_INVALID, "no devices below a root");
	check_err(fs_root_write(root, "etc", &opts, view_of("z"), 0), ERR_INVALID,
	          "folder in the way");
	check_err(fs_root_write(root, "no/file", &opts, view_of("z"), 0), ERR_NOT_FOUND,
	          "no parent");
	check_err(fs_root_rmdir(root, "etc", 0), ERR_EXISTS, "a full folder stays");
	check_ok(fs_root_rename(root, "etc/app/conf", "etc/conf", 0), "renamed");
	check_ok(fs_root_list(root, "etc", &list), "listed");
	check(list.len == 2 && list.ptr[0].type == FS_DIR, "no temp file is left", "");
	check_ok(fs_root_sync_dir(root, "etc"), "flushed");
	struct fs_stage *stage = NULL;
	size_t removed = 9;
	check_ok(fs_stage_begin(root, "etc/conf", &opts, view_of("staged"), &stage), "staged");
	check_ok(fs_read_file(fs_stage_path(stage), 100, &text), "the copy can be read");
	check_ok(fs_root_write(root, "etc/.old.fettle-abcdefghij", &opts, view_of("x"), 0),
	         "leftover");
	check_ok(fs_root_sweep(root, "etc", &removed), "swept");
	check(removed == 1, "the leftover is gone, the living copy stays", "");
	check_ok(fs_stage_commit(stage, 0), "committed");
	err *link = fs_root_symlink_atomic(root, "conf", "etc/link", 0);
	if (err_is(link, ERR_UNSUPPORTED) || err_is(link, ERR_DENIED))
		err_ignore(link, "Wine has no symlinks, and some Windows users may not");
	else
		check_ok(link, "a symlink is made");
	check_ok(fs_root_remove_tree(root, "etc"), "all removed");
	check_ok(fs_root_list(root, "", &list), "listed");
	check(list.len == 0, "nothing is left", "");
	fs_root_free(root);
	check_ok(fs_root_open("C:\\", false, &root), "a drive is opened");
	check(fs_root_is_machine(root), "it is the machine", fs_root_path(root));
	fs_root_free(root);
}

static void check_dirs(void)
{
	AUTO(str) path = STR_INIT;
	check_ok(dirs_settings(&path), "settings folder");
	check(path_is_absolute(path.ptr) && !strchr(path.ptr, '\\'), "it is absolute", path.ptr);
	check_ok(dirs_state(&path), "state folder");
	check_ok(dirs_cache(&path), "cache folder");
	check_ok(dirs_system_settings(&path), "system settings");
	check_ok(dirs_home(&path), "home folder");
	user_host_name(&path);
	check(path.len > 0, "the machine has a name", path.ptr);
	check_ok(fs_current_dir(&path), "current folder");
	check(path_is_absolute(path.ptr), "it is absolute", path.ptr);
}

static void check_lock(void)
{
	AUTOFREE char *path = in_dir("lock");
	struct lock *first = NULL, *second = NULL;
	check_ok(lock_take(path, &(struct lock_opts){ .command = "fettle apply" }, &first),
	         "locked");
	err *e = lock_take(path, &(struct lock_opts){ 0 }, &second);
	AUTOFREE char *pid = str_format("locked by pid %lu", (unsigned long)GetCurrentProcessId());
	check(e && strstr(err_message(e), pid), "the holder is named", e ? err_message(e) : "");
	err_free(e);
	lock_free(first);
	check_ok(lock_take(path, &(struct lock_opts){ 0 }, &second), "free again");
	lock_free(second);
}

static void check_processes(void)
{
	AUTO(proc_result) result = PROC_RESULT_INIT;
	AUTO(str) big = STR_INIT;
	atomic_int cancel = 1;
	const char *argv[] = { self,         "args",           "",  "a b", "q\"uote", "back\\",
		               "b \\\\\" c", "\xc3\xa4%PATH%", NULL };
	check_ok(proc_run(&(struct proc_opts){ .argv = argv }, &result), "a program is run");
	check(str_equal(result.out.ptr, "[][a b][q\"uote][back\\][b \\\\\" c][\xc3\xa4%PATH%]"),
	      "arguments arrive as they are", result.out.ptr);
	argv[1] = "exit";
	check_ok(proc_run(&(struct proc_opts){ .argv = argv }, &result), "it may fail");
	check_err(proc_result_err(&result, "it"), ERR_INVALID, "with its code and words");
	str_add_repeat(&big, 'x', 300000);
	argv[1] = "cat";
	check_ok(proc_run(&(struct proc_opts){ .argv = argv,
	                                       .input = view_str(&big),
	                                       .output_limit = 1 << 20 },
	                  &result),
	         "large input");
	check(result.out.len == big.len, "comes back whole", "");
	const char *const env[] = { "FETTLE_A=\xc3\xa4 1", NULL };
	argv[1] = "env";
	check_ok(proc_run(&(struct proc_opts){ .argv = argv, .env = env, .dir = dir.ptr }, &result),
	         "environment and folder");
	check(strstr(result.out.ptr, "\xc3\xa4 1 ") && strstr(result.out.ptr, path_base(dir.ptr)),
	      "are set", result.out.ptr);
	argv[1] = "sleep";
	int64_t start = clock_monotonic_ms();
	struct proc_opts slow = { .argv = argv, .timeout_ms = 300, .grace_ms = 300 };
	check_ok(proc_run(&slow, &result), "a slow program is ended");
	check(result.timed_out && clock_monotonic_ms() - start < 8000, "in time", "");
	slow = (struct proc_opts){ .argv = argv, .grace_ms = 300, .cancel = &cancel };
	check_ok(proc_run(&slow, &result), "and when cancelled");
	check(result.cancelled, "it says so", "");
	argv[0] = "no-such-program";
	check_err(proc_run(&(struct proc_opts){ .argv = argv }, &result), ERR_NOT_FOUND,
	          "no program");
	argv[0] = "cmd";
	argv[1] = "/c";
	argv[2] = "exit 5";
	argv[3] = NULL;
	check_ok(proc_run(&(struct proc_opts){ .argv = argv }, &result), "PATH is searched");
	check(result.exit_code == 5, "and its exit code comes back", "");
	check_err(proc_signal(proc_self(), "HUP"), ERR_UNSUPPORTED, "there is no HUP");
	check(proc_is_alive(proc_self()), "we live", "");
}

static int be_child(const struct strs *args)
{
	const char *what = args->ptr[1];
	char buf[4096];
	if (str_equal(what, "args")) {
		for (size_t i = 2; i < args->len; i++)
			printf("[%s]", args->ptr[i]);
	} else if (str_equal(what, "exit")) {
		fputs("it hurts", stderr);
		return 3;
	} else if (str_equal(what, "cat")) {
		for (size_t got; (got = fread(buf, 1, sizeof(buf), stdin)) > 0;)
			fwrite(buf, 1, got, stdout);
	} else if (str_equal(what, "env")) {
		AUTO(str) here = STR_INIT;
		err_ignore(fs_current_dir(&here), "then it is empty");
		printf("%s %s", env_get("FETTLE_A"), here.ptr);
	} else if (str_equal(what, "sleep")) {
		Sleep(60000);
	}
	return 0;
}

int main(int argc, char **argv)
{
	AUTO(strs) args = STRS_INIT;
	AUTO(str) path = STR_INIT;
	argv_get(argc, argv, &args);
	if (args.len > 1)
		return be_child(&args);
	wchar_t wide[4096];
	GetModuleFileNameW(NULL, wide, ARRAY_LEN(wide));
	char narrow[4096];
	WideCharToMultiByte(CP_UTF8, 0, wide, -1, narrow, sizeof(narrow), NULL, NULL);
	self = narrow;
	str_init(&dir);
	check_ok(fs_mkdtemp("fettle-test-", &dir), "a temporary folder is made");
	check_files();
	check_names();
	check_root();
	check_dirs();
	check_lock();
	check_processes();
	check_ok(fs_remove_tree(dir.ptr), "the temporary folder is removed");
	printf("1..%d\n", count);
	return failed ? 1 : 0;
}
