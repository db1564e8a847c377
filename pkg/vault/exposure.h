/*
 * What somebody could read, by the history of a repository: every version of every SOPS document whose data
 * key was wrapped for them, from which commit to which, and which of those values are still in use.
 */
#ifndef VAULT_EXPOSURE_H
#define VAULT_EXPOSURE_H

#include "base/base.h"
#include "base/vec.h"
#include "git/git.h"
#include "vault/sops.h"

enum exposure_state {
	EXPOSED_SAME,    /* the value of HEAD is the one they could read last */
	EXPOSED_CHANGED, /* HEAD has another one */
	EXPOSED_GONE,    /* HEAD has none */
	EXPOSED_UNKNOWN, /* no key at hand opens both */
};

struct exposed_value {
	char *path; /* document and path as sops_each gives them */
	size_t document;
	enum exposure_state state;
};

struct exposed_file {
	char *path;  /* from the top of the repository */
	char *from;  /* the first commit with a version for them */
	char *until; /* the last one; of a file that HEAD still has for them, HEAD */
	int64_t from_s, until_s;
	bool is_current; /* HEAD has it for them */
	char *blob;      /* the last version they could read */
	VEC(struct exposed_value) values;
};

struct exposure {
	VEC(struct exposed_file) files; /* in order of their paths */
	size_t versions;
};
#define EXPOSURE_INIT       \
	{                   \
		VEC_INIT, 0 \
	}
void exposure_clear(struct exposure *exposure);

/* `keyring` opens versions to compare values; nothing of them is kept. CORRUPT, IO. */
NODISCARD err *exposure_find(struct repo *repo, const char *recipient,
                             const struct sops_keyring *keyring, struct exposure *ret_exposure);

#endif
