/*
 * Durations as people write them: "30s", "1h30m", "500ms", "7d".
 */
#ifndef BASE_DURATION_H
#define BASE_DURATION_H

#include "base/base.h"

/* To milliseconds. False when it is not a duration, has no unit, or is longer than a century. */
NODISCARD bool duration_parse(const char *text, int64_t *ret_ms);
/* "1h30m", "0s": the shortest way to write it. */
void duration_add(struct str *out, int64_t ms);

#endif
