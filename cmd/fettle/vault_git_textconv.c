/* fettle vault git textconv: what git diff shows of an encrypted file. */
#include "base/base.h"

#include "base/path.h"
#include "crypto/hash.h"
#include "git/git.h"
#include "pal/fs.h"
#include "pal/random.h"
#include "vault_common.h"

struct textconv_args {
	const char *file;
	int type;
};

static const struct cli_opt opts[] = { { CLI_ARG(struct textconv_args, file), .arg = "file",
	                                 .help = "an encrypted file, or any other",
	                                 .words = CLI_WORDS_FILES, .flags = CLI_REQUIRED },
	                               VAULT_TYPE_OPT(struct textconv_args),
	                               CLI_END };

static const struct cli_example examples[] = {
	{ "what git shows", "fettle vault git textconv secrets/prod.yaml" }, { NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "written" }, { 2, "bad usage" }, { 3, "reading failed" }, { 0, NULL }
};

/* --- a key that stays in this clone, so that nobody else can try values against what a log shows --- */

static err *key_path(struct str *ret_path)
{
	AUTO(str) here = STR_INIT;
	struct repo *repo = NULL;
	char *top = NULL, *folder = NULL;
	TRY(fs_real_path(".", &here));
	TRY(repo_open_around(here.ptr, &repo, &top));
	err *e = repo_private_folder(repo, &folder);
	if (!e)
		str_addf(ret_path, "%s/fettle/textconv.key", folder);
	repo_free(repo);
	mem_free(top);
	mem_free(folder);
	return e;
}

static err *load_key(uint8_t key[CRYPTO_TAG_KEY_BYTES])
{
	AUTO(str) path = STR_INIT;
	AUTO(str) text = STR_INIT;
	TRY(key_path(&path));
	if (!fs_exists(path.ptr)) {
		AUTOFREE char *folder = path_dir(path.ptr);
		random_bytes(key, CRYPTO_TAG_KEY_BYTES);
		TRY(fs_mkdir_all(folder, 0700));
		return fs_write_atomic(
			path.ptr, (struct view){ (const char *)key, CRYPTO_TAG_KEY_BYTES }, 0600);
	}
	TRY(fs_read_file(path.ptr, CRYPTO_TAG_KEY_BYTES, &text));
	if (text.len != CRYPTO_TAG_KEY_BYTES)
		return err_new(ERR_CORRUPT, "'%s' is damaged; remove it", path.ptr);
	memcpy(key, text.ptr, CRYPTO_TAG_KEY_BYTES);
	return NULL;
}

static void cover(void *key, struct view value, bool is_plain, struct str *ret_word)
{
	str_addz(ret_word, is_plain ? "<secret " : "<sealed ");
	crypto_tag(key, value, ret_word);
	str_addch(ret_word, '>');
}

/* --- what is shown --- */

static void add_recipients(const struct sops_meta *meta, struct str *out)
{
	for (size_t g = 0; g < meta->group_count; g++)
		for (size_t i = 0; i < meta->groups[g].len; i++)
			str_addf(out, "# %s: %s\n",
			         sops_key_type_name(meta->groups[g].keys[i].type),
			         meta->groups[g].keys[i].id);
}

static err *show_document(struct cli_ctx *ctx, struct vault_doc *doc)
{
	AUTOPTR(vault_keys) keys = vault_keys_new(ctx);
	AUTO(plain_text) text = PLAIN_TEXT_INIT;
	AUTO(str) recipients = STR_INIT;
	uint8_t key[CRYPTO_TAG_KEY_BYTES];
	err *e = load_key(key);
	if (e) {
		err_ignore(e, "outside of a repository there is nothing to compare with");
		random_bytes(key, sizeof(key));
	}
	vault_keys_be_quiet(keys);
	/* Without a key the ciphertexts stand for the values: they change with them. */
	err_ignore(vault_unlock(keys, doc, SOPS_IGNORE_MAC), "it is shown as sealed");
	TRY(sops_covered(doc->doc, cover, key, &text));
	secret_wipe(key, sizeof(key));
	add_recipients(sops_meta_of(doc->doc), &recipients);
	if (text.text.len && text.text.ptr[text.text.len - 1] != '\n')
		plain_text_add(&text, "\n", 1);
	plain_text_add(&text, recipients.ptr, recipients.len);
	return vault_write_out(ctx->ui, NULL, view_str(&text.text));
}

static err *run_textconv(struct cli_ctx *ctx, const void *data)
{
	const struct textconv_args *args = data;
	enum sops_format format = vault_format(args->type, args->file);
	AUTO(vault_doc) doc = VAULT_DOC_INIT;
	AUTO(str) text = STR_INIT;
	TRY(vault_read(args->file, &text));
	if (sops_may_be_encrypted(format, view_str(&text))) {
		err *e = sops_open(format, view_str(&text), args->file, &doc.doc);
		err_ignore(e, "then it is shown as it is");
	}
	if (doc.doc && sops_is_encrypted(doc.doc))
		return show_document(ctx, &doc);
	return vault_write_out(ctx->ui, NULL, view_str(&text));
}

const struct cli_cmd cmd_vault_git_textconv = {
	.name = "textconv",
	.brief = "show a file without its secrets; git calls it",
	.about =
		"Write an encrypted file with a word in the place of each secret and without its metadata, its "
		"recipients behind it. The same value has the same word, in this clone only; so 'git diff' and "
		"'git log -p' tell what changed and show no value. Without a key the words stand for ciphertexts.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault git install",
	.args_size = sizeof(struct textconv_args),
	.run = run_textconv,
};
