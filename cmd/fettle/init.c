/* fettle init: a project that works at once. */
#include "base/base.h"

#include "base/path.h"
#include "cmds.h"
#include "pal/fs.h"
#include "schema/schema.h"

struct init_args {
	const char *dir;
	const char *name;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct init_args, dir), .arg = "dir", .help = "folder to make it in; this one without",
	  .words = CLI_WORDS_DIRS },
	{ CLI_STR(struct init_args, name), .name = "name", .arg = "project",
	  .help = "project name; the folder's without", .flags = CLI_NOT_EMPTY },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "a new project, applied to a sandbox folder inside it",
	  "fettle init demo && fettle apply demo" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "made" },
	{ 2, "bad usage" },
	{ 3, "writing failed" },
	{ 5, "something is there already" },
	{ 0, NULL }
};

/* %s%s%s is the project's name, in quotes where it needs them. */
static const char project_text[] =
	"# What belongs where. 'fettle diff' shows the difference, 'fettle apply' removes it.\n"
	"apiVersion: fettle.dev/v1\n"
	"kind: Project\n"
	"metadata:\n"
	"  name: %s%s%s\n"
	"environments:\n"
	"  dev:\n"
	"    path: envs/dev\n"
	"    target:\n"
	"      host:\n"
	"        root: sandbox # a folder stands for the machine; remove this for the real one\n"
	"    prune:\n"
	"      enabled: true\n"
	"      maxDeletions: 10\n";

static const char manifests_text[] =
	"# yaml-language-server: $schema=https://fettle.dev/schemas/host.fettle.dev_file_v1.json\n"
	"apiVersion: host.fettle.dev/v1\n"
	"kind: Directory\n"
	"metadata:\n"
	"  name: app\n"
	"spec:\n"
	"  path: /etc/app\n"
	"  mode: \"0755\"\n"
	"---\n"
	"apiVersion: host.fettle.dev/v1\n"
	"kind: File\n"
	"metadata:\n"
	"  name: motd\n"
	"spec:\n"
	"  path: /etc/motd\n"
	"  mode: \"0644\"\n"
	"  content: |\n"
	"    This machine is kept by fettle. Changes by hand will be put right.\n"
	"---\n"
	"# Content from a file beside this one.\n"
	"apiVersion: host.fettle.dev/v1\n"
	"kind: File\n"
	"metadata:\n"
	"  name: app-config\n"
	"spec:\n"
	"  path: /etc/app/app.conf\n"
	"  contentFrom: files/app.conf\n"
	"---\n"
	"# Mounted into a folder as a kubelet does: all keys change in one instant.\n"
	"apiVersion: v1\n"
	"kind: ConfigMap\n"
	"metadata:\n"
	"  name: features\n"
	"  annotations:\n"
	"    host.fettle.dev/path: /etc/app/features\n"
	"data:\n"
	"  new-checkout: \"off\"\n"
	"  banner: hello\n";

static const char app_text[] = "listen = 127.0.0.1:8080\nworkers = 2\n";

static const char ignore_text[] = "/sandbox/\n";

static const char ci_text[] =
	"# Shows the plan on every pull request and applies on main.\n"
	"name: fettle\n"
	"on:\n"
	"  pull_request:\n"
	"  push:\n"
	"    branches: [main]\n"
	"permissions:\n"
	"  contents: read\n"
	"jobs:\n"
	"  apply:\n"
	"    runs-on: ubuntu-latest\n"
	"    steps:\n"
	"      - uses: actions/checkout@v4\n"
	"      - run: fettle diff --exit-zero --output markdown >> \"$GITHUB_STEP_SUMMARY\"\n"
	"      - if: github.ref == 'refs/heads/main'\n"
	"        run: fettle apply --yes\n";

struct scaffold_file {
	const char *path, *text;
};

static const struct scaffold_file files[] = {
	{ "envs/dev/app.yaml", manifests_text },
	{ "envs/dev/files/app.conf", app_text },
	{ ".gitignore", ignore_text },
	{ ".github/workflows/fettle.yaml", ci_text },
};

static err *write_file(struct ui *ui, const char *dir, const char *path, const char *text)
{
	AUTOFREE char *file = path_join(dir, path);
	AUTOFREE char *folder = path_dir(file);
	if (fs_exists(file)) {
		ui_info(ui, "'%s' is there already, left as it is", file);
		return NULL;
	}
	TRY(fs_mkdir_all(folder, 0755));
	TRY(fs_write_atomic(file, view_of(text), 0644));
	ui_out(ui, "%s\n", file);
	return NULL;
}

/* "2024", "1e3" and "null" are no strings in YAML. */
static bool needs_quotes(const char *name)
{
	static const char *const words[] = { "null", "true", "false", "yes", "no", "on", "off", "y",
		                             "n" };
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_equal(name, words[i]))
			return true;
	return *name >= '0' && *name <= '9';
}

static err *check_name(const char *name)
{
	const char *why = schema_object_name.refuses(name, strlen(name));
	if (!why)
		return NULL;
	return err_hint(err_new(ERR_USAGE, "'%s' cannot be the name of a project%s%s", name,
	                        *why ? ": " : "", why),
	                "expected %s", schema_object_name.expected);
}

/* A folder's name as an object name: lower case, other characters become '-'. */
static char *name_from_dir(const char *dir)
{
	AUTO(str) absolute = STR_INIT;
	err *e = fs_absolute(dir, &absolute);
	if (e)
		err_ignore(e, "any name will do");
	AUTO(str) name = STR_INIT;
	for (const char *at = path_base(absolute.ptr); *at && name.len < 63; at++) {
		char c = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
		bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (is_plain || name.len)
			str_addch(&name, is_plain ? c : '-');
	}
	while (name.len && name.ptr[name.len - 1] == '-')
		str_truncate(&name, name.len - 1);
	return name.len ? str_detach(&name) : mem_strdup("project");
}

static err *run(struct cli_ctx *ctx, const void *data)
{
	const struct init_args *args = data;
	const char *dir = args->dir ? args->dir : ".";
	AUTOFREE char *project = path_join(dir, "fettle.yaml");
	if (fs_exists(project))
		return err_hint(err_new(ERR_REFUSED, "'%s' exists already", project),
		                "it is a project; see 'fettle diff'");
	AUTOFREE char *name = args->name ? mem_strdup(args->name) : name_from_dir(dir);
	TRY(check_name(name));
	const char *quote = needs_quotes(name) ? "\"" : "";
	AUTOFREE char *text = str_format(project_text, quote, name, quote);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		TRY(write_file(ctx->ui, dir, files[i].path, files[i].text));
	TRY(write_file(ctx->ui, dir, "fettle.yaml", text));
	TRY(ui_flush(ctx->ui));
	bool is_here = str_equal(dir, ".");
	ui_info(ctx->ui, "next: fettle apply%s%s", is_here ? "" : " ", is_here ? "" : dir);
	return NULL;
}

const struct cli_cmd cmd_init = {
	.name = "init",
	.group = "Start",
	.brief = "start a project that works at once",
	.about = "Write a fettle.yaml with one environment, example manifests, and a CI workflow. The "
	         "environment's target is a sandbox folder inside the project, so that applying it "
	         "is safe. Files that exist are left alone.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "apply, diff",
	.args_size = sizeof(struct init_args),
	.run = run,
};
