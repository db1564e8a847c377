/*
 * Digits of pi: 18 words for the subkeys, then four tables of 256 words.
 */
#ifndef CRYPTO_BCRYPT_PI_H
#define CRYPTO_BCRYPT_PI_H

#include "base/base.h"

#define BCRYPT_PI_WORDS 1042

extern const uint32_t bcrypt_pi[BCRYPT_PI_WORDS];

#endif
