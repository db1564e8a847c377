/* fettle vault init: a key, and a .sops.yaml that names its recipient. */
#include "base/base.h"

#include "base/limits.h"
#include "base/path.h"
#include "pal/dirs.h"
#include "pal/fs.h"
#include "vault/age.h"
#include "vault_common.h"
#include "vault_git.h"

#define DEFAULT_PATTERN "(^|/)secrets?(/|[^/]*\\.)"

struct init_args {
	struct strs recipients;
	const char *dir, *pattern;
};

static const struct cli_opt opts[] = {
	{ CLI_ARG(struct init_args, dir), .arg = "dir",
	  .help = "folder to begin in; this one without", .words = CLI_WORDS_DIRS },
	{ CLI_STRS(struct init_args, recipients), .letter = 'r', .name = "recipient", .arg = "key",
	  .help = "encrypt for this age recipient too" },
	{ CLI_STR(struct init_args, pattern), .name = "path-regex", .arg = "regex",
	  .help = "which files are to be encrypted", .def = DEFAULT_PATTERN,
	  .flags = CLI_NOT_EMPTY },
	CLI_END
};

static const struct cli_example examples[] = { { "with a key of one's own and one for the pipeline",
	                                         "fettle vault init --recipient age1..." },
	                                       { NULL, NULL } };

static const struct cli_exit exits[] = { { 0, "made" },
	                                 { 2, "bad usage, or a key file that is broken" },
	                                 { 3, "writing failed" },
	                                 { 5, "there is a .sops.yaml already" },
	                                 { 0, NULL } };

static err *key_path(struct str *ret_path)
{
	AUTO(str) ours = STR_INIT;
	TRY(dirs_settings(&ours));
	AUTOFREE char *folder = path_dir(ours.ptr);
	AUTOFREE char *path = path_join(folder, "sops/age/keys.txt");
	str_addz(ret_path, path);
	return NULL;
}

/* The recipient of the first identity of a key file. */
static err *recipient_of(struct view text, const char *name, struct str *ret_recipient)
{
	AUTOPTR(age_identities) identities = age_identities_new();
	AUTOPTR(age_recipients) list = age_recipients_new();
	TRY(age_identities_add_file(identities, text, name));
	TRY(age_recipients_add_identities(list, identities, NULL));
	if (age_recipients_count(list) == 0)
		return err_new(ERR_INVALID, "'%s' holds no key", name);
	str_addz(ret_recipient, age_recipients_text(list, 0));
	return NULL;
}

static err *make_key(struct ui *ui, const char *path, struct str *ret_recipient)
{
	AUTO(secret) identity = SECRET_INIT;
	AUTO(str) now = STR_INIT;
	AUTO(plain_text) text = PLAIN_TEXT_INIT;
	AUTOFREE char *folder = path_dir(path);
	TRY(age_keygen(false, &identity));
	TRY(recipient_of((struct view){ (const char *)identity.ptr, identity.len }, path,
	                 ret_recipient));
	sops_now(&now);
	AUTOFREE char *head =
		str_format("# created: %s\n# public key: %s\n", now.ptr, ret_recipient->ptr);
	plain_text_add(&text, head, strlen(head));
	plain_text_add(&text, identity.ptr, identity.len);
	plain_text_add(&text, "\n", 1);
	TRY(fs_mkdir_all(folder, 0700));
	TRY(fs_write_atomic(path, view_str(&text.text), 0600));
	ui_info(ui, "made a key: %s", path);
	return NULL;
}

/* The first identity of the key file; one is made when there is no file. */
static err *own_recipient(struct ui *ui, struct str *ret_recipient)
{
	AUTO(str) path = STR_INIT;
	AUTO(str) text = STR_INIT;
	TRY(key_path(&path));
	if (!fs_exists(path.ptr))
		return make_key(ui, path.ptr, ret_recipient);
	TRY(fs_read_file(path.ptr, LIMIT_SETTINGS_BYTES, &text));
	err *e = recipient_of(view_str(&text), path.ptr, ret_recipient);
	secret_wipe(text.ptr, text.len);
	return e;
}

static err *check_recipients(const struct strs *recipients)
{
	AUTOPTR(age_recipients) list = age_recipients_new();
	for (size_t i = 0; i < recipients->len; i++)
		TRY(age_recipients_add(list, recipients->ptr[i]));
	return NULL;
}

static void add_config(const struct init_args *args, const char *own, struct str *out)
{
	str_addz(
		out,
		"# Which files are secrets, and who can read them. sops understands this file too.\n"
		"creation_rules:\n"
		"  - path_regex: '");
	for (const char *p = args->pattern; *p; p++)
		str_addz(out, *p == '\'' ? "''" : (const char[]){ *p, '\0' });
	str_addf(out, "'\n    age:\n      - %s\n", own);
	for (size_t i = 0; i < args->recipients.len; i++)
		if (!str_equal(args->recipients.ptr[i], own))
			str_addf(out, "      - %s\n", args->recipients.ptr[i]);
}

/* The default pattern in the words of .gitattributes. */
static const char *const git_patterns[] = { "**/secret/**", "**/secrets/**", "secret*.*" };

/* In a repository: git merges and compares them from the beginning. */
static err *set_up_git(struct ui *ui, const struct init_args *args)
{
	AUTO(strs) patterns = STRS_INIT;
	AUTO(str) here = STR_INIT;
	struct repo *repo = NULL;
	char *top = NULL;
	TRY(fs_real_path(args->dir ? args->dir : ".", &here));
	err *e = repo_open_around(here.ptr, &repo, &top);
	if (e) {
		err_ignore(e, "there may be a repository later");
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_LEN(git_patterns); i++)
		strs_push(&patterns, git_patterns[i]);
	bool is_known = str_equal(args->pattern, DEFAULT_PATTERN);
	if (is_known)
		e = vault_git_attributes(ui, here.ptr, &patterns);
	else
		ui_hint(ui, "tell git which files these are: fettle vault git install 'PATTERN'");
	if (!e && is_known)
		e = vault_git_drivers(repo, false);
	repo_free(repo);
	mem_free(top);
	return e;
}

static err *run_init(struct cli_ctx *ctx, const void *data)
{
	const struct init_args *args = data;
	AUTO(str) own = STR_INIT;
	AUTO(str) config = STR_INIT;
	AUTOPTR(sops_config) parsed = NULL;
	AUTOFREE char *path = path_join(args->dir ? args->dir : ".", SOPS_CONFIG_NAME);
	if (fs_exists(path))
		return err_hint(err_new(ERR_REFUSED, "'%s' is there already", path),
		                "add recipients to its creation_rules by hand");
	if (args->dir)
		TRY(fs_mkdir_all(args->dir, 0755));
	TRY(check_recipients(&args->recipients));
	TRY(own_recipient(ctx->ui, &own));
	add_config(args, own.ptr, &config);
	TRY(sops_config_parse(view_str(&config), path, &parsed));
	TRY(fs_write_atomic(path, view_str(&config), 0644));
	ui_info(ctx->ui, "made '%s' for %s", path, own.ptr);
	TRY(set_up_git(ctx->ui, args));
	ui_hint(ctx->ui, "put a file below secrets/ and run 'fettle vault encrypt --in-place .'");
	return NULL;
}

const struct cli_cmd cmd_vault_init = {
	.name = "init",
	.brief = "begin to keep secrets in a repository",
	.about =
		"Make an age key for you, unless there is one where sops looks for it, and a .sops.yaml "
		"that says which files are encrypted for whom; in a git repository also .gitattributes and "
		"the merge and diff drivers of 'vault git install'. Keep a copy of the key in a safe place: "
		"without it nobody can open the files.",
	.examples = examples,
	.opts = opts,
	.exits = exits,
	.see_also = "vault encrypt, vault check",
	.args_size = sizeof(struct init_args),
	.run = run_init,
};
