/*
 * SHA-1 (RFC 3174) for protocols that were made with it; broken for signatures, still sound in HMAC. Our
 * own because no library we build on every system offers it; a few short texts an hour are hashed.
 */
#include "base/base.h"
#include "crypto/hash.h"

enum { BLOCK_BYTES = 64, WORDS = 5, ROUNDS = 80 };

struct sha1 {
	uint32_t state[WORDS];
	uint8_t block[BLOCK_BYTES];
	uint64_t len;
};

static uint32_t rotated(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static void add_block(struct sha1 *hash)
{
	static const uint32_t constants[] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
	uint32_t w[ROUNDS], v[WORDS];
	memcpy(v, hash->state, sizeof(v));
	for (unsigned i = 0; i < 16; i++)
		w[i] = (uint32_t)hash->block[4 * i] << 24 | (uint32_t)hash->block[4 * i + 1] << 16 |
		       (uint32_t)hash->block[4 * i + 2] << 8 | hash->block[4 * i + 3];
	for (unsigned i = 16; i < ROUNDS; i++)
		w[i] = rotated(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t b = v[1], c = v[2], d = v[3];
		uint32_t f = i < 20              ? (b & c) | (~b & d)
		             : i >= 40 && i < 60 ? (b & c) | (b & d) | (c & d)
		                                 : b ^ c ^ d;
		uint32_t next = rotated(v[0], 5) + f + v[4] + constants[i / 20] + w[i];
		v[4] = d;
		v[3] = c;
		v[2] = rotated(b, 30);
		v[1] = v[0];
		v[0] = next;
	}
	for (unsigned i = 0; i < WORDS; i++)
		hash->state[i] += v[i];
}

static void start(struct sha1 *hash)
{
	*hash = (struct sha1){ .state = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
		                          0xc3d2e1f0 } };
}

static void add(struct sha1 *hash, const void *ptr, size_t len)
{
	const uint8_t *bytes = ptr;
	for (size_t i = 0; i < len; i++) {
		hash->block[hash->len++ % BLOCK_BYTES] = bytes[i];
		if (hash->len % BLOCK_BYTES == 0)
			add_block(hash);
	}
}

static void end(struct sha1 *hash, uint8_t ret_digest[SHA1_BYTES])
{
	static const uint8_t first = 0x80, zero = 0;
	uint64_t bits = hash->len * 8;
	uint8_t length[8];
	for (unsigned i = 0; i < sizeof(length); i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	add(hash, &first, 1);
	while (hash->len % BLOCK_BYTES != BLOCK_BYTES - sizeof(length))
		add(hash, &zero, 1);
	add(hash, length, sizeof(length));
	for (unsigned i = 0; i < SHA1_BYTES; i++)
		ret_digest[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}

void hmac_sha1(struct view key, struct view data, uint8_t ret_digest[SHA1_BYTES])
{
	struct sha1 hash;
	uint8_t pad[BLOCK_BYTES] = { 0 };
	if (key.len > BLOCK_BYTES) {
		start(&hash);
		add(&hash, key.ptr, key.len);
		end(&hash, pad);
	} else if (key.len) {
		memcpy(pad, key.ptr, key.len);
	}
	for (unsigned i = 0; i < BLOCK_BYTES; i++)
		pad[i] ^= 0x36;
	start(&hash);
	add(&hash, pad, BLOCK_BYTES);
	add(&hash, data.ptr, data.len);
	end(&hash, ret_digest);
	for (unsigned i = 0; i < BLOCK_BYTES; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	start(&hash);
	add(&hash, pad, BLOCK_BYTES);
	add(&hash, ret_digest, SHA1_BYTES);
	end(&hash, ret_digest);
	mem_wipe(pad, sizeof(pad));
	mem_wipe(&hash, sizeof(hash));
}
