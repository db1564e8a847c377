#include "host_rig.h"

#include <sys/stat.h>
#include <unistd.h>

#include "pal/fs.h"

#define MOTD                                                                          \
	"apiVersion: host.fettle.dev/v1\nkind: File\nmetadata: {name: motd}\nspec:\n" \
	"  path: /etc/motd\n  content: \"hello\\n\"\n  mode: \"0640\"\n"

#define FILE_(name, spec)                                                                      \
	"apiVersion: host.fettle.dev/v1\nkind: File\nmetadata: {name: " name "}\nspec: {" spec \
	"}\n---\n"

TEST(host_file, creates_updates_and_stays_in_sync)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_OK(rig_plan(&rig, MOTD));
	struct plan_item *item = rig_item(&rig, "File/motd");
	CHECK_STR(rig_action(&rig, "File/motd"), "create");
	CHECK_STR(item->location, "/etc/motd");
	CHECK_STR(item->changes->path, "content");
	CHECK_STR(item->changes->after, "hello\n");
	CHECK(!item->changes->before);
	CHECK_OK(rig_apply(&rig));
	CHECK_STR(rig_read(&rig, "etc/motd"), "hello\n");
	CHECK_INT(rig_mode(&rig, "etc/motd"), 0640);
	CHECK_OK(rig_plan(&rig, MOTD));
	CHECK_STR(rig_action(&rig, "File/motd"), "unchanged");
	CHECK(!rig_item(&rig, "File/motd")->desired);
	CHECK_OK(rig_plan(&rig, FILE_("motd", "path: /etc/motd, content: new")));
	CHECK_STR(rig_action(&rig, "File/motd"), "update");
	CHECK(!rig_item(&rig, "File/motd")->has_drifted);
	CHECK_OK(rig_apply(&rig));
	CHECK_STR(rig_read(&rig, "etc/motd"), "new");
	CHECK_INT(rig_mode(&rig, "etc/motd"), 0640);
}

TEST(host_file, sees_drift_of_content_and_mode_and_removal)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_OK(rig_run(&rig, MOTD));
	rig_write(&rig, "etc/motd", "edited\n");
	CHECK_OK(rig_plan(&rig, MOTD));
	struct plan_item *item = rig_item(&rig, "File/motd");
	CHECK_STR(rig_action(&rig, "File/motd"), "update");
	CHECK(item->has_drifted);
	CHECK_STR(item->reason, "changed since the last apply");
	CHECK_STR(item->changes->before, "edited\n");
	CHECK_OK(rig_apply(&rig));
	CHECK_INT(chmod(rig_path(&rig, "etc/motd"), 0666), 0);
	CHECK_OK(rig_plan(&rig, MOTD));
	item = rig_item(&rig, "File/motd");
	CHECK(item->has_drifted);
	CHECK_STR(item->changes->path, "mode");
	CHECK_STR(item->changes->before, "0666");
	CHECK_STR(item->changes->after, "0640");
	CHECK(!item->changes->next);
	struct fs_stat before, after;
	CHECK_OK(fs_lstat(rig_path(&rig, "etc/motd"), &before));
	CHECK_OK(rig_apply(&rig));
	CHECK_OK(fs_lstat(rig_path(&rig, "etc/motd"), &after));
	CHECK_INT(after.mode, 0640);
	CHECK_INT(after.inode, before.inode);
	CHECK_INT(unlink(rig_path(&rig, "etc/motd")), 0);
	CHECK_OK(rig_plan(&rig, MOTD));
	CHECK_STR(rig_action(&rig, "File/motd"), "create");
	CHECK(rig_item(&rig, "File/motd")->has_drifted);
}

TEST(host_file, changes_of_what_the_manifest_manages_are_no_drift)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_OK(rig_run(&rig, FILE_("a", "path: /a, content: x")));
	CHECK_OK(rig_plan(&rig, FILE_("a", "path: /a, content: z, mode: '0600'")));
	CHECK_STR(rig_action(&rig, "File/a"), "update");
	CHECK(!rig_item(&rig, "File/a")->has_drifted);
	CHECK_OK(rig_apply(&rig));
	CHECK_OK(rig_plan(&rig, FILE_("a", "path: /a, content: z")));
	CHECK_STR(rig_action(&rig, "File/a"), "unchanged");
}

TEST(host_file, adopts_what_is_there)
{
	AUTO(rig) rig;
	rig_open(&rig);
	rig_write(&rig, "etc/motd", "old\n");
	CHECK_OK(rig_plan(&rig, MOTD));
	CHECK(rig_item(&rig, "File/motd")->is_foreign);
	CHECK_STR(rig_action(&rig, "File/motd"), "update");
	rig_write(&rig, "etc/motd", "hello\n");
	CHECK_INT(chmod(rig_path(&rig, "etc/motd"), 0640), 0);
	CHECK_OK(rig_plan(&rig, MOTD));
	struct plan_item *item = rig_item(&rig, "File/motd");
	CHECK(item->is_foreign);
	CHECK_STR(rig_action(&rig, "File/motd"), "unchanged");
	CHECK_STR(item->live, item->desired);
	CHECK(item->uid != NULL);
}

TEST(host_file, refuses_a_symlink_that_leads_out)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_INT(symlink("../..", rig_path(&rig, "etc")), 0);
	CHECK_OK(rig_plan(&rig, MOTD));
	CHECK_STR(rig_action(&rig, "File/motd"), "refused");
	CHECK_ERR(rig_apply(&rig), ERR_REFUSED, "symlink");
}

TEST(host_file, replaces_a_symlink_and_an_empty_folder_only)
{
	AUTO(rig) rig;
	rig_open(&rig);
	rig_write(&rig, "other", "untouched");
	CHECK_INT(symlink("other", rig_path(&rig, "a")), 0);
	CHECK_INT(mkdir(rig_path(&rig, "b"), 0755), 0);
	rig_write(&rig, "c/inside", "kept");
	CHECK_OK(rig_plan(&rig,
	                  FILE_("a", "path: /a, content: x") FILE_("b", "path: /b, content: x")));
	CHECK_STR(rig_action(&rig, "File/a"), "replace");
	CHECK_STR(rig_action(&rig, "File/b"), "replace");
	CHECK_OK(rig_apply(&rig));
	CHECK_STR(rig_read(&rig, "a"), "x");
	CHECK_INT(rig_mode(&rig, "a"), 0644);
	CHECK_STR(rig_read(&rig, "b"), "x");
	CHECK_STR(rig_read(&rig, "other"), "untouched");
	CHECK_OK(rig_plan(&rig, FILE_("c", "path: /c, content: x")));
	CHECK_STR(rig_action(&rig, "File/c"), "refused");
	CHECK_HAS(rig_item(&rig, "File/c")->reason, "not empty");
}

TEST(host_file, a_failing_check_leaves_the_old_file_and_says_why)
{
	AUTO(rig) rig;
	rig_open(&rig);
	rig_write(&rig, "app.conf", "old\n");
	CHECK_OK(rig_plan(&rig,
	                  FILE_("c", "path: /app.conf, content: \"broken\\n\", check: [sh, -c, "
	                             "'echo line 1 is broken >&2; exit 3', '{}']")));
	CHECK_ERR(rig_apply(&rig), ERR_IO, "line 1 is broken");
	CHECK_STR(rig_read(&rig, "app.conf"), "old\n");
	struct fs_list names = { 0 };
	CHECK_OK(fs_list(rig.root, &names));
	CHECK_INT(names.len, 1);
	fs_list_clear(&names);
}

TEST(host_file, the_check_sees_the_staged_copy)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_OK(rig_run(
		&rig, FILE_("c", "path: /app.conf, content: good, check: [grep, -q, good, '{}']")));
	CHECK_STR(rig_read(&rig, "app.conf"), "good");
}

TEST(host_file, refuses_what_changed_since_the_plan)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_OK(rig_plan(&rig, MOTD));
	rig_write(&rig, "etc/motd", "someone was faster\n");
	CHECK_ERR(rig_apply(&rig), ERR_CONFLICT, "changed since the plan");
	CHECK_STR(rig_read(&rig, "etc/motd"), "someone was faster\n");
	CHECK_OK(rig_plan(&rig, MOTD));
	rig_write(&rig, "etc/motd", "and again\n");
	CHECK_ERR(rig_apply(&rig), ERR_CONFLICT, "changed since the plan");
}

TEST(host_file, a_failed_handler_puts_the_old_state_back)
{
	AUTO(rig) rig;
	rig_open(&rig);
	rig_write(&rig, "a", "old");
	CHECK_INT(chmod(rig_path(&rig, "a"), 0600), 0);
	const char *yaml =
		FILE_("a", "path: /a, content: new, mode: '0644', onChange: {command: ['false']}");
	CHECK_ERR(rig_run(&rig, yaml), ERR_IO, "'false' exited with 1");
	CHECK_STR(rig_read(&rig, "a"), "old");
	CHECK_INT(rig_mode(&rig, "a"), 0600);
	yaml = FILE_("new", "path: /new/deep/n, content: new, onChange: {command: ['false']}");
	rig.record_count = 0;
	CHECK_ERR(rig_run(&rig, yaml), ERR_IO, "onChange failed");
	CHECK(!rig_exists(&rig, "new"));
}

TEST(host_file, runs_a_command_once_changed_and_after_a_cut)
{
	AUTO(rig) rig;
	rig_open(&rig);
	AUTOFREE char *yaml = str_format(
		FILE_("a",
	              "path: /a, content: x, onChange: {command: [sh, -c, 'echo ran >> %s/log']}"),
		test_dir());
	CHECK_OK(rig_run(&rig, yaml));
	CHECK_STR(rig_read(&rig, "../log"), "ran\n");
	CHECK_OK(rig_run(&rig, yaml));
	CHECK_STR(rig_read(&rig, "../log"), "ran\n");
	rig_record(&rig, "File/a")->is_pending = true;
	CHECK_OK(rig_plan(&rig, yaml));
	CHECK_STR(rig_action(&rig, "File/a"), "run");
	CHECK_HAS(rig_item(&rig, "File/a")->reason, "cut off");
	CHECK_OK(rig_apply(&rig));
	CHECK_STR(rig_read(&rig, "../log"), "ran\nran\n");
}

TEST(host_file, signals_a_process_that_runs_and_forgives_one_that_does_not)
{
	AUTO(rig) rig;
	rig_open(&rig);
	const char *yaml =
		FILE_("a", "path: /a, content: x, onChange: {signal: HUP, pidFile: /run/x.pid}");
	CHECK_OK(rig_run(&rig, yaml));
	CHECK_INT(rig.handler_runs, 1);
}

TEST(host_file, prunes_what_it_made_with_its_folders)
{
	AUTO(rig) rig;
	rig_open(&rig);
	rig_write(&rig, "etc/keep", "keep");
	CHECK_OK(rig_run(&rig, FILE_("a", "path: /etc/app/conf.d/a, content: x")
	                               FILE_("b", "path: /etc/app/b, content: x")));
	CHECK_OK(rig_plan(&rig, FILE_("b", "path: /etc/app/b, content: x")));
	CHECK_STR(rig_action(&rig, "File/a"), "delete");
	CHECK_STR(rig_item(&rig, "File/a")->changes->before, "x");
	CHECK_OK(rig_apply(&rig));
	CHECK(!rig_exists(&rig, "etc/app/conf.d"));
	CHECK(rig_exists(&rig, "etc/app/b"));
	CHECK_OK(rig_run(&rig, ""));
	CHECK(!rig_exists(&rig, "etc/app"));
	CHECK(rig_exists(&rig, "etc/keep"));
}

TEST(host_file, does_not_prune_what_changed_or_moved)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_OK(rig_run(&rig, FILE_("a", "path: /a, content: x") FILE_("b", "path: /b, content: x")
	                               FILE_("c", "path: /c, content: x")));
	rig_write(&rig, "a", "edited");
	CHECK_INT(unlink(rig_path(&rig, "b")), 0);
	CHECK_OK(rig_plan(&rig, FILE_("renamed", "path: /c, content: x")));
	CHECK_STR(rig_action(&rig, "File/a"), "refused");
	CHECK(rig_item(&rig, "File/a")->has_drifted);
	CHECK_HAS(rig_item(&rig, "File/a")->hint, "--prune-changed");
	CHECK_STR(rig_action(&rig, "File/b"), "forget");
	CHECK_STR(rig_action(&rig, "File/c"), "forget");
	CHECK_HAS(rig_item(&rig, "File/c")->reason, "File/renamed");
	rig_item(&rig, "File/a")->action = PLAN_DELETE;
	CHECK_OK(rig_apply(&rig));
	CHECK(!rig_exists(&rig, "a"));
	CHECK(rig_exists(&rig, "c"));
}

TEST(host_file, takes_content_from_files_and_base64)
{
	AUTO(rig) rig;
	rig_open(&rig);
	AUTOFREE char *path = str_format("%s/source.bin", test_dir());
	CHECK_OK(fs_write_atomic(path, (struct view){ "a\0b\xff", 4 }, 0644));
	CHECK_OK(rig_run(&rig, FILE_("a", "path: /a, contentFrom: source.bin")
	                               FILE_("b", "path: /b, contentBase64: aGVsbG8=")));
	CHECK_STR(rig_read(&rig, "b"), "hello");
	struct fs_stat stat;
	CHECK_OK(fs_lstat(rig_path(&rig, "a"), &stat));
	CHECK_INT(stat.size, 4);
	CHECK_HAS(rig_record(&rig, "File/a")->manifest, "\"contentBase64\":\"YQBi/w==\"");
	CHECK_ERR(rig_plan(&rig, FILE_("a", "path: /a, contentFrom: missing")), ERR_INVALID,
	          "cannot read contentFrom 'missing'");
}

TEST(host_file, takes_octal_modes_only)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_OK(rig_run(&rig, FILE_("a", "path: /a, content: x, mode: 0600")));
	CHECK_INT(rig_mode(&rig, "a"), 0600);
	CHECK_HAS(rig_record(&rig, "File/a")->manifest, "\"mode\":\"0600\"");
	CHECK_ERR(rig_plan(&rig, FILE_("a", "path: /a, content: x, mode: 644")), ERR_INVALID,
	          "mode: \"0644\"");
}

TEST(host_file, bad_manifests_name_their_place)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_ERR(rig_plan(&rig, FILE_("a", "path: /a, contnet: x")), ERR_INVALID, "content");
	CHECK_ERR(rig_plan(&rig, FILE_("a", "path: /a")), ERR_INVALID, "content");
	CHECK_ERR(rig_plan(&rig, FILE_("a", "path: /, content: x")), ERR_INVALID, "root itself");
	CHECK_ERR(rig_plan(&rig, FILE_("a", "path: a, content: x")), ERR_INVALID, "absolute");
	CHECK_ERR(rig_plan(&rig, FILE_("a", "path: /../a, content: x")), ERR_INVALID, "..");
	CHECK_ERR(rig_plan(&rig, FILE_("a", "path: /a, content: x, owner: nobody-of-that-name")),
	          ERR_INVALID, "no user");
	CHECK_ERR(rig_plan(&rig,
	                   FILE_("a", "path: /a, content: x") FILE_("b", "path: /a, content: z")),
	          ERR_INVALID, "both manage '/a'");
	CHECK_ERR(rig_plan(&rig,
	                   FILE_("a", "path: /a, content: x") FILE_("b", "path: /a/b, content: z")),
	          ERR_INVALID, "inside");
	AUTOERR err *e = rig_plan(&rig, FILE_("a", "path: /a, content: x, mode: 'rw'"));
	CHECK(err_place(e) && err_place(e)->line == 4);
}

TEST(host_file, inspects_records_without_manifests)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_OK(rig_run(&rig, MOTD));
	const char *live, *note;
	struct target_record *record = rig_record(&rig, "File/motd");
	CHECK_OK(rig.target->ops->inspect(rig.target, record, &rig.arena, &live, &note));
	CHECK_STR(live, record->fingerprint);
	rig_write(&rig, "etc/motd", "edited");
	CHECK_OK(rig.target->ops->inspect(rig.target, record, &rig.arena, &live, &note));
	CHECK(!str_equal(live, record->fingerprint));
	CHECK_INT(unlink(rig_path(&rig, "etc/motd")), 0);
	CHECK_OK(rig.target->ops->inspect(rig.target, record, &rig.arena, &live, &note));
	CHECK_STR(live, "");
}

TEST(host_file, nothing_goes_below_a_file)
{
	AUTO(rig) rig;
	rig_open(&rig);
	rig_write(&rig, "etc/app", "a file");
	CHECK_OK(rig_plan(&rig, FILE_("a", "path: /etc/app/deep/a, content: x")));
	CHECK_STR(rig_action(&rig, "File/a"), "refused");
	CHECK_HAS(rig_item(&rig, "File/a")->reason, "'/etc/app' is a file");
}

TEST(host_file, an_owner_may_be_made_by_a_command_of_the_set)
{
	AUTO(rig) rig;
	if (geteuid() != 0) {
		test_skip("changing owners needs root");
		return;
	}
	rig_open(&rig);
	rig_write(&rig, "etc/passwd", "root:x:0:0::/root:/bin/sh\n");
	const char *yaml =
		"apiVersion: host.fettle.dev/v1\nkind: File\n"
		"metadata: {name: z, annotations: {fettle.dev/depends-on: Command/user}}\n"
		"spec: {path: /a, content: x, owner: app}\n---\n"
		"apiVersion: host.fettle.dev/v1\nkind: Command\nmetadata: {name: user}\nspec:\n"
		"  check: [sh, -c, 'grep -q ^app: $FETTLE_ROOT/etc/passwd']\n"
		"  apply: [sh, -c, 'echo app:x:4321:4321::/:/bin/sh >> $FETTLE_ROOT/etc/passwd']\n";
	CHECK_OK(rig_plan(&rig, yaml));
	CHECK_STR(rig_action(&rig, "File/z"), "create");
	CHECK_OK(rig_apply(&rig));
	struct fs_stat stat;
	CHECK_OK(fs_lstat(rig_path(&rig, "a"), &stat));
	CHECK_INT(stat.uid, 4321);
	CHECK_OK(rig_plan(&rig, yaml));
	CHECK_STR(rig_action(&rig, "File/z"), "unchanged");
	const char *live, *note;
	struct target_record *record = rig_record(&rig, "File/z");
	CHECK_OK(rig.target->ops->inspect(rig.target, record, &rig.arena, &live, &note));
	CHECK_STR(live, record->fingerprint);
	CHECK_OK(rig_plan(&rig, FILE_("z", "path: /a, content: x, owner: 4321")));
	CHECK_STR(rig_action(&rig, "File/z"), "unchanged");
}

TEST(host_file, a_removal_runs_on_change_and_comes_back_when_that_fails)
{
	AUTO(rig) rig;
	rig_open(&rig);
	AUTOFREE char *yaml = str_format(
		FILE_("a", "path: /a, content: x, mode: '0600', onChange: {command: [sh, -c, "
	                   "'test ! -e %s/fail']}"),
		test_dir());
	AUTOFREE char *fail = str_format("%s/fail", test_dir());
	CHECK_OK(rig_run(&rig, yaml));
	struct target_record saved = *rig_record(&rig, "File/a");
	CHECK_OK(fs_write_atomic(fail, view_of(""), 0644));
	CHECK_ERR(rig_run(&rig, ""), ERR_IO, "onChange failed");
	CHECK_STR(rig_read(&rig, "a"), "x");
	CHECK_INT(rig_mode(&rig, "a"), 0600);
	CHECK_INT(unlink(fail), 0);
	rig.records[rig.record_count++] = saved;
	CHECK_OK(rig_run(&rig, ""));
	CHECK_INT(rig.handler_runs, 3);
	CHECK(!rig_exists(&rig, "a"));
}
