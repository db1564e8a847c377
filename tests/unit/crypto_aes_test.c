#include "base/base.h"

#include "crypto/aes_gcm.h"
#include "crypto/aes_soft.h"
#include "crypto/encode.h"
#include "crypto/sha512.h"
#include "pal/random.h"
#include "test.h"

static void hex_is(const void *ptr, size_t len, const char *expected)
{
	AUTO(str) text = STR_INIT;
	hex_add(&text, ptr, len);
	CHECK_STR(text.ptr, expected);
}

/* FIPS 197, appendix C.3. */
TEST(crypto_aes, encrypts_the_block_of_the_standard)
{
	uint8_t key[32], block[16], out[16];
	for (unsigned i = 0; i < 32; i++)
		key[i] = (uint8_t)i;
	for (unsigned i = 0; i < 16; i++)
		block[i] = (uint8_t)(i * 0x11);
	struct aes_soft aes;
	aes_soft_start(&aes, key);
	aes_soft_block(&aes, block, out);
	hex_is(out, 16, "8ea2b7ca516745bfeafc49904b496089");
}

/* The GCM paper's test case 18: a nonce of 60 bytes. */
TEST(crypto_aes, seals_the_known_answer_with_a_long_nonce)
{
	AUTO(str) key = STR_INIT;
	AUTO(str) nonce = STR_INIT;
	AUTO(str) aad = STR_INIT;
	AUTO(str) plain = STR_INIT;
	CHECK_OK(hex_decode(view_of("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f946730"
	                            "8308"),
	                    &key));
	CHECK_OK(hex_decode(view_of("9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318"
	                            "a728c3c0c95156809539fcf0e2429a6b525416aedbf5a0de6a57a637b39b"),
	                    &nonce));
	CHECK_OK(hex_decode(view_of("feedfacedeadbeeffeedfacedeadbeefabaddad2"), &aad));
	CHECK_OK(hex_decode(view_of("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a31"
	                            "8a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"),
	                    &plain));
	uint8_t cipher[60], tag[16];
	struct aes_gcm *gcm = NULL;
	CHECK_OK(aes_gcm_new((const uint8_t *)key.ptr, &gcm));
	CHECK_OK(
		aes_gcm_seal(gcm, view_str(&nonce), view_str(&aad), view_str(&plain), cipher, tag));
	hex_is(tag, 16, "a44a8266ee1c8eb0c8b5d4cf5ae9f19a");
	aes_gcm_free(gcm);
}

/* Two implementations, one answer, for lengths around the block borders. */
TEST(crypto_aes, both_implementations_agree)
{
	uint8_t bytes[100], key[32], one[100], two[100], back[100], tag_one[16], tag_two[16];
	for (size_t round = 0; round < 200; round++) {
		random_bytes(bytes, sizeof(bytes));
		random_bytes(key, sizeof(key));
		struct view nonce = { (char *)bytes, round % 3 ? 32 : 1 + round % 60 };
		struct view aad = { (char *)bytes + 7, round % 37 };
		struct view plain = { (char *)bytes + 20, round % 80 };
		struct aes_soft soft;
		struct aes_gcm *gcm = NULL;
		bool is_genuine = false;
		aes_soft_start(&soft, key);
		CHECK_OK(aes_gcm_new(key, &gcm));
		aes_soft_seal(&soft, nonce, aad, plain, one, tag_one);
		CHECK_OK(aes_gcm_seal(gcm, nonce, aad, plain, two, tag_two));
		CHECK(memcmp(one, two, plain.len) == 0);
		CHECK(memcmp(tag_one, tag_two, 16) == 0);
		struct view cipher = { (char *)two, plain.len };
		CHECK_OK(aes_gcm_open(gcm, nonce, aad, cipher, tag_one, back, &is_genuine));
		CHECK(is_genuine && memcmp(back, plain.ptr, plain.len) == 0);
		CHECK(aes_soft_open(&soft, nonce, aad, cipher, tag_one, back));
		tag_one[round % 16] ^= 1;
		CHECK_OK(aes_gcm_open(gcm, nonce, aad, cipher, tag_one, back, &is_genuine));
		CHECK(!is_genuine);
		CHECK(!aes_soft_open(&soft, nonce, aad, cipher, tag_one, back));
		aes_gcm_free(gcm);
	}
}

TEST(crypto_aes, field_has_inverses)
{
	CHECK_INT(gf256_inverse(0), 0);
	for (unsigned a = 1; a < 256; a++)
		CHECK_INT(gf256_mul((uint8_t)a, gf256_inverse((uint8_t)a)), 1);
	CHECK_INT(gf256_mul(0x57, 0x83), 0xc1);
}

TEST(crypto_sha512, hashes_abc)
{
	struct sha512 hash;
	uint8_t digest[SHA512_BYTES];
	sha512_start(&hash);
	sha512_add(&hash, "a", 1);
	sha512_add(&hash, "bc", 2);
	sha512_end(&hash, digest);
	hex_is(digest, 64,
	       "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	       "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}
