#include "test.h"

#include "crypto/aead.h"
#include "crypto/encode.h"
#include "crypto/kdf.h"
#include "crypto/x25519.h"

static void check_hex(const uint8_t *bytes, size_t len, const char *expected)
{
	AUTO(str) hex = STR_INIT;
	hex_add(&hex, bytes, len);
	CHECK_STR(hex.ptr, expected);
}

TEST(kdf, hkdf_matches_rfc_5869)
{
	uint8_t ikm[22], out[42];
	memset(ikm, 0x0b, sizeof(ikm));
	hkdf_sha256((struct view){ (const char *)ikm, sizeof(ikm) },
	            (struct view){ "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c", 13 },
	            view_of("\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9"), out, sizeof(out));
	check_hex(out, sizeof(out),
	          "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
	          "34007208d5b887185865");
	hkdf_sha256((struct view){ (const char *)ikm, sizeof(ikm) }, view_of(""), view_of(""), out,
	            sizeof(out));
	check_hex(out, sizeof(out),
	          "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
	          "9d201395faa4b61a96c8");
}

TEST(kdf, scrypt_matches_rfc_7914)
{
	uint8_t out[64];
	CHECK_OK(scrypt_derive(view_of("pleaseletmein"), view_of("SodiumChloride"), 14, out,
	                       sizeof(out)));
	check_hex(out, sizeof(out),
	          "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
	          "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887");
}

TEST(kdf, x25519_matches_rfc_7748_and_refuses_low_order)
{
	AUTO(str) secret = STR_INIT;
	AUTO(str) point = STR_INIT;
	uint8_t shared[32];
	static const uint8_t zero[32];
	CHECK_OK(hex_decode(
		view_of("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
		&secret));
	CHECK_OK(hex_decode(
		view_of("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"),
		&point));
	CHECK_OK(x25519_shared((const uint8_t *)secret.ptr, (const uint8_t *)point.ptr, shared));
	check_hex(shared, 32, "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
	CHECK_ERR(x25519_shared((const uint8_t *)secret.ptr, zero, shared), ERR_INVALID,
	          "low order");
}

TEST(aead, both_implementations_agree)
{
	const uint8_t key[32] = { 1, 2, 3 }, nonce[12] = { 9 };
	uint8_t plain[300], one[300 + 16], two[300 + 16], out[300];
	struct aead *aead;
	bool is_genuine;
	CHECK_OK(aead_new(key, &aead));
	memset(plain, 7, sizeof(plain));
	for (size_t len = 0; len <= 300; len += 50) {
		const struct view sealed = { (const char *)two, len + 16 };
		memcpy(one, plain, len);
		aead_seal(key, nonce, one, len);
		CHECK_OK(aead_seal_piece(aead, nonce, (struct view){ (const char *)plain, len },
		                         two));
		CHECK(memcmp(one, two, len + 16) == 0);
		CHECK_OK(aead_open_piece(aead, nonce, sealed, out, &is_genuine));
		CHECK(is_genuine && memcmp(out, plain, len) == 0);
		CHECK(aead_open(key, nonce, one, len + 16));
		CHECK(memcmp(one, plain, len) == 0);
		two[len] ^= 1;
		CHECK_OK(aead_open_piece(aead, nonce, sealed, out, &is_genuine));
		CHECK(!is_genuine);
		CHECK(!aead_open(key, nonce, two, len + 16));
	}
	aead_free(aead);
}
