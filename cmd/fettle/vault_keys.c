/*
 * The keys at hand, looked for where sops looks: SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, SOPS_AGE_KEY_CMD, the
 * user's sops/age/keys.txt, the keychain, SSH keys. They are loaded once, at the first document that needs one.
 */
#include "base/base.h"

#include "vault_common.h"

#include "base/limits.h"
#include "base/path.h"
#include "pal/argv.h"
#include "pal/dirs.h"
#include "pal/fs.h"
#include "pal/keychain.h"
#include "pal/pool.h"
#include "pal/private.h"
#include "pal/proc.h"
#include "pal/term.h"
#include "vault/age.h"
#include "vault_keychain.h"
#include "vault_transit.h"

struct vault_keys {
	struct ui *ui;
	struct mutex *mutex;
	bool is_loaded, no_input;
	bool is_ready; /* nothing will be asked: several threads may open at once */
	struct age_recipients *own; /* whom the keys stand for, as far as it is known unasked */
	err *problem; /* a source that could not be read; told when no key opens something */
	struct age_identities *identities;
	struct vault_transit *transit;
	struct age_talk talk;
	struct sops_keyring ring;
};

/* --- loading --- */

static void keep_problem(struct vault_keys *keys, err *take_e)
{
	keys->problem = take_e ? err_join(keys->problem, take_e) : keys->problem;
}

static void add_text(struct vault_keys *keys, struct view text, const char *source)
{
	keep_problem(keys, age_identities_add_file(keys->identities, text, source));
}

/* The variable may hold several keys, divided by blanks. */
static void add_words(struct vault_keys *keys, const char *text)
{
	AUTOFREE char *lines = mem_strdup(text);
	size_t len = strlen(lines);
	for (char *p = lines; *p; p++)
		if (*p == ' ' || *p == '\t')
			*p = '\n';
	add_text(keys, (struct view){ lines, len }, "SOPS_AGE_KEY");
	secret_wipe(lines, len);
}

static void add_file(struct vault_keys *keys, const char *path, bool must_exist)
{
	AUTO(str) text = STR_INIT;
	struct fs_stat stat;
	err *e = fs_read_file(path, LIMIT_SETTINGS_BYTES, &text);
	if (e && !must_exist && err_is(e, ERR_NOT_FOUND)) {
		err_ignore(e, "the usual place is empty");
		return;
	}
	if (e) {
		keep_problem(keys, e);
		return;
	}
	e = fs_stat(path, &stat);
	if (!e && (stat.mode & 0077) && stat.uid)
		ui_warn(keys->ui, "'%s' holds secret keys and can be read by others: chmod 600",
		        path);
	err_ignore(e, "it was just read");
	add_text(keys, view_str(&text), path);
	secret_wipe(text.ptr, text.len);
}

static void add_usual_file(struct vault_keys *keys)
{
	AUTO(str) ours = STR_INIT;
	err *e = dirs_settings(&ours);
	if (e) {
		err_ignore(e, "no home, no keys in it");
		return;
	}
	AUTOFREE char *folder = path_dir(ours.ptr);
	AUTOFREE char *path = path_join(folder, "sops/age/keys.txt");
	add_file(keys, path, false);
}

err *vault_split_command(const char *text, const char *what, struct strs *words)
{
	AUTO(str) word = STR_INIT;
	bool is_open = false;
	char quote = '\0';
	for (const char *p = text; *p; p++) {
		if (*p == '\\' && quote != '\'' && p[1]) {
			str_addch(&word, *++p);
			is_open = true;
		} else if (quote ? *p == quote : *p == '"' || *p == '\'') {
			quote = quote ? '\0' : *p;
			is_open = true;
		} else if (!quote && strchr(" \t\n", *p)) {
			if (is_open)
				strs_push(words, word.ptr);
			str_reset(&word);
			is_open = false;
		} else {
			str_addch(&word, *p);
			is_open = true;
		}
	}
	if (is_open)
		strs_push(words, word.ptr);
	return !quote && words->len ? NULL : err_new(ERR_USAGE, "%s is no command", what);
}

static err *run_command(struct vault_keys *keys, const char *command, const char *name)
{
	AUTO(strs) words = STRS_INIT;
	AUTO(proc_result) result = PROC_RESULT_INIT;
	TRY(vault_split_command(command, name, &words));
	const struct proc_opts opts = { .argv = (const char *const *)words.ptr,
		                        .output_limit = LIMIT_SETTINGS_BYTES,
		                        .timeout_ms = 120000 };
	TRY(proc_run(&opts, &result));
	TRY(proc_result_err(&result, name));
	add_text(keys, view_str(&result.out), name);
	secret_wipe(result.out.ptr, result.out.len);
	return NULL;
}

/* What sops tries of SSH keys; a protected one is asked for only when something is for it. */
static void add_ssh(struct vault_keys *keys)
{
	static const char *const names[] = { ".ssh/id_ed25519", ".ssh/id_rsa" };
	const char *file = env_get("SOPS_AGE_SSH_PRIVATE_KEY_FILE");
	const char *command = env_get("SOPS_AGE_SSH_PRIVATE_KEY_CMD");
	AUTO(str) home = STR_INIT;
	if (file && *file)
		add_file(keys, file, true);
	if (command && *command)
		keep_problem(keys, run_command(keys, command, "SOPS_AGE_SSH_PRIVATE_KEY_CMD"));
	err *e = dirs_home(&home);
	if (e) {
		err_ignore(e, "no home, no keys in it");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTOFREE char *path = path_join(home.ptr, names[i]);
		add_file(keys, path, false);
	}
}

static void add_keychain(struct vault_keys *keys)
{
	AUTO(str) mark = STR_INIT;
	AUTO(secret) text = SECRET_INIT;
	size_t len = 0;
	err *e = vault_keychain_mark(&mark);
	if (e || !fs_exists(mark.ptr)) {
		err_ignore(e, "no home, no keychain");
		return;
	}
	e = secret_init(&text, KEYCHAIN_MAX_BYTES);
	if (!e)
		e = keychain_get(VAULT_KEYCHAIN_ACCOUNT, (char *)text.ptr, text.len, &len);
	if (e)
		keep_problem(keys, e);
	else
		add_text(keys, (struct view){ (const char *)text.ptr, len }, "the keychain");
}

static void load(struct vault_keys *keys)
{
	const char *text = env_get("SOPS_AGE_KEY");
	const char *file = env_get("SOPS_AGE_KEY_FILE");
	const char *command = env_get("SOPS_AGE_KEY_CMD");
	if (text && *text)
		add_words(keys, text);
	if (file && *file)
		add_file(keys, file, true);
	if (command && *command)
		keep_problem(keys, run_command(keys, command, "SOPS_AGE_KEY_CMD"));
	add_usual_file(keys);
	add_keychain(keys);
	add_ssh(keys);
}

static void need(struct vault_keys *keys)
{
	AUTO(mutex_hold) hold = mutex_hold(keys->mutex);
	if (keys->is_loaded)
		return;
	process_make_private();
	load(keys);
	keys->is_ready = age_identities_are_ready(keys->identities);
	if (keys->is_ready)
		err_ignore(age_recipients_add_identities(keys->own, keys->identities, NULL),
		           "then they are tried in the order of the document");
	keys->is_loaded = true;
}

/* --- the keyring --- */

enum { LARGEST_KEY = 4096 };

static err *unwrap(void *data, const char *recipient, struct view wrapped, struct secret *ret_key)
{
	struct vault_keys *keys = data;
	(void)recipient;
	need(keys);
	if (keys->is_ready && age_identities_count(keys->identities) == 0)
		return err_new(ERR_NOT_FOUND, "no key at all");
	if (keys->is_ready)
		return age_decrypt(keys->identities, &keys->talk, wrapped, LARGEST_KEY, ret_key);
	/* One at a time: a key may have to be unlocked on the way, and plugins are asked. */
	AUTO(mutex_hold) hold = mutex_hold(keys->mutex);
	return age_decrypt(keys->identities, &keys->talk, wrapped, LARGEST_KEY, ret_key);
}

static bool owns(void *data, const char *recipient)
{
	struct vault_keys *keys = data;
	need(keys);
	return age_recipients_have(keys->own, recipient);
}

static err *wrap(void *data, const char *recipient, const struct secret *key, struct str *out)
{
	struct vault_keys *keys = data;
	AUTOPTR(age_recipients) list = age_recipients_new();
	TRY(age_recipients_add(list, recipient));
	return age_encrypt(list, &keys->talk, AGE_ARMOR,
	                   (struct view){ (const char *)key->ptr, key->len }, out);
}

static err *unwrap_transit(void *data, const struct sops_transit *key, struct view wrapped,
                           struct secret *ret_key)
{
	struct vault_keys *keys = data;
	AUTO(mutex_hold) hold = mutex_hold(keys->mutex);
	process_make_private();
	return vault_transit_decrypt(keys->transit, key, wrapped, ret_key);
}

static err *wrap_transit(void *data, const struct sops_transit *key, const struct secret *part,
                         struct str *out)
{
	struct vault_keys *keys = data;
	AUTO(mutex_hold) hold = mutex_hold(keys->mutex);
	return vault_transit_encrypt(keys->transit, key, part, out);
}

/* --- questions --- */

static err *ask(void *data, const char *prompt, enum age_ask kind, struct secret *ret_answer)
{
	const struct vault_keys *keys = data;
	AUTO(secret) typed = SECRET_INIT;
	size_t len = 0;
	if (keys->no_input || kind == AGE_ASK_TEXT)
		return err_new(ERR_AUTH, "nobody is there to answer: %s", prompt);
	AUTOFREE char *text = str_format("%s: ", prompt);
	TRY(secret_init(&typed, AGE_PASSPHRASE_MAX));
	err *e = term_ask_hidden(text, (char *)typed.ptr, typed.len, &len);
	if (e && err_is(e, ERR_UNSUPPORTED))
		e = err_as(e, ERR_AUTH);
	TRY(e);
	return secret_copy(ret_answer, typed.ptr, len);
}

static void say(void *data, const char *text)
{
	const struct vault_keys *keys = data;
	ui_info(keys->ui, "%s", text);
}

struct vault_keys *vault_keys_new(const struct cli_ctx *ctx)
{
	struct vault_keys *keys = MEM_NEW(struct vault_keys);
	keys->ui = ctx->ui;
	keys->mutex = mutex_new();
	keys->identities = age_identities_new();
	keys->no_input = ctx->app->globals->no_input;
	keys->talk = (struct age_talk){ .data = keys, .ask = ask, .say = say };
	keys->own = age_recipients_new();
	keys->ring = (struct sops_keyring){ keys, unwrap, wrap, owns, unwrap_transit, wrap_transit };
	keys->transit = vault_transit_new();
	return keys;
}

void vault_keys_be_quiet(struct vault_keys *keys)
{
	keys->no_input = true;
}

void vault_keys_free(struct vault_keys *keys)
{
	if (!keys)
		return;
	age_identities_free(keys->identities);
	age_recipients_free(keys->own);
	vault_transit_free(keys->transit);
	err_ignore(keys->problem, "told by those who needed a key");
	mutex_free(keys->mutex);
	mem_free(keys);
}

const struct sops_keyring *vault_keyring(struct vault_keys *keys)
{
	return &keys->ring;
}

err *vault_keys_explain(struct vault_keys *keys, err *take_e)
{
	AUTO(mutex_hold) hold = mutex_hold(keys->mutex);
	if (!take_e || !err_is(take_e, ERR_AUTH) || !keys->problem)
		return take_e;
	err *problem = keys->problem;
	keys->problem = NULL;
	return err_join(take_e, problem);
}
