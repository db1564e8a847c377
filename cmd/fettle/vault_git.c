/* fettle vault git: what git needs to merge and compare encrypted files. */
#include "base/base.h"

#include "cmds.h"

static const struct cli_cmd *const subcommands[] = {
	&cmd_vault_git_install,
	&cmd_vault_git_merge,
	&cmd_vault_git_theirs,
	&cmd_vault_git_textconv,
	NULL,
};

static const struct cli_example examples[] = {
	{ "once in every clone", "fettle vault git install" },
	{ NULL, NULL },
};

const struct cli_cmd cmd_vault_git = {
	.name = "git",
	.brief = "let git merge and compare encrypted files",
	.about =
		"git sees only ciphertexts: it shows them in every diff, and two branches that changed different "
		"values of one file conflict at its MAC. With these drivers it merges the values themselves and "
		"shows which of them changed, never what they are.",
	.examples = examples,
	.subcommands = subcommands,
};
