#include "base/base.h"

#include "test.h"

#include "base/path.h"
#include "pal/fs.h"
#include "pal/root.h"
#include "swap/swap.h"

struct rig {
	char *file, *other, *state, *log;
	struct swap_file files[2];
	struct swap_group group;
};

static void rig_init(struct rig *rig)
{
	rig->file = path_join(test_dir(), "app.conf");
	rig->other = path_join(test_dir(), "b.json");
	rig->state = path_join(test_dir(), "state");
	rig->log = path_join(test_dir(), "log");
	rig->files[0] = (struct swap_file){ rig->file, view_of("one\n"), FS_KEEP,
		                            FS_KEEP,   FS_KEEP,          SWAP_SYNTAX_AUTO };
	rig->files[1] = (struct swap_file){ rig->other, view_of("{}"), FS_KEEP,
		                            FS_KEEP,    FS_KEEP,       SWAP_SYNTAX_AUTO };
	rig->group = (struct swap_group){
		.name = "app", .state_dir = rig->state, .files = rig->files, .file_count = 2
	};
}

static void rig_clear(struct rig *rig)
{
	mem_free(rig->file);
	mem_free(rig->other);
	mem_free(rig->state);
	mem_free(rig->log);
}

static char *content(const char *path)
{
	AUTO(str) text = STR_INIT;
	err *e = fs_read_file(path, 1 << 20, &text);
	if (e)
		str_addz(&text, "(nothing)");
	err_free(e);
	return str_detach(&text);
}

#define CHECK_CONTENT(path, expected)                    \
	do {                                             \
		AUTOFREE char *content_ = content(path); \
		CHECK_STR(content_, expected);           \
	} while (0)

TEST(swap, new_content_becomes_visible_and_the_same_again_is_nothing)
{
	AUTO(rig) rig;
	AUTO(swap_report) report = SWAP_REPORT_INIT;
	rig_init(&rig);
	CHECK_OK(swap_apply(&rig.group, NULL, &report));
	CHECK_INT(report.outcome, SWAP_COMMITTED);
	CHECK_INT(report.changed, 2);
	CHECK_CONTENT(rig.file, "one\n");
	CHECK_OK(swap_apply(&rig.group, NULL, &report));
	CHECK_INT(report.outcome, SWAP_UNCHANGED);
}

TEST(swap, broken_syntax_never_becomes_visible)
{
	AUTO(rig) rig;
	AUTO(swap_report) report = SWAP_REPORT_INIT;
	rig_init(&rig);
	CHECK_OK(swap_apply(&rig.group, NULL, &report));
	rig.files[0].content = view_of("two\n");
	rig.files[1].content = view_of("{\"a\": }");
	CHECK_OK(swap_apply(&rig.group, NULL, &report));
	CHECK_INT(report.outcome, SWAP_REJECTED);
	CHECK_STR(report.stage, "syntax");
	CHECK_CONTENT(rig.file, "one\n");
	CHECK_CONTENT(rig.other, "{}");
}

TEST(swap, the_daemons_own_check_sees_the_staged_files_and_its_words_are_kept)
{
	AUTO(rig) rig;
	AUTO(swap_report) report = SWAP_REPORT_INIT;
	static const char *const argv[] = {
		"sh", "-c", "grep -q good \"$0\" || { echo \"bad line in config\"; exit 1; }",
		"{file:app.conf}", NULL
	};
	struct swap_command check = { argv, 0 };
	rig_init(&rig);
	rig.group.checks = &check;
	rig.group.check_count = 1;
	rig.files[0].content = view_of("good 1\n");
	CHECK_OK(swap_apply(&rig.group, NULL, &report));
	CHECK_INT(report.outcome, SWAP_COMMITTED);
	rig.files[0].content = view_of("evil\n");
	CHECK_OK(swap_apply(&rig.group, NULL, &report));
	CHECK_INT(report.outcome, SWAP_REJECTED);
	CHECK_STR(report.stage, "check");
	CHECK_STR(report.output.ptr, "bad line in config\n");
	CHECK_CONTENT(rig.file, "good 1\n");
	/* Not tried again until it changes. */
	CHECK_OK(swap_apply(&rig.group, NULL, &report));
	CHECK(report.was_known);
	CHECK_INT(report.outcome, SWAP_REJECTED);
	CHECK_OK(swap_forget(&rig.group));
	CHECK_OK(swap_apply(&rig.group, NULL, &report));
	CHECK(!report.was_known);
}

/* A daemon that dies of "evil": its reload notes what it read. */
static void use_daemon(struct rig *rig, struct swap_command *reload)
{
	static const char *argv[8];
	argv[0] = "sh";
	argv[1] = "-c";
	argv[2] =
		"cat \"$0\" >> \"$1\"; ! grep -q evil \"$0\" || { echo 'cannot start: evil'; exit 3; }";
	argv[3] = rig->file;
	argv[4] = rig->log;
	argv[5] = NULL;
	reload->argv = argv;
	rig->group.reload = (struct swap_reload){ .kind = SWAP_RELOAD_COMMAND, .command = *reload };
}

TEST(swap, a_failed_reload_goes_back_and_reloads_once_more)
{
	AUTO(rig) rig;
	AUTO(swap_report) report = SWAP_REPORT_INIT;
	struct swap_command reload = { 0 };
	rig_init(&rig);
	use_daemon(&rig, &reload);
	CHECK_OK(swap_apply(&rig.group, NULL, &report));
	rig.files[0].content = view_of("evil\n");
	CHECK_OK(swap_apply(&rig.group, NULL, &report));
	CHECK_INT(report.outcome, SWAP_ROLLED_BACK);
	CHECK_STR(report.stage, "reload");
	CHECK_STR(report.output.ptr, "cannot start: evil\n");
	CHECK_CONTENT(rig.file, "one\n");
	CHECK_CONTENT(rig.log, "one\nevil\none\n");
	CHECK_OK(swap_apply(&rig.group, NULL, &report));
	CHECK(report.was_known);
	CHECK_CONTENT(rig.log, "one\nevil\none\n");
	rig.files[0].content = view_of("two\n");
	CHECK_OK(swap_apply(&rig.group, NULL, &report));
	CHECK_INT(report.outcome, SWAP_COMMITTED);
}

TEST(swap, what_is_unwell_afterwards_goes_back)
{
	AUTO(rig) rig;
	AUTO(swap_report) report = SWAP_REPORT_INIT;
	static const char *argv[6];
	rig_init(&rig);
	argv[0] = "sh";
	argv[1] = "-c";
	argv[2] = "! grep -q ill \"$0\"";
	argv[3] = rig.file;
	rig.group.health = (struct swap_health){
		.kind = SWAP_HEALTH_COMMAND, .command = { argv, 0 }, .within_ms = 50, .every_ms = 10
	};
	CHECK_OK(swap_apply(&rig.group, NULL, &report));
	CHECK_INT(report.outcome, SWAP_COMMITTED);
	rig.files[0].content = view_of("ill\n");
	CHECK_OK(swap_apply(&rig.group, NULL, &report));
	CHECK_INT(report.outcome, SWAP_ROLLED_BACK);
	CHECK_STR(report.stage, "health");
	CHECK_CONTENT(rig.file, "one\n");
	argv[2] = "false";
	rig.files[0].content = view_of("worse\n");
	CHECK_OK(swap_apply(&rig.group, NULL, &report));
	CHECK_INT(report.outcome, SWAP_HELD);
	CHECK_CONTENT(rig.file, "one\n");
}

TEST(swap, a_new_file_is_gone_again_after_going_back)
{
	AUTO(rig) rig;
	AUTO(swap_report) report = SWAP_REPORT_INIT;
	static const char *const argv[] = { "false", NULL };
	rig_init(&rig);
	rig.group.reload =
		(struct swap_reload){ .kind = SWAP_RELOAD_COMMAND, .command = { argv, 0 } };
	CHECK_OK(swap_apply(&rig.group, NULL, &report));
	CHECK_INT(report.outcome, SWAP_HELD);
	CHECK(!fs_exists(rig.file));
	CHECK(!fs_exists(rig.other));
}

TEST(swap, a_generation_changes_all_files_at_once)
{
	AUTO(rig) rig;
	AUTO(swap_report) report = SWAP_REPORT_INIT;
	AUTOFREE char *link = path_join(test_dir(), "conf");
	AUTOFREE char *inside = path_join(link, "sub/a.conf");
	AUTO(str) before = STR_INIT;
	AUTO(str) after = STR_INIT;
	AUTO(fs_list) names = { 0 };
	rig_init(&rig);
	rig.group.generation = link;
	rig.files[0].path = "sub/a.conf";
	rig.files[1].path = "b.json";
	CHECK_OK(swap_apply(&rig.group, NULL, &report));
	CHECK_INT(report.outcome, SWAP_COMMITTED);
	CHECK_OK(fs_readlink(link, &before));
	CHECK_CONTENT(inside, "one\n");
	rig.files[0].content = view_of("two\n");
	CHECK_OK(swap_apply(&rig.group, NULL, &report));
	CHECK_OK(fs_readlink(link, &after));
	CHECK(strcmp(before.ptr, after.ptr) != 0);
	CHECK_CONTENT(inside, "two\n");
	rig.files[1].content = view_of("[");
	CHECK_OK(swap_apply(&rig.group, NULL, &report));
	CHECK_INT(report.outcome, SWAP_REJECTED);
	CHECK_OK(fs_list(test_dir(), &names));
	CHECK_INT(names.len, 3); /* the link, its folder, the state */
}

TEST(swap, a_check_may_not_name_a_file_that_is_not_there)
{
	AUTO(rig) rig;
	AUTO(swap_report) report = SWAP_REPORT_INIT;
	static const char *const argv[] = { "true", "{file:nope}", NULL };
	struct swap_command check = { argv, 0 };
	rig_init(&rig);
	rig.group.checks = &check;
	rig.group.check_count = 1;
	CHECK_ERR(swap_apply(&rig.group, NULL, &report), ERR_USAGE, "is called 'nope'");
	CHECK(!fs_exists(rig.file));
}
