/* The atomic write on a long path: shared by fs_write_atomic and fs_stage_begin. */
#ifndef PAL_STAGE_WIN32_H
#define PAL_STAGE_WIN32_H

#include "base/base.h"
#include "pal/root.h"

NODISCARD err *stage_begin_wide(const wchar_t *target, const char *shown,
                                const struct fs_stage_opts *opts, struct view bytes,
                                struct fs_stage **ret_stage);

/* Open the staged copy to write it; the handle is the caller's, and closed before the commit. */
NODISCARD err *stage_open_copy(struct fs_stage *stage, void **ret_file);

#endif
