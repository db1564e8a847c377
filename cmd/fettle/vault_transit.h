/*
 * Data keys wrapped by the transit engine of HashiCorp Vault or OpenBao. Which server is asked is the user's
 * choice alone (VAULT_ADDR, BAO_ADDR), never a document's: it names only engine and key.
 */
#ifndef FETTLE_VAULT_TRANSIT_H
#define FETTLE_VAULT_TRANSIT_H

#include "base/base.h"
#include "vault/sops.h"

struct vault_transit;

struct vault_transit *vault_transit_new(void);
void vault_transit_free(struct vault_transit *transit); /* NULL is fine */

/*
 * NOT_FOUND when no server is set; AUTH for a refused token, INVALID for a key or ciphertext the server does not
 * take, UNAVAILABLE. One thread at a time.
 */
NODISCARD err *vault_transit_decrypt(struct vault_transit *transit, const struct sops_transit *key,
                                     struct view wrapped, struct secret *ret_plain);
NODISCARD err *vault_transit_encrypt(struct vault_transit *transit, const struct sops_transit *key,
                                     const struct secret *plain, struct str *ret_wrapped);

#endif
