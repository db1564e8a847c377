#include "base/base.h"

#include "test.h"

#include "crypto/encode.h"
#include "pal/random.h"
#include "vault/mask.h"

/* Fed in pieces of random length. */
static void masked(const char *secret, struct view text, struct str *out)
{
	AUTOPTR(mask) mask = mask_new();
	(void)mask_add(mask, view_of(secret));
	for (size_t pos = 0; pos < text.len;) {
		size_t wanted = (size_t)random_below(7) + 1, len = MIN(text.len - pos, wanted);
		mask_feed(mask, (struct view){ text.ptr + pos, len }, out);
		pos += len;
	}
	mask_flush(mask, out);
}

#define CHECK_MASKED(secret, text, expected)          \
	do {                                          \
		AUTO(str) out_ = STR_INIT;            \
		masked(secret, view_of(text), &out_); \
		CHECK_STR(out_.ptr, expected);        \
	} while (0)

TEST(mask, the_secret_as_it_is)
{
	CHECK_MASKED("hunter22", "a hunter22 b hunter22", "a (hidden) b (hidden)");
	CHECK_MASKED("hunter22", "hunter2 hunterhunter22x", "hunter2 hunter(hidden)x");
	CHECK_MASKED("aaaa", "xaaaaaay", "x(hidden)y");
	CHECK_MASKED("abc", "abc is too short", "abc is too short");
	CHECK_MASKED("hunter22", "nothing here\n", "nothing here\n");
}

TEST(mask, wrapped_by_line_ends)
{
	CHECK_MASKED("hunter22", "a hun\nter\r\n22 b", "a (hidden) b");
	CHECK_MASKED("two\nlines", "a two\nlines b twolines\n", "a (hidden) b (hidden)\n");
	CHECK_MASKED("hunter22", "hunter\n\nx", "hunter\n\nx");
}

TEST(mask, escapes)
{
	CHECK_MASKED("p<w \"1\"", "{\"a\":\"p<w \\\"1\\\"\"}", "{\"a\":\"(hidden)\"}");
	CHECK_MASKED("p<w \"1\"", "p\\u003cw \\\"1\\\"", "(hidden)");
	CHECK_MASKED("a b/c&d", "?x=a%20b%2Fc%26d&y", "?x=(hidden)&y");
	CHECK_MASKED("a b/c&d", "?x=a+b%2Fc%26d&y", "?x=(hidden)&y");
	CHECK_MASKED("hunter22", "68756e7465723232 68756E7465723232", "(hidden) (hidden)");
}

static void random_secret(char *text, size_t len)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 /+&\"<%\\";
	for (size_t i = 0; i < len; i++)
		text[i] = letters[random_below(sizeof(letters) - 1)];
	text[len] = '\0';
}

TEST(mask, base64_at_every_alignment_never_shows_the_secret)
{
	for (int round = 0; round < 2000; round++) {
		char secret[64], before[8];
		AUTO(str) plain = STR_INIT;
		AUTO(str) text = STR_INIT;
		AUTO(str) out = STR_INIT;
		AUTO(str) back = STR_INIT;
		random_secret(secret, 6 + (size_t)random_below(50));
		random_secret(before, (size_t)random_below(7));
		str_addf(&plain, "%s%s%s", before, secret, before);
		base64_add(&text, plain.ptr, plain.len, round % 2 ? BASE64_URL : 0);
		masked(secret, view_str(&text), &out);
		size_t begin = (strlen(before) * 8 + 5) / 6,
		       end = (strlen(before) + strlen(secret)) * 8 / 6;
		AUTOFREE char *middle = mem_strndup(text.ptr + begin, end - begin);
		CHECK(strstr(out.ptr, MASK_TEXT) != NULL);
		if (strstr(out.ptr, middle)) {
			test_fail(__FILE__, __LINE__, "'%s' behind '%s' is '%s', shown as '%s'",
			          secret, before, text.ptr, out.ptr);
			return;
		}
	}
}

/* Random text with the secret in it: what comes out, with the secret put back, is what went in. */
TEST(mask, nothing_else_is_lost)
{
	for (int round = 0; round < 3000; round++) {
		char secret[40], piece[24];
		AUTO(str) text = STR_INIT;
		AUTO(str) wanted = STR_INIT;
		AUTO(str) out = STR_INIT;
		random_secret(secret, 12 + (size_t)random_below(20));
		for (int i = 0; i < 6; i++) {
			bool is_secret = random_below(3) == 0;
			random_secret(piece, (size_t)random_below(20) + 1);
			str_addf(&text, "#%s#", is_secret ? secret : piece);
			str_addf(&wanted, "#%s#", is_secret ? MASK_TEXT : piece);
		}
		if (strchr(secret, '#') || strstr(wanted.ptr, secret))
			continue;
		masked(secret, view_str(&text), &out);
		CHECK_STR(out.ptr, wanted.ptr);
	}
}
