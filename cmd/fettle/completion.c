#include "base/base.h"

#include "cmds.h"

#include "cli/complete.h"

struct completion_args {
	const char *shell;
};

static const struct cli_choice shells[] = {
	{ "bash", CLI_BASH, "the GNU shell, 3.2 or later" },
	{ "zsh", CLI_ZSH, "the Z shell" },
	{ "fish", CLI_FISH, "the friendly interactive shell" },
	{ "powershell", CLI_POWERSHELL, "Windows PowerShell and pwsh" },
	{ NULL, 0, NULL },
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct completion_args, shell), .arg = "shell",
	  .help = "the shell to complete in", .choices = shells, .flags = CLI_REQUIRED },
	CLI_END,
};

static const struct cli_example examples[] = {
	{ "in this bash session", "source <(fettle completion bash)" },
	{ "in zsh, for good", "fettle completion zsh > \"${fpath[1]}/_fettle\"" },
	{ "in fish, for good", "fettle completion fish > ~/.config/fish/completions/fettle.fish" },
	{ NULL, NULL },
};

static const struct cli_exit exits[] = {
	{ EXIT_CODE_OK, "printed" },
	{ EXIT_CODE_USAGE, "unknown shell" },
	{ EXIT_CODE_FAILED, "standard output could not be written" },
	{ 0, NULL },
};

static err *run(struct cli_ctx *ctx, const void *args)
{
	const struct completion_args *completion = args;
	for (const struct cli_choice *shell = shells; shell->name; shell++)
		if (str_equal(shell->name, completion->shell))
			ui_out(ctx->ui, "%s", cli_complete_script((enum cli_shell)shell->value));
	return NULL;
}

const struct cli_cmd cmd_completion = {
	.name = "completion",
	.group = "Help",
	.brief = "print the completion script for a shell",
	.about = "Prints a small script for the shell to load. It asks fettle itself for the "
		 "candidates, so that commands, options and values of the installed version are "
		 "offered.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "help",
	.args_size = sizeof(struct completion_args),
	.run = run,
};

struct complete_args {
	struct strs words;
};

static const struct cli_opt complete_opts[] = {
	{ CLI_ARGS(struct complete_args, words), .arg = "word",
	  .help = "what was typed after the program's name" },
	CLI_END,
};

static err *run_complete(struct cli_ctx *ctx, const void *args)
{
	const struct complete_args *complete = args;
	size_t count = complete->words.len;
	AUTOFREE const char **words = mem_zalloc(count + 1, sizeof(*words));
	for (size_t i = 0; i < count; i++)
		words[i] = complete->words.ptr[i];
	/* Older PowerShells cannot pass an empty word. */
	if (count > 0 && str_equal(words[count - 1], "\"\""))
		words[count - 1] = "";
	AUTO(str) text = STR_INIT;
	cli_complete(ctx->app->program, ctx->app, words, count, &text);
	ui_out(ctx->ui, "%s", text.ptr);
	return NULL;
}

const struct cli_cmd cmd_complete = {
	.name = "__complete",
	.brief = "answer a shell that completes a command line",
	.is_hidden = true,
	.opts = complete_opts,
	.args_size = sizeof(struct complete_args),
	.run = run_complete,
};
