/*
 * What follows the header: a nonce and chunks of 64 KiB, each sealed by itself, so that all cores can
 * work on them. Memory stays bounded by the number of cores.
 */
#ifndef VAULT_AGE_PAYLOAD_H
#define VAULT_AGE_PAYLOAD_H

#include "base/base.h"
#include "vault/age_armor.h"

NODISCARD err *age_payload_encrypt(const struct secret *file_key, const struct age_source *source,
                                   struct age_writer *writer);
/* CORRUPT for what is changed, cut or followed by more; what was genuine before it has been written. */
NODISCARD err *age_payload_decrypt(const struct secret *file_key, struct age_reader *reader,
                                   const struct age_sink *sink);

#endif
