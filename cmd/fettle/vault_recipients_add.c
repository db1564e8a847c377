/* fettle vault recipients add: somebody who can read the secrets from now on. */
#include "base/base.h"

#include "vault_names.h"
#include "vault_sync.h"

struct add_args {
	const char *who;
	struct strs files;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct add_args, who), .arg = "[name=]recipient",
	  .help = "age recipient, best with a name in front of it", .flags = CLI_REQUIRED },
	{ CLI_ARGS(struct add_args, files), .arg = "path",
	  .help = "encrypted files, folders or patterns to bring in line; this folder without",
	  .words = CLI_WORDS_FILES },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "a new colleague", "fettle vault recipients add alice=age1..." }, { NULL, NULL }
};

static const struct cli_exit exits[] = { { 0, "added" },
	                                 { 2, "bad usage, a broken .sops.yaml, or no recipient" },
	                                 { 3, "no .sops.yaml, or reading or writing failed" },
	                                 { 4, "a file cannot be opened: nothing was changed" },
	                                 { 5, "no rule takes the recipient in" },
	                                 { 0, NULL } };

/* Can somebody be encrypted for at all? */
static err *try_recipient(struct vault_keys *keys, const char *recipient)
{
	AUTO(secret) probe = SECRET_INIT;
	AUTO(str) wrapped = STR_INIT;
	const struct sops_keyring *ring = vault_keyring(keys);
	TRY(secret_init(&probe, SOPS_DATA_KEY_BYTES));
	return ring->wrap(ring->data, recipient, &probe, &wrapped);
}

static err *write_policy(void *policy)
{
	TRY(vault_policy_write_names(policy));
	return vault_policy_write(policy);
}

static err *add(struct cli_ctx *ctx, const struct add_args *args, struct vault_policy *policy)
{
	AUTOPTR(vault_keys) keys = vault_keys_new(ctx);
	AUTOPTR(sops_config) config = NULL;
	const char *equals = strchr(args->who, '=');
	const char *recipient = equals ? equals + 1 : args->who;
	AUTOFREE char *name = equals ? mem_strndup(args->who, (size_t)(equals - args->who)) : NULL;
	TRY(vault_policy_load(policy));
	TRY(try_recipient(keys, recipient));
	TRY(vault_policy_add(policy, recipient));
	if (name)
		TRY(vault_policy_set_name(policy, name, recipient));
	TRY(sops_config_parse(view_str(&policy->config), policy->config_path, &config));
	struct vault_sync sync = { .ui = ctx->ui,
		                   .keys = keys,
		                   .config = config,
		                   .commit = write_policy,
		                   .commit_data = policy };
	TRY(vault_sync_files(&sync, &args->files));
	ui_info(ctx->ui, "added to %zu files", sync.added + sync.renewed);
	return NULL;
}

static err *run_add(struct cli_ctx *ctx, const void *data)
{
	struct vault_policy policy = VAULT_POLICY_INIT;
	err *e = add(ctx, data, &policy);
	vault_policy_clear(&policy);
	return e;
}

const struct cli_cmd cmd_vault_recipients_add = {
	.name = "add",
	.brief = "let somebody read the secrets",
	.about =
		"Add an age recipient to the rules of .sops.yaml and wrap the data keys of all encrypted "
		"files for it. Values, and what is wrapped for the others, stay byte by byte as they are.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault recipients remove, vault recipients sync",
	.args_size = sizeof(struct add_args),
	.run = run_add,
};
