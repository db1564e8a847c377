/*
 * Hides known secrets in a stream of bytes: as they are, in base64 (wherever it begins), hex, percent and
 * JSON escapes, also when line ends stand in between. Works piece by piece and holds back only what may be
 * the beginning of a secret.
 */
#ifndef VAULT_MASK_H
#define VAULT_MASK_H

#include "base/base.h"

#define MASK_TEXT      "(hidden)"
#define MASK_MIN_BYTES 4u /* shorter secrets would hide half of every text: they are not hidden */

struct mask;

struct mask *mask_new(void);
/* Wipes what it knows. NULL is fine. */
void mask_free(struct mask *mask);
AUTOPTR_DEFINE(mask)

/* Before the first mask_feed. False: too short to be hidden. */
bool mask_add(struct mask *mask, struct view secret);
/* Append what may be shown of `bytes` and of what was held back. */
void mask_feed(struct mask *mask, struct view bytes, struct str *out);
/* The stream ended: append what was held back. */
void mask_flush(struct mask *mask, struct str *out);

#endif
