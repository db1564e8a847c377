/*
 * Three versions of a document into one, for git: values, comments and lines of the plain text are
 * merged, and what comes out is sealed again with the data key of one side. Nothing is written anywhere
 * in plain. What both sides changed differently is named by its path, never shown.
 */
#ifndef VAULT_SOPS_MERGE_H
#define VAULT_SOPS_MERGE_H

#include "base/base.h"
#include "vault/sops.h"

/* An unlocked document and its data key. */
struct sops_side {
	struct sops_doc *doc;
	const struct secret *key;
};

struct sops_merge {
	struct sops_side base; /* `doc` NULL: both sides made the file */
	struct sops_side ours, theirs;
	const struct sops_keyring *keyring;
	const char *now;
	/* Three texts line by line; as repo_merge_text. */
	err *(*merge_lines)(struct view base, struct view ours, struct view theirs,
	                    struct str *ret_text, bool *ret_is_clean);
};

/*
 * Recipients are merged as sets: who was added on one side is added, who was removed on one side is gone,
 * and then the data key is a new one. `conflicts` gets the paths (or what else it is) that both sides
 * changed; the text then has what could be merged, and ours where it could not.
 */
NODISCARD err *sops_merge(const struct sops_merge *merge, struct str *ret_text,
                          struct strs *conflicts);

#endif
