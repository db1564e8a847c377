#include "base/base.h"
#include "pal/clock.h"

#include "pal/clock_os.h"

#ifdef FETTLE_TEST_HOOKS
#include "pal/argv.h"
#endif

int64_t clock_monotonic_ns(void)
{
	return clock_os_monotonic_ns();
}

int64_t clock_monotonic_ms(void)
{
	return clock_os_monotonic_ns() / CLOCK_NS_PER_MS;
}

int64_t clock_wall_ns(void)
{
#ifdef FETTLE_TEST_HOOKS
	const char *fixed = env_get_nonempty("FETTLE_TEST_NOW");
	int64_t now;
	if (fixed) {
		err *e = clock_parse(fixed, &now);
		if (!e)
			return now;
		err_ignore(e, "not a time: the test gets the real one");
	}
#endif
	return clock_os_wall_ns();
}

void clock_sleep_ms(int64_t ms)
{
	if (ms > 0)
		clock_os_sleep_ms(ms);
}

/*
 * Days since 1970-01-01 and back, proleptic Gregorian calendar; the months are counted from March
 * so that the leap day is the last of its year (Howard Hinnant, "chrono-compatible low-level date
 * algorithms").
 */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

static void date_from_days(int64_t days, int64_t *ret_year, int64_t *ret_month, int64_t *ret_day)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t day_of_era = days - era * 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month_from_march = (5 * day_of_year + 2) / 153;

	*ret_day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
	*ret_month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
	*ret_year = year_of_era + era * 400 + (*ret_month <= 2);
}

static int64_t floor_div(int64_t value, int64_t by)
{
	return value / by - (value % by < 0);
}

static void put_digits(char *text, int count, int64_t value)
{
	while (count-- > 0) {
		text[count] = (char)('0' + value % 10);
		value /= 10;
	}
}

/* "YYYY-MM-DDTHH:MM:SS", 19 bytes; every int64_t of nanoseconds has a year of four digits. */
static void put_date_time(int64_t wall_s, char *text)
{
	int64_t days = floor_div(wall_s, 86400), second = wall_s - days * 86400;
	int64_t year, month, day;
	date_from_days(days, &year, &month, &day);

	memcpy(text, "YYYY-MM-DDTHH:MM:SS", 19);
	put_digits(text, 4, year);
	put_digits(text + 5, 2, month);
	put_digits(text + 8, 2, day);
	put_digits(text + 11, 2, second / 3600);
	put_digits(text + 14, 2, second / 60 % 60);
	put_digits(text + 17, 2, second % 60);
}

void clock_format(int64_t wall_ns, char ret_text[CLOCK_TEXT_SIZE])
{
	put_date_time(floor_div(wall_ns, CLOCK_NS_PER_S), ret_text);
	memcpy(ret_text + 19, "Z", 2);
}

void clock_format_ms(int64_t wall_ns, char ret_text[CLOCK_TEXT_SIZE])
{
	int64_t wall_s = floor_div(wall_ns, CLOCK_NS_PER_S);
	put_date_time(wall_s, ret_text);
	memcpy(ret_text + 19, ".000Z", 6);
	put_digits(ret_text + 20, 3, (wall_ns - wall_s * CLOCK_NS_PER_S) / CLOCK_NS_PER_MS);
}

/* Reads `count` digits at *at and moves on. */
static bool take_digits(const char **at, int count, int64_t *ret_value)
{
	int64_t value = 0;

	for (int i = 0; i < count; i++) {
		char c = (*at)[i];
		if (c < '0' || c > '9')
			return false;
		value = value * 10 + (c - '0');
	}
	*at += count;
	*ret_value = value;
	return true;
}

static bool take_char(const char **at, const char *allowed)
{
	if (!**at || !strchr(allowed, **at))
		return false;
	(*at)++;
	return true;
}

static bool take_date(const char **at, int64_t *ret_days)
{
	static const char lengths[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t year, month, day;

	if (!take_digits(at, 4, &year) || !take_char(at, "-") || !take_digits(at, 2, &month) ||
	    !take_char(at, "-") || !take_digits(at, 2, &day))
		return false;
	/* What fits into int64_t nanoseconds. */
	if (year < 1678 || year > 2261 || month < 1 || month > 12 || day < 1 ||
	    day > lengths[month - 1])
		return false;
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (month == 2 && day == 29 && !is_leap)
		return false;
	*ret_days = days_from_date(year, month, day);
	return true;
}

static bool take_time(const char **at, int64_t *ret_second)
{
	int64_t hour, minute, second;

	if (!take_digits(at, 2, &hour) || !take_char(at, ":") || !take_digits(at, 2, &minute) ||
	    !take_char(at, ":") || !take_digits(at, 2, &second))
		return false;
	/* 60 is a leap second; it is taken for the first second of the next minute. */
	if (hour > 23 || minute > 59 || second > 60)
		return false;
	*ret_second = hour * 3600 + minute * 60 + second;
	return true;
}

/* ".123456789": at least one digit, more than nine are cut off. */
static bool take_fraction(const char **at, int64_t *ret_ns)
{
	int64_t unit = CLOCK_NS_PER_S / 10, digit;

	*ret_ns = 0;
	if (!take_char(at, "."))
		return true;
	if (!take_digits(at, 1, &digit))
		return false;
	do {
		*ret_ns += digit * unit;
		unit /= 10;
	} while (take_digits(at, 1, &digit));
	return true;
}

static bool take_offset(const char **at, int64_t *ret_second)
{
	int64_t hour, minute;
	bool is_minus = **at == '-';

	*ret_second = 0;
	if (take_char(at, "Zz"))
		return true;
	if (!take_char(at, "+-") || !take_digits(at, 2, &hour) || !take_char(at, ":") ||
	    !take_digits(at, 2, &minute) || hour > 23 || minute > 59)
		return false;
	*ret_second = (hour * 3600 + minute * 60) * (is_minus ? -1 : 1);
	return true;
}

err *clock_parse(const char *text, int64_t *ret_wall_ns)
{
	const char *at = text;
	int64_t days, second, nanosecond, offset;

	if (!take_date(&at, &days) || !take_char(&at, "Tt ") || !take_time(&at, &second) ||
	    !take_fraction(&at, &nanosecond) || !take_offset(&at, &offset) || *at)
		return err_hint(err_new(ERR_INVALID, "cannot read time '%s': not RFC 3339", text),
		                "write it like 2026-11-20T20:00:00Z");
	*ret_wall_ns = (days * 86400 + second - offset) * CLOCK_NS_PER_S + nanosecond;
	return NULL;
}

struct deadline deadline_after(int64_t ms)
{
	/* Far beyond the life of a machine, and far from overflow. */
	const int64_t century_ms = INT64_C(100) * 366 * 86400 * 1000;
	int64_t wait_ms = ms < 0 ? 0 : ms > century_ms ? century_ms : ms;

	return (struct deadline){ clock_monotonic_ns() + wait_ms * CLOCK_NS_PER_MS };
}

bool deadline_is_over(struct deadline deadline)
{
	return deadline.at_ns && clock_monotonic_ns() >= deadline.at_ns;
}

int deadline_left_ms(struct deadline deadline)
{
	if (!deadline.at_ns)
		return -1;
	int64_t left_ns = deadline.at_ns - clock_monotonic_ns();
	if (left_ns <= 0)
		return 0;
	int64_t left_ms = (left_ns - 1) / CLOCK_NS_PER_MS + 1;
	return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

struct deadline deadline_min(struct deadline a, struct deadline b)
{
	if (!a.at_ns || !b.at_ns)
		return a.at_ns ? a : b;
	return a.at_ns < b.at_ns ? a : b;
}
