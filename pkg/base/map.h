/*
 * A hash map from string to pointer that keeps insertion order, so that output is stable. Keys
 * are copied; values are borrowed. Removal keeps the order of the rest.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_entry {
	char *key; /* NULL: removed */
	void *value;
	uint32_t hash;
};

struct map {
	struct map_entry *entries; /* in insertion order, may contain removed ones */
	size_t used, cap;
	size_t len; /* live entries */
	uint32_t *slots;
	size_t slot_count;
};

#define MAP_INIT { NULL, 0, 0, 0, NULL, 0 }

void map_clear(struct map *m);
/* NULL when absent (or when NULL was stored; see map_has). */
void *map_get(const struct map *m, const char *key);
bool map_has(const struct map *m, const char *key);
/* Insert or replace; returns the previous value or NULL. */
void *map_set(struct map *m, const char *key, void *value);
/* Returns the removed value or NULL. */
void *map_remove(struct map *m, const char *key);
/* for (struct map_entry *e = map_first(&m); e; e = map_next(&m, e)) */
struct map_entry *map_first(const struct map *m);
struct map_entry *map_next(const struct map *m, const struct map_entry *entry);

/* FNV-1a; for hash tables only. */
uint32_t map_hash(const void *bytes, size_t len);

#endif
