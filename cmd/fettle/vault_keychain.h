/* The user's keys in the system's keychain: which item, and whether it is to be looked at. */
#ifndef FETTLE_VAULT_KEYCHAIN_H
#define FETTLE_VAULT_KEYCHAIN_H

#include "base/base.h"

#define VAULT_KEYCHAIN_ACCOUNT "age"

/*
 * A file in the user's settings that says that the keychain has keys: without it nothing asks the keychain,
 * which may open a window.
 */
NODISCARD err *vault_keychain_mark(struct str *ret_path);

#endif
