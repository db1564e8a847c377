/* fettle vault: secrets in the repository. */
#include "base/base.h"

#include "cmds.h"

/* In the order of use. */
static const struct cli_cmd *const subcommands[] = {
	&cmd_vault_init,
	&cmd_vault_encrypt,
	&cmd_vault_decrypt,
	&cmd_vault_get,
	&cmd_vault_set,
	&cmd_vault_edit,
	&cmd_vault_rm,
	&cmd_vault_list,
	&cmd_vault_check,
	&cmd_vault_import,
	&cmd_vault_export,
	&cmd_vault_exec,
	&cmd_vault_recipients,
	&cmd_vault_git,
	&cmd_vault_keychain,
	&cmd_vault_age,
	NULL,
};

static const struct cli_example examples[] = {
	{ "a key, and rules that encrypt for it", "fettle vault init" },
	{ "one value, from a prompt", "fettle vault set secrets/app.yaml db.password" },
	{ NULL, NULL },
};

const struct cli_cmd cmd_vault = {
	.name = "vault",
	.group = "Keep secrets",
	.brief = "keep secrets encrypted in the repository",
	.about =
		"Work with SOPS documents: files whose names are readable and whose values are encrypted "
		"for age recipients. What fettle writes, sops opens, and the reverse.",
	.examples = examples,
	.subcommands = subcommands,
};
