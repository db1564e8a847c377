#include "test.h"
#include "crypto/secret.h"

TEST(secret, starts_zeroed_and_ends_with_a_nul)
{
	AUTO(secret) secret = SECRET_INIT;

	CHECK_OK(secret_init(&secret, 3));
	CHECK_INT(secret.len, 3);
	CHECK(memcmp(secret.ptr, "\0\0\0\0", 4) == 0);
}

TEST(secret, copy_may_come_from_itself)
{
	AUTO(secret) secret = SECRET_INIT;

	CHECK_OK(secret_copy(&secret, "hunter2", 7));
	CHECK_OK(secret_copy(&secret, secret.ptr + 4, 3));
	CHECK_INT(secret.len, 3);
	CHECK(memcmp(secret.ptr, "er2", 4) == 0);
}

TEST(secret, truncate_wipes_the_rest)
{
	AUTO(secret) secret = SECRET_INIT;

	CHECK_OK(secret_copy(&secret, "hunter2", 7));
	secret_truncate(&secret, 3);
	CHECK_INT(secret.len, 3);
	CHECK(memcmp(secret.ptr, "hun\0\0\0\0", 8) == 0);
}

TEST(secret, clear_leaves_it_usable)
{
	AUTO(secret) secret = SECRET_INIT;

	secret_clear(&secret);
	CHECK_OK(secret_copy(&secret, "a", 1));
	secret_clear(&secret);
	CHECK(!secret.ptr);
	CHECK_OK(secret_copy(&secret, NULL, 0));
	CHECK_INT(secret.len, 0);
}

TEST(secret, equal_looks_at_length_and_contents)
{
	AUTO(secret) a = SECRET_INIT;
	AUTO(secret) b = SECRET_INIT;

	CHECK(secret_equal(&a, &b));
	CHECK_OK(secret_copy(&a, "abc", 3));
	CHECK(!secret_equal(&a, &b));
	CHECK_OK(secret_copy(&b, "abd", 3));
	CHECK(!secret_equal(&a, &b));
	CHECK_OK(secret_copy(&b, "abc", 3));
	CHECK(secret_equal(&a, &b));
}

TEST(secret, refuses_an_absurd_size)
{
	AUTO(secret) secret = SECRET_INIT;

	CHECK_ERR(secret_init(&secret, SIZE_MAX), ERR_LIMIT, "locked memory");
	CHECK_ERR(secret_init(&secret, SIZE_MAX / 2), ERR_LIMIT, "locked memory");
}

TEST(secret, wipe_overwrites)
{
	char text[] = "hunter2";

	secret_wipe(text, sizeof(text));
	CHECK(memcmp(text, "\0\0\0\0\0\0\0", sizeof(text)) == 0);
}

TEST(secret, many_of_all_sizes_do_not_share_bytes)
{
	enum { COUNT = 900 };
	struct secret *secrets = mem_zalloc(COUNT, sizeof(*secrets));
	for (size_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < COUNT; i++) {
			size_t len = i % 3 == 0 ? i % 128 : i % 3 == 1 ? i * 2 : i * 40;
			CHECK_OK(secret_init(&secrets[i], len));
			for (size_t k = 0; k <= len; k++)
				CHECK(secrets[i].ptr[k] == 0);
			memset(secrets[i].ptr, (int)i, len);
		}
		for (size_t i = round; i < COUNT; i += 2) {
			for (size_t k = 0; k < secrets[i].len; k++)
				CHECK(secrets[i].ptr[k] == (uint8_t)i);
			secret_clear(&secrets[i]);
		}
	}
	for (size_t i = 0; i < COUNT; i++)
		secret_clear(&secrets[i]);
	mem_free(secrets);
}
