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

/* Bytes [start, end) of the text; start is REGEX_NO_GROUP for a group that took no part. */
struct regex_span {
	size_t start, end;
};
#define REGEX_NO_GROUP  SIZE_MAX
#define REGEX_MAX_GROUPS 32

/*
 * The first match at or behind `from`: spans[0] is the whole, then its groups. *ret_count 0: there is
 * none. Fails as regex_matches.
 */
NODISCARD err *regex_find(const struct regex *regex, struct view text, size_t from,
                          struct regex_span spans[REGEX_MAX_GROUPS], size_t *ret_count);
/* Number of the group (?P<name>…); -1: there is none. */
int regex_group(const struct regex *regex, const char *name);

/* The pattern for PCRE2; exposed for tests. */
NODISCARD err *regex_translate(const char *pattern, struct str *ret_pattern);

#endif
