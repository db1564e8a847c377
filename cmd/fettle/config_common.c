#include "base/base.h"

#include "config_common.h"

#include "base/path.h"
#include "pal/clock.h"
#include "pal/fs.h"
#include "pal/loop.h"
#include "pal/private.h"
#include "pal/sig.h"
#include "project/project.h"
#include "vault_common.h"

#include <ctype.h>

enum { SHOWN_BYTES = 200 };

const struct cli_exit config_exits[] = { { 0, "done" },
	                                 { 1, "there is no such key" },
	                                 { 2, "bad usage" },
	                                 { 3, "the source cannot be reached, read or changed" },
	                                 { 4, "the source refuses the credentials" },
	                                 { 5, "somebody changed it meanwhile, or a guard refuses" },
	                                 { 124, "no answer in time" },
	                                 { 0, NULL } };

/* --- which source --- */

err *config_find(const char *path, char **ret_path)
{
	AUTO(str) found = STR_INIT;
	if (path) {
		*ret_path = mem_strdup(path);
		return NULL;
	}
	if (!settings_find_project(".", &found))
		return err_hint(err_new(ERR_USAGE, "there is no %s here or above", PROJECT_FILE),
		                "name the configuration with --config");
	*ret_path = str_detach(&found);
	return NULL;
}

static bool is_url(const char *text)
{
	const char *colon = strchr(text, ':');
	return colon && colon != text;
}

static err *find_source(const struct config_source_args *args, struct agent_config **ret_config,
                        struct agent_source **ret_source)
{
	AUTOFREE char *path = NULL;
	if (args->from && is_url(args->from)) {
		TRY(agent_config_of_url(args->from, ret_config));
		*ret_source = &(*ret_config)->sources[0];
		return NULL;
	}
	TRY(config_find(args->config, &path));
	TRY(agent_config_load(path, ret_config));
	if (args->from)
		return agent_config_source(*ret_config, args->from, ret_source);
	if ((*ret_config)->source_count == 1) {
		*ret_source = &(*ret_config)->sources[0];
		return NULL;
	}
	return err_hint(
		err_new(ERR_USAGE, "'%s' has %zu sources", path, (*ret_config)->source_count),
		"name one with --from, or give a URL");
}

static void take(const char **member, const char *given)
{
	if (given)
		*member = given;
}

static void add_arguments(const struct config_source_args *args, struct agent_source *source)
{
	take(&source->options.user, args->user);
	take(&source->password_file, args->password_file);
	take(&source->token_file, args->token_file);
	take(&source->ca_file, args->ca);
	take(&source->cert_file, args->cert);
	take(&source->key_file, args->key);
	source->options.is_insecure |= args->insecure;
	if (!source->options.policy.request_ms)
		source->options.policy.request_ms = args->timeout;
}

err *config_decrypt(void *vault_keys, const char *path, struct view text, struct str *ret_plain)
{
	struct manifests_opener opener = vault_opener(vault_keys);
	bool is_decrypted;
	str_add(ret_plain, text.ptr, text.len);
	return opener.open(opener.data, path, ret_plain, &is_decrypted);
}

/* With what is in `s` already. */
static err *open_source(struct app *app, const struct config_source_args *args,
                        struct config_source *s)
{
	struct agent_source *source;
	TRY(find_source(args, &s->config, &source));
	add_arguments(args, source);
	TRY(loop_new(s->cancel, &s->loop));
	if (source->options.is_insecure)
		ui_warn(app->ui, "the certificate of '%s' is not verified", source->options.url);
	struct kv_options more = { .decrypt = config_decrypt, .decrypt_ctx = s->keys };
	return agent_source_open(source, s->loop, &more, &s->kv);
}

err *config_source_open(struct cli_ctx *ctx, const struct config_source_args *args,
                        struct config_source *ret_source)
{
	struct config_source *s = ret_source;
	*s = (struct config_source){ .timeout_ms = args->timeout };
	process_make_private();
	s->cancel = cancel_new();
	s->keys = vault_keys_new(ctx);
	TRY(sig_install(s->cancel, false));
	return open_source(ctx->app, args, s);
}

err *config_source_open_with(struct app *app, const struct config_source_args *args,
                             struct cancel *cancel, struct vault_keys *keys,
                             struct config_source *ret_source)
{
	*ret_source =
		(struct config_source){ .cancel = cancel, .keys = keys, .is_borrowing = true };
	return open_source(app, args, ret_source);
}

void config_source_clear(struct config_source *source)
{
	kv_free(source->kv);
	loop_free(source->loop);
	if (source->cancel && !source->is_borrowing) {
		sig_uninstall();
		cancel_free(source->cancel);
		vault_keys_free(source->keys);
	}
	agent_config_free(source->config);
}

/* --- what is shown --- */

bool config_is_secret(const char *key)
{
	static const char *const words[] = { "password",   "passwd",    "secret",  "token",
		                             "apikey",     "api_key",   "api-key", "private",
		                             "credential", "passphrase" };
	const char *last = strrchr(key, '/');
	AUTOFREE char *name = mem_strdup(last ? last + 1 : key);
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strstr(name, words[i]))
			return true;
	return str_ends(name, "key") && strlen(name) > 3;
}

void config_add_value(struct str *out, const struct kv_pair *pair, bool shows)
{
	if (!shows && config_is_secret(pair->key)) {
		str_addz(out, UI_HIDDEN);
		return;
	}
	for (size_t i = 0; i < pair->len && i < SHOWN_BYTES; i++) {
		unsigned char c = (unsigned char)pair->value[i];
		if (c == '\n')
			str_addz(out, "\\n");
		else if (c < ' ' || c == 0x7f)
			str_addf(out, "\\x%02x", c);
		else
			str_addch(out, (char)c);
	}
	if (pair->len > SHOWN_BYTES)
		str_addf(out, " … (%zu bytes)", pair->len);
}
