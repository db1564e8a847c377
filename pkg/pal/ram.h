/*
 * A private folder whose files never reach a disk (swap apart): for secrets that another program, an
 * editor, must see as a file.
 */
#ifndef PAL_RAM_H
#define PAL_RAM_H

#include "base/base.h"

/*
 * Make a new folder (0700) in memory; the caller removes it with fs_remove_tree. UNSUPPORTED where the
 * system has no such place for everybody.
 */
NODISCARD err *ram_mkdtemp(const char *prefix, struct str *ret_path);

#endif
