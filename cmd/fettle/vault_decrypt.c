/* fettle vault decrypt: SOPS documents become plain files again. */
#include "base/base.h"

#include "pal/pool.h"
#include "vault_common.h"

struct decrypt_args {
	struct strs files;
	bool in_place, ignore_mac;
	const char *output;
	int type;
};

static const struct cli_opt opts[] = {
	{ CLI_ARGS(struct decrypt_args, files), .arg = "path",
	  .help = "files, folders or patterns; '-' is standard input", .words = CLI_WORDS_FILES,
	  .flags = CLI_REQUIRED },
	{ CLI_FLAG(struct decrypt_args, in_place), .letter = 'i', .name = "in-place",
	  .help = "replace the files: their secrets then lie on the disk" },
	{ CLI_STR(struct decrypt_args, output), .letter = 'O', .name = "out", .arg = "file",
	  .help = "write here (0600) instead of standard output", .words = CLI_WORDS_FILES },
	{ CLI_FLAG(struct decrypt_args, ignore_mac), .name = "ignore-mac",
	  .help = "open a file though its values were changed by other hands",
	  .flags = CLI_NO_NEGATION },
	VAULT_TYPE_OPT(struct decrypt_args),
	CLI_END
};

static const struct cli_example examples[] = {
	{ "into a program, without a plain copy",
	  "fettle vault decrypt prod.yaml | kubectl apply -f -" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = { { 0, "decrypted" },
	                                 { 2, "bad usage, or a file that is not encrypted" },
	                                 { 3, "reading or writing failed, or a damaged file" },
	                                 { 4, "no key opens it" },
	                                 { 0, NULL } };

struct job {
	const char *path;
	struct plain_text text;
	err *e;
};

struct run {
	const struct decrypt_args *args;
	struct vault_keys *keys;
	struct job *jobs;
};

static err *decrypt_file(struct run *run, struct job *job)
{
	AUTO(vault_doc) doc = VAULT_DOC_INIT;
	TRY(vault_open(job->path, run->args->type, run->keys,
	               run->args->ignore_mac ? SOPS_IGNORE_MAC : 0, &doc));
	TRY(sops_plain(doc.doc, &job->text));
	return run->args->in_place ? vault_replace(job->path, view_str(&job->text.text)) : NULL;
}

static void work(void *data, size_t index)
{
	struct run *run = data;
	run->jobs[index].e = decrypt_file(run, &run->jobs[index]);
}

static err *decrypt_all(struct run *run, struct ui *ui, const struct strs *files)
{
	err *all = NULL;
	run->jobs = mem_zalloc(files->len, sizeof(*run->jobs));
	for (size_t i = 0; i < files->len; i++)
		run->jobs[i] = (struct job){ files->ptr[i], PLAIN_TEXT_INIT, NULL };
	pool_for_each(0, files->len, work, run);
	for (size_t i = 0; i < files->len; i++)
		all = err_join(all, run->jobs[i].e);
	if (!all && !run->args->in_place)
		all = vault_write_out(ui, run->args->output, view_str(&run->jobs[0].text.text));
	for (size_t i = 0; i < files->len; i++)
		plain_text_clear(&run->jobs[i].text);
	mem_free(run->jobs);
	return all;
}

static err *run_decrypt(struct cli_ctx *ctx, const void *data)
{
	const struct decrypt_args *args = data;
	AUTO(strs) files = STRS_INIT;
	AUTOPTR(vault_keys) keys = vault_keys_new(ctx);
	struct run run = { args, keys, NULL };
	TRY(vault_files(&args->files, 0, &files, NULL));
	if (args->in_place && args->output)
		return err_new(ERR_USAGE, "--in-place and --out exclude each other");
	if (files.len > 1 && !args->in_place)
		return err_hint(
			err_new(ERR_USAGE, "%zu files, but one place to write to", files.len),
			"use --in-place");
	return decrypt_all(&run, ctx->ui, &files);
}

const struct cli_cmd cmd_vault_decrypt = {
	.name = "decrypt",
	.brief = "decrypt SOPS documents",
	.about = "Decrypt a file, check that nobody changed it, and write it without its metadata. "
		 "Everything that is not a secret comes out as it stands in the file. Without "
		 "--in-place or --out nothing is written to a disk.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault get, vault encrypt",
	.args_size = sizeof(struct decrypt_args),
	.run = run_decrypt,
};
