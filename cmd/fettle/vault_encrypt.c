/* fettle vault encrypt: plain files become SOPS documents. */
#include "base/base.h"

#include "base/arena.h"
#include "pal/pool.h"
#include "vault/age.h"
#include "vault_common.h"
#include "vault_head.h"

struct encrypt_args {
	struct strs files, recipients;
	bool in_place, fresh;
	const char *output, *like, *encrypted_regex, *unencrypted_regex;
	int type;
};

static const struct cli_opt opts[] = {
	{ CLI_ARGS(struct encrypt_args, files), .arg = "path",
	  .help = "files, folders or patterns; '-' is standard input", .words = CLI_WORDS_FILES,
	  .flags = CLI_REQUIRED },
	{ CLI_FLAG(struct encrypt_args, in_place), .letter = 'i', .name = "in-place",
	  .help = "replace the files" },
	{ CLI_STR(struct encrypt_args, output), .letter = 'O', .name = "out", .arg = "file",
	  .help = "write here instead of standard output", .words = CLI_WORDS_FILES },
	{ CLI_STRS(struct encrypt_args, recipients), .letter = 'r', .name = "recipient",
	  .arg = "key",
	  .help = "encrypt for this age recipient; without it .sops.yaml says for whom" },
	{ CLI_STR(struct encrypt_args, encrypted_regex), .name = "encrypted-regex", .arg = "regex",
	  .help = "with --recipient: encrypt values below matching names only",
	  .flags = CLI_NOT_EMPTY },
	{ CLI_STR(struct encrypt_args, unencrypted_regex), .name = "unencrypted-regex",
	  .arg = "regex", .help = "with --recipient: leave values below matching names plain",
	  .flags = CLI_NOT_EMPTY },
	{ CLI_STR(struct encrypt_args, like), .name = "like", .arg = "file",
	  .help = "keep ciphertexts of values that are the same in this encrypted file",
	  .details =
	          "What did not change then looks the same in a diff: an unchanged file comes out byte by byte as it was.",
	  .words = CLI_WORDS_FILES, .flags = CLI_NOT_EMPTY },
	{ CLI_FLAG(struct encrypt_args, fresh), .name = "fresh",
	  .help = "a new data key and new ciphertexts, whatever git has of the file",
	  .details =
	          "Without it --in-place keeps ciphertexts of values that are the same in the version "
	          "of git's HEAD, when that is for the same recipients and a key at hand opens it.",
	  .flags = CLI_NO_NEGATION },
	VAULT_TYPE_OPT(struct encrypt_args),
	CLI_END
};

static const struct cli_example examples[] = {
	{ "every file that .sops.yaml has a rule for", "fettle vault encrypt --in-place ." },
	{ "encrypt again what was decrypted in place: only what changed differs from git's HEAD",
	  "fettle vault encrypt --in-place secrets/prod.yaml" },
	{ "encrypt again after a change by hand, with a small diff",
	  "fettle vault encrypt --like prod.yaml --out prod.yaml plain.yaml" },
	{ NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "encrypted" },
	{ 2, "bad usage, a file that cannot be such a document, or no rule for it" },
	{ 3, "no .sops.yaml, or reading or writing failed" },
	{ 4, "--like cannot be opened" },
	{ 5, "a file is encrypted already" },
	{ 0, NULL }
};

struct job {
	const char *path;
	bool is_from_folder;
	const struct sops_creation *creation; /* NULL: recipients from the command line */
	bool is_skipped;
	struct str head; /* what git has of it, encrypted; empty: nothing to keep */
	struct str text;
	err *e;
};

struct run {
	const struct encrypt_args *args;
	struct vault_keys *keys;
	struct str now;
	struct sops_creation own; /* of the command line */
	struct vault_doc like;
	struct job *jobs;
	size_t count;
};

/* --- what to encrypt with --- */

static err *own_rule(struct run *run, struct arena *a)
{
	const struct encrypt_args *args = run->args;
	struct sops_key_group *group = ARENA_NEW(a, struct sops_key_group);
	group->len = args->recipients.len;
	group->keys = arena_zalloc(a, group->len + 1, sizeof(*group->keys));
	/* Tried here, so that a bad one is told once and not for each file. */
	AUTOPTR(age_recipients) valid = age_recipients_new();
	for (size_t i = 0; i < group->len; i++) {
		group->keys[i].id = args->recipients.ptr[i];
		TRY(age_recipients_add(valid, group->keys[i].id));
	}
	run->own.recipients = (struct sops_recipients){ group, 1, 0 };
	run->own.rules.encrypted_regex = args->encrypted_regex;
	run->own.rules.unencrypted_regex = args->unencrypted_regex;
	if (args->encrypted_regex && args->unencrypted_regex)
		return err_new(ERR_USAGE,
		               "--encrypted-regex and --unencrypted-regex exclude each other");
	if (!group->len && (args->encrypted_regex || args->unencrypted_regex))
		return err_new(ERR_USAGE,
		               "rules go with --recipient; otherwise .sops.yaml has them");
	return NULL;
}

static err *choose_rule(struct run *run, struct vault_rules *rules, struct job *job)
{
	if (run->args->recipients.len) {
		job->creation = &run->own;
		return NULL;
	}
	const char *name = str_equal(job->path, "-") ? "stdin" : job->path;
	TRY(vault_rule(rules, name, &job->creation));
	job->is_skipped = job->is_from_folder && (!job->creation || !job->creation->has_path);
	if (job->creation || job->is_skipped)
		return NULL;
	return err_hint(err_new(ERR_INVALID, "no rule of .sops.yaml is for '%s'", job->path),
	                "add one to its creation_rules, or name recipients with --recipient");
}

/* --- one file --- */

static err *encrypt_document(struct run *run, struct job *job, const struct sops_encrypt *how,
                             struct view text)
{
	AUTOPTR(sops_doc) doc = NULL;
	enum sops_format format = vault_format(run->args->type, job->path);
	bool may_be = sops_may_be_encrypted(format, text);
	if (format == SOPS_BINARY && !may_be)
		return sops_encrypt_binary(text, job->path, how, &job->text);
	err *e = sops_open(format, text, job->path, &doc);
	if (e && format == SOPS_BINARY) {
		err_ignore(e, "not JSON, so not an encrypted file");
		return sops_encrypt_binary(text, job->path, how, &job->text);
	}
	TRY(e);
	if (sops_is_encrypted(doc) && job->is_from_folder) {
		job->is_skipped = true;
		return NULL;
	}
	if (format == SOPS_BINARY && !sops_is_encrypted(doc))
		return sops_encrypt_binary(text, job->path, how, &job->text);
	return sops_encrypt(doc, how, &job->text);
}

/*
 * The committed version, as a document to keep ciphertexts of. Whoever has only public keys, or finds
 * there what does not open, can encrypt all the same.
 */
static void open_head(struct run *run, struct job *job, struct vault_doc *ret_doc)
{
	enum sops_format format = vault_format(run->args->type, job->path);
	if (!job->head.len || !sops_may_be_encrypted(format, view_str(&job->head)))
		return;
	err *e = sops_open(format, view_str(&job->head), job->path, &ret_doc->doc);
	if (!e && sops_is_encrypted(ret_doc->doc)) {
		e = sops_data_key(ret_doc->doc, vault_keyring(run->keys), &ret_doc->key);
		if (!e)
			e = sops_unlock(ret_doc->doc, &ret_doc->key, 0);
		if (!e)
			return;
	}
	err_ignore(e, "then every ciphertext is new");
	vault_doc_clear(ret_doc);
}

static err *encrypt_file(struct run *run, struct job *job)
{
	AUTO(str) text = STR_INIT;
	AUTO(vault_doc) head = VAULT_DOC_INIT;
	open_head(run, job, &head);
	const struct vault_doc *like = run->like.doc ? &run->like : &head;
	const struct sops_encrypt how = {
		.rules = job->creation->rules,
		.recipients = job->creation->recipients,
		.now = run->now.ptr,
		.keyring = vault_keyring(run->keys),
		.like = like->doc,
		.like_key = like->doc ? &like->key : NULL,
	};
	TRY(vault_read(job->path, &text));
	err *e = encrypt_document(run, job, &how, view_str(&text));
	secret_wipe(text.ptr, text.len);
	if (!e && run->args->in_place && !job->is_skipped)
		e = vault_replace(job->path, view_str(&job->text));
	return e;
}

static void work(void *data, size_t index)
{
	struct run *run = data;
	struct job *job = &run->jobs[index];
	if (!job->e && !job->is_skipped)
		job->e = encrypt_file(run, job);
}

/* --- all of them --- */

static err *check_usage(const struct encrypt_args *args, size_t count)
{
	if (args->in_place && args->output)
		return err_new(ERR_USAGE, "--in-place and --out exclude each other");
	if (count > 1 && !args->in_place)
		return err_hint(err_new(ERR_USAGE, "%zu files, but one place to write to", count),
		                "use --in-place");
	if (args->like && args->fresh)
		return err_new(ERR_USAGE, "--like and --fresh exclude each other");
	if (args->like && count > 1)
		return err_new(ERR_USAGE, "--like is for one file");
	return NULL;
}

static err *finish(struct run *run, struct ui *ui)
{
	err *all = NULL;
	size_t done = 0;
	for (size_t i = 0; i < run->count; i++) {
		struct job *job = &run->jobs[i];
		all = err_join(all, job->e);
		done += !job->e && !job->is_skipped;
		job->e = NULL;
	}
	if (!all && !run->args->in_place)
		return vault_write_out(ui, run->args->output, view_str(&run->jobs[0].text));
	if (run->args->in_place)
		ui_info(ui, done ? "encrypted %zu files" : "nothing to encrypt", done);
	return all;
}

static err *encrypt_all(struct run *run, struct cli_ctx *ctx, const struct strs *files,
                        const struct strs *marks)
{
	AUTOPTR(vault_rules) rules = vault_rules_new();
	AUTOPTR(vault_head) head = vault_head_new();
	bool with_head = run->args->in_place && !run->args->fresh && !run->args->like;
	run->jobs = mem_zalloc(files->len, sizeof(*run->jobs));
	run->count = files->len;
	for (size_t i = 0; i < files->len; i++) {
		struct job *job = &run->jobs[i];
		str_init(&job->head);
		str_init(&job->text);
		job->path = files->ptr[i];
		job->is_from_folder = *marks->ptr[i] != '\0';
		job->e = choose_rule(run, rules, job);
		if (with_head && !job->e && !job->is_skipped && !str_equal(job->path, "-") &&
		    !vault_head_read(head, job->path, &job->head))
			str_reset(&job->head);
	}
	pool_for_each(0, run->count, work, run);
	return finish(run, ctx->ui);
}

static void run_clear(struct run *run)
{
	for (size_t i = 0; i < run->count; i++) {
		err_free(run->jobs[i].e);
		str_clear(&run->jobs[i].head);
		str_clear(&run->jobs[i].text);
	}
	mem_free(run->jobs);
	str_clear(&run->now);
	vault_doc_clear(&run->like);
	vault_keys_free(run->keys);
}

static err *run_encrypt(struct cli_ctx *ctx, const void *data)
{
	const struct encrypt_args *args = data;
	AUTO(run)
	run = {
		.args = args, .keys = vault_keys_new(ctx), .now = STR_INIT, .like = VAULT_DOC_INIT
	};
	AUTO(strs) files = STRS_INIT;
	AUTO(strs) marks = STRS_INIT;
	struct arena arena = ARENA_INIT;
	sops_now(&run.now);
	err *e = vault_files(&args->files, VAULT_ALL_FILES, &files, &marks);
	if (!e)
		e = check_usage(args, files.len);
	if (!e)
		e = own_rule(&run, &arena);
	if (!e && args->like)
		e = vault_open(args->like, args->type, run.keys, 0, &run.like);
	if (!e)
		e = encrypt_all(&run, ctx, &files, &marks);
	arena_clear(&arena);
	return e;
}

const struct cli_cmd cmd_vault_encrypt = {
	.name = "encrypt",
	.brief = "encrypt files as SOPS documents",
	.about =
		"Encrypt the values of YAML, JSON, dotenv and INI files and leave their names readable, "
		"or encrypt any other file as a whole, as sops does and for sops to open. Comments, "
		"quotes, blank lines and indentation stay as they are. Of a folder those files are "
		"taken that a path_regex of .sops.yaml matches and that are not encrypted yet.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault decrypt, vault set",
	.args_size = sizeof(struct encrypt_args),
	.run = run_encrypt,
};
