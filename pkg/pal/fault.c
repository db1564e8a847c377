#include "base/base.h"

#include "pal/fault.h"

#ifdef FETTLE_TEST_HOOKS

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#ifdef _WIN32
#include <windows.h>
#endif

#include "base/num.h"

/* The one place with mutable globals: a counter for the whole process is the point of it. */
static atomic_ulong counted;
static atomic_ulong armed;
static atomic_ulong armed_kill;
static atomic_bool is_armed;

static unsigned long env_number(const char *name)
{
	const char *text = getenv(name);
	uint64_t value = 0;
	if (!text || !num_parse_u64(text, strlen(text), 10, &value))
		return 0;
	return (unsigned long)value;
}

static void log_call(unsigned long number, const char *name)
{
	const char *path = getenv("FETTLE_TEST_FAULT_LOG");
	FILE *file = path ? fopen(path, "a") : NULL;
	if (!file)
		return;
	fprintf(file, "%lu %s\n", number, name);
	fclose(file);
}

static void die(void)
{
#ifdef _WIN32
	TerminateProcess(GetCurrentProcess(), 137);
#else
	raise(SIGKILL);
#endif
}

void fault_arm(unsigned long n)
{
	atomic_store(&counted, 0);
	atomic_store(&armed, n);
	atomic_store(&armed_kill, 0);
	atomic_store(&is_armed, true);
}

void fault_arm_kill(unsigned long n)
{
	fault_arm(0);
	atomic_store(&armed_kill, n);
}

unsigned long fault_count(void)
{
	return atomic_load(&counted);
}

bool fault_hit(const char *name)
{
	unsigned long number = atomic_fetch_add(&counted, 1) + 1;
	log_call(number, name);
	unsigned long kill_at = atomic_load(&is_armed) ? atomic_load(&armed_kill)
	                                               : env_number("FETTLE_TEST_KILL_AT");
	if (number == kill_at)
		die();
	unsigned long fail_at =
		atomic_load(&is_armed) ? atomic_load(&armed) : env_number("FETTLE_TEST_FAIL_AT");
	if (number != fail_at)
		return false;
	errno = EIO;
#ifdef _WIN32
	SetLastError(ERROR_IO_DEVICE);
#endif
	return true;
}

#else

/* ISO C wants something in every file. */
extern const char fault_is_compiled_out_[1];
const char fault_is_compiled_out_[1] = "";

#endif
