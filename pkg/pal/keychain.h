/*
 * The system's own place for secrets: Credential Manager on Windows, the keychain on macOS, the Secret Service
 * (GNOME Keyring, KWallet, KeePassXC) on Linux, there through libsecret's secret-tool. Items belong to the service
 * "fettle" and have an account name. It may ask the user to unlock it.
 */
#ifndef PAL_KEYCHAIN_H
#define PAL_KEYCHAIN_H

#include "base/base.h"

#define KEYCHAIN_MAX_BYTES 2560 /* what Windows takes */

/*
 * The secret of an account into `buf`, which the caller wipes. NOT_FOUND, DENIED (locked, or refused by
 * the user), UNSUPPORTED (no keychain to be reached from here), LIMIT.
 */
NODISCARD err *keychain_get(const char *account, char *buf, size_t size, size_t *ret_len);
/* Put it there, instead of what is there. DENIED, UNSUPPORTED, LIMIT beyond KEYCHAIN_MAX_BYTES. */
NODISCARD err *keychain_set(const char *account, struct view secret);
/* NOT_FOUND, DENIED, UNSUPPORTED. */
NODISCARD err *keychain_remove(const char *account);

#endif
