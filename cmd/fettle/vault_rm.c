/* fettle vault rm: take one value out of an encrypted file. */
#include "base/base.h"

#include "vault_common.h"

struct rm_args {
	const char *place;
	int64_t document;
	int type;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct rm_args, place), .arg = "file:path",
	  .help = "a value, list or map in a file: prod.yaml:db.password", .words = CLI_WORDS_FILES,
	  .flags = CLI_REQUIRED },
	{ CLI_INT(struct rm_args, document), .name = "document", .arg = "n",
	  .help = "which document of a YAML stream, from 0", .def = "0", .min = 0, .max = 100000 },
	VAULT_TYPE_OPT(struct rm_args),
	CLI_END
};

static const struct cli_example examples[] = {
	{ "a value nobody needs any more", "fettle vault rm prod.yaml:old.token" }, { NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "removed" },
	{ 2, "bad usage" },
	{ 3, "no such value or place, reading or writing failed, or a damaged file" },
	{ 4, "no key opens it" },
	{ 0, NULL }
};

static err *run_rm(struct cli_ctx *ctx, const void *data)
{
	const struct rm_args *args = data;
	AUTO(str) file = STR_INIT;
	AUTO(str) now = STR_INIT;
	AUTO(str) text = STR_INIT;
	AUTOPTR(vault_keys) keys = vault_keys_new(ctx);
	AUTO(vault_doc) doc = VAULT_DOC_INIT;
	const char *path;
	bool is_changed = false;
	TRY(vault_place(args->place, &file, &path));
	TRY(vault_open(file.ptr, args->type, keys, 0, &doc));
	const struct sops_change change = { .document = (size_t)args->document, .path = path };
	sops_now(&now);
	TRY(sops_change(doc.doc, &doc.key, &change, now.ptr, &is_changed, &text));
	TRY(vault_replace(file.ptr, view_str(&text)));
	ui_info(ctx->ui, "removed '%s'", args->place);
	return NULL;
}

const struct cli_cmd cmd_vault_rm = {
	.name = "rm",
	.brief = "remove one value of an encrypted file",
	.about =
		"Take a value, or a list or map with all in it, out of an encrypted file. Older versions "
		"in git still hold it: change the secret itself where it is used.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault set",
	.args_size = sizeof(struct rm_args),
	.run = run_rm,
};
