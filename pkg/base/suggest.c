#include "base/base.h"

#include "base/suggest.h"

enum { LONGEST = 64 };

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Optimal string alignment over three rows; letters are compared without case. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][LONGEST + 1];
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			bool same = lower(a[i - 1]) == lower(b[j - 1]);
			row[j] = MIN(above[j - 1] + !same, MIN(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]))
				row[j] = MIN(row[j], second[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

size_t suggest_distance(const char *a, const char *b, size_t limit)
{
	size_t a_len = strlen(a), b_len = strlen(b);
	size_t gap = a_len > b_len ? a_len - b_len : b_len - a_len;
	if (gap > limit || a_len > LONGEST || b_len > LONGEST)
		return limit + 1;
	size_t steps = distance(a, a_len, b, b_len);
	if (steps == 0 && strcmp(a, b) != 0)
		steps = 1; /* only the case differs */
	return MIN(steps, limit + 1);
}

const char *suggest_nearest(const char *word, const char *const *candidates, size_t count)
{
	size_t limit = MAX(strlen(word) / 3, (size_t)1);
	size_t best_steps = limit + 1;
	const char *best = NULL;
	for (size_t i = 0; i < count; i++) {
		size_t steps = suggest_distance(word, candidates[i], limit);
		if (steps < best_steps) {
			best_steps = steps;
			best = candidates[i];
		}
	}
	return best;
}
