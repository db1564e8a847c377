/*
 * Time. The monotonic clock measures and limits, the wall clock is only for people and records.
 * In builds with -DFETTLE_TEST_HOOKS, FETTLE_TEST_NOW=2026-11-20T20:00:00Z stops the wall clock.
 */
#ifndef PAL_CLOCK_H
#define PAL_CLOCK_H

#include "base/base.h"

#define CLOCK_NS_PER_MS INT64_C(1000000)
#define CLOCK_NS_PER_S  INT64_C(1000000000)

/* Bytes of the longest text clock_format writes, with its NUL. */
#define CLOCK_TEXT_SIZE 40

/* Since some moment in the past; never goes back, goes on while nobody sets the date. */
int64_t clock_monotonic_ns(void);
int64_t clock_monotonic_ms(void);

/* Since 1970-01-01T00:00:00Z. */
int64_t clock_wall_ns(void);

/* "2026-11-20T20:00:00Z" (RFC 3339, UTC, whole seconds) into `ret_text`. */
void clock_format(int64_t wall_ns, char ret_text[CLOCK_TEXT_SIZE]);
/* The same with milliseconds: "2026-11-20T20:00:00.042Z". */
void clock_format_ms(int64_t wall_ns, char ret_text[CLOCK_TEXT_SIZE]);

/* Any RFC 3339 time with offset and optional fraction, years 1678 to 2261. INVALID. */
NODISCARD err *clock_parse(const char *text, int64_t *ret_wall_ns);

/* Sleep for that long; returns early on a signal. For back-off only, never for waiting. */
void clock_sleep_ms(int64_t ms);

/* A moment of the monotonic clock after which to give up; all zero means never. */
struct deadline {
	int64_t at_ns;
};

#define DEADLINE_NEVER ((struct deadline){ 0 })

/* `ms` from now; zero or less is over at once. */
struct deadline deadline_after(int64_t ms);
bool deadline_is_over(struct deadline deadline);
/* Milliseconds left, rounded up, 0 when over; -1 for never, as poll() wants it. */
int deadline_left_ms(struct deadline deadline);
/* The earlier of two. */
struct deadline deadline_min(struct deadline a, struct deadline b);

#endif
