#include "test.h"
#include "crypto/encode.h"

TEST(hex, goes_both_ways)
{
	AUTO(str) text = STR_INIT, bytes = STR_INIT;

	hex_add(&text, "\x00\x7f\xff\x10", 4);
	CHECK_STR(text.ptr, "007fff10");
	CHECK_OK(hex_decode(view_of("007FfF10"), &bytes));
	CHECK_INT(bytes.len, 4);
	CHECK(memcmp(bytes.ptr, "\x00\x7f\xff\x10", 4) == 0);
	CHECK_OK(hex_decode(view_of(""), &bytes));
	CHECK_INT(bytes.len, 4);
}

TEST(hex, refuses_what_is_not_hex_and_appends_nothing)
{
	AUTO(str) bytes = STR_INIT;

	CHECK_ERR(hex_decode(view_of("abc"), &bytes), ERR_INVALID, "odd number");
	CHECK_ERR(hex_decode(view_of("ab0g"), &bytes), ERR_INVALID, "not a digit at byte");
	CHECK_ERR(hex_decode(view_of(" ab0"), &bytes), ERR_INVALID, "byte 1");
	CHECK_INT(bytes.len, 0);
}

TEST(base64, matches_rfc_4648_both_ways)
{
	static const char *const pairs[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
	};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		AUTO(str) text = STR_INIT, bytes = STR_INIT;
		base64_add(&text, pairs[i][0], strlen(pairs[i][0]), 0);
		CHECK_STR(text.ptr, pairs[i][1]);
		CHECK_INT(text.len, strlen(pairs[i][1]));
		CHECK_OK(base64_decode(view_of(pairs[i][1]), 0, &bytes));
		CHECK_STR(bytes.ptr, pairs[i][0]);
	}
}

TEST(base64, knows_the_url_alphabet_and_no_padding)
{
	AUTO(str) text = STR_INIT, bytes = STR_INIT;

	base64_add(&text, "\xfb\xff\xfe\xff", 4, BASE64_URL | BASE64_NO_PADDING);
	CHECK_STR(text.ptr, "-__-_w");
	CHECK_OK(base64_decode(view_str(&text), BASE64_URL | BASE64_NO_PADDING, &bytes));
	CHECK_INT(bytes.len, 4);
	CHECK_ERR(base64_decode(view_str(&text), BASE64_NO_PADDING, &bytes), ERR_INVALID, "byte 1");
	CHECK_ERR(base64_decode(view_of("Zg=="), BASE64_NO_PADDING, &bytes), ERR_INVALID, "byte 3");
	CHECK_INT(bytes.len, 4);
}

TEST(base64, is_strict)
{
	AUTO(str) bytes = STR_INIT;

	CHECK_ERR(base64_decode(view_of("Zg"), 0, &bytes), ERR_INVALID, "padding");
	CHECK_ERR(base64_decode(view_of("Zg="), 0, &bytes), ERR_INVALID, "padding");
	CHECK_ERR(base64_decode(view_of("Z"), 0, &bytes), ERR_INVALID, "cut off");
	CHECK_ERR(base64_decode(view_of("Zg==Zg=="), 0, &bytes), ERR_INVALID, "byte 5");
	CHECK_ERR(base64_decode(view_of("Zm9v\n"), 0, &bytes), ERR_INVALID, "byte 5");
	/* "Zh==" has a bit behind the only byte */
	CHECK_ERR(base64_decode(view_of("Zh=="), 0, &bytes), ERR_INVALID, "");
	CHECK_INT(bytes.len, 0);
}

TEST(base64, skips_line_ends_when_told)
{
	AUTO(str) bytes = STR_INIT;

	CHECK_OK(base64_decode(view_of("Zm9v\r\n  YmE=\n"), BASE64_LINES, &bytes));
	CHECK_STR(bytes.ptr, "fooba");
	CHECK_ERR(base64_decode(view_of("Zm9v\n*"), BASE64_LINES, &bytes), ERR_INVALID, "byte 6");
}
