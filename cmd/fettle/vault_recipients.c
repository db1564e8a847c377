/* fettle vault recipients: who can read the secrets. */
#include "base/base.h"

#include "cmds.h"

static const struct cli_cmd *const subcommands[] = {
	&cmd_vault_recipients_list,
	&cmd_vault_recipients_add,
	&cmd_vault_recipients_remove,
	&cmd_vault_recipients_sync,
	&cmd_vault_recipients_exposure,
	NULL,
};

static const struct cli_example examples[] = {
	{ "who can open what", "fettle vault recipients list" },
	{ NULL, NULL },
};

const struct cli_cmd cmd_vault_recipients = {
	.name = "recipients",
	.brief = "say who can read the secrets",
	.about =
		"The recipients of a repository are those in .sops.yaml; their names are kept beside it, in "
		".sops-names.yaml. Adding somebody wraps the data keys for them. Removing somebody gives "
		"every file a new data key in the same run, because the old one may have been kept.",
	.examples = examples,
	.subcommands = subcommands,
};
