/*
 * The keys at hand, looked for where sops looks: SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, SOPS_AGE_KEY_CMD, the
 * user's sops/age/keys.txt. They are loaded once, at the first document that needs one.
 */
#include "base/base.h"

#include "vault_common.h"

#include "base/limits.h"
#include "base/path.h"
#include "base/vec.h"
#include "crypto/agekey.h"
#include "pal/argv.h"
#include "pal/dirs.h"
#include "pal/fs.h"
#include "pal/pool.h"
#include "pal/proc.h"

struct vault_keys {
	struct ui *ui;
	struct mutex *mutex;
	bool is_loaded;
	err *problem; /* a source that could not be read; told when no key opens something */
	VEC(struct secret) keys;
	struct strs recipients; /* of `keys` */
	struct sops_keyring ring;
};

/* --- loading --- */

static void keep_problem(struct vault_keys *keys, err *take_e)
{
	keys->problem = take_e ? err_join(keys->problem, take_e) : keys->problem;
}

static err *add_identity(struct vault_keys *keys, struct view word, const char *source)
{
	struct secret key = SECRET_INIT;
	AUTO(str) recipient = STR_INIT;
	err *e = agekey_parse(word, &key);
	if (!e)
		e = agekey_recipient(&key, &recipient);
	if (e) {
		secret_clear(&key);
		return err_wrap(e, "cannot use a key of %s", source);
	}
	vec_push(&keys->keys, key);
	strs_push(&keys->recipients, recipient.ptr);
	return NULL;
}

/* Lines, or words of a variable; comments are skipped. */
static void add_text(struct vault_keys *keys, struct view text, bool has_words, const char *source)
{
	struct view line, word;
	while (view_split(&text, '\n', &line)) {
		if (line.len && line.ptr[line.len - 1] == '\r')
			line.len--;
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		if (!has_words) {
			keep_problem(keys, add_identity(keys, line, source));
			continue;
		}
		while (view_split(&line, ' ', &word))
			if (word.len)
				keep_problem(keys, add_identity(keys, word, source));
	}
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
	add_text(keys, view_str(&text), false, path);
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

static err *run_command(struct vault_keys *keys, const char *command)
{
	AUTO(strs) words = STRS_INIT;
	AUTO(proc_result) result = PROC_RESULT_INIT;
	TRY(vault_split_command(command, "SOPS_AGE_KEY_CMD", &words));
	const struct proc_opts opts = { .argv = (const char *const *)words.ptr,
		                        .output_limit = LIMIT_SETTINGS_BYTES,
		                        .timeout_ms = 120000 };
	TRY(proc_run(&opts, &result));
	TRY(proc_result_err(&result, "SOPS_AGE_KEY_CMD"));
	add_text(keys, view_str(&result.out), false, "SOPS_AGE_KEY_CMD");
	secret_wipe(result.out.ptr, result.out.len);
	return NULL;
}

static void load(struct vault_keys *keys)
{
	const char *text = env_get("SOPS_AGE_KEY");
	const char *file = env_get("SOPS_AGE_KEY_FILE");
	const char *command = env_get("SOPS_AGE_KEY_CMD");
	if (text && *text)
		add_text(keys, view_of(text), true, "SOPS_AGE_KEY");
	if (file && *file)
		add_file(keys, file, true);
	if (command && *command)
		keep_problem(keys, run_command(keys, command));
	add_usual_file(keys);
}

static void need(struct vault_keys *keys)
{
	AUTO(mutex_hold) hold = mutex_hold(keys->mutex);
	if (!keys->is_loaded)
		load(keys);
	keys->is_loaded = true;
}

/* --- the keyring --- */

static bool owns(void *data, const char *recipient)
{
	struct vault_keys *keys = data;
	need(keys);
	return strs_contains(&keys->recipients, recipient);
}

static err *unwrap(void *data, const char *recipient, struct view wrapped, struct secret *ret_key)
{
	struct vault_keys *keys = data;
	need(keys);
	for (size_t i = 0; i < keys->keys.len; i++) {
		if (strs_contains(&keys->recipients, recipient) &&
		    !str_equal(keys->recipients.ptr[i], recipient))
			continue;
		err *e = agekey_unwrap(&keys->keys.ptr[i], wrapped, ret_key);
		if (!e || !err_is(e, ERR_NOT_FOUND))
			return e;
		err_ignore(e, "the next key may be the one");
	}
	return err_new(ERR_NOT_FOUND, "no key for '%.80s'", recipient);
}

static err *wrap(void *data, const char *recipient, const struct secret *key, struct str *out)
{
	(void)data;
	return agekey_wrap(recipient, key, out);
}

struct vault_keys *vault_keys_new(const struct cli_ctx *ctx)
{
	struct vault_keys *keys = MEM_NEW(struct vault_keys);
	keys->ui = ctx->ui;
	keys->mutex = mutex_new();
	keys->ring = (struct sops_keyring){ keys, unwrap, wrap, owns };
	return keys;
}

void vault_keys_free(struct vault_keys *keys)
{
	if (!keys)
		return;
	for (size_t i = 0; i < keys->keys.len; i++)
		secret_clear(&keys->keys.ptr[i]);
	vec_clear(&keys->keys);
	strs_clear(&keys->recipients);
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
