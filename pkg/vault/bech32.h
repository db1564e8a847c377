/*
 * Bech32 (BIP 173) without its limit of 90 characters: the text form of age keys.
 */
#ifndef VAULT_BECH32_H
#define VAULT_BECH32_H

#include "base/base.h"

/* Characters of the text for `len` bytes, without a NUL. */
size_t bech32_len(const char *prefix, size_t len);
/* Write the text and a NUL; in upper case when the prefix is. */
void bech32_encode(const char *prefix, const uint8_t *bytes, size_t len, char *ret_text);
/*
 * The prefix as it is written, and at most `cap` bytes. INVALID without the text in the message (it may
 * be a secret key).
 */
NODISCARD err *bech32_decode(struct view text, struct str *ret_prefix, uint8_t *buf, size_t cap,
                             size_t *ret_len);

#endif
