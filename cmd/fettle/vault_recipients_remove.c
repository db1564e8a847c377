/* fettle vault recipients remove: somebody leaves. */
#include "base/base.h"

#include "vault_names.h"
#include "vault_sync.h"

struct remove_args {
	const char *who;
	struct strs files;
	bool resume;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct remove_args, who), .arg = "name",
	  .help = "name from .sops-names.yaml, or the recipient itself", .flags = CLI_REQUIRED },
	{ CLI_ARGS(struct remove_args, files), .arg = "path",
	  .help = "encrypted files, folders or patterns to bring in line; this folder without",
	  .words = CLI_WORDS_FILES },
	{ CLI_FLAG(struct remove_args, resume), .name = "resume",
	  .help = "finish a run that was cut off: the rules may be changed already",
	  .flags = CLI_NO_NEGATION },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "a colleague who leaves", "fettle vault recipients remove alice" }, { NULL, NULL }
};

static const struct cli_exit exits[] = { { 0, "removed, and every file has a new data key" },
	                                 { 2, "bad usage, or a broken .sops.yaml" },
	                                 { 3, "no such recipient, or reading or writing failed" },
	                                 { 4, "a file cannot be opened: nothing was changed" },
	                                 { 5, "nobody would be left" },
	                                 { 0, NULL } };

static err *drop(struct cli_ctx *ctx, const struct remove_args *args, struct vault_policy *policy)
{
	AUTO(strs) here = STRS_INIT;
	AUTOPTR(vault_keys) keys = vault_keys_new(ctx);
	AUTOPTR(sops_config) config = NULL;
	const char *recipient;
	TRY(vault_policy_load(policy));
	TRY(vault_policy_resolve(policy, args->who, &recipient));
	const char *name = vault_policy_name(policy, recipient);
	err *e = vault_policy_remove(policy, recipient);
	if (e && args->resume && err_is(e, ERR_NOT_FOUND))
		e = (err_ignore(e, "the run that was cut off came this far"), NULL);
	if (e && err_is(e, ERR_NOT_FOUND))
		e = err_hint(e, "if a run was cut off, finish it with --resume");
	TRY(e);
	if (name)
		TRY(vault_policy_set_name(policy, name, NULL));
	TRY(sops_config_parse(view_str(&policy->config), policy->config_path, &config));
	strs_push(&here, ".");
	struct vault_sync sync = { .ui = ctx->ui,
		                   .keys = keys,
		                   .config = config,
		                   .commit = vault_policy_write,
		                   .commit_data = policy };
	TRY(vault_sync_files(&sync, args->files.len ? &args->files : &here));
	ui_info(ctx->ui, "removed; %zu files have a new data key", sync.renewed);
	ui_hint(ctx->ui,
	        "older versions in git can still be read with the old key: change the secrets "
	        "themselves where they are used");
	return NULL;
}

static err *run_remove(struct cli_ctx *ctx, const void *data)
{
	struct vault_policy policy = VAULT_POLICY_INIT;
	err *e = drop(ctx, data, &policy);
	vault_policy_clear(&policy);
	return e;
}

const struct cli_cmd cmd_vault_recipients_remove = {
	.name = "remove",
	.brief = "let somebody no longer read the secrets",
	.about =
		"Take a recipient out of the rules of .sops.yaml and give every encrypted file it could open "
		"a new data key: whoever kept the old one cannot read what is written from now on. What "
		"was written before stays readable in the history; those secrets must be changed.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault recipients add, vault recipients sync",
	.args_size = sizeof(struct remove_args),
	.run = run_remove,
};
