#include "base/base.h"

#include "test.h"

#include "base/path.h"
#include "pal/fs.h"
#include "pal/proc.h"
#include "pal/root.h"
#include "source/source.h"

/* --- a folder and a repository to read from --- */

static void put(const char *folder, const char *relpath, const char *text)
{
	AUTOFREE char *path = path_join(folder, relpath);
	AUTOFREE char *parent = path_dir(path);
	CHECK_OK(fs_mkdir_all(parent, 0755));
	CHECK_OK(fs_write_atomic(path, view_of(text), 0644));
}

static void link_to(const char *folder, const char *relpath, const char *target)
{
	AUTOPTR(fs_root) root = NULL;
	CHECK_OK(fs_root_open(folder, false, &root));
	CHECK_OK(fs_root_symlink_atomic(root, target, relpath, 0));
}

static void make_executable(const char *folder, const char *relpath)
{
	AUTOPTR(fs_root) root = NULL;
	CHECK_OK(fs_root_open(folder, false, &root));
	CHECK_OK(fs_root_chmod(root, relpath, 0755));
}

static const char *const git_env[] = { "GIT_AUTHOR_NAME=Ada Author",
	                               "GIT_AUTHOR_EMAIL=ada@example.org",
	                               "GIT_COMMITTER_NAME=Ada",
	                               "GIT_COMMITTER_EMAIL=ada@example.org",
	                               "GIT_AUTHOR_DATE=1700000000 +0000",
	                               "GIT_COMMITTER_DATE=1700000000 +0000",
	                               "GIT_CONFIG_GLOBAL=/dev/null",
	                               "GIT_CONFIG_NOSYSTEM=1",
	                               NULL };

/* Run git in `folder`; `line` is split at blanks. What it printed, without the last newline. */
static char *git(const char *folder, const char *line)
{
	AUTO(strs) words = STRS_INIT;
	strs_push(&words, "git");
	strs_push(&words, "-c");
	strs_push(&words, "protocol.file.allow=always");
	struct view rest = view_of(line), word;
	while (view_split(&rest, ' ', &word))
		strs_push_take(&words, mem_strndup(word.ptr, word.len));
	const char *argv[16] = { NULL };
	for (size_t i = 0; i < words.len && i < ARRAY_LEN(argv) - 1; i++)
		argv[i] = words.ptr[i];
	struct proc_opts opts = {
		.argv = argv, .env = git_env, .dir = folder, .timeout_ms = 30000
	};
	struct proc_result result = PROC_RESULT_INIT;
	err *e = proc_run(&opts, &result);
	if (!e)
		e = proc_result_err(&result, line);
	if (e)
		test_fail(__FILE__, __LINE__, "git %s: %s", line, err_message(e));
	err_free(e);
	while (result.out.len > 0 && result.out.ptr[result.out.len - 1] == '\n')
		str_truncate(&result.out, result.out.len - 1);
	char *text = str_detach(&result.out);
	proc_result_clear(&result);
	return text;
}

static void git_do(const char *folder, const char *line)
{
	mem_free(git(folder, line));
}

/* main: two commits; tag v1 (annotated) on the first; branch dev; one executable file. */
static char *make_repository(void)
{
	char *folder = path_join(test_dir(), "shop");
	put(folder, "envs/prod/app.yaml", "kind: One\n");
	put(folder, "envs/prod/files/motd", "hello\n");
	put(folder, "bin/tool.sh", "#!/bin/sh\n");
	git_do(folder, "init -q -b main");
	make_executable(folder, "bin/tool.sh");
	git_do(folder, "add .");
	git_do(folder, "commit -q -m first");
	git_do(folder, "tag -a v1 -m one");
	put(folder, "envs/prod/app.yaml", "kind: Two\n");
	git_do(folder, "commit -q -a -m second");
	git_do(folder, "branch dev v1");
	return folder;
}

static err *open_text(const char *text, const struct source_options *options,
                      struct source **ret_source)
{
	struct source_spec spec = { 0 };
	TRY(source_parse(text, &spec));
	err *e = source_open(&spec, options, ret_source);
	source_spec_clear(&spec);
	return e;
}

static const struct source_options plain = { 0 };
static const struct source_options identifying = { .identify = true };

/* --- folders --- */

TEST(source, lists_manifests_sorted_and_leaves_others_out)
{
	const char *dir = test_dir();
	static const char *const names[] = { "b.yml",       "a.yaml",      "sub/c.json",
		                             "a/z.yaml",    "fettle.yaml", ".hidden.yaml",
		                             ".git/x.yaml", "motd",        "sub/fettle.yaml" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		put(dir, names[i], "x: 1\n");
	struct source *source = NULL;
	CHECK_OK(open_text(dir, &plain, &source));
	AUTO(str) all = STR_INIT;
	for (size_t i = 0; i < source_file_count(source); i++)
		str_addf(&all, "%s ", source_file(source, i));
	CHECK_STR(all.ptr, "a.yaml a/z.yaml b.yml sub/c.json ");
	CHECK_INT(source_info(source)->kind, SOURCE_FOLDER);
	CHECK(!source_info(source)->has_kustomization);
	CHECK(!source_info(source)->commit);
	source_free(source);
}

TEST(source, sees_a_kustomization_only_at_the_top)
{
	const char *dir = test_dir();
	put(dir, "base/kustomization.yaml", "resources: []\n");
	struct source *source = NULL;
	CHECK_OK(open_text(dir, &plain, &source));
	CHECK(!source_info(source)->has_kustomization);
	CHECK_INT(source_file_count(source), 0);
	source_free(source);
	put(dir, "kustomization.yml", "resources: []\n");
	CHECK_OK(open_text(dir, &plain, &source));
	CHECK(source_info(source)->has_kustomization);
	source_free(source);
}

TEST(source, leaves_out_what_fettleignore_names)
{
	const char *dir = test_dir();
	static const char *const names[] = { "a.yaml",           "b.yaml",       "files/x.yaml",
		                             "sub/files/y.yaml", "sub/top.yaml", "sub/keep.yaml",
		                             "deep/1/2/z.json",  "deep/q.json",  "top.yaml" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		put(dir, names[i], "x: 1\n");
	put(dir, ".fettleignore",
	    "# content, not manifests\nfiles/\n/top.yaml\n\n sp\nsub/*.yaml\n!sub/keep.yaml\n"
	    "deep/**/z.json\nb?yaml\n");
	struct source *source = NULL;
	CHECK_OK(open_text(dir, &plain, &source));
	AUTO(str) all = STR_INIT;
	for (size_t i = 0; i < source_file_count(source); i++)
		str_addf(&all, "%s ", source_file(source, i));
	CHECK_STR(all.ptr, "a.yaml deep/q.json sub/keep.yaml ");
	CHECK_OK(source_read(source, "files/x.yaml", 100, &all));
	source_free(source);

	git_do(dir, "init -q -b main");
	git_do(dir, "add .");
	git_do(dir, "commit -q -m x");
	AUTOFREE char *text = str_format("%s?ref=main", dir);
	CHECK_OK(open_text(text, &plain, &source));
	CHECK_INT(source_file_count(source), 3);
	source_free(source);
}

TEST(source, a_file_is_one_manifest_with_its_folder_around_it)
{
	const char *dir = test_dir();
	put(dir, "one.txt", "x: 1\n");
	put(dir, "other.yaml", "x: 2\n");
	AUTOFREE char *path = path_join(dir, "one.txt");
	struct source *source = NULL;
	CHECK_OK(open_text(path, &plain, &source));
	CHECK_INT(source_info(source)->kind, SOURCE_FILE);
	CHECK_INT(source_file_count(source), 1);
	CHECK_STR(source_file(source, 0), "one.txt");
	AUTO(str) text = STR_INIT;
	CHECK_OK(source_read(source, "other.yaml", 100, &text));
	CHECK_STR(text.ptr, "x: 2\n");
	str_reset(&text);
	source_add_display(source, "one.txt", &text);
	CHECK_STR(text.ptr, path);
	source_free(source);
}

TEST(source, a_symlink_to_a_file_is_that_file)
{
	const char *dir = test_dir();
	put(dir, "real/app.yaml", "x: 1\n");
	put(dir, "real/motd", "hello\n");
	put(dir, "other/y.yaml", "x: 2\n");
	link_to(dir, "other/link.yaml", "../real/app.yaml");
	AUTOFREE char *path = path_join(dir, "other/link.yaml");
	struct source *source = NULL;
	AUTO(str) text = STR_INIT;
	CHECK_OK(open_text(path, &plain, &source));
	CHECK_OK(source_read(source, source_file(source, 0), 100, &text));
	CHECK_STR(text.ptr, "x: 1\n");
	CHECK_OK(source_read(source, "motd", 100, &text));
	str_reset(&text);
	source_add_display(source, source_file(source, 0), &text);
	CHECK_STR(text.ptr, path);
	source_free(source);
}

TEST(source, says_when_there_is_nothing_at_the_path)
{
	AUTOFREE char *path = path_join(test_dir(), "missing");
	struct source *source = NULL;
	CHECK_ERR(open_text(path, &plain, &source), ERR_NOT_FOUND, "there is no file or folder");
}

TEST(source, references_cannot_leave_the_tree)
{
	const char *dir = test_dir();
	put(dir, "in/a.yaml", "x: 1\n");
	put(dir, "in/sub/b.yaml", "x: 1\n");
	put(dir, "secret", "s\n");
	AUTOFREE char *top = path_join(dir, "in");
	struct source *source = NULL;
	AUTO(str) path = STR_INIT;
	CHECK_OK(open_text(top, &plain, &source));
	CHECK_OK(source_resolve(source, "sub/b.yaml", "../a.yaml", &path));
	CHECK_STR(path.ptr, "a.yaml");
	CHECK_OK(source_resolve(source, "sub/b.yaml", "./x/../y", &path));
	CHECK_STR(path.ptr, "sub/y");
	CHECK_ERR(source_resolve(source, "sub/b.yaml", "../../secret", &path), ERR_REFUSED,
	          "outside");
	CHECK_ERR(source_resolve(source, "a.yaml", "/etc/passwd", &path), ERR_REFUSED, "outside");
	CHECK_ERR(source_resolve(source, "a.yaml", "", &path), ERR_REFUSED, "outside");
	CHECK_ERR(source_read(source, "../secret", 100, &path), ERR_REFUSED, "outside");
	CHECK_ERR(source_read(source, "/etc/passwd", 100, &path), ERR_REFUSED, "outside");
	source_free(source);
}

TEST(source, symlinks_are_followed_inside_and_refused_outside)
{
	const char *dir = test_dir();
	put(dir, "in/files/real", "yes\n");
	put(dir, "secret", "s\n");
	AUTOFREE char *top = path_join(dir, "in");
	link_to(top, "good", "files/real");
	link_to(top, "twice", "good");
	link_to(top, "folder", "files");
	link_to(top, "out", "../secret");
	link_to(top, "absolute", "/etc/passwd");
	link_to(top, "loop", "loop");
	link_to(top, "up", "..");
	struct source *source = NULL;
	AUTO(str) text = STR_INIT;
	CHECK_OK(open_text(top, &plain, &source));
	CHECK_OK(source_read(source, "good", 100, &text));
	CHECK_STR(text.ptr, "yes\n");
	CHECK_OK(source_read(source, "twice", 100, &text));
	CHECK_OK(source_read(source, "folder/real", 100, &text));
	CHECK_ERR(source_read(source, "out", 100, &text), ERR_REFUSED, "leads out");
	CHECK_ERR(source_read(source, "absolute", 100, &text), ERR_REFUSED, "leads out");
	CHECK_ERR(source_read(source, "loop", 100, &text), ERR_REFUSED, "too many symlinks");
	CHECK_ERR(source_read(source, "up/secret", 100, &text), ERR_REFUSED, "");
	CHECK_ERR(source_read(source, "files", 100, &text), ERR_REFUSED, "folder");
	CHECK_ERR(source_read(source, "nothing", 100, &text), ERR_NOT_FOUND, "");
	CHECK_ERR(source_read(source, "good", 2, &text), ERR_LIMIT, "");
	source_free(source);
}

TEST(source, refuses_an_lfs_pointer)
{
	const char *dir = test_dir();
	put(dir, "big", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
	struct source *source = NULL;
	AUTO(str) text = STR_INIT;
	CHECK_OK(open_text(dir, &plain, &source));
	CHECK_ERR(source_read(source, "big", 1000, &text), ERR_REFUSED, "LFS");
	source_free(source);
}

TEST(source, names_the_commit_around_a_folder_and_if_it_is_dirty)
{
	AUTOFREE char *repository = make_repository();
	AUTOFREE char *folder = path_join(repository, "envs/prod");
	AUTOFREE char *head = git(repository, "rev-parse HEAD");
	struct source *source = NULL;
	CHECK_OK(open_text(folder, &identifying, &source));
	CHECK_STR(source_info(source)->commit, head);
	CHECK_STR(source_info(source)->ref, "main");
	CHECK_STR(source_info(source)->author, "Ada Author <ada@example.org>");
	CHECK_STR(source_info(source)->subject, "second");
	CHECK_INT(source_info(source)->time_s, 1700000000);
	CHECK_INT(strlen(source_info(source)->commit_short), 10);
	CHECK(!source_info(source)->is_dirty);
	source_free(source);

	put(repository, "bin/tool.sh", "changed elsewhere\n");
	CHECK_OK(open_text(folder, &identifying, &source));
	CHECK(!source_info(source)->is_dirty);
	source_free(source);

	put(repository, "envs/prod/new.yaml", "x: 1\n");
	CHECK_OK(open_text(folder, &identifying, &source));
	CHECK(source_info(source)->is_dirty);
	source_free(source);
	CHECK_OK(open_text(folder, &plain, &source));
	CHECK(!source_info(source)->commit);
	source_free(source);
}

/* --- repositories on this machine --- */

static void check_first_line(const char *text, const char *expected)
{
	struct source *source = NULL;
	AUTO(str) content = STR_INIT;
	CHECK_OK(open_text(text, &plain, &source));
	CHECK_OK(source_read(source, "app.yaml", 100, &content));
	CHECK_STR(content.ptr, expected);
	source_free(source);
}

TEST(source, reads_branches_tags_and_commits)
{
	AUTOFREE char *repository = make_repository();
	AUTOFREE char *first = git(repository, "rev-parse v1^{commit}");
	AUTOFREE char *at_main = str_format("%s//envs/prod?ref=main", repository);
	AUTOFREE char *at_tag = str_format("%s//envs/prod?ref=v1", repository);
	AUTOFREE char *at_full_tag = str_format("%s//envs/prod?ref=refs/tags/v1", repository);
	AUTOFREE char *at_branch = str_format("file://%s//envs/prod?ref=dev", repository);
	AUTOFREE char *at_commit = str_format("%s//envs/prod?ref=%s", repository, first);
	AUTOFREE char *at_short = str_format("%s//envs/prod?ref=%.8s", repository, first);
	AUTOFREE char *at_head = str_format("file://%s//envs/prod", repository);
	check_first_line(at_main, "kind: Two\n");
	check_first_line(at_tag, "kind: One\n");
	check_first_line(at_full_tag, "kind: One\n");
	check_first_line(at_branch, "kind: One\n");
	check_first_line(at_commit, "kind: One\n");
	check_first_line(at_short, "kind: One\n");
	check_first_line(at_head, "kind: Two\n");
}

TEST(source, git_is_read_from_the_commit_not_from_the_work_tree)
{
	AUTOFREE char *repository = make_repository();
	AUTOFREE char *text = str_format("%s//envs/prod?ref=main", repository);
	put(repository, "envs/prod/app.yaml", "kind: Dirty\n");
	put(repository, "envs/prod/untracked.yaml", "kind: Untracked\n");
	check_first_line(text, "kind: Two\n");
	struct source *source = NULL;
	CHECK_OK(open_text(text, &plain, &source));
	CHECK_INT(source_file_count(source), 1);
	CHECK_STR(source_info(source)->ref, "main");
	CHECK(!source_info(source)->is_dirty);
	AUTO(str) display = STR_INIT;
	source_add_display(source, "app.yaml", &display);
	AUTOFREE char *expected =
		str_format("shop@%s:envs/prod/app.yaml", source_info(source)->commit_short);
	CHECK_STR(display.ptr, expected);
	source_free(source);
}

TEST(source, keeps_the_executable_bit_of_a_commit)
{
	AUTOFREE char *repository = make_repository();
	AUTOFREE char *text = str_format("%s?ref=main", repository);
	struct source *source = NULL;
	struct source_entry entry;
	CHECK_OK(open_text(text, &plain, &source));
	CHECK_OK(source_stat(source, "bin/tool.sh", &entry));
	CHECK(entry.is_executable);
	CHECK_INT(entry.size_bytes, 10);
	CHECK_OK(source_stat(source, "envs/prod/files/motd", &entry));
	CHECK(!entry.is_executable);
	CHECK_ERR(source_stat(source, "envs", &entry), ERR_REFUSED, "folder");
	source_free(source);
}

TEST(source, symlinks_of_a_commit_obey_the_same_rules)
{
	AUTOFREE char *repository = make_repository();
	link_to(repository, "envs/prod/link", "files/motd");
	link_to(repository, "envs/prod/folder", "files");
	link_to(repository, "envs/prod/out", "../../bin/tool.sh");
	link_to(repository, "envs/prod/loop", "loop");
	git_do(repository, "add .");
	git_do(repository, "commit -q -m links");
	AUTOFREE char *text = str_format("%s//envs/prod?ref=main", repository);
	struct source *source = NULL;
	AUTO(str) content = STR_INIT;
	CHECK_OK(open_text(text, &plain, &source));
	CHECK_OK(source_read(source, "link", 100, &content));
	CHECK_STR(content.ptr, "hello\n");
	CHECK_OK(source_read(source, "folder/motd", 100, &content));
	CHECK_STR(content.ptr, "hello\n");
	CHECK_ERR(source_read(source, "out", 100, &content), ERR_REFUSED, "leads out");
	CHECK_ERR(source_read(source, "loop", 100, &content), ERR_REFUSED, "too many symlinks");
	CHECK_ERR(source_read(source, "nothing", 100, &content), ERR_NOT_FOUND, "nothing");
	CHECK_ERR(source_read(source, "link/x", 100, &content), ERR_NOT_FOUND, "");
	source_free(source);
}

TEST(source, notes_submodules_and_does_not_read_them)
{
	AUTOFREE char *repository = make_repository();
	AUTOFREE char *command =
		str_format("submodule --quiet add %s/.git envs/prod/sub", repository);
	git_do(repository, command);
	git_do(repository, "commit -q -m sub");
	AUTOFREE char *text = str_format("%s//envs/prod?ref=main", repository);
	struct source *source = NULL;
	AUTO(str) content = STR_INIT;
	CHECK_OK(open_text(text, &plain, &source));
	CHECK_INT(source_note_count(source), 1);
	CHECK_HAS(source_note(source, 0), "submodule 'sub'");
	CHECK_ERR(source_read(source, "sub", 100, &content), ERR_REFUSED, "submodule");
	source_free(source);
}

TEST(source, a_missing_ref_suggests_near_names)
{
	AUTOFREE char *repository = make_repository();
	AUTOFREE char *text = str_format("%s?ref=mian", repository);
	struct source *source = NULL;
	CHECK_ERR(open_text(text, &plain, &source), ERR_NOT_FOUND, "did you mean 'main'");
	AUTOFREE char *far = str_format("%s?ref=release-2026", repository);
	CHECK_ERR(open_text(far, &plain, &source), ERR_NOT_FOUND, "no branch, tag or commit");
	AUTOFREE char *id =
		str_format("%s?ref=0123456789012345678901234567890123456789", repository);
	CHECK_ERR(open_text(id, &plain, &source), ERR_NOT_FOUND, "no branch, tag or commit");
	AUTOFREE char *subdir = str_format("%s//nope?ref=main", repository);
	CHECK_ERR(open_text(subdir, &plain, &source), ERR_NOT_FOUND, "no folder 'nope'");
	AUTOFREE char *file = str_format("%s//envs/prod/app.yaml?ref=main", repository);
	CHECK_ERR(open_text(file, &plain, &source), ERR_NOT_FOUND, "not a folder");
	AUTOFREE char *inside = str_format("%s/envs?ref=main", repository);
	CHECK_ERR(open_text(inside, &plain, &source), ERR_NOT_FOUND, "top of a repository");
}

TEST(source, a_name_that_is_branch_and_tag_must_be_said_in_full)
{
	AUTOFREE char *repository = make_repository();
	git_do(repository, "branch v1 main");
	AUTOFREE char *text = str_format("%s?ref=v1", repository);
	struct source *source = NULL;
	CHECK_ERR(open_text(text, &plain, &source), ERR_INVALID, "a branch and a tag");
	AUTOFREE char *branch = str_format("%s//envs/prod?ref=refs/heads/v1", repository);
	check_first_line(branch, "kind: Two\n");
}

TEST(source, an_empty_repository_has_nothing_to_apply)
{
	AUTOFREE char *folder = path_join(test_dir(), "empty");
	CHECK_OK(fs_mkdir_all(folder, 0755));
	git_do(folder, "init -q -b main");
	AUTOFREE char *text = str_format("file://%s", folder);
	struct source *source = NULL;
	CHECK_ERR(open_text(text, &plain, &source), ERR_NOT_FOUND, "repository is empty");
	CHECK_OK(open_text(folder, &identifying, &source));
	CHECK(!source_info(source)->commit);
	source_free(source);
}

TEST(source, update_notices_a_new_commit_and_nothing_else)
{
	AUTOFREE char *repository = make_repository();
	AUTOFREE char *text = str_format("%s//envs/prod?ref=main", repository);
	struct source_spec spec = { 0 };
	struct source *source = NULL;
	bool changed = true;
	CHECK_OK(source_parse(text, &spec));
	CHECK_OK(source_open(&spec, &plain, &source));
	CHECK_OK(source_update(&spec, &plain, &source, &changed));
	CHECK(!changed);
	put(repository, "envs/prod/app.yaml", "kind: Three\n");
	git_do(repository, "commit -q -a -m third");
	AUTOFREE char *head = git(repository, "rev-parse HEAD");
	AUTOFREE char *latest = NULL;
	CHECK_OK(source_latest(&spec, &plain, &latest));
	CHECK_STR(latest, head);
	CHECK_OK(source_update(&spec, &plain, &source, &changed));
	CHECK(changed);
	CHECK_STR(source_info(source)->commit, head);
	source_free(source);
	source_spec_clear(&spec);
}

TEST(source, a_damaged_object_of_a_local_repository_is_an_error)
{
	AUTOFREE char *repository = make_repository();
	AUTOFREE char *id = git(repository, "rev-parse main:envs/prod/app.yaml");
	AUTOFREE char *path = str_format("%s/.git/objects/%.2s/%s", repository, id, id + 2);
	AUTOFREE char *text = str_format("%s//envs/prod?ref=main", repository);
	CHECK_OK(fs_remove(path));
	CHECK_OK(fs_write_atomic(path, view_of("garbage"), 0444));
	struct source *source = NULL;
	AUTO(str) content = STR_INIT;
	CHECK_OK(open_text(text, &plain, &source));
	CHECK_ERR(source_read(source, "app.yaml", 100, &content), ERR_CORRUPT, "app.yaml");
	source_free(source);
}

TEST(source, standard_input_has_no_files_beside_it)
{
	struct source_spec spec = { 0 };
	CHECK_OK(source_parse("-", &spec));
	CHECK_INT(spec.kind, SOURCE_STDIN);
	CHECK_STR(spec.display, "stdin");
	source_spec_clear(&spec);
	CHECK_ERR(source_parse("", &spec), ERR_USAGE, "empty");
}
