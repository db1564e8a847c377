/*
 * What the commands of `fettle vault` share: which files are meant, reading and replacing them, the keys
 * at hand, and places written FILE:PATH.
 */
#ifndef FETTLE_VAULT_COMMON_H
#define FETTLE_VAULT_COMMON_H

#include "base/base.h"

#include "apply/manifests.h"
#include "cmds.h"
#include "vault/sops.h"
#include "vault/sops_config.h"

/* For `--type`. */
enum { VAULT_TYPE_BY_NAME = -1 };
extern const struct cli_choice vault_types[];
#define VAULT_TYPE_OPT(args_type)                                                         \
	{                                                                                 \
		CLI_ENUM(args_type, type, vault_types),                                   \
			.name = "type", .arg = "type",                                    \
			.help = "read the file as this, whatever its name", .def = "auto" \
	}

enum sops_format vault_format(int type, const char *path);

/* --- files --- */

enum vault_files_flags {
	VAULT_ALL_FILES = 1u << 0, /* of a folder every file, not only encrypted documents */
};

/*
 * Files named in `args`: themselves, all in a folder (but not below names that begin with a dot), or
 * what matches a pattern. Sorted within each argument; NOT_FOUND for one that gives nothing.
 * `is_from_folder` (may be NULL) gets, for each file, "y" when it was not named itself.
 */
NODISCARD err *vault_files(const struct strs *args, unsigned flags, struct strs *ret_files,
                           struct strs *ret_is_from_folder);

/* '-' is standard input. */
NODISCARD err *vault_read(const char *path, struct str *ret_text);
/* Replace a file's content in one step; its permission bits stay. A symlink's target is written. */
NODISCARD err *vault_replace(const char *path, struct view text);
/* A new private file (0600), or standard output when `path` is NULL or "-". */
NODISCARD err *vault_write_out(struct ui *ui, const char *path, struct view text);

/* "file.yaml:db.password" → both; `ret_path` is "" without one. The file must exist. */
NODISCARD err *vault_place(const char *text, struct str *ret_file, const char **ret_path);

/* --- keys --- */

struct vault_keys;

/* Nothing is read or asked before the first document is opened. */
struct vault_keys *vault_keys_new(const struct cli_ctx *ctx);
void vault_keys_free(struct vault_keys *keys);
AUTOPTR_DEFINE(vault_keys)
/* From now on nothing is asked: what would need it does not open. */
void vault_keys_be_quiet(struct vault_keys *keys);
/* Add what went wrong with a source of keys to an error for lack of them. */
NODISCARD err *vault_keys_explain(struct vault_keys *keys, err *take_e);
/* May be used from several threads. */
const struct sops_keyring *vault_keyring(struct vault_keys *keys);

/* Words as a shell would cut them, without a shell. USAGE, naming `what`. */
NODISCARD err *vault_split_command(const char *text, const char *what, struct strs *words);

/* --- documents --- */

struct vault_doc {
	struct sops_doc *doc;
	struct secret key;
};
#define VAULT_DOC_INIT            \
	{                         \
		NULL, SECRET_INIT \
	}
void vault_doc_clear(struct vault_doc *doc);

/* Find the data key with the keys at hand, decrypt, check the MAC. */
NODISCARD err *vault_unlock(struct vault_keys *keys, struct vault_doc *doc, unsigned flags);
/* Read and unlock. */
NODISCARD err *vault_open(const char *path, int type, struct vault_keys *keys, unsigned flags,
                          struct vault_doc *ret_doc);

/* Decrypts manifests on the way in, in memory. */
struct manifests_opener vault_opener(struct vault_keys *keys);

/* The rule of the nearest .sops.yaml for a file; the config is loaded once for each folder. */
struct vault_rules;
struct vault_rules *vault_rules_new(void);
void vault_rules_free(struct vault_rules *rules);
AUTOPTR_DEFINE(vault_rules)
/* *ret_creation NULL: no rule is for it. NOT_FOUND: no .sops.yaml. One thread at a time. */
NODISCARD err *vault_rule(struct vault_rules *rules, const char *file,
                          const struct sops_creation **ret_creation);

#endif
