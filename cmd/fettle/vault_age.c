/* fettle vault age: plain age files. */
#include "base/base.h"

#include "cmds.h"

static const struct cli_cmd *const subcommands[] = { &cmd_vault_age_encrypt, &cmd_vault_age_decrypt,
	                                             &cmd_vault_age_keygen, NULL };

static const struct cli_example examples[] = {
	{ "a key, and a file only it opens",
	  "fettle vault age keygen -o key.txt && fettle vault age encrypt -i key.txt notes >notes.age" },
	{ NULL, NULL }
};

const struct cli_cmd cmd_vault_age = {
	.name = "age",
	.brief = "encrypt and decrypt age files, make keys",
	.about =
		"Work with age files (age-encryption.org/v1) as the program age does, with the same "
		"options: X25519, post-quantum, passphrase, SSH and plugin keys. What one writes the "
		"other opens.",
	.examples = examples,
	.see_also = "vault",
	.subcommands = subcommands,
};
