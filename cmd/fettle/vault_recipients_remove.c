/* fettle vault recipients remove: somebody leaves. */
#include "base/base.h"

#include "vault_exposed.h"
#include "vault_names.h"
#include "vault_sync.h"

struct remove_args {
	const char *who;
	struct strs files;
	bool resume;
	int output;
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
	{ CLI_ENUM(struct remove_args, output, out_text_json), .letter = 'o', .name = "output",
	  .arg = "format", .help = "format of the report", .def = "text" },
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

/* Old versions in git stay readable with the old keys: which, is what one must know now. */
static err *report(struct cli_ctx *ctx, const struct remove_args *args, struct vault_keys *keys,
                   const char *recipient, const char *name)
{
	err *e = vault_exposed_print(ctx, keys, recipient, name, args->output == OUT_JSON);
	if (!e || !err_is(e, ERR_NOT_FOUND))
		return e ? err_wrap(e, "removed, but the history could not be read") : NULL;
	err_ignore(e, "no repository, no history");
	ui_hint(ctx->ui, "copies of older versions can still be read with the old key: change the "
	                 "secrets themselves where they are used");
	return NULL;
}

static err *drop(struct cli_ctx *ctx, const struct remove_args *args, struct vault_policy *policy)
{
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
	struct vault_sync sync = { .ui = ctx->ui,
		                   .keys = keys,
		                   .config = config,
		                   .commit = vault_policy_write,
		                   .commit_data = policy };
	TRY(vault_sync_files(&sync, &args->files));
	TRY(vault_policy_write_names(policy));
	ui_info(ctx->ui, "removed; %zu files have a new data key", sync.renewed);
	return report(ctx, args, keys, recipient, name);
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
		"was written before stays readable in the history; those secrets must be changed, and the "
		"report says which (as 'vault recipients exposure').",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault recipients exposure, vault recipients sync",
	.args_size = sizeof(struct remove_args),
	.run = run_remove,
};
