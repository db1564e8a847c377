/* fettle vault git merge: git's merge driver. */
#include "base/base.h"

#include "git/git.h"
#include "vault/sops_merge.h"
#include "vault_common.h"

struct merge_args {
	const char *base, *ours, *theirs, *path;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct merge_args, base), .arg = "base", .help = "the common ancestor (%O)",
	  .words = CLI_WORDS_FILES, .flags = CLI_REQUIRED },
	{ CLI_ARG(struct merge_args, ours), .arg = "ours",
	  .help = "this branch's version, which is replaced (%A)", .words = CLI_WORDS_FILES,
	  .flags = CLI_REQUIRED },
	{ CLI_ARG(struct merge_args, theirs), .arg = "theirs", .help = "the other version (%B)",
	  .words = CLI_WORDS_FILES, .flags = CLI_REQUIRED },
	{ CLI_STR(struct merge_args, path), .name = "path", .arg = "path",
	  .help = "the file's name in the repository (%P)", .flags = CLI_NOT_EMPTY },
	CLI_END
};

static const struct cli_example examples[] = {
	{ "by hand", "fettle vault git merge --path prod.yaml base.yaml ours.yaml theirs.yaml" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "merged" },
	{ 1, "both sides changed the same: what could be merged is, the rest is ours" },
	{ 2, "bad usage, or a broken document" },
	{ 3, "reading or writing failed, or a damaged document" },
	{ 4, "no key opens it; nothing was changed" },
	{ 0, NULL }
};

struct side {
	struct str text;
	struct vault_doc doc;
};
#define SIDE_INIT                        \
	{                                \
		STR_INIT, VAULT_DOC_INIT \
	}

static void side_clear(struct side *side)
{
	vault_doc_clear(&side->doc);
	str_clear(&side->text);
}

/* `doc` stays NULL for what is not encrypted. */
static err *read_side(const char *file, const char *path, struct side *side)
{
	enum sops_format format = sops_format_of(path);
	TRY(vault_read(file, &side->text));
	if (!sops_may_be_encrypted(format, view_str(&side->text)))
		return NULL;
	err *e = sops_open(format, view_str(&side->text), path, &side->doc.doc);
	if (e) {
		err_ignore(e, "then git's own way is the right one");
		return NULL;
	}
	if (!sops_is_encrypted(side->doc.doc))
		vault_doc_clear(&side->doc);
	return NULL;
}

static err *merge_plain(struct cli_ctx *ctx, const struct merge_args *args,
                        const struct side sides[3])
{
	AUTO(str) merged = STR_INIT;
	bool is_clean = false;
	TRY(repo_merge_text(view_str(&sides[0].text), view_str(&sides[1].text),
	                    view_str(&sides[2].text), &merged, &is_clean));
	TRY(vault_replace(args->ours, view_str(&merged)));
	ctx->exit_code = is_clean ? 0 : 1;
	return NULL;
}

static struct sops_side opened(const struct side *side)
{
	return (struct sops_side){ side->doc.doc, &side->doc.key };
}

static void tell(struct cli_ctx *ctx, const char *path, const struct strs *conflicts)
{
	AUTO(str) names = STR_INIT;
	for (size_t i = 0; i < conflicts->len; i++)
		str_addf(&names, "%s'%s'", i ? ", " : "", conflicts->ptr[i]);
	ui_warn(ctx->ui, "%s: both sides changed %s; ours is kept", path, names.ptr);
	ui_hint(ctx->ui,
	        "take the other side's with 'fettle vault git theirs %s:NAME' or set another value "
	        "with 'fettle vault set', then 'git add %s'",
	        path, path);
}

static err *merge_documents(struct cli_ctx *ctx, const struct merge_args *args, const char *path,
                            struct side sides[3])
{
	AUTOPTR(vault_keys) keys = vault_keys_new(ctx);
	AUTO(strs) conflicts = STRS_INIT;
	AUTO(str) now = STR_INIT;
	AUTO(str) text = STR_INIT;
	TRY(vault_unlock(keys, &sides[1].doc, 0));
	TRY(vault_unlock(keys, &sides[2].doc, 0));
	if (sides[0].doc.doc) {
		err *e = vault_unlock(keys, &sides[0].doc, 0);
		if (e && err_is(e, ERR_AUTH)) {
			err_ignore(e, "then there is no ancestor to tell who changed what");
			vault_doc_clear(&sides[0].doc);
			e = NULL;
		}
		TRY(e);
	}
	sops_now(&now);
	const struct sops_merge merge = {
		.base = opened(&sides[0]),
		.ours = opened(&sides[1]),
		.theirs = opened(&sides[2]),
		.keyring = vault_keyring(keys),
		.now = now.ptr,
		.merge_lines = repo_merge_text,
	};
	TRY(sops_merge(&merge, &text, &conflicts));
	TRY(vault_replace(args->ours, view_str(&text)));
	if (conflicts.len == 0)
		return NULL;
	tell(ctx, path, &conflicts);
	ctx->exit_code = 1;
	return NULL;
}

static err *merge(struct cli_ctx *ctx, const struct merge_args *args, struct side sides[3])
{
	const char *path = args->path ? args->path : args->ours;
	const char *files[] = { args->base, args->ours, args->theirs };
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		TRY(read_side(files[i], path, &sides[i]));
	bool has_ours = sides[1].doc.doc, has_theirs = sides[2].doc.doc;
	if (has_ours && has_theirs)
		return merge_documents(ctx, args, path, sides);
	if (!has_ours && !has_theirs)
		return merge_plain(ctx, args, sides);
	ui_warn(ctx->ui, "%s: only %s encrypted it; ours is kept", path,
	        has_ours ? "this side" : "the other side");
	ctx->exit_code = 1;
	return NULL;
}

static err *run_merge(struct cli_ctx *ctx, const void *data)
{
	struct side sides[3] = { SIDE_INIT, SIDE_INIT, SIDE_INIT };
	err *e = merge(ctx, data, sides);
	for (size_t i = 0; i < ARRAY_LEN(sides); i++)
		side_clear(&sides[i]);
	return e;
}

const struct cli_cmd cmd_vault_git_merge = {
	.name = "merge",
	.brief = "merge three versions of a file; git calls it",
	.about =
		"Merge values, comments and recipients of encrypted files in memory and write the result over "
		"OURS. Who was removed on one side stays removed, and then the data key is a new one. What both "
		"sides changed differently is named, not shown, and stays as it is in OURS.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault git install, vault git theirs",
	.args_size = sizeof(struct merge_args),
	.run = run_merge,
};
