#include "test.h"
#include "pal/random.h"

TEST(random, fills_all_of_a_large_buffer)
{
	uint8_t bytes[1000];
	bool has_value[256] = { false };
	size_t values = 0;

	random_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		values += !has_value[bytes[i]];
		has_value[bytes[i]] = true;
	}
	/* 251 expected; below 200 something is broken and not unlucky. */
	CHECK(values > 200);
	random_bytes(bytes, 0);
}

TEST(random, below_stays_below_and_reaches_all)
{
	int seen[7] = { 0 };

	for (int i = 0; i < 2000; i++) {
		uint64_t value = random_below(7);
		CHECK(value < 7);
		seen[value]++;
	}
	for (size_t i = 0; i < 7; i++)
		CHECK(seen[i] > 150);
	CHECK_INT(random_below(1), 0);
	random_below(UINT64_MAX);
}

TEST(random, jitter_only_shortens)
{
	for (int i = 0; i < 200; i++) {
		int64_t ms = random_jitter_ms(1000, 30);
		CHECK(ms >= 700 && ms <= 1000);
	}
	CHECK_INT(random_jitter_ms(0, 50), 0);
	CHECK_INT(random_jitter_ms(1000, 0), 1000);
	CHECK_INT(random_jitter_ms(-5, 50), -5);
}
