#include "base/base.h"

#include "cmds.h"

#include "base/path.h"
#include "cli/check.h"
#include "cli/complete.h"
#include "cli/help.h"
#include "lint/lint_config.h"
#include "pal/fs.h"
#include "schema/schema.h"
#include "target_center/center_target.h"
#include "target_host/host.h"

struct gen_args {
	const char *dir;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct gen_args, dir), .arg = "dir", .help = "top folder of the source tree",
	  .words = CLI_WORDS_DIRS, .flags = CLI_REQUIRED },
	CLI_END,
};

static err *write_file(const char *dir, const char *name, const char *text)
{
	AUTOFREE char *path = path_join(dir, name);
	AUTOFREE char *folder = path_dir(path);
	TRY(fs_mkdir_all(folder, 0755));
	return fs_write_atomic(path, view_of(text), 0644);
}

static err *write_man(const struct cli_program *program, const char *dir,
                      const struct cli_parsed *path)
{
	AUTO(str) name = STR_INIT;
	AUTO(str) text = STR_INIT;
	str_addf(&name, "docs/man/%s", program->name);
	for (size_t i = 0; i < path->depth; i++)
		str_addf(&name, "-%s", path->path[i]->name);
	str_addz(&name, ".1");
	cli_man(program, path, &text);
	return write_file(dir, name.ptr, text.ptr);
}

static err *write_mans(const struct cli_program *program, const char *dir,
                       const struct cli_cmd *const *cmds, const struct cli_parsed *above)
{
	for (; cmds && *cmds; cmds++) {
		struct cli_parsed path = *above;
		path.path[path.depth++] = path.cmd = *cmds;
		if ((*cmds)->is_hidden)
			continue;
		TRY(write_man(program, dir, &path));
		TRY(write_mans(program, dir, (*cmds)->subcommands, &path));
	}
	return NULL;
}

static err *write_scripts(const char *dir)
{
	TRY(write_file(dir, "completions/fettle.bash", cli_complete_script(CLI_BASH)));
	TRY(write_file(dir, "completions/_fettle", cli_complete_script(CLI_ZSH)));
	TRY(write_file(dir, "completions/fettle.fish", cli_complete_script(CLI_FISH)));
	return write_file(dir, "completions/fettle.ps1", cli_complete_script(CLI_POWERSHELL));
}

static err *write_schema(void *context, const char *name, struct view json)
{
	const struct gen_args *gen = context;
	AUTOFREE char *path = str_format("docs/schemas/%s", name);
	AUTOFREE char *text = mem_strndup(json.ptr, json.len);
	return write_file(gen->dir, path, text);
}

static err *run(struct cli_ctx *ctx, const void *args)
{
	const struct gen_args *gen = args;
	const struct cli_program *program = ctx->app->program;
	const struct cli_parsed top = { 0 };
	struct gen_args here = *gen;
	AUTO(str) spec = STR_INIT;
	cli_spec_json(program, &spec);
	TRY(write_file(gen->dir, "docs/cli.json", spec.ptr));
	TRY(write_scripts(gen->dir));
	TRY(host_schemas_to_json(write_schema, &here));
	AUTO(str) lint = STR_INIT;
	schema_to_json(&lint_config_schema, "https://fettle.dev/schemas/lint.json", &lint);
	TRY(write_file(gen->dir, "docs/schemas/lint.json", lint.ptr));
	AUTO(str) center = STR_INIT;
	center_schema_to_json(&center);
	TRY(write_schema(&here, "config.fettle.dev_configset_v1.json", view_str(&center)));
	TRY(write_man(program, gen->dir, &top));
	return write_mans(program, gen->dir, program->cmds, &top);
}

const struct cli_cmd cmd_gen = {
	.name = "__gen",
	.brief = "write man pages, completions, schemas and docs/cli.json",
	.is_hidden = true,
	.opts = opts,
	.args_size = sizeof(struct gen_args),
	.run = run,
};

static err *run_spec(struct cli_ctx *ctx, const void *args)
{
	(void)args;
	AUTO(str) text = STR_INIT;
	cli_spec_json(ctx->app->program, &text);
	ui_out(ctx->ui, "%s", text.ptr);
	return NULL;
}

const struct cli_cmd cmd_spec = {
	.name = "__spec",
	.brief = "print all commands and options as JSON",
	.is_hidden = true,
	.run = run_spec,
};

static void check_settings(const struct cli_cmd *const *cmds, struct strs *mistakes)
{
	enum setting id;
	for (; cmds && *cmds; cmds++) {
		check_settings((*cmds)->subcommands, mistakes);
		for (const struct cli_opt *opt = (*cmds)->opts; opt && opt->type != CLI_TYPE_END;
		     opt++)
			if (opt->setting && !settings_find(opt->setting, &id))
				strs_pushf(mistakes, "%s: no such setting '%s'", (*cmds)->name,
				           opt->setting);
	}
}

static err *run_check(struct cli_ctx *ctx, const void *args)
{
	(void)args;
	AUTO(strs) mistakes = STRS_INIT;
	cli_check(ctx->app->program, &mistakes);
	check_settings(ctx->app->program->cmds, &mistakes);
	for (size_t i = 0; i < mistakes.len; i++)
		ui_out(ctx->ui, "%s\n", mistakes.ptr[i]);
	ctx->exit_code = mistakes.len > 0 ? EXIT_CODE_NO : EXIT_CODE_OK;
	return NULL;
}

const struct cli_cmd cmd_check = {
	.name = "__check",
	.brief = "look for mistakes in the command tables",
	.is_hidden = true,
	.run = run_check,
};
