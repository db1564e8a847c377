#include "base/base.h"
#include "crypto/x25519.h"

#include <sodium.h>

#define MLKEM_ENC_BYTES 1088

_Static_assert(XWING_PUB_BYTES == crypto_kem_xwing_PUBLICKEYBYTES, "public key");
_Static_assert(XWING_ENC_BYTES == crypto_kem_xwing_CIPHERTEXTBYTES, "encapsulation");
_Static_assert(XWING_SEED_BYTES == crypto_kem_xwing_SECRETKEYBYTES, "the secret key is the seed");
_Static_assert(XWING_SHARE_BYTES == crypto_kem_xwing_SHAREDSECRETBYTES, "shared secret");

void x25519_public(const uint8_t secret[X25519_BYTES], uint8_t ret_public[X25519_BYTES])
{
	crypto_scalarmult_curve25519_base(ret_public, secret);
}

err *x25519_shared(const uint8_t secret[X25519_BYTES], const uint8_t point[X25519_BYTES],
                   uint8_t ret_shared[X25519_BYTES])
{
	if (crypto_scalarmult_curve25519(ret_shared, secret, point) != 0)
		return err_new(ERR_INVALID, "an X25519 share of low order");
	return NULL;
}

err *ed25519_public_to_x25519(const uint8_t key[32], uint8_t ret_public[X25519_BYTES])
{
	if (crypto_sign_ed25519_pk_to_curve25519(ret_public, key) != 0)
		return err_new(ERR_INVALID, "not an Ed25519 public key");
	return NULL;
}

void ed25519_seed_to_x25519(const uint8_t seed[32], uint8_t ret_secret[X25519_BYTES])
{
	uint8_t key[crypto_sign_ed25519_SECRETKEYBYTES], public_key[32];

	crypto_sign_ed25519_seed_keypair(public_key, key, seed);
	crypto_sign_ed25519_sk_to_curve25519(ret_secret, key);
	sodium_memzero(key, sizeof(key));
}

err *xwing_public(const uint8_t seed[XWING_SEED_BYTES], uint8_t ret_public[XWING_PUB_BYTES])
{
	uint8_t key[XWING_SEED_BYTES];
	int code = crypto_kem_xwing_seed_keypair(ret_public, key, seed);

	sodium_memzero(key, sizeof(key));
	return code ? err_new(ERR_INTERNAL, "cannot make an X-Wing key") : NULL;
}

err *xwing_seal(const uint8_t public_key[XWING_PUB_BYTES], uint8_t ret_enc[XWING_ENC_BYTES],
                uint8_t ret_shared[XWING_SHARE_BYTES])
{
	if (sodium_init() < 0 || crypto_kem_xwing_enc(ret_enc, ret_shared, public_key) != 0)
		return err_new(ERR_INVALID, "not an X-Wing public key");
	return NULL;
}

err *xwing_open(const uint8_t seed[XWING_SEED_BYTES], const uint8_t enc[XWING_ENC_BYTES],
                uint8_t ret_shared[XWING_SHARE_BYTES])
{
	static const uint8_t any_secret[X25519_BYTES] = { 1 };
	uint8_t unused[X25519_BYTES];

	TRY(x25519_shared(any_secret, enc + MLKEM_ENC_BYTES, unused));
	if (crypto_kem_xwing_dec(ret_shared, enc, seed) != 0)
		return err_new(ERR_INVALID, "not an X-Wing encapsulation");
	return NULL;
}
