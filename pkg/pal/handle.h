/*
 * What the loop can wait for: a file descriptor on POSIX, a SOCKET or HANDLE on Windows.
 */
#ifndef PAL_HANDLE_H
#define PAL_HANDLE_H

#include <stdint.h>

typedef intptr_t pal_handle;

#define PAL_HANDLE_NONE ((pal_handle)-1)

#endif
