/*
 * How secrets reach a program: as variables, as files in memory, or on a descriptor. What is made for it is
 * gone after vault_delivery_clear.
 */
#ifndef FETTLE_VAULT_DELIVER_H
#define FETTLE_VAULT_DELIVER_H

#include "base/base.h"

enum vault_delivery_kind {
	DELIVER_ENV, /* NAME=value */
	DELIVER_FILES, /* NAME_FILE=path of a file in a folder in memory, CREDENTIALS_DIRECTORY=folder */
	DELIVER_FD, /* one JSON object on descriptor 3, FETTLE_SECRETS_FD=3 */
};

struct vault_delivery {
	enum vault_delivery_kind kind;
	struct strs names, values; /* wiped; a value may hold no NUL */
	struct strs env;           /* for the program; wiped */
	struct str gift;           /* for its descriptor 3; wiped */
	struct str folder;         /* in memory; removed */
};
#define VAULT_DELIVERY_INIT(of_kind)                                                          \
	{                                                                                     \
		.kind = (of_kind), .names = STRS_INIT, .values = STRS_INIT, .env = STRS_INIT, \
		.gift = STR_INIT, .folder = STR_INIT                                          \
	}

/* INVALID for a name that cannot be delivered this way, and for a value with a NUL. */
NODISCARD err *vault_delivery_add(struct vault_delivery *delivery, const char *name,
                                  struct view value, const char *file);
/* Make environment, files or gift of all that was added. UNSUPPORTED where there are no files in memory. */
NODISCARD err *vault_delivery_prepare(struct vault_delivery *delivery);
void vault_delivery_clear(struct vault_delivery *delivery);

#endif
