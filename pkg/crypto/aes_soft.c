#include "base/base.h"
#include "crypto/aes_soft.h"
#include "crypto/hash.h"

/* Eight bytes side by side in one word: every operation works on all of them. */
#define LANES(byte) (0x0101010101010101u * (uint64_t)(byte))

/* --- GF(2^8) --- */

static uint64_t times_x(uint64_t a)
{
	uint64_t carry = (a >> 7) & LANES(1);
	return ((a << 1) & LANES(0xfe)) ^ (carry * 0x1b);
}

static uint64_t mul(uint64_t a, uint64_t b)
{
	uint64_t product = 0;
	for (unsigned bit = 0; bit < 8; bit++) {
		uint64_t mask = ((b >> bit) & LANES(1)) * 0xff;
		product ^= a & mask;
		a = times_x(a);
	}
	return product;
}

/* a^254: the inverse, and 0 for 0. */
static uint64_t inverse(uint64_t a)
{
	uint64_t a2 = mul(a, a), a3 = mul(a2, a);
	uint64_t a6 = mul(a3, a3), a12 = mul(a6, a6), a15 = mul(a12, a3);
	uint64_t a30 = mul(a15, a15), a60 = mul(a30, a30), a63 = mul(a60, a3);
	uint64_t a126 = mul(a63, a63), a127 = mul(a126, a);
	return mul(a127, a127);
}

uint8_t gf256_mul(uint8_t a, uint8_t b)
{
	return (uint8_t)mul(a, b);
}

uint8_t gf256_inverse(uint8_t a)
{
	return (uint8_t)inverse(a);
}

/* --- AES --- */

static uint64_t rotate_lanes(uint64_t a, unsigned by)
{
	return ((a << by) & LANES((0xffu << by) & 0xff)) |
	       ((a >> (8 - by)) & LANES(0xffu >> (8 - by)));
}

static uint64_t substitute(uint64_t a)
{
	uint64_t b = inverse(a);
	return b ^ rotate_lanes(b, 1) ^ rotate_lanes(b, 2) ^ rotate_lanes(b, 3) ^
	       rotate_lanes(b, 4) ^ LANES(0x63);
}

static uint64_t load_le(const uint8_t *bytes)
{
	uint64_t word = 0;
	for (unsigned i = 0; i < 8; i++)
		word |= (uint64_t)bytes[i] << (8 * i);
	return word;
}

static void store_le(uint8_t *bytes, uint64_t word)
{
	for (unsigned i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(word >> (8 * i));
}

/* The state is 16 bytes, column after column; row r of a column moves r columns to the left. */
static void shift_rows(uint64_t state[2])
{
	uint8_t in[16], out[16];
	store_le(in, state[0]);
	store_le(in + 8, state[1]);
	for (unsigned i = 0; i < 16; i++)
		out[i] = in[(i + 4 * (i % 4)) % 16];
	state[0] = load_le(out);
	state[1] = load_le(out + 8);
}

/* Bytes of each column one place up. */
static uint64_t next_in_column(uint64_t a)
{
	return ((a >> 8) & 0x00ffffff00ffffffu) | ((a << 24) & 0xff000000ff000000u);
}

static uint64_t mix_columns(uint64_t a)
{
	uint64_t b = next_in_column(a), c = next_in_column(b), d = next_in_column(c);
	return times_x(a) ^ times_x(b) ^ b ^ c ^ d;
}

static uint32_t substitute_word(uint32_t word)
{
	return (uint32_t)substitute(word);
}

static void expand_key(struct aes_soft *aes, const uint8_t key[32])
{
	uint32_t words[60];
	uint8_t constant = 1;
	for (unsigned i = 0; i < 8; i++)
		words[i] = (uint32_t)load_le((const uint8_t[8]){ key[4 * i], key[4 * i + 1],
		                                                 key[4 * i + 2], key[4 * i + 3] });
	for (unsigned i = 8; i < 60; i++) {
		uint32_t word = words[i - 1];
		if (i % 8 == 0) {
			word = substitute_word((word >> 8) | (word << 24)) ^ constant;
			constant = gf256_mul(constant, 2);
		} else if (i % 8 == 4) {
			word = substitute_word(word);
		}
		words[i] = words[i - 8] ^ word;
	}
	for (unsigned i = 0; i < 30; i++)
		aes->round_keys[i / 2][i % 2] = words[2 * i] | (uint64_t)words[2 * i + 1] << 32;
}

void aes_soft_block(const struct aes_soft *aes, const uint8_t in[16], uint8_t out[16])
{
	uint64_t state[2] = { load_le(in) ^ aes->round_keys[0][0],
		              load_le(in + 8) ^ aes->round_keys[0][1] };
	for (unsigned round = 1; round <= 14; round++) {
		state[0] = substitute(state[0]);
		state[1] = substitute(state[1]);
		shift_rows(state);
		if (round < 14) {
			state[0] = mix_columns(state[0]);
			state[1] = mix_columns(state[1]);
		}
		state[0] ^= aes->round_keys[round][0];
		state[1] ^= aes->round_keys[round][1];
	}
	store_le(out, state[0]);
	store_le(out + 8, state[1]);
}

/* --- GHASH: blocks are big-endian polynomials with their bits reversed --- */

static uint64_t load_be(const uint8_t *bytes)
{
	uint64_t word = 0;
	for (unsigned i = 0; i < 8; i++)
		word = word << 8 | bytes[i];
	return word;
}

static void store_be(uint8_t *bytes, uint64_t word)
{
	for (unsigned i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(word >> (56 - 8 * i));
}

static void hash_block(uint64_t sum[2], const uint64_t key[2], uint64_t high, uint64_t low)
{
	uint64_t x[2] = { sum[0] ^ high, sum[1] ^ low };
	uint64_t v[2] = { key[0], key[1] }, product[2] = { 0, 0 };
	for (unsigned i = 0; i < 128; i++) {
		uint64_t mask = 0 - ((x[i / 64] >> (63 - i % 64)) & 1);
		product[0] ^= v[0] & mask;
		product[1] ^= v[1] & mask;
		uint64_t reduce = (0 - (v[1] & 1)) & 0xe100000000000000u;
		v[1] = v[1] >> 1 | v[0] << 63;
		v[0] = (v[0] >> 1) ^ reduce;
	}
	sum[0] = product[0];
	sum[1] = product[1];
}

static void hash_bytes(uint64_t sum[2], const uint64_t key[2], struct view bytes)
{
	for (size_t at = 0; at < bytes.len; at += 16) {
		uint8_t block[16] = { 0 };
		memcpy(block, bytes.ptr + at, MIN(bytes.len - at, (size_t)16));
		hash_block(sum, key, load_be(block), load_be(block + 8));
	}
}

/* --- GCM --- */

void aes_soft_start(struct aes_soft *aes, const uint8_t key[32])
{
	static const uint8_t zero[16];
	uint8_t block[16];
	expand_key(aes, key);
	aes_soft_block(aes, zero, block);
	aes->hash_key[0] = load_be(block);
	aes->hash_key[1] = load_be(block + 8);
}

static void first_counter(const struct aes_soft *aes, struct view nonce, uint8_t counter[16])
{
	if (nonce.len == 12) {
		memcpy(counter, nonce.ptr, 12);
		memcpy(counter + 12, "\0\0\0\1", 4);
		return;
	}
	uint64_t sum[2] = { 0, 0 };
	hash_bytes(sum, aes->hash_key, nonce);
	hash_block(sum, aes->hash_key, 0, (uint64_t)nonce.len * 8);
	store_be(counter, sum[0]);
	store_be(counter + 8, sum[1]);
}

static void count_up(uint8_t counter[16])
{
	for (unsigned i = 16; i-- > 12 && ++counter[i] == 0;)
		;
}

static void apply_stream(const struct aes_soft *aes, const uint8_t first[16], struct view in,
                         uint8_t *out)
{
	uint8_t counter[16], stream[16];
	memcpy(counter, first, 16);
	for (size_t at = 0; at < in.len; at += 16) {
		count_up(counter);
		aes_soft_block(aes, counter, stream);
		for (size_t i = at; i < in.len && i < at + 16; i++)
			out[i] = (uint8_t)((uint8_t)in.ptr[i] ^ stream[i - at]);
	}
}

static void make_tag(const struct aes_soft *aes, const uint8_t first[16], struct view aad,
                     struct view cipher, uint8_t tag[16])
{
	uint64_t sum[2] = { 0, 0 };
	uint8_t mask[16];
	hash_bytes(sum, aes->hash_key, aad);
	hash_bytes(sum, aes->hash_key, cipher);
	hash_block(sum, aes->hash_key, (uint64_t)aad.len * 8, (uint64_t)cipher.len * 8);
	store_be(tag, sum[0]);
	store_be(tag + 8, sum[1]);
	aes_soft_block(aes, first, mask);
	for (unsigned i = 0; i < 16; i++)
		tag[i] ^= mask[i];
}

void aes_soft_seal(const struct aes_soft *aes, struct view nonce, struct view aad,
                   struct view plain, uint8_t *ret_cipher, uint8_t ret_tag[16])
{
	uint8_t first[16];
	first_counter(aes, nonce, first);
	apply_stream(aes, first, plain, ret_cipher);
	make_tag(aes, first, aad, (struct view){ (const char *)ret_cipher, plain.len }, ret_tag);
}

bool aes_soft_open(const struct aes_soft *aes, struct view nonce, struct view aad,
                   struct view cipher, const uint8_t tag[16], uint8_t *ret_plain)
{
	uint8_t first[16], expected[16];
	first_counter(aes, nonce, first);
	make_tag(aes, first, aad, cipher, expected);
	if (!crypto_equal(expected, tag, sizeof(expected)))
		return false;
	apply_stream(aes, first, cipher, ret_plain);
	return true;
}
