/*
 * What the commands of `fettle config` share: naming a source on the command line and opening it, and
 * which values are not shown.
 */
#ifndef FETTLE_CONFIG_COMMON_H
#define FETTLE_CONFIG_COMMON_H

#include "base/base.h"

#include "agent/agent_config.h"
#include "cmds.h"

/* Members of the struct of a command that names one source. */
struct config_source_args {
	const char *from, *config;
	const char *user, *password_file, *token_file, *ca, *cert, *key;
	bool insecure;
	int64_t timeout;
};

/* Their rows; `s` is the member of type struct config_source_args. */
#define CONFIG_SOURCE_OPTS(type, s)                                                                \
	{ CLI_STR(type, s.from),                                                                   \
	  .name = "from",                                                                          \
	  .arg = "source",                                                                         \
	  .help = "URL of a source, or its name in the configuration",                             \
	  .env = "FETTLE_CONFIG_FROM",                                                             \
	  .flags = CLI_NOT_EMPTY },                                                                \
		{ CLI_STR(type, s.config),                                                         \
		  .name = "config",                                                                \
		  .arg = "path",                                                                   \
		  .help = "file or folder that names sources; fettle.yaml by default",             \
		  .words = CLI_WORDS_FILES,                                                        \
		  .flags = CLI_NOT_EMPTY },                                                        \
		{ CLI_STR(type, s.user), .name = "user", .arg = "name",                            \
		  .help = "name to sign in with", .flags = CLI_RARE },                             \
		{ CLI_STR(type, s.password_file),   .name = "password-file",  .arg = "file",       \
		  .help = "file with the password", .words = CLI_WORDS_FILES, .flags = CLI_RARE }, \
		{ CLI_STR(type, s.token_file),   .name = "token-file",     .arg = "file",          \
		  .help = "file with the token", .words = CLI_WORDS_FILES, .flags = CLI_RARE },    \
		{ CLI_STR(type, s.ca),                                                             \
		  .name = "ca",                                                                    \
		  .arg = "file",                                                                   \
		  .help = "certificate authorities to trust (PEM)",                                \
		  .words = CLI_WORDS_FILES,                                                        \
		  .flags = CLI_RARE },                                                             \
		{ CLI_STR(type, s.cert),                                                           \
		  .name = "cert",                                                                  \
		  .arg = "file",                                                                   \
		  .help = "client certificate (PEM)",                                              \
		  .words = CLI_WORDS_FILES,                                                        \
		  .flags = CLI_RARE },                                                             \
		{ CLI_STR(type, s.key),                                                            \
		  .name = "key",                                                                   \
		  .arg = "file",                                                                   \
		  .help = "its key (PEM)",                                                         \
		  .words = CLI_WORDS_FILES,                                                        \
		  .flags = CLI_RARE },                                                             \
		{ CLI_FLAG(type, s.insecure), .name = "insecure",                                  \
		  .help = "do not verify the server's certificate",                                \
		  .flags = CLI_NO_NEGATION | CLI_RARE },                                           \
	{                                                                                          \
		CLI_DURATION(type, s.timeout), .name = "timeout", .arg = "duration",               \
					       .help = "give up after this time", .def = "30s",    \
					       .min = 1, .max = 3600000, .flags = CLI_RARE         \
	}

extern const struct cli_exit config_exits[]; /* for commands that read and change */

/* The source that is named, its loop, and SOPS documents in it decrypted in memory. */
struct config_source {
	struct loop *loop;
	struct cancel *cancel;
	struct agent_config *config;
	struct vault_keys *keys;
	struct kv *kv;
	bool is_borrowing; /* cancel and keys are somebody else's */
	int64_t timeout_ms;
};
NODISCARD err *config_source_open(struct cli_ctx *ctx, const struct config_source_args *args,
                                  struct config_source *ret_source);
/* For a command that has its own signals and keys, which are borrowed. */
NODISCARD err *config_source_open_with(struct app *app, const struct config_source_args *args,
                                       struct cancel *cancel, struct vault_keys *keys,
                                       struct config_source *ret_source);
void config_source_clear(struct config_source *source);

/* File or folder of the configuration: `path`, or fettle.yaml here or above. NOT_FOUND. */
NODISCARD err *config_find(const char *path, char **ret_path);

/* Plain text of documents that are encrypted; what is not comes back as it is. For kv_options. */
NODISCARD err *config_decrypt(void *vault_keys, const char *path, struct view text,
                              struct str *ret_plain);

/* By its name: password, token, secret, key and the like. */
bool config_is_secret(const char *key);
/* One line: control characters escaped, cut when long, UI_HIDDEN for a secret unless `shows`. */
void config_add_value(struct str *out, const struct kv_pair *pair, bool shows);

#endif
