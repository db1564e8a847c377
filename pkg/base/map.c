#include "base/base.h"

#include "base/map.h"

uint32_t map_hash(const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * 16777619u;
	return hash;
}

void map_clear(struct map *m)
{
	for (size_t i = 0; i < m->used; i++)
		mem_free(m->entries[i].key);
	mem_free(m->entries);
	mem_free(m->slots);
	*m = (struct map)MAP_INIT;
}

/* Slots hold index + 1; open addressing with linear probing, at most half full. */
static void rebuild(struct map *m)
{
	size_t live = 0;
	for (size_t i = 0; i < m->used; i++)
		if (m->entries[i].key)
			m->entries[live++] = m->entries[i];
	m->used = live;
	size_t slot_count = 16;
	while (slot_count < (live + 1) * 4)
		slot_count *= 2;
	mem_free(m->slots);
	m->slots = mem_zalloc(slot_count, sizeof(*m->slots));
	m->slot_count = slot_count;
	for (size_t i = 0; i < live; i++) {
		size_t slot = m->entries[i].hash & (slot_count - 1);
		while (m->slots[slot])
			slot = (slot + 1) & (slot_count - 1);
		m->slots[slot] = (uint32_t)(i + 1);
	}
}

static struct map_entry *find(const struct map *m, const char *key, uint32_t hash)
{
	if (m->slot_count == 0)
		return NULL;
	size_t slot = hash & (m->slot_count - 1);
	for (; m->slots[slot]; slot = (slot + 1) & (m->slot_count - 1)) {
		struct map_entry *entry = &m->entries[m->slots[slot] - 1];
		if (entry->key && entry->hash == hash && str_equal(entry->key, key))
			return entry;
	}
	return NULL;
}

void *map_get(const struct map *m, const char *key)
{
	struct map_entry *entry = find(m, key, map_hash(key, strlen(key)));
	return entry ? entry->value : NULL;
}

bool map_has(const struct map *m, const char *key)
{
	return find(m, key, map_hash(key, strlen(key))) != NULL;
}

void *map_set(struct map *m, const char *key, void *value)
{
	uint32_t hash = map_hash(key, strlen(key));
	struct map_entry *entry = find(m, key, hash);
	if (entry) {
		void *previous = entry->value;
		entry->value = value;
		return previous;
	}
	if ((m->used + 1) * 2 > m->slot_count)
		rebuild(m);
	if (m->used == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 8;
		m->entries = mem_realloc(m->entries, m->cap, sizeof(*m->entries));
	}
	m->entries[m->used] = (struct map_entry){ mem_strdup(key), value, hash };
	size_t slot = hash & (m->slot_count - 1);
	while (m->slots[slot])
		slot = (slot + 1) & (m->slot_count - 1);
	m->used++;
	m->len++;
	m->slots[slot] = (uint32_t)m->used;
	return NULL;
}

void *map_remove(struct map *m, const char *key)
{
	struct map_entry *entry = find(m, key, map_hash(key, strlen(key)));
	if (!entry)
		return NULL;
	mem_free(entry->key);
	entry->key = NULL;
	m->len--;
	return entry->value;
}

static struct map_entry *live_from(const struct map *m, size_t index)
{
	for (; index < m->used; index++)
		if (m->entries[index].key)
			return &m->entries[index];
	return NULL;
}

struct map_entry *map_first(const struct map *m)
{
	return live_from(m, 0);
}

struct map_entry *map_next(const struct map *m, const struct map_entry *entry)
{
	return live_from(m, (size_t)(entry - m->entries) + 1);
}
