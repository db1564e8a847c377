/* fettle vault edit: a plain text in memory, an editor, and back into the encrypted file. */
#include "base/base.h"

#include "base/limits.h"
#include "base/path.h"
#include "pal/argv.h"
#include "pal/fs.h"
#include "pal/proc.h"
#include "pal/ram.h"
#include "vault_common.h"

struct edit_args {
	const char *file, *editor;
	bool on_disk;
	int type;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct edit_args, file), .arg = "file", .help = "an encrypted file",
	  .words = CLI_WORDS_FILES, .flags = CLI_REQUIRED },
	{ CLI_STR(struct edit_args, editor), .name = "editor", .arg = "command",
	  .help = "editor to use; VISUAL or EDITOR without", .flags = CLI_NOT_EMPTY },
	{ CLI_FLAG(struct edit_args, on_disk), .name = "on-disk",
	  .help = "use the system's folder for temporary files where there is none in memory",
	  .flags = CLI_NO_NEGATION },
	VAULT_TYPE_OPT(struct edit_args),
	CLI_END
};

static const struct cli_example examples[] = {
	{ "with the usual editor", "fettle vault edit secrets/prod.yaml" }, { NULL, NULL }
};

static const struct cli_exit exits[] = {
	{ 0, "saved, or nothing was changed" },
	{ 2, "bad usage, or a text that is no such document" },
	{ 3, "reading, writing or the editor failed, or a damaged file" },
	{ 4, "no key opens it" },
	{ 0, NULL }
};

struct edit {
	struct cli_ctx *ctx;
	const struct edit_args *args;
	struct vault_keys *keys;
	struct vault_doc before;
	struct plain_text plain; /* before */
	struct str folder, path; /* of the text being edited */
};

static void edit_clear(struct edit *edit)
{
	if (edit->folder.len)
		err_ignore(fs_remove_tree(edit->folder.ptr), "gone, or nothing can be done");
	vault_doc_clear(&edit->before);
	plain_text_clear(&edit->plain);
	vault_keys_free(edit->keys);
	str_clear(&edit->folder);
	str_clear(&edit->path);
}

/* --- the scratch file --- */

static err *make_scratch(struct edit *edit)
{
	err *e = ram_mkdtemp("fettle-", &edit->folder);
	if (e && err_is(e, ERR_UNSUPPORTED) && edit->args->on_disk) {
		err_ignore(e, "the user said that a disk will do");
		e = fs_mkdtemp("fettle-", &edit->folder);
	} else if (e && err_is(e, ERR_UNSUPPORTED)) {
		e = err_hint(e, "--on-disk uses the folder for temporary files; 'fettle vault set' "
		                "changes single values without one");
	}
	TRY(e);
	AUTOFREE char *path = path_join(edit->folder.ptr, path_base(edit->args->file));
	str_addz(&edit->path, path);
	return fs_write_atomic(edit->path.ptr, view_str(&edit->plain.text), 0600);
}

/* --- the editor --- */

/* No swap file, no backup, no undo file, no memory of what was yanked. */
static void add_hygiene(const char *program, struct strs *words)
{
	const char *base = path_base(program);
	if (str_equal(base, "vi") || str_equal(base, "vim") || str_equal(base, "nvim") ||
	    str_equal(base, "view")) {
		strs_push(words, "-n");
		strs_push(words, "-i");
		strs_push(words, "NONE");
		strs_push(words, "--cmd");
		strs_push(words, "set nobackup nowritebackup noundofile");
	} else if (str_equal(base, "emacs")) {
		strs_push(words, "--eval");
		strs_push(words, "(setq make-backup-files nil auto-save-default nil)");
	}
}

static err *run_editor(struct edit *edit)
{
	const char *const candidates[] = { edit->args->editor, env_get("VISUAL"), env_get("EDITOR"),
		                           "vi" };
	AUTO(strs) words = STRS_INIT;
	AUTO(proc_result) result = PROC_RESULT_INIT;
	const char *command = NULL;
	for (size_t i = 0; i < ARRAY_LEN(candidates) && !command; i++)
		command = candidates[i] && *candidates[i] ? candidates[i] : NULL;
	TRY(vault_split_command(command, "the editor", &words));
	add_hygiene(words.ptr[0], &words);
	strs_push(&words, edit->path.ptr);
	const struct proc_opts proc = { .argv = (const char *const *)words.ptr,
		                        .flags = PROC_INHERIT_STDIN | PROC_INHERIT_OUTPUT };
	TRY(proc_run(&proc, &result));
	return proc_result_err(&result, words.ptr[0]);
}

/* --- back --- */

static err *encrypt(struct edit *edit, struct view text, struct str *out)
{
	AUTOPTR(sops_doc) doc = NULL;
	AUTO(str) now = STR_INIT;
	const char *name = edit->args->file;
	const struct sops_meta *meta = sops_meta_of(edit->before.doc);
	enum sops_format format = vault_format(edit->args->type, name);
	sops_now(&now);
	const struct sops_encrypt how = {
		.rules = meta->rules,
		.recipients = { meta->groups, meta->group_count, meta->threshold },
		.now = now.ptr,
		.keyring = vault_keyring(edit->keys),
		.like = edit->before.doc,
		.like_key = &edit->before.key,
	};
	if (format == SOPS_BINARY)
		return sops_encrypt_binary(text, name, &how, out);
	TRY(sops_open(format, text, name, &doc));
	return sops_encrypt(doc, &how, out);
}

/* One visit to the editor; *ret_again when the text has mistakes and the user wants to mend them. */
static err *one_round(struct edit *edit, bool *ret_again)
{
	AUTO(str) text = STR_INIT;
	AUTO(str) sealed = STR_INIT;
	struct ui *ui = edit->ctx->ui;
	*ret_again = false;
	TRY(run_editor(edit));
	TRY(fs_read_file(edit->path.ptr, LIMIT_DOC_BYTES, &text));
	if (view_equal(view_str(&text), view_str(&edit->plain.text))) {
		ui_info(ui, "nothing changed");
		return NULL;
	}
	err *e = encrypt(edit, view_str(&text), &sealed);
	secret_wipe(text.ptr, text.len);
	if (!e) {
		TRY(vault_replace(edit->args->file, view_str(&sealed)));
		ui_info(ui, "saved '%s'", edit->args->file);
		return NULL;
	}
	ui_print_err(ui, e);
	err *asked =
		ui_confirm(ui, "--editor", ret_again, "edit the text again? It is lost otherwise");
	if (asked)
		err_ignore(asked, "nobody to ask: the mistake itself says more");
	if (!*ret_again)
		return e;
	err_free(e);
	return NULL;
}

static err *run_edit(struct cli_ctx *ctx, const void *data)
{
	const struct edit_args *args = data;
	AUTO(edit)
	edit = { .ctx = ctx,
		 .args = args,
		 .keys = vault_keys_new(ctx),
		 .before = VAULT_DOC_INIT,
		 .plain = PLAIN_TEXT_INIT,
		 .folder = STR_INIT,
		 .path = STR_INIT };
	bool again = true;
	TRY(vault_open(args->file, args->type, edit.keys, 0, &edit.before));
	TRY(sops_plain(edit.before.doc, &edit.plain));
	TRY(make_scratch(&edit));
	while (again)
		TRY(one_round(&edit, &again));
	return NULL;
}

const struct cli_cmd cmd_vault_edit = {
	.name = "edit",
	.brief = "change an encrypted file in an editor",
	.about =
		"Decrypt a file into a private folder in memory, run the editor, and encrypt what it "
		"leaves for the same recipients. Values that did not change keep their ciphertext; "
		"nothing is written when nothing was changed. vim and emacs are told to keep no swap, "
		"backup and undo files.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault set, vault get",
	.args_size = sizeof(struct edit_args),
	.run = run_edit,
};
