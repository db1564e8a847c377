/*
 * What the files of pkg/settings share about keys. Not for other modules.
 */
#ifndef SETTINGS_KEYS_H
#define SETTINGS_KEYS_H

#include "settings/settings.h"

/* True when `name` is the first part of a key: "git" of "git.timeout". */
bool settings_is_group(const char *name);
const char *settings_suggest(const char *name);

#endif
