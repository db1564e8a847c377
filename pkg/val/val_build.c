#include "base/base.h"

#include "base/num.h"
#include "val/val.h"

enum {
	INDEX_FROM = 12, /* below this many keys a linear search is as fast */
	FIRST_CAP = 4,
};

struct slot {
	uint32_t hash;
	uint32_t entry; /* position + 1; 0 = free */
};

/* Open addressing, linear probing, at most half full. */
struct val_index {
	uint64_t seed;
	size_t mask;
	struct slot slots[];
};

/*
 * In front of the entries of every map: its index, or NULL while the map is small. Kept out of
 * struct val, of which there are many.
 */
struct header {
	struct val_index *index;
	size_t unused; /* keeps the entries aligned */
};

static struct header *header_of(const struct val *map)
{
	return map->as.map.entries ? (struct header *)map->as.map.entries - 1 : NULL;
}

static struct val_index *index_of(const struct val *map)
{
	return map->as.map.entries ? header_of(map)->index : NULL;
}

static struct val_entry *alloc_entries(struct arena *a, size_t count)
{
	struct header *header = arena_alloc(a, sizeof(*header) + count * sizeof(struct val_entry));
	header->index = NULL;
	return (struct val_entry *)(header + 1);
}

/* --- hash: seeded with an address, so that nobody outside can prepare colliding keys --- */

static uint64_t mix(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint32_t hash_key(uint64_t seed, const char *key, size_t len)
{
	uint64_t hash = seed ^ mix(len + 1, UINT64_C(0x9e3779b97f4a7c15));
	for (; len >= 8; key += 8, len -= 8) {
		uint64_t word;
		memcpy(&word, key, 8);
		hash = mix(hash ^ word, UINT64_C(0xe7037ed1a0b428db));
	}
	uint64_t rest = 0;
	memcpy(&rest, key, len);
	hash = mix(hash ^ rest, UINT64_C(0xa0761d6478bd642f));
	return (uint32_t)(hash ^ (hash >> 32));
}

static bool key_is(const struct val_entry *entry, const char *key, size_t len)
{
	return entry->key_len == len && (entry->key == key || memcmp(entry->key, key, len) == 0);
}

/* The slot of the key, or the free slot where it belongs. */
static struct slot *find_slot(struct val_index *index, const struct val *map, uint32_t hash,
                              const char *key, size_t len)
{
	for (size_t at = hash & index->mask;; at = (at + 1) & index->mask) {
		struct slot *slot = &index->slots[at];
		if (slot->entry == 0)
			return slot;
		if (slot->hash == hash && key_is(&map->as.map.entries[slot->entry - 1], key, len))
			return slot;
	}
}

/* Index all entries; false at the first key that comes twice. */
static bool build_index(struct arena *a, struct val *map, size_t *ret_duplicate)
{
	size_t slot_count = 32;
	while (slot_count < (size_t)map->as.map.len * 3)
		slot_count *= 2;
	struct val_index *index =
		arena_zalloc(a, 1, sizeof(*index) + slot_count * sizeof(struct slot));
	index->mask = slot_count - 1;
	index->seed = mix((uint64_t)(uintptr_t)index, UINT64_C(0x8ebc6af09c88c6e3));
	for (uint32_t i = 0; i < map->as.map.len; i++) {
		const struct val_entry *entry = &map->as.map.entries[i];
		uint32_t hash = hash_key(index->seed, entry->key, entry->key_len);
		struct slot *slot = find_slot(index, map, hash, entry->key, entry->key_len);
		if (slot->entry != 0) {
			*ret_duplicate = i;
			return false;
		}
		*slot = (struct slot){ hash, i + 1 };
	}
	header_of(map)->index = index;
	return true;
}

/* --- lookup --- */

static struct val_entry *find(const struct val *map, const char *key, size_t len)
{
	if (!val_is(map, VAL_MAP))
		return NULL;
	struct val_entry *entries = map->as.map.entries;
	struct val_index *index = index_of(map);
	if (index) {
		uint32_t hash = hash_key(index->seed, key, len);
		struct slot *slot = find_slot(index, map, hash, key, len);
		return slot->entry ? &entries[slot->entry - 1] : NULL;
	}
	for (size_t i = 0; i < map->as.map.len; i++)
		if (key_is(&entries[i], key, len))
			return &entries[i];
	return NULL;
}

const struct val *val_getn(const struct val *map, const char *key, size_t len)
{
	const struct val_entry *entry = find(map, key, len);
	return entry ? entry->value : NULL;
}

const struct val_entry *val_entry(const struct val *map, const char *key)
{
	return find(map, key, strlen(key));
}

const struct val_entry *val_entryn(const struct val *map, const char *key, size_t len)
{
	return find(map, key, len);
}

/* --- constructors --- */

static struct val *new_val(struct arena *a, enum val_kind kind)
{
	struct val *v = ARENA_NEW(a, struct val);
	v->kind = (uint8_t)kind;
	return v;
}

struct val *val_new_null(struct arena *a)
{
	return new_val(a, VAL_NULL);
}

struct val *val_new_bool(struct arena *a, bool boolean)
{
	struct val *v = new_val(a, VAL_BOOL);
	v->as.boolean = boolean;
	return v;
}

struct val *val_new_int(struct arena *a, int64_t integer)
{
	struct val *v = new_val(a, VAL_INT);
	v->as.integer = integer;
	return v;
}

struct val *val_new_float(struct arena *a, double number)
{
	struct val *v = new_val(a, VAL_FLOAT);
	v->as.number = number;
	return v;
}

struct val *val_new_str(struct arena *a, const char *text)
{
	return val_new_strn(a, text, strlen(text));
}

struct val *val_new_strn(struct arena *a, const char *text, size_t len)
{
	struct val *v = new_val(a, VAL_STR);
	v->as.str.ptr = arena_strndup(a, text, len);
	v->as.str.len = len;
	return v;
}

struct val *val_new_list(struct arena *a)
{
	return new_val(a, VAL_LIST);
}

struct val *val_new_map(struct arena *a)
{
	return new_val(a, VAL_MAP);
}

/* --- growing: arrays double inside the arena, the old one is left behind --- */

static void grow_list(struct arena *a, struct val *list)
{
	uint32_t cap = list->as.list.cap ? list->as.list.cap * 2 : FIRST_CAP;
	struct val **items = arena_zalloc(a, cap, sizeof(struct val *));
	if (list->as.list.len)
		memcpy(items, list->as.list.items, list->as.list.len * sizeof(*items));
	list->as.list.items = items;
	list->as.list.cap = cap;
}

static void grow_map(struct arena *a, struct val *map)
{
	uint32_t cap = map->as.map.cap ? map->as.map.cap * 2 : FIRST_CAP;
	struct val_entry *entries = alloc_entries(a, cap);
	struct val_index *index = index_of(map);
	if (map->as.map.len)
		memcpy(entries, map->as.map.entries, map->as.map.len * sizeof(*entries));
	map->as.map.entries = entries;
	map->as.map.cap = cap;
	header_of(map)->index = index;
}

void val_push(struct arena *a, struct val *list, struct val *item)
{
	assert(val_is(list, VAL_LIST) && list->as.list.len < UINT32_MAX / 2);
	if (list->as.list.len == list->as.list.cap)
		grow_list(a, list);
	list->as.list.items[list->as.list.len++] = item;
}

void val_add_entry(struct arena *a, struct val *map, const struct val_entry *entry)
{
	assert(map->as.map.len < UINT32_MAX / 4);
	if (map->as.map.len == map->as.map.cap)
		grow_map(a, map);
	map->as.map.entries[map->as.map.len++] = *entry;
	struct val_index *index = index_of(map);
	size_t ignored;
	if (!index || (size_t)map->as.map.len * 2 > index->mask) {
		if (map->as.map.len >= INDEX_FROM)
			(void)build_index(a, map, &ignored);
		return;
	}
	uint32_t hash = hash_key(index->seed, entry->key, entry->key_len);
	*find_slot(index, map, hash, entry->key, entry->key_len) =
		(struct slot){ hash, map->as.map.len };
}

void val_setn(struct arena *a, struct val *map, const char *key, size_t len, struct val *value)
{
	assert(val_is(map, VAL_MAP) && len <= UINT32_MAX);
	struct val_entry *existing = find(map, key, len);
	if (existing) {
		existing->value = value;
		return;
	}
	struct val_entry entry = {
		.key = arena_strndup(a, key, len),
		.key_len = (uint32_t)len,
		.value = value,
	};
	val_add_entry(a, map, &entry);
}

void val_set(struct arena *a, struct val *map, const char *key, struct val *value)
{
	val_setn(a, map, key, strlen(key), value);
}

void val_set_str(struct arena *a, struct val *map, const char *key, const char *text)
{
	if (text)
		val_set(a, map, key, val_new_str(a, text));
}

bool val_remove(struct val *map, const char *key)
{
	return val_removen(map, key, strlen(key));
}

bool val_removen(struct val *map, const char *key, size_t len)
{
	struct val_entry *entry = find(map, key, len);
	if (!entry)
		return false;
	size_t at = (size_t)(entry - map->as.map.entries);
	memmove(entry, entry + 1, (map->as.map.len - at - 1) * sizeof(*entry));
	map->as.map.len--;
	/* Positions moved: search linearly until the next append builds a new index. */
	header_of(map)->index = NULL;
	return true;
}

/* --- for readers --- */

bool val_fill_map(struct arena *a, struct val *map, const struct val_entry *entries, size_t len,
                  size_t *ret_duplicate)
{
	assert(val_is(map, VAL_MAP) && map->as.map.len == 0 && len < UINT32_MAX / 4);
	if (len == 0)
		return true;
	map->as.map.entries = alloc_entries(a, len);
	memcpy(map->as.map.entries, entries, len * sizeof(*entries));
	map->as.map.len = map->as.map.cap = (uint32_t)len;
	if (len >= INDEX_FROM)
		return build_index(a, map, ret_duplicate);
	for (size_t i = 1; i < len; i++)
		for (size_t j = 0; j < i; j++)
			if (key_is(&entries[j], entries[i].key, entries[i].key_len)) {
				*ret_duplicate = i;
				return false;
			}
	return true;
}

void val_fill_list(struct arena *a, struct val *list, struct val *const *items, size_t len)
{
	assert(val_is(list, VAL_LIST) && list->as.list.len == 0 && len < UINT32_MAX / 2);
	if (len == 0)
		return;
	list->as.list.items = arena_alloc(a, len * sizeof(*items));
	memcpy(list->as.list.items, items, len * sizeof(*items));
	list->as.list.len = list->as.list.cap = (uint32_t)len;
}
