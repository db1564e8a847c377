/*
 * .sops.yaml: which files are encrypted, for whom, and what in them. The file is looked for from the
 * folder of a document upwards; the first creation rule whose path_regex matches decides.
 */
#ifndef VAULT_SOPS_CONFIG_H
#define VAULT_SOPS_CONFIG_H

#include "base/base.h"
#include "vault/sops.h"

#define SOPS_CONFIG_NAME ".sops.yaml"

struct sops_config;

/* The nearest one at or above the folder of `file` (which need not exist). NOT_FOUND. */
NODISCARD err *sops_config_find(const char *file, struct str *ret_path);
/* INVALID with the place for anything that makes no sense; also rules that cannot be compiled. */
NODISCARD err *sops_config_load(const char *path, struct sops_config **ret_config);
NODISCARD err *sops_config_parse(struct view text, const char *path,
                                 struct sops_config **ret_config);
void sops_config_free(struct sops_config *config); /* NULL is fine */
AUTOPTR_DEFINE(sops_config)

/* What a rule says; belongs to the config. */
struct sops_creation {
	struct sops_rules rules;
	struct sops_recipients recipients;
	bool has_path; /* it names its files: a folder can be worked through by it */
	size_t line;
};

/* NULL when no rule is for this file. May be called from several threads. */
NODISCARD err *sops_config_match(const struct sops_config *config, const char *file,
                                 const struct sops_creation **ret_creation);

#endif
