/*
 * Regular expressions with the meaning Go gives them (RE2 syntax, search from any place), run by
 * PCRE2. What the two would read differently is translated or refused: look-around, back references,
 * possessive quantifiers, recursion, verbs. A match that takes too many steps is an error, never a
 * wait. Sole user of pcre2.h.
 */
#ifndef REGEX_REGEX_H
#define REGEX_REGEX_H

#include "base/base.h"

struct regex;

/*
 * Compile. INVALID with the position in the pattern, LIMIT for one over 64 KiB. A compiled regex may
 * be used from several threads at once.
 */
NODISCARD err *regex_new(const char *pattern, struct regex **ret_regex);
void regex_free(struct regex *regex); /* NULL is fine */
AUTOPTR_DEFINE(regex)

/* Does it match anywhere in `text`? LIMIT when that cannot be found out in a sane number of steps. */
NODISCARD err *regex_matches(const struct regex *regex, struct view text, bool *ret_matches);

/* The pattern for PCRE2; exposed for tests. */
NODISCARD err *regex_translate(const char *pattern, struct str *ret_pattern);

#endif
