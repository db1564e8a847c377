/*
 * "Did you mean ...?": the nearest of some names by edit distance (insert, remove, replace, swap
 * of neighbours; a difference in case counts little).
 */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include <stddef.h>

/* Edit distance in steps, or `limit + 1` when larger than `limit`. Bytes; at most 64 are compared. */
size_t suggest_distance(const char *a, const char *b, size_t limit);
/*
 * The best of `count` candidates, or NULL when none is close enough to be worth saying
 * (a third of the word's length, at least one step). The first of equals wins.
 */
const char *suggest_nearest(const char *word, const char *const *candidates, size_t count);

#endif
