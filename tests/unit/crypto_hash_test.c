#include "test.h"
#include "crypto/hash.h"

#include "crypto/encode.h"

TEST(sha256, matches_the_vectors_of_the_standard)
{
	char hex[SHA256_HEX_SIZE];

	sha256_hex("", 0, hex);
	CHECK_STR(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256_hex("abc", 3, hex);
	CHECK_STR(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, hex);
	CHECK_STR(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(sha256, in_pieces_is_the_same_as_at_once)
{
	AUTO(str) text = STR_INIT;
	uint8_t whole[SHA256_BYTES], pieces[SHA256_BYTES];
	struct sha256 hash;

	for (int i = 0; i < 1000; i++)
		str_addf(&text, "%d,", i);
	sha256(text.ptr, text.len, whole);
	for (size_t step = 1; step < 200; step += 7) {
		sha256_start(&hash);
		for (size_t at = 0; at < text.len; at += step)
			sha256_add(&hash, text.ptr + at, MIN(step, text.len - at));
		sha256_end(&hash, pieces);
		CHECK(memcmp(whole, pieces, sizeof(whole)) == 0);
	}
}

TEST(hmac, matches_rfc_4231)
{
	uint8_t digest[SHA256_BYTES];
	AUTO(str) hex = STR_INIT;

	hmac_sha256(view_of("Jefe"), view_of("what do ya want for nothing?"), digest);
	hex_add(&hex, digest, sizeof(digest));
	CHECK_STR(hex.ptr, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(tag, is_short_and_depends_on_key_and_value)
{
	uint8_t key[CRYPTO_TAG_KEY_BYTES] = { 1 }, other_key[CRYPTO_TAG_KEY_BYTES] = { 2 };
	AUTO(str) a = STR_INIT, b = STR_INIT, c = STR_INIT, d = STR_INIT;

	crypto_tag(key, view_of("hunter2"), &a);
	crypto_tag(key, view_of("hunter2"), &b);
	crypto_tag(key, view_of("hunter3"), &c);
	crypto_tag(other_key, view_of("hunter2"), &d);
	CHECK_INT(a.len, 12);
	CHECK_STR(a.ptr, b.ptr);
	CHECK(!str_equal(a.ptr, c.ptr));
	CHECK(!str_equal(a.ptr, d.ptr));
	crypto_tag(key, (struct view){ NULL, 0 }, &a);
	CHECK_INT(a.len, 24);
}

TEST(crypto, equal_compares_contents)
{
	CHECK(crypto_equal("abc", "abc", 3));
	CHECK(!crypto_equal("abc", "abd", 3));
	CHECK(crypto_equal("abc", "xyz", 0));
}

static void check_sha1(const char *key, size_t key_len, const char *data, size_t len,
                       const char *expected)
{
	uint8_t digest[SHA1_BYTES];
	AUTO(str) hex = STR_INIT;
	hmac_sha1((struct view){ key, key_len }, (struct view){ data, len }, digest);
	hex_add(&hex, digest, sizeof(digest));
	CHECK_STR(hex.ptr, expected);
}

TEST(hmac, sha1_matches_rfc_2202)
{
	char aa[80], data[50];
	memset(aa, 0xaa, sizeof(aa));
	memset(data, 0xdd, sizeof(data));
	check_sha1("Jefe", 4, "what do ya want for nothing?", 28,
	           "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	check_sha1(aa, 20, data, 50, "125d7342b9ac11cd91a39af48aa17b4f63f175d3");
	check_sha1(aa, 80, "Test Using Larger Than Block-Size Key - Hash Key First", 54,
	           "aa4ae5e15272d00e95705637ce8a3b55ed402112");
	check_sha1(aa, 80,
	           "Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data", 73,
	           "e8e99d0f45237d786d6bbaa7965c7808bbff1a91");
	check_sha1("", 0, "", 0, "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d");
}
