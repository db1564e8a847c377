/* fettle vault keychain: keys in the system's own place for secrets. */
#include "base/base.h"

#include "vault_keychain.h"

#include "base/path.h"
#include "cmds.h"
#include "pal/dirs.h"

err *vault_keychain_mark(struct str *ret_path)
{
	AUTO(str) folder = STR_INIT;
	TRY(dirs_settings(&folder));
	str_addf(ret_path, "%s/vault-keychain", folder.ptr);
	return NULL;
}

static const struct cli_cmd *const subcommands[] = {
	&cmd_vault_keychain_add,
	&cmd_vault_keychain_remove,
	NULL,
};

static const struct cli_example examples[] = {
	{ "the key that 'vault init' made",
	  "fettle vault keychain add ~/.config/sops/age/keys.txt" },
	{ NULL, NULL },
};

const struct cli_cmd cmd_vault_keychain = {
	.name = "keychain",
	.brief = "keep your keys in the system's keychain",
	.about =
		"Windows' Credential Manager, the macOS keychain, or on Linux the Secret Service of the desktop "
		"(through secret-tool) hold the keys instead of a file. They are looked up with the other keys "
		"from then on.",
	.examples = examples,
	.subcommands = subcommands,
};
