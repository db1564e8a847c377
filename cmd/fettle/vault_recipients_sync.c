/* fettle vault recipients sync: encrypted files become as .sops.yaml says. */
#include "base/base.h"

#include "vault_sync.h"

struct sync_args {
	struct strs files;
	bool dry_run;
};

static const struct cli_opt opts[] = {
	{ CLI_ARGS(struct sync_args, files), .arg = "path",
	  .help = "files, folders or patterns; this folder without", .words = CLI_WORDS_FILES },
	{ CLI_FLAG(struct sync_args, dry_run), .letter = 'n', .name = "dry-run",
	  .help = "only say what would be changed", .flags = CLI_NO_NEGATION },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "after an edit of .sops.yaml", "fettle vault recipients sync" }, { NULL, NULL }
};

static const struct cli_exit exits[] = { { 0, "all files are as .sops.yaml says" },
	                                 { 2, "bad usage, or a broken .sops.yaml" },
	                                 { 3, "no encrypted file, or reading or writing failed" },
	                                 { 4, "a file cannot be opened: no file was changed" },
	                                 { 0, NULL } };

static err *run_sync(struct cli_ctx *ctx, const void *data)
{
	const struct sync_args *args = data;
	AUTOPTR(vault_keys) keys = vault_keys_new(ctx);
	struct vault_sync sync = { .ui = ctx->ui, .keys = keys, .is_dry = args->dry_run };
	TRY(vault_sync_files(&sync, &args->files));
	ui_info(ctx->ui,
	        "%zu files with new recipients, %zu with a new data key, %zu as they should be",
	        sync.added, sync.renewed, sync.same);
	return NULL;
}

const struct cli_cmd cmd_vault_recipients_sync = {
	.name = "sync",
	.brief = "bring encrypted files in line with .sops.yaml",
	.about =
		"Wrap the data key for those who are new in .sops.yaml, and give a file a new data key when "
		"somebody is gone from it. All files are made ready before the first one is written; each "
		"is replaced in one step. A run that was cut off is finished by another one.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault recipients remove, vault check",
	.args_size = sizeof(struct sync_args),
	.run = run_sync,
};
