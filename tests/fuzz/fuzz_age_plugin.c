/*
 * What a plugin says: the input is a file, and the plugin is `cat` of it, so everything in it comes at
 * once. Wrapping and unwrapping must end, with a result or an error, whatever it is.
 */
#include "base/base.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "pal/fs.h"
#include "vault/age_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[64];

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void remove_dir(void)
{
	err_ignore(fs_remove_tree(dir), "it is in the system's temp folder");
}

static void make_dir(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/fettle-fuzz-age-plugin-%ld", (long)getpid());
	err_ignore(fs_mkdir_all(dir, 0700), "writing would fail below");
	(void)atexit(remove_dir);
	AUTOFREE char *script = str_format("#!/bin/sh\ncat %s/says\nexec cat >/dev/null\n", dir);
	AUTOFREE char *path = path_join(dir, "age-plugin-fuzz");
	AUTOFREE char *search = str_format("%s:%s", dir, getenv("PATH"));
	err_ignore(fs_write_atomic(path, view_of(script), 0700), "seen below");
	setenv("PATH", search, 1);
}

static err *answer(void *data, const char *prompt, enum age_ask kind, struct secret *ret_answer)
{
	(void)data;
	(void)kind;
	return secret_copy(ret_answer, prompt, MIN(strlen(prompt), (size_t)8));
}

static err *choose(void *data, const char *text, const char *yes, const char *no, bool *ret_is_yes)
{
	(void)data;
	*ret_is_yes = text[0] != 'n';
	return yes && (!no || no[0] != '!') ? NULL : err_new(ERR_CANCELLED, "no");
}

static void hear(void *data, const char *text)
{
	(void)data;
	require(text != NULL);
}

static void unwrap(const struct age_talk *talk, const struct age_identities *keys)
{
	struct age_header header = AGE_HEADER_INIT;
	struct age_stanza stanza = AGE_STANZA_INIT;
	strs_push(&stanza.args, "fuzz");
	vec_push(&header.stanzas, stanza);
	struct age_lock locks[2] = { { .header = &header }, { .header = &header } };
	err_ignore(age_plugin_unwrap("fuzz", keys, 0, talk, locks, 2), "any answer will do");
	for (size_t i = 0; i < 2; i++) {
		require(!locks[i].file_key.ptr || locks[i].file_key.len == AGE_FILE_KEY_BYTES);
		secret_clear(&locks[i].file_key);
	}
	age_header_clear(&header);
}

static void wrap(const struct age_talk *talk, const struct age_recipients *to)
{
	age_stanzas stanzas = VEC_INIT;
	AUTO(strs) labels = STRS_INIT;
	AUTO(secret) key = SECRET_INIT;
	AUTOERR err *made = secret_init(&key, AGE_FILE_KEY_BYTES);
	AUTOERR err *e = age_plugin_wrap("fuzz", to, talk, &key, &stanzas, &labels);
	require(!made && (e || stanzas.len > 0));
	for (size_t i = 0; i < stanzas.len; i++)
		require(stanzas.ptr[i].args.len > 0);
	age_stanzas_clear(&stanzas);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct age_talk talk = { NULL, answer, choose, hear };
	AUTOPTR(age_identities) keys = age_identities_new();
	AUTOPTR(age_recipients) to = age_recipients_new();
	if (!dir[0])
		make_dir();
	if (size == 0)
		return 0;
	AUTOFREE char *file = path_join(dir, "says");
	AUTOERR err *e =
		fs_write_atomic(file, (struct view){ (const char *)data + 1, size - 1 }, 0600);
	require(!e);
	if (data[0] & 1)
		unwrap(&talk, keys);
	else
		wrap(&talk, to);
	return 0;
}
