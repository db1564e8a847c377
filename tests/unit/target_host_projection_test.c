#include "host_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pal/fs.h"

#define CONFIG(data)                                                         \
	"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, annotations: " \
	"{host.fettle.dev/path: /etc/app}}\n" data "\n"
#define SECRET(data)                                                      \
	"apiVersion: v1\nkind: Secret\nmetadata: {name: s, annotations: " \
	"{host.fettle.dev/path: /etc/keys}}\n" data "\n"

static size_t count_entries(struct rig *rig, const char *rel)
{
	struct fs_list names = { 0 };
	err_ignore(fs_list(rig_path(rig, rel), &names), "an empty list is the answer");
	size_t count = names.len;
	fs_list_clear(&names);
	return count;
}

TEST(host_projection, lays_files_out_as_a_kubelet_does)
{
	AUTO(rig) rig;
	rig_open(&rig);
	const char *yaml = CONFIG("data: {a.conf: one, b: two}\nbinaryData: {bin: AAEC}");
	CHECK_OK(rig_plan(&rig, yaml));
	CHECK_STR(rig_action(&rig, "ConfigMap/c"), "create");
	CHECK_STR(rig_item(&rig, "ConfigMap/c")->changes->path, "data.a.conf");
	CHECK_OK(rig_apply(&rig));
	CHECK_STR(rig_read(&rig, "etc/app/a.conf"), "one");
	CHECK_STR(rig_read(&rig, "etc/app/b"), "two");
	AUTO(str) target = STR_INIT;
	CHECK_OK(fs_readlink(rig_path(&rig, "etc/app/a.conf"), &target));
	CHECK_STR(target.ptr, "..data/a.conf");
	CHECK_OK(fs_readlink(rig_path(&rig, "etc/app/..data"), &target));
	CHECK(str_starts(target.ptr, "..fettle-"));
	CHECK_INT(strlen(target.ptr), strlen("..fettle-") + 16);
	CHECK_OK(rig_plan(&rig, yaml));
	CHECK_STR(rig_action(&rig, "ConfigMap/c"), "unchanged");
}

TEST(host_projection, removes_old_keys_and_generations)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_OK(rig_run(&rig, CONFIG("data: {a: one, b: two}")));
	rig_write(&rig, "etc/app/theirs", "kept");
	CHECK_OK(rig_plan(&rig, CONFIG("data: {a: new, c: three}")));
	CHECK_STR(rig_action(&rig, "ConfigMap/c"), "update");
	CHECK(!rig_item(&rig, "ConfigMap/c")->has_drifted);
	CHECK_OK(rig_apply(&rig));
	CHECK_STR(rig_read(&rig, "etc/app/a"), "new");
	CHECK_STR(rig_read(&rig, "etc/app/c"), "three");
	CHECK(!rig_exists(&rig, "etc/app/b"));
	CHECK_STR(rig_read(&rig, "etc/app/theirs"), "kept");
	CHECK_INT(count_entries(&rig, "etc/app"), 5);
	CHECK_OK(rig_run(&rig, ""));
	CHECK_INT(count_entries(&rig, "etc/app"), 1);
	CHECK_STR(rig_read(&rig, "etc/app/theirs"), "kept");
}

TEST(host_projection, is_removed_with_its_folder)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_OK(rig_run(&rig, CONFIG("data: {a: one}")));
	CHECK_OK(rig_plan(&rig, ""));
	CHECK_STR(rig_action(&rig, "ConfigMap/c"), "delete");
	CHECK_OK(rig_apply(&rig));
	CHECK(!rig_exists(&rig, "etc"));
}

TEST(host_projection, repairs_what_was_damaged)
{
	AUTO(rig) rig;
	rig_open(&rig);
	const char *yaml = CONFIG("data: {a: one, b: two}");
	CHECK_OK(rig_run(&rig, yaml));
	CHECK_INT(unlink(rig_path(&rig, "etc/app/a")), 0);
	CHECK_OK(rig_plan(&rig, yaml));
	CHECK(rig_item(&rig, "ConfigMap/c")->has_drifted);
	CHECK_OK(rig_apply(&rig));
	CHECK_STR(rig_read(&rig, "etc/app/a"), "one");
	rig_write(&rig, "etc/app/..data/b", "edited in place");
	CHECK_OK(rig_plan(&rig, yaml));
	CHECK(rig_item(&rig, "ConfigMap/c")->has_drifted);
	CHECK_OK(rig_apply(&rig));
	CHECK_STR(rig_read(&rig, "etc/app/b"), "two");
	rig_write(&rig, "etc/app/..data/stranger", "x");
	CHECK_OK(rig_run(&rig, yaml));
	CHECK(!rig_exists(&rig, "etc/app/..data/stranger"));
	CHECK_OK(rig_plan(&rig, yaml));
	CHECK_STR(rig_action(&rig, "ConfigMap/c"), "unchanged");
}

TEST(host_projection, secrets_are_private_and_never_shown)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_OK(rig_plan(&rig, SECRET("data: {p: aHVudGVyMg==}\nstringData: {q: hunter3}")));
	struct plan_item *item = rig_item(&rig, "Secret/s");
	CHECK(item->is_sensitive);
	for (struct plan_change *c = item->changes; c; c = c->next) {
		CHECK(c->is_sensitive);
		CHECK_HAS(c->after, "(sensitive, tag ");
		CHECK(!strstr(c->after, "hunter"));
	}
	CHECK_OK(rig_apply(&rig));
	CHECK_STR(rig_read(&rig, "etc/keys/p"), "hunter2");
	CHECK_STR(rig_read(&rig, "etc/keys/q"), "hunter3");
	CHECK_INT(rig_mode(&rig, "etc/keys/..data/p"), 0600);
	CHECK(!rig_record(&rig, "Secret/s")->manifest);
	CHECK_OK(rig_plan(&rig, ""));
	CHECK_STR(rig_action(&rig, "Secret/s"), "delete");
	CHECK_HAS(rig_item(&rig, "Secret/s")->changes->before, "(sensitive");
	CHECK_OK(rig_apply(&rig));
	CHECK(!rig_exists(&rig, "etc/keys"));
}

TEST(host_projection, a_failed_handler_puts_the_old_generation_back)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_OK(rig_run(&rig, CONFIG("data: {a: one, b: two}")));
	const char *yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, annotations: {"
			   "host.fettle.dev/path: /etc/app, host.fettle.dev/onChange: 'command: "
			   "[\"false\"]'}}\ndata: {a: new}\n";
	CHECK_ERR(rig_run(&rig, yaml), ERR_IO, "onChange failed");
	CHECK_STR(rig_read(&rig, "etc/app/a"), "one");
	CHECK_STR(rig_read(&rig, "etc/app/b"), "two");
}

TEST(host_projection, bad_manifests_are_refused)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_ERR(rig_plan(&rig,
	                   "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n"),
	          ERR_INVALID, "host.fettle.dev/path");
	CHECK_ERR(rig_plan(&rig, CONFIG("data: {../x: b}")), ERR_INVALID, "../x");
	CHECK_ERR(rig_plan(&rig, CONFIG("data: {..x: b}")), ERR_INVALID, "..x");
	CHECK_ERR(rig_plan(&rig, CONFIG("data: {a: b}\nbinaryData: {a: AAEC}")), ERR_INVALID,
	          "binaryData");
	CHECK_ERR(rig_plan(&rig, SECRET("data: {a: 'not base64!'}")), ERR_INVALID, "base64");
	CHECK_ERR(
		rig_plan(
			&rig,
			CONFIG("data: {a: b}") "---\napiVersion: host.fettle.dev/v1\nkind: File\nmetadata: "
					       "{name: f}\nspec: {path: /etc/app/x, content: x}\n"),
		ERR_INVALID, "replaced as a whole");
}

/* Read both files through one look at ..data; they must be of the same generation. */
static bool reads_one_generation(const char *folder)
{
	char text[2][16] = { "", "" };
	int data = -1, both_fd[2];
	AUTOFREE char *path = str_format("%s/..data", folder);
	data = open(path, O_DIRECTORY | O_RDONLY);
	/* Between reading the link and opening what it names, the generation may go: look again. */
	if (data < 0)
		return errno == ENOENT;
	both_fd[0] = openat(data, "a", O_RDONLY);
	both_fd[1] = openat(data, "b", O_RDONLY);
	bool is_gone = both_fd[0] < 0 || both_fd[1] < 0;
	for (int i = 0; i < 2; i++)
		if (both_fd[i] >= 0) {
			ssize_t got = read(both_fd[i], text[i], 15);
			text[i][got > 0 ? got : 0] = '\0';
			close(both_fd[i]);
		}
	close(data);
	/* The folder we held may have been removed meanwhile; what we read must still match. */
	return is_gone || str_equal(text[0], text[1]);
}

TEST(host_projection, a_reader_never_sees_half_a_change)
{
	AUTO(rig) rig;
	rig_open(&rig);
	CHECK_OK(rig_run(&rig, CONFIG("data: {a: '0', b: '0'}")));
	const char *folder = rig_path(&rig, "etc/app");
	pid_t reader = fork();
	if (reader == 0) {
		bool is_right = true;
		for (int i = 0; i < 200000 && is_right; i++)
			is_right = reads_one_generation(folder);
		_exit(is_right ? 0 : 1);
	}
	for (int i = 1; i < 60; i++) {
		AUTOFREE char *yaml = str_format(CONFIG("data: {a: '%d', b: '%d'}"), i, i);
		CHECK_OK(rig_run(&rig, yaml));
	}
	int status = 0;
	pid_t done = waitpid(reader, &status, WNOHANG);
	if (done == 0) {
		kill(reader, SIGKILL);
		waitpid(reader, &status, 0);
		return;
	}
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
