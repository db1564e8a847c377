/*
 * bcrypt-pbkdf: PBKDF2 whose inner function is bcrypt over SHA-512 hashes. No library of the build
 * has it, and only OpenSSH's key files need it.
 */
#include "base/base.h"
#include "crypto/kdf.h"

#include "crypto/bcrypt_pi.h"
#include "crypto/secret.h"
#include "crypto/sha512.h"

enum { SUBKEYS = 18, BLOCK_BYTES = 32, BLOCK_WORDS = 8, COST = 64 };

struct blowfish {
	uint32_t p[SUBKEYS];
	uint32_t s[4][256];
};

static uint32_t scramble(const struct blowfish *b, uint32_t x)
{
	uint32_t sum = b->s[0][x >> 24] + b->s[1][(x >> 16) & 255];
	return (sum ^ b->s[2][(x >> 8) & 255]) + b->s[3][x & 255];
}

static void encipher(const struct blowfish *b, uint32_t pair[2])
{
	uint32_t left = pair[0] ^ b->p[0], right = pair[1];
	for (size_t i = 1; i < SUBKEYS - 1; i += 2) {
		right ^= scramble(b, left) ^ b->p[i];
		left ^= scramble(b, right) ^ b->p[i + 1];
	}
	pair[0] = right ^ b->p[SUBKEYS - 1];
	pair[1] = left;
}

/* The next four bytes of a text that repeats for ever. */
static uint32_t next_word(const uint8_t text[SHA512_BYTES], size_t *at)
{
	uint32_t word = 0;
	for (int i = 0; i < 4; i++) {
		word = word << 8 | text[*at];
		*at = (*at + 1) % SHA512_BYTES;
	}
	return word;
}

/* Mix a key, and a salt unless it is NULL, into the state. */
static void expand(struct blowfish *b, const uint8_t *salt, const uint8_t key[SHA512_BYTES])
{
	uint32_t pair[2] = { 0, 0 };
	size_t at = 0;
	for (size_t i = 0; i < SUBKEYS; i++)
		b->p[i] ^= next_word(key, &at);
	at = 0;
	for (size_t i = 0; i < SUBKEYS + 4 * 256; i += 2) {
		if (salt) {
			pair[0] ^= next_word(salt, &at);
			pair[1] ^= next_word(salt, &at);
		}
		encipher(b, pair);
		uint32_t *to = i < SUBKEYS ? &b->p[i] : &b->s[0][0] + (i - SUBKEYS);
		to[0] = pair[0];
		to[1] = pair[1];
	}
}

static void hash_block(const uint8_t passphrase[SHA512_BYTES], const uint8_t salt[SHA512_BYTES],
                       uint8_t out[BLOCK_BYTES])
{
	static const char text[BLOCK_BYTES + 1] = "OxychromaticBlowfishSwatDynamite";
	struct blowfish b;
	uint32_t words[BLOCK_WORDS];
	memcpy(b.p, bcrypt_pi, sizeof(b.p));
	memcpy(b.s, bcrypt_pi + SUBKEYS, sizeof(b.s));
	expand(&b, salt, passphrase);
	for (int i = 0; i < COST; i++) {
		expand(&b, NULL, salt);
		expand(&b, NULL, passphrase);
	}
	for (size_t i = 0; i < BLOCK_WORDS; i++)
		words[i] = (uint32_t)text[4 * i] << 24 | (uint32_t)text[4 * i + 1] << 16 |
		           (uint32_t)text[4 * i + 2] << 8 | (uint32_t)text[4 * i + 3];
	for (int i = 0; i < COST; i++)
		for (size_t j = 0; j < BLOCK_WORDS; j += 2)
			encipher(&b, &words[j]);
	for (size_t i = 0; i < BLOCK_BYTES; i++)
		out[i] = (uint8_t)(words[i / 4] >> 8 * (i % 4));
	secret_wipe(&b, sizeof(b));
	secret_wipe(words, sizeof(words));
}

static void hash(const void *ptr, size_t len, uint32_t count, uint8_t ret[SHA512_BYTES])
{
	const uint8_t number[4] = { (uint8_t)(count >> 24), (uint8_t)(count >> 16),
		                    (uint8_t)(count >> 8), (uint8_t)count };
	struct sha512 state;
	sha512_start(&state);
	sha512_add(&state, ptr, len);
	if (count)
		sha512_add(&state, number, sizeof(number));
	sha512_end(&state, ret);
	secret_wipe(&state, sizeof(state));
}

static void derive_block(const uint8_t passphrase[SHA512_BYTES], struct view salt, uint32_t count,
                         unsigned rounds, uint8_t out[BLOCK_BYTES])
{
	uint8_t hashed_salt[SHA512_BYTES], block[BLOCK_BYTES];
	hash(salt.ptr, salt.len, count, hashed_salt);
	hash_block(passphrase, hashed_salt, block);
	memcpy(out, block, BLOCK_BYTES);
	for (unsigned i = 1; i < rounds; i++) {
		hash(block, BLOCK_BYTES, 0, hashed_salt);
		hash_block(passphrase, hashed_salt, block);
		for (size_t j = 0; j < BLOCK_BYTES; j++)
			out[j] ^= block[j];
	}
	secret_wipe(block, sizeof(block));
}

err *bcrypt_pbkdf(struct view passphrase, struct view salt, unsigned rounds, uint8_t *ret_key,
                  size_t len)
{
	uint8_t hashed[SHA512_BYTES], block[BLOCK_BYTES];
	if (passphrase.len == 0 || salt.len == 0 || rounds == 0 || len == 0 || len > 1024)
		return err_new(ERR_INVALID, "cannot derive a key with bcrypt: empty input");
	/* The bytes of each block are spread over the whole key. */
	size_t stride = (len + BLOCK_BYTES - 1) / BLOCK_BYTES;
	hash(passphrase.ptr, passphrase.len, 0, hashed);
	for (size_t count = 0; count < stride; count++) {
		derive_block(hashed, salt, (uint32_t)count + 1, rounds, block);
		for (size_t i = 0; i < BLOCK_BYTES && i * stride + count < len; i++)
			ret_key[i * stride + count] = block[i];
	}
	secret_wipe(hashed, sizeof(hashed));
	secret_wipe(block, sizeof(block));
	return NULL;
}
