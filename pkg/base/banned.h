/*
 * Calls that do not compile here, because each has a safer twin: str_addf for sprintf,
 * num_parse_* for atoi, str_* for strcpy and strcat, view_split for strtok. (tests/arch checks
 * the ones that cannot be poisoned because system headers mention them later.)
 * BASE_ALLOW_BANNED, from the Makefile, lets them pass.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

/* Builds for macOS and Windows, whose headers use them, define it: the Linux builds find them all. */
#if defined(__GNUC__) && !defined(BASE_ALLOW_BANNED)
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok strtok_r
#pragma GCC poison atoi atol atoll atof gets mktemp tmpnam popen
#endif

#endif
