/* fettle vault keychain add: keys from a file, or standard input, into the keychain. */
#include "base/base.h"

#include "base/limits.h"
#include "base/path.h"
#include "pal/fs.h"
#include "pal/keychain.h"
#include "vault/age.h"
#include "vault_common.h"
#include "vault_keychain.h"

struct add_args {
	const char *file;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct add_args, file), .arg = "file",
	  .help = "identities, as in keys.txt; '-' is standard input", .words = CLI_WORDS_FILES,
	  .flags = CLI_REQUIRED },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "a new key that is in no file", "fettle vault age keygen | fettle vault keychain add -" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = { { 0, "added; what was there before is replaced" },
	                                 { 2, "no identities, or more than a keychain takes" },
	                                 { 3, "no keychain can be reached, or it refused" },
	                                 { 0, NULL } };

static err *check(struct view text, const char *name)
{
	AUTOPTR(age_identities) identities = age_identities_new();
	return age_identities_add_file(identities, text, name);
}

static err *run_add(struct cli_ctx *ctx, const void *data)
{
	const struct add_args *args = data;
	AUTO(str) text = STR_INIT;
	AUTO(str) mark = STR_INIT;
	TRY(vault_read(args->file, &text));
	err *e = check(view_str(&text), args->file);
	if (!e)
		e = keychain_set(VAULT_KEYCHAIN_ACCOUNT, view_str(&text));
	if (text.len)
		secret_wipe(text.ptr, text.len);
	TRY(e);
	TRY(vault_keychain_mark(&mark));
	AUTOFREE char *folder = path_dir(mark.ptr);
	TRY(fs_mkdir_all(folder, 0700));
	TRY(fs_write_atomic(mark.ptr, view_of("keys are in the system's keychain\n"), 0600));
	ui_info(ctx->ui, "the keychain has the keys");
	if (!str_equal(args->file, "-"))
		ui_hint(ctx->ui, "'%s' is still there: keep it in a safe place, or remove it",
		        args->file);
	return NULL;
}

const struct cli_cmd cmd_vault_keychain_add = {
	.name = "add",
	.brief = "put keys into the keychain",
	.about =
		"Store identities in the keychain of the system, in place of what fettle stored there before. "
		"The file is left as it is.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault keychain remove, vault age keygen",
	.args_size = sizeof(struct add_args),
	.run = run_add,
};
