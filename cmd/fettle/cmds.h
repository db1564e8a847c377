/*
 * What the files of cmd/fettle share: the command tree, the global options, exit codes, and the
 * `struct app` a running command finds in ctx->app. To add a command: one file with one
 * `const struct cli_cmd cmd_x`, its declaration below, its row in cmds.c, then `make gen`.
 */
#ifndef FETTLE_CMDS_H
#define FETTLE_CMDS_H

#include "base/base.h"

#include "cli/cli.h"
#include "settings/settings.h"
#include "ui/ui.h"

/* Documented once, in `fettle help exit-codes`. */
enum exit_code {
	EXIT_CODE_OK = 0,
	EXIT_CODE_NO = 1,        /* the answer is no: differences, drift */
	EXIT_CODE_USAGE = 2,     /* command line, settings or manifests wrong; nothing attempted */
	EXIT_CODE_FAILED = 3,    /* I/O, network, partial apply */
	EXIT_CODE_AUTH = 4,      /* authentication or permission */
	EXIT_CODE_CONFLICT = 5,  /* locked, changed underneath, refused by a guard */
	EXIT_CODE_UNHEALTHY = 6, /* applied but not healthy in time */
	EXIT_CODE_TIMEOUT = 124,
	EXIT_CODE_INTERRUPTED = 130,
	EXIT_CODE_TERMINATED = 143
};

/* The global options, parsed for every command. */
struct globals {
	int help; /* 1: -h, 2: --help */
	bool version;
	bool quiet;
	int verbose;
	const char *directory;
	int color; /* enum ui_when */
	bool no_input;
};
extern const struct cli_opt global_opts[];

struct app {
	const struct cli_program *program;
	struct ui *ui;
	const struct globals *globals;
	struct settings *settings; /* NULL until app_settings */
	const struct strs *args;   /* the command line */
	int stop_code;             /* of the signal that stopped a session (130, 143); else 0 */
};

/* fettle's settings, read at the first call. Fails as settings_load does. */
NODISCARD err *app_settings(struct app *app, const struct settings **ret_settings);

/* For main: where option values come from, and what the settings say about colour. */
struct cli_values app_values(struct app *app);
enum ui_when app_color(void *app);

/* Help of the command parsed, or the overview; what -h, --help and `fettle` alone show. */
void print_help(struct ui *ui, const struct cli_parsed *parsed, bool is_long);
void print_version(struct app *app, int format);

/* Choices for `--output` of commands with text and JSON; text is 0. */
enum out_format { OUT_TEXT, OUT_JSON, OUT_MARKDOWN, OUT_YAML };
extern const struct cli_choice out_text_json[];
extern const struct cli_choice out_text_json_markdown[];
/* For `--log-format`: enum ui_log_format. */
extern const struct cli_choice log_formats[];

/* All commands, options and texts: what parser and generators work on. */
extern const struct cli_program fettle_program;

/* `fettle help TOPIC`. */
struct topic {
	const char *name;
	const char *brief;
	const char *text;
	void (*add_more)(struct str *out); /* what is made from tables; may be NULL */
};
extern const struct topic topics[]; /* ends with a NULL name */

extern const struct cli_cmd cmd_apply;
extern const struct cli_cmd cmd_adopt;
extern const struct cli_cmd cmd_completion;
extern const struct cli_cmd cmd_config;
extern const struct cli_cmd cmd_config_diff;
extern const struct cli_cmd cmd_config_exec;
extern const struct cli_cmd cmd_config_explain;
extern const struct cli_cmd cmd_config_get;
extern const struct cli_cmd cmd_config_import;
extern const struct cli_cmd cmd_config_list;
extern const struct cli_cmd cmd_config_history;
extern const struct cli_cmd cmd_config_render;
extern const struct cli_cmd cmd_config_rm;
extern const struct cli_cmd cmd_config_run;
extern const struct cli_cmd cmd_config_set;
extern const struct cli_cmd cmd_config_watch;
extern const struct cli_cmd cmd_diff;
extern const struct cli_cmd cmd_doctor;
extern const struct cli_cmd cmd_help;
extern const struct cli_cmd cmd_history;
extern const struct cli_cmd cmd_init;
extern const struct cli_cmd cmd_lint;
extern const struct cli_cmd cmd_render;
extern const struct cli_cmd cmd_rollback;
extern const struct cli_cmd cmd_settings;
extern const struct cli_cmd cmd_status;
extern const struct cli_cmd cmd_vault;
extern const struct cli_cmd cmd_vault_age;
extern const struct cli_cmd cmd_vault_age_decrypt;
extern const struct cli_cmd cmd_vault_age_encrypt;
extern const struct cli_cmd cmd_vault_age_keygen;
extern const struct cli_cmd cmd_vault_check;
extern const struct cli_cmd cmd_vault_decrypt;
extern const struct cli_cmd cmd_vault_edit;
extern const struct cli_cmd cmd_vault_encrypt;
extern const struct cli_cmd cmd_vault_exec;
extern const struct cli_cmd cmd_vault_export;
extern const struct cli_cmd cmd_vault_git;
extern const struct cli_cmd cmd_vault_git_install;
extern const struct cli_cmd cmd_vault_git_merge;
extern const struct cli_cmd cmd_vault_git_textconv;
extern const struct cli_cmd cmd_vault_git_theirs;
extern const struct cli_cmd cmd_vault_get;
extern const struct cli_cmd cmd_vault_import;
extern const struct cli_cmd cmd_vault_init;
extern const struct cli_cmd cmd_vault_keychain;
extern const struct cli_cmd cmd_vault_keychain_add;
extern const struct cli_cmd cmd_vault_keychain_remove;
extern const struct cli_cmd cmd_vault_list;
extern const struct cli_cmd cmd_vault_recipients;
extern const struct cli_cmd cmd_vault_recipients_add;
extern const struct cli_cmd cmd_vault_recipients_exposure;
extern const struct cli_cmd cmd_vault_recipients_list;
extern const struct cli_cmd cmd_vault_recipients_remove;
extern const struct cli_cmd cmd_vault_recipients_sync;
extern const struct cli_cmd cmd_vault_rm;
extern const struct cli_cmd cmd_vault_set;
extern const struct cli_cmd cmd_version;

/* Not shown anywhere: generators and the shells' question. */
extern const struct cli_cmd cmd_check;
extern const struct cli_cmd cmd_complete;
extern const struct cli_cmd cmd_gen;
extern const struct cli_cmd cmd_spec;

#endif
