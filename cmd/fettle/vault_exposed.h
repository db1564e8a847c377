/* The exposure report, as `recipients exposure` and `recipients remove` write it. */
#ifndef FETTLE_VAULT_EXPOSED_H
#define FETTLE_VAULT_EXPOSED_H

#include "vault_common.h"

/*
 * What `recipient` could read in the repository around this folder, on standard output. NOT_FOUND outside
 * of a repository. `name` may be NULL.
 */
NODISCARD err *vault_exposed_print(struct cli_ctx *ctx, struct vault_keys *keys,
                                   const char *recipient, const char *name, bool is_json);

#endif
