/* fettle vault keychain remove: the keychain has no keys of fettle any more. */
#include "base/base.h"

#include "pal/fs.h"
#include "pal/keychain.h"
#include "vault_common.h"
#include "vault_keychain.h"

static const struct cli_example examples[] = {
	{ "no longer on this machine", "fettle vault keychain remove" }, { NULL, NULL }
};

static const struct cli_exit exits[] = { { 0, "removed" },
	                                 { 3, "there were none, or no keychain can be reached" },
	                                 { 0, NULL } };

static err *run_remove(struct cli_ctx *ctx, const void *data)
{
	AUTO(str) mark = STR_INIT;
	(void)data;
	TRY(vault_keychain_mark(&mark));
	TRY(keychain_remove(VAULT_KEYCHAIN_ACCOUNT));
	err_ignore(fs_remove(mark.ptr), "it may have been put there by another tool");
	ui_info(ctx->ui, "the keychain has no keys of fettle");
	return NULL;
}

const struct cli_cmd cmd_vault_keychain_remove = {
	.name = "remove",
	.brief = "take the keys out of the keychain",
	.about =
		"Remove what 'vault keychain add' stored. Without another copy nobody can open what is "
		"encrypted for these keys alone.",
	.examples = examples,
	.exits = exits,
	.see_also = "vault keychain add",
	.run = run_remove,
};
