/*
 * Test seam: pal is the only door to the operating system, so in builds with -DFETTLE_TEST_HOOKS
 * every fallible system call made here passes FAULT("name") first, which counts it and can make the
 * N-th one fail or kill the process there. In every other build it compiles to nothing.
 *
 *	if (FAULT("fsync") || fsync(fd) != 0)
 *		return err_sys(errno, "cannot flush '%s'", path);
 *
 * Environment of a test build:
 *	FETTLE_TEST_FAIL_AT=n     the n-th call (from 1) fails with EIO
 *	FETTLE_TEST_KILL_AT=n     the process dies by SIGKILL at the n-th call
 *	FETTLE_TEST_FAULT_LOG=f   each call appends its number and name as one line to the file f
 */
#ifndef PAL_FAULT_H
#define PAL_FAULT_H

#include <stdbool.h>

#ifdef FETTLE_TEST_HOOKS

/*
 * Count one call; true, with errno set to EIO, when this one must fail. May not return.
 * Safe from several threads.
 */
bool fault_hit(const char *name);

/* For unit tests: make the n-th call from now on fail (0 = none); overrides the environment. */
void fault_arm(unsigned long n);

/* For unit tests, in a forked child: die by SIGKILL at the n-th call from now on. */
void fault_arm_kill(unsigned long n);

/* For unit tests: how many calls were counted since the last fault_arm, or since the start. */
unsigned long fault_count(void);

#define FAULT(name) fault_hit(name)
#else
#define FAULT(name) (false)
#endif

#endif
