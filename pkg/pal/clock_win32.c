#include "base/base.h"
#include "pal/clock.h"

#include "pal/clock_os.h"

#include <windows.h>

int64_t clock_os_monotonic_ns(void)
{
	LARGE_INTEGER ticks, frequency;

	QueryPerformanceCounter(&ticks);
	QueryPerformanceFrequency(&frequency);
	int64_t seconds = ticks.QuadPart / frequency.QuadPart;
	int64_t rest = ticks.QuadPart % frequency.QuadPart;
	return seconds * CLOCK_NS_PER_S + rest * CLOCK_NS_PER_S / frequency.QuadPart;
}

int64_t clock_os_wall_ns(void)
{
	/* 100 ns units since 1601-01-01. */
	const int64_t epoch_1970 = INT64_C(116444736000000000);
	FILETIME now;

	GetSystemTimePreciseAsFileTime(&now);
	int64_t units = (int64_t)(((uint64_t)now.dwHighDateTime << 32) | now.dwLowDateTime);
	return (units - epoch_1970) * 100;
}

void clock_os_sleep_ms(int64_t ms)
{
	Sleep(ms > 0x7fffffff ? 0x7fffffff : (DWORD)ms);
}
