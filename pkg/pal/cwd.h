/*
 * The current folder of the process, changed once by `fettle -C DIR` before any command runs.
 */
#ifndef PAL_CWD_H
#define PAL_CWD_H

#include "base/base.h"

/* Fails with NOT_FOUND, DENIED, or INVALID when it is not a folder. */
NODISCARD err *cwd_change(const char *dir);

#endif
