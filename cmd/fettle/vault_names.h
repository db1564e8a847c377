/*
 * .sops.yaml and .sops-names.yaml as the commands that change recipients edit them: in their text, with every
 * other byte kept.
 */
#ifndef FETTLE_VAULT_NAMES_H
#define FETTLE_VAULT_NAMES_H

#include "base/arena.h"
#include "base/base.h"
#include "val/val.h"

#define VAULT_NAMES_FILE ".sops-names.yaml"

struct vault_policy {
	struct arena arena;
	char *config_path, *names_path;
	struct str config, names; /* texts; names may be empty */
};
#define VAULT_POLICY_INIT                                  \
	{                                                  \
		ARENA_INIT, NULL, NULL, STR_INIT, STR_INIT \
	}

/* The nearest .sops.yaml from the current folder upwards, and the names beside it. */
NODISCARD err *vault_policy_load(struct vault_policy *policy);
void vault_policy_clear(struct vault_policy *policy);

/* The recipient of a name, or the text itself when it is one; NOT_FOUND. */
NODISCARD err *vault_policy_resolve(struct vault_policy *policy, const char *who,
                                    const char **ret_recipient);
/* The name of a recipient, or NULL. */
const char *vault_policy_name(struct vault_policy *policy, const char *recipient);

/* Into every rule with a list or text of age recipients. REFUSED when there is none, or all have it. */
NODISCARD err *vault_policy_add(struct vault_policy *policy, const char *recipient);
/* Out of every rule. NOT_FOUND when it is in none; REFUSED when a rule would be left empty. */
NODISCARD err *vault_policy_remove(struct vault_policy *policy, const char *recipient);
/* Write .sops.yaml; for struct vault_sync. */
NODISCARD err *vault_policy_write(void *policy);
/* Write the names. Of somebody who leaves last of all, so that a run that was cut off can be named again. */
NODISCARD err *vault_policy_write_names(const struct vault_policy *policy);
NODISCARD err *vault_policy_set_name(struct vault_policy *policy, const char *name,
                                     const char *recipient); /* NULL recipient: forget the name */

#endif
