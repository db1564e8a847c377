/*
 * Bringing encrypted files in line with .sops.yaml: who is new gets the data key wrapped, and when somebody is
 * gone each file gets a new data key. All files are made ready before the first one is written.
 */
#ifndef FETTLE_VAULT_SYNC_H
#define FETTLE_VAULT_SYNC_H

#include "base/base.h"

#include "vault_common.h"

struct vault_sync {
	struct ui *ui;
	struct vault_keys *keys;
	const struct sops_config *config; /* NULL: the nearest one of each file */
	bool is_dry;                      /* only say what would be done */
	/* Called when all files are ready, before the first one is written; may be NULL. */
	err *(*commit)(void *data);
	void *commit_data;
	size_t added, renewed, same; /* results: files */
};

/*
 * The files, or the encrypted ones of the folders named; without paths those of this folder, if any. Those
 * without a rule are left alone.
 */
NODISCARD err *vault_sync_files(struct vault_sync *sync, const struct strs *paths);

#endif
