#include "host_rig.h"

#include <sys/stat.h>
#include <unistd.h>

#include "pal/fs.h"

#define HOST(kind, name, spec)                                                                     \
	"apiVersion: host.fettle.dev/v1\nkind: " kind "\nmetadata: {name: " name "}\nspec: {" spec \
	"}\n---\n"

/* --- Directory --- */

TEST(host_directory, makes_a_folder_before_what_is_in_it)
{
	AUTO(rig) rig;
	rig_open(&rig);
	const char *yaml = HOST("File", "f", "path: /srv/app/f, content: x")
		HOST("Directory", "d", "path: /srv/app, mode: '0700'");
	CHECK_OK(rig_run(&rig, yaml));
	CHECK_INT(rig_mode(&rig, "srv/app"), 0700);
	CHECK_STR(rig_read(&rig, "srv/app/f"), "x");
	CHECK_OK(rig_plan(&rig, yaml));
	CHECK_STR(rig_action(&rig, "Directory/d"), "unchanged");
	CHECK_INT(chmod(rig_path(&rig, "srv/app"), 0755), 0);
	CHECK_OK(rig_plan(&rig, yaml));
	CHECK_STR(rig_action(&rig, "Directory/d"), "update");
	CHECK(rig_item(&rig, "Directory/d")->has_drifted);
	CHECK_OK(rig_apply(&rig));
	CHECK_INT(rig_mode(&rig, "srv/app"), 0700);
	CHECK_OK(rig_run(&rig, ""));
	CHECK(!rig_exists(&rig, "srv"));
}

TEST(host_directory, leaves_a_folder_with_content_of_others)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_OK(rig_run(&rig, HOST("Directory", "d", "path: /d")));
	rig_write(&rig, "d/theirs", "kept");
	CHECK_OK(rig_plan(&rig, ""));
	CHECK_STR(rig_action(&rig, "Directory/d"), "delete");
	CHECK_OK(rig_apply(&rig));
	CHECK_STR(rig_read(&rig, "d/theirs"), "kept");
	CHECK_STR(rig_action(&rig, "Directory/d"), "forget");
	CHECK_HAS(rig_item(&rig, "Directory/d")->reason, "theirs");
}

TEST(host_directory, purges_what_nobody_manages_and_shows_it)
{
	AUTO(rig) rig;
	rig_open(&rig);
	const char *yaml = HOST("Directory", "d",
	                        "path: /d, purge: true") HOST("File", "f", "path: /d/f, content: x")
		HOST("File", "g",
	             "path: /d/s/g, content: x") "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, annotations: "
						 "{host.fettle.dev/path: /d/c}}\ndata: {k: v}\n";
	CHECK_OK(rig_run(&rig, yaml));
	CHECK_OK(rig_plan(&rig, yaml));
	CHECK_STR(rig_action(&rig, "Directory/d"), "unchanged");
	rig_write(&rig, "d/stranger", "x");
	rig_write(&rig, "d/.fettle", "x");
	CHECK_INT(mkdir(rig_path(&rig, "d/empty"), 0755), 0);
	CHECK_INT(symlink("nowhere", rig_path(&rig, "d/link")), 0);
	CHECK_OK(rig_plan(&rig, yaml));
	struct plan_item *item = rig_item(&rig, "Directory/d");
	CHECK_STR(rig_action(&rig, "Directory/d"), "update");
	CHECK(item->has_drifted);
	CHECK_STR(item->changes->path, "entry empty");
	CHECK_STR(item->changes->next->path, "entry link");
	CHECK_STR(item->changes->next->next->path, "entry stranger");
	CHECK_OK(rig_apply(&rig));
	CHECK(!rig_exists(&rig, "d/stranger"));
	CHECK(!rig_exists(&rig, "d/link"));
	CHECK(!rig_exists(&rig, "d/empty"));
	CHECK(rig_exists(&rig, "d/.fettle"));
	CHECK(rig_exists(&rig, "d/f"));
	CHECK(rig_exists(&rig, "d/s/g"));
	CHECK_STR(rig_read(&rig, "d/c/k"), "v");
}

TEST(host_directory, does_not_purge_a_folder_with_content)
{
	AUTO(rig) rig;
	rig_open(&rig);
	rig_write(&rig, "d/sub/precious", "x");
	CHECK_OK(rig_plan(&rig, HOST("Directory", "d", "path: /d, purge: true")));
	CHECK_STR(rig_action(&rig, "Directory/d"), "refused");
	CHECK_HAS(rig_item(&rig, "Directory/d")->reason, "sub");
}

TEST(host_directory, replaces_a_file_but_no_symlink)
{
	AUTO(rig) rig;
	rig_open(&rig);
	rig_write(&rig, "f", "x");
	CHECK_INT(mkdir(rig_path(&rig, "real"), 0755), 0);
	CHECK_INT(symlink("real", rig_path(&rig, "l")), 0);
	CHECK_OK(rig_plan(&rig, HOST("Directory", "f", "path: /f")));
	CHECK_STR(rig_action(&rig, "Directory/f"), "replace");
	CHECK_OK(rig_apply(&rig));
	CHECK_INT(rig_mode(&rig, "f"), 0755);
	CHECK_OK(rig_plan(&rig, HOST("Directory", "l", "path: /l")));
	CHECK_STR(rig_action(&rig, "Directory/l"), "refused");
	CHECK_HAS(rig_item(&rig, "Directory/l")->reason, "symlink to 'real'");
}

/* --- Symlink --- */

TEST(host_symlink, creates_changes_and_removes)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_OK(rig_run(&rig, HOST("Symlink", "l", "path: /a/l, target: /one")));
	AUTO(str) target = STR_INIT;
	CHECK_OK(fs_readlink(rig_path(&rig, "a/l"), &target));
	CHECK_STR(target.ptr, "/one");
	CHECK_OK(rig_plan(&rig, HOST("Symlink", "l", "path: /a/l, target: /one")));
	CHECK_STR(rig_action(&rig, "Symlink/l"), "unchanged");
	CHECK_OK(rig_plan(&rig, HOST("Symlink", "l", "path: /a/l, target: two")));
	CHECK_STR(rig_item(&rig, "Symlink/l")->changes->before, "/one");
	CHECK_OK(rig_apply(&rig));
	CHECK_OK(fs_readlink(rig_path(&rig, "a/l"), &target));
	CHECK_STR(target.ptr, "two");
	CHECK_OK(rig_run(&rig, ""));
	CHECK(!rig_exists(&rig, "a"));
}

TEST(host_symlink, replaces_a_file_and_sees_a_late_change)
{
	AUTO(rig) rig;
	rig_open(&rig);
	rig_write(&rig, "l", "file");
	CHECK_OK(rig_plan(&rig, HOST("Symlink", "l", "path: /l, target: t")));
	CHECK_STR(rig_action(&rig, "Symlink/l"), "replace");
	rig_write(&rig, "l", "another file");
	CHECK_ERR(rig_apply(&rig), ERR_CONFLICT, "changed since the plan");
	CHECK_OK(rig_run(&rig, HOST("Symlink", "l", "path: /l, target: t")));
	AUTO(str) target = STR_INIT;
	CHECK_OK(fs_readlink(rig_path(&rig, "l"), &target));
	CHECK_STR(target.ptr, "t");
}

/* --- Command --- */

TEST(host_command, runs_until_its_check_agrees)
{
	AUTO(rig) rig;
	rig_open(&rig);
	const char *yaml =
		HOST("Command", "c",
	             "check: [sh, -c, 'test -e $FETTLE_ROOT/done'], "
	             "apply: [sh, -c, 'echo $WORD > $FETTLE_ROOT/done'], env: {WORD: hi}, "
	             "remove: [sh, -c, 'rm $FETTLE_ROOT/done']");
	CHECK_OK(rig_plan(&rig, yaml));
	CHECK_STR(rig_action(&rig, "Command/c"), "create");
	CHECK_HAS(rig_item(&rig, "Command/c")->changes->after, "echo $WORD");
	CHECK_OK(rig_apply(&rig));
	CHECK_STR(rig_read(&rig, "done"), "hi\n");
	CHECK_OK(rig_plan(&rig, yaml));
	CHECK_STR(rig_action(&rig, "Command/c"), "unchanged");
	CHECK_INT(unlink(rig_path(&rig, "done")), 0);
	CHECK_OK(rig_plan(&rig, yaml));
	CHECK_STR(rig_action(&rig, "Command/c"), "update");
	CHECK(rig_item(&rig, "Command/c")->has_drifted);
	CHECK_OK(rig_apply(&rig));
	CHECK_OK(rig_plan(&rig, ""));
	CHECK_STR(rig_action(&rig, "Command/c"), "delete");
	CHECK_OK(rig_apply(&rig));
	CHECK(!rig_exists(&rig, "done"));
}

TEST(host_command, without_a_check_runs_once_for_each_manifest)
{
	AUTO(rig) rig;
	rig_open(&rig);
	const char *one = HOST("Command", "c", "apply: [sh, -c, 'echo 1 >> $FETTLE_ROOT/log']");
	CHECK_OK(rig_run(&rig, one));
	CHECK_OK(rig_run(&rig, one));
	CHECK_STR(rig_read(&rig, "log"), "1\n");
	CHECK_OK(rig_run(&rig,
	                 HOST("Command", "c", "apply: [sh, -c, 'echo 2 >> $FETTLE_ROOT/log']")));
	CHECK_STR(rig_read(&rig, "log"), "1\n2\n");
	CHECK_OK(rig_plan(&rig, ""));
	CHECK_STR(rig_action(&rig, "Command/c"), "forget");
	CHECK_HAS(rig_item(&rig, "Command/c")->reason, "no 'remove'");
}

TEST(host_command, a_failure_carries_the_last_words)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_ERR(
		rig_run(&rig, HOST("Command", "c", "apply: [sh, -c, 'echo no such luck; exit 7']")),
		ERR_IO, "exited with 7: no such luck");
	CHECK_ERR(rig_run(&rig, HOST("Command", "c", "apply: ['true'], check: ['false']")), ERR_IO,
	          "check still says no");
	CHECK_ERR(rig_run(&rig, HOST("Command", "c", "apply: [sleep, '10'], timeout: 50ms")),
	          ERR_IO, "too long");
	CHECK_ERR(rig_run(&rig, HOST("Command", "c", "apply: [no-such-program-here]")),
	          ERR_NOT_FOUND, "no-such-program-here");
}

TEST(host_command, comes_after_the_program_it_runs)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_OK(rig_load(&rig, HOST("Command", "c", "apply: [/opt/tool]") HOST(
					"File", "f", "path: /opt/tool, content: x, mode: '0755'")));
	CHECK_INT(rig.set.items[0]->edge_count, 1);
}

/* --- Unit: what can be seen without systemd; tests/e2e/host.bats has the rest --- */

#define UNIT_TEXT \
	"content: \"[Service]\\nExecStart=/bin/true\\n[Install]\\nWantedBy=multi-user.target\\n\""

TEST(host_unit, writes_the_file_in_a_root_folder)
{
	AUTO(rig) rig;
	rig_open(&rig);
	const char *yaml = HOST("Unit", "app.service", UNIT_TEXT);
	CHECK_OK(rig_run(&rig, yaml));
	CHECK_HAS(rig_read(&rig, "etc/systemd/system/app.service"), "ExecStart=/bin/true");
	CHECK_OK(rig_plan(&rig, yaml));
	CHECK_STR(rig_action(&rig, "Unit/app.service"), "unchanged");
	rig_write(&rig, "etc/systemd/system/app.service", "edited");
	CHECK_OK(rig_plan(&rig, yaml));
	CHECK(rig_item(&rig, "Unit/app.service")->has_drifted);
	CHECK_OK(rig_apply(&rig));
	CHECK_OK(rig_plan(&rig, ""));
	CHECK_STR(rig_action(&rig, "Unit/app.service"), "delete");
	CHECK_OK(rig_apply(&rig));
	CHECK(!rig_exists(&rig, "etc"));
}

TEST(host_unit, refuses_to_start_anything_in_a_folder)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_OK(rig_plan(&rig, HOST("Unit", "app.service", UNIT_TEXT ", state: started")));
	CHECK_STR(rig_action(&rig, "Unit/app.service"), "refused");
	CHECK_HAS(rig_item(&rig, "Unit/app.service")->reason, "on the machine only");
	CHECK_OK(rig_plan(&rig, HOST("File", "f",
	                             "path: /f, content: x, onChange: {reloadUnit: a.service}")));
	CHECK_STR(rig_action(&rig, "File/f"), "refused");
}

TEST(host_unit, bad_manifests_are_refused)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_ERR(rig_plan(&rig, HOST("Unit", "app", UNIT_TEXT)), ERR_INVALID, "app.service");
	CHECK_ERR(rig_plan(&rig, HOST("Unit", "a.service", "enabled: true, content: '[Service]'")),
	          ERR_INVALID, "[Install]");
	CHECK_ERR(rig_plan(&rig, HOST("Unit", "a.service", "state: running")), ERR_INVALID,
	          "started");
	CHECK_ERR(rig_plan(&rig, HOST("Unit", "a.service", UNIT_TEXT ", restartOn: [File/nope]")),
	          ERR_INVALID, "File/nope");
}

TEST(host_unit, comes_after_what_restarts_it)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_OK(rig_load(
		&rig, HOST("Unit", "a.service", UNIT_TEXT ", state: started, restartOn: [File/f]")
			      HOST("File", "f", "path: /f, content: x")
				      HOST("File", "dropin",
	                                   "path: /etc/systemd/system/a.service.d/x.conf, "
	                                   "content: x")));
	CHECK_INT(rig.set.items[0]->edge_count, 2);
	CHECK(rig.set.items[0]->edges[0].is_trigger);
	CHECK(rig.set.items[0]->edges[1].is_trigger);
}
