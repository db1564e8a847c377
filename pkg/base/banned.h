/*
 * Calls that do not compile here, because each has a safer twin: str_addf for sprintf,
 * num_parse_* for atoi, str_* for strcpy and strcat, view_split for strtok. (tests/arch checks
 * the ones that cannot be poisoned because system headers mention them later.)
 * A file that must include system headers which use them inline (windows.h) defines
 * BASE_ALLOW_BANNED before its first include.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

/* Not on macOS, whose headers make macros of them and declare mktemp late: Linux finds them all. */
#if defined(__GNUC__) && !defined(BASE_ALLOW_BANNED) && !defined(__APPLE__)
#undef popen /* a macro in MinGW */
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok strtok_r
#pragma GCC poison atoi atol atoll atof gets mktemp tmpnam popen
#endif

#endif
