/*
 * Codes of the operating system that a library hands on: errno here, GetLastError() on Windows.
 */
#ifndef PAL_OSERR_H
#define PAL_OSERR_H

#include "base/base.h"

/* An err of the kind that `code` means, with the text `what` and the system's words for the code. */
NODISCARD err *os_error(int code, const char *what);

#endif
