#include "base/base.h"
#include "crypto/aead.h"

#include <sodium.h>

void aead_seal(const uint8_t key[AEAD_KEY_BYTES], const uint8_t nonce[AEAD_NONCE_BYTES],
               uint8_t *buf, size_t len)
{
	crypto_aead_chacha20poly1305_ietf_encrypt_detached(buf, buf + len, NULL, buf, len, NULL, 0,
	                                                   NULL, nonce, key);
}

bool aead_open(const uint8_t key[AEAD_KEY_BYTES], const uint8_t nonce[AEAD_NONCE_BYTES],
               uint8_t *buf, size_t len)
{
	if (len < AEAD_TAG_BYTES)
		return false;
	size_t plain_len = len - AEAD_TAG_BYTES;
	return crypto_aead_chacha20poly1305_ietf_decrypt_detached(
		       buf, NULL, buf, plain_len, buf + plain_len, NULL, 0, nonce, key) == 0;
}
