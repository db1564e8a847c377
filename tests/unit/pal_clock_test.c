#include "test.h"
#include "pal/clock.h"

static const char *text_of(int64_t ns)
{
	static char text[CLOCK_TEXT_SIZE];

	clock_format(ns, text);
	return text;
}

TEST(clock, writes_rfc_3339)
{
	char text[CLOCK_TEXT_SIZE];

	CHECK_STR(text_of(0), "1970-01-01T00:00:00Z");
	CHECK_STR(text_of(INT64_C(1795204800) * CLOCK_NS_PER_S), "2026-11-20T20:00:00Z");
	CHECK_STR(text_of(INT64_C(951782400) * CLOCK_NS_PER_S), "2000-02-29T00:00:00Z");
	CHECK_STR(text_of(-1), "1969-12-31T23:59:59Z");
	CHECK_STR(text_of(INT64_MAX), "2262-04-11T23:47:16Z");
	CHECK_STR(text_of(INT64_MIN), "1677-09-21T00:12:43Z");
	clock_format_ms(INT64_C(1795204800) * CLOCK_NS_PER_S + 42 * CLOCK_NS_PER_MS, text);
	CHECK_STR(text, "2026-11-20T20:00:00.042Z");
	clock_format_ms(-1, text);
	CHECK_STR(text, "1969-12-31T23:59:59.999Z");
}

TEST(clock, reads_what_it_writes)
{
	/* A bit more than a month at a time, over all leap rules. */
	for (int64_t s = -9000000000; s < 9000000000; s += 2718281) {
		int64_t back = 0;
		CHECK_OK(clock_parse(text_of(s * CLOCK_NS_PER_S), &back));
		CHECK_INT(back, s * CLOCK_NS_PER_S);
	}
}

TEST(clock, reads_offsets_and_fractions)
{
	const int64_t second = INT64_C(1795204800);
	int64_t ns = 0;

	CHECK_OK(clock_parse("2026-11-20T21:30:00+01:30", &ns));
	CHECK_INT(ns, second * CLOCK_NS_PER_S);
	CHECK_OK(clock_parse("2026-11-20t15:00:00-05:00", &ns));
	CHECK_INT(ns, second * CLOCK_NS_PER_S);
	CHECK_OK(clock_parse("2026-11-20 20:00:00.5z", &ns));
	CHECK_INT(ns, second * CLOCK_NS_PER_S + CLOCK_NS_PER_S / 2);
	CHECK_OK(clock_parse("2026-11-20T20:00:00.1234567891Z", &ns));
	CHECK_INT(ns, second * CLOCK_NS_PER_S + 123456789);
	CHECK_OK(clock_parse("2016-12-31T23:59:60Z", &ns));
	CHECK_STR(text_of(ns), "2017-01-01T00:00:00Z");
}

TEST(clock, refuses_what_is_no_time)
{
	static const char *const bad[] = {
		"",
		"2026",
		"2026-11-20",
		"2026-11-20T20:00Z",
		"2026-11-20T20:00:00",
		"2026-11-20T20:00:00Z ",
		"2026-13-20T20:00:00Z",
		"2026-00-20T20:00:00Z",
		"2026-11-31x20:00:00Z",
		"2026-11-32T20:00:00Z",
		"2026-02-29T20:00:00Z",
		"2100-02-29T00:00:00Z",
		"2026-11-20T24:00:00Z",
		"2026-11-20T20:60:00Z",
		"2026-11-20T20:00:61Z",
		"2026-11-20T20:00:00.Z",
		"2026-11-20T20:00:00+1:00",
		"2026-11-20T20:00:00+24:00",
		"1677-01-01T00:00:00Z",
		"2262-01-01T00:00:00Z",
		"26-11-20T20:00:00Z",
		"2026-1120T20:00:00Z",
		"-026-11-20T20:00:00Z",
	};
	int64_t ns = 7;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_ERR(clock_parse(bad[i], &ns), ERR_INVALID, "not RFC 3339");
	CHECK_INT(ns, 7);
}

TEST(clock, the_monotonic_clock_does_not_go_back)
{
	int64_t before = clock_monotonic_ns();

	clock_sleep_ms(2);
	int64_t after = clock_monotonic_ns();
	CHECK(before > 0);
	CHECK(after - before >= 2 * CLOCK_NS_PER_MS);
	clock_sleep_ms(0);
	clock_sleep_ms(-5);
}

TEST(deadline, never_is_never)
{
	CHECK(!deadline_is_over(DEADLINE_NEVER));
	CHECK_INT(deadline_left_ms(DEADLINE_NEVER), -1);
	struct deadline some = deadline_after(1000);
	CHECK_INT(deadline_min(DEADLINE_NEVER, some).at_ns, some.at_ns);
	CHECK_INT(deadline_min(some, DEADLINE_NEVER).at_ns, some.at_ns);
	CHECK_INT(deadline_min(DEADLINE_NEVER, DEADLINE_NEVER).at_ns, 0);
}

TEST(deadline, counts_down_and_is_over)
{
	struct deadline soon = deadline_after(60000), later = deadline_after(120000);

	CHECK(!deadline_is_over(soon));
	CHECK(deadline_left_ms(soon) > 50000 && deadline_left_ms(soon) <= 60000);
	CHECK_INT(deadline_min(later, soon).at_ns, soon.at_ns);
	CHECK(deadline_is_over(deadline_after(0)));
	CHECK(deadline_is_over(deadline_after(-5)));
	CHECK_INT(deadline_left_ms(deadline_after(0)), 0);
	CHECK_INT(deadline_left_ms(deadline_after(INT64_MAX)), INT_MAX);
}
