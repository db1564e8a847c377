/*
 * A short secret in an armored age file for one X25519 recipient, in memory: what SOPS wraps data keys
 * with. Only that: other recipient types, passphrases, plugins and files of any length are for the age
 * room, which replaces this when it is there.
 */
#ifndef CRYPTO_AGEKEY_H
#define CRYPTO_AGEKEY_H

#include "base/base.h"
#include "crypto/secret.h"

#define AGEKEY_BYTES 32

/* "AGE-SECRET-KEY-1…" into its bytes. INVALID; the text is never part of the message. */
NODISCARD err *agekey_parse(struct view identity, struct secret *ret_key);
/* The recipient "age1…" of an identity. */
NODISCARD err *agekey_recipient(const struct secret *key, struct str *ret_recipient);
/* A new identity: its text (with "AGE-SECRET-KEY-1") and its recipient. */
NODISCARD err *agekey_new(struct secret *ret_identity, struct str *ret_recipient);

/* INVALID for a recipient that is none; UNSUPPORTED for one of another type. */
NODISCARD err *agekey_wrap(const char *recipient, const struct secret *secret, struct str *out);
/* NOT_FOUND when the file is for somebody else; CORRUPT when it is damaged. At most 64 KiB. */
NODISCARD err *agekey_unwrap(const struct secret *key, struct view armored,
                             struct secret *ret_secret);

#endif
