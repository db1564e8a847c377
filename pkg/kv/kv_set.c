#include "base/base.h"

#include "kv/kv_set.h"

#include "base/vec.h"
#include "crypto/secret.h"

#include <stdlib.h>

struct item {
	struct kv_pair pair;
	size_t key_len;
	size_t order; /* of its coming: of two with one key the later one counts */
};

struct kv_set {
	size_t owners;
	VEC(struct item) items;
	uint8_t hash[SHA256_BYTES];
	bool is_filtered, is_sealed;
};

struct kv_set *kv_set_new(void)
{
	struct kv_set *set = MEM_NEW(struct kv_set);
	set->owners = 1;
	return set;
}

struct kv_set *kv_set_ref(struct kv_set *set)
{
	set->owners++;
	return set;
}

static void item_clear(struct item *item)
{
	secret_wipe((char *)(uintptr_t)item->pair.value, item->pair.len);
	mem_free((char *)(uintptr_t)item->pair.value);
	mem_free((char *)(uintptr_t)item->pair.key);
}

void kv_set_free(struct kv_set *set)
{
	if (!set || --set->owners > 0)
		return;
	for (size_t i = 0; i < set->items.len; i++)
		item_clear(&set->items.ptr[i]);
	vec_clear(&set->items);
	mem_free(set);
}

err *kv_set_add(struct kv_set *set, const char *key, size_t key_len, struct view value,
                uint64_t version)
{
	assert(!set->is_sealed);
	if (set->items.len >= KV_MAX_PAIRS)
		return err_new(ERR_LIMIT, "more than %u keys", KV_MAX_PAIRS);
	if (value.len > KV_MAX_VALUE_BYTES)
		return err_new(ERR_LIMIT, "the value of '%.*s' is larger than %u bytes",
		               (int)MIN(key_len, (size_t)200), key, KV_MAX_VALUE_BYTES);
	struct item item = { .pair = { .key = mem_strndup(key, key_len),
		                       .value = mem_strndup(value.ptr ? value.ptr : "", value.len),
		                       .len = value.len,
		                       .version = version },
		             .key_len = key_len,
		             .order = set->items.len };
	vec_push(&set->items, item);
	return NULL;
}

void kv_set_mark_filtered(struct kv_set *set)
{
	set->is_filtered = true;
}

static int by_key(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = strcmp(x->pair.key, y->pair.key);
	return order ? order : (x->order > y->order) - (x->order < y->order);
}

static void drop_doubles(struct kv_set *set)
{
	size_t kept = 0;
	for (size_t i = 0; i < set->items.len; i++) {
		bool is_last =
			i + 1 == set->items.len ||
			strcmp(set->items.ptr[i].pair.key, set->items.ptr[i + 1].pair.key) != 0;
		if (is_last)
			set->items.ptr[kept++] = set->items.ptr[i];
		else
			item_clear(&set->items.ptr[i]);
	}
	set->items.len = kept;
}

static void hash_part(struct sha256 *hash, const void *ptr, size_t len)
{
	uint64_t size = len;
	sha256_add(hash, &size, sizeof(size));
	sha256_add(hash, ptr, len);
}

void kv_set_seal(struct kv_set *set)
{
	struct sha256 hash;
	if (set->items.len > 1) {
		qsort(set->items.ptr, set->items.len, sizeof(struct item), by_key);
		drop_doubles(set);
	}
	sha256_start(&hash);
	for (size_t i = 0; i < set->items.len; i++) {
		hash_part(&hash, set->items.ptr[i].pair.key, set->items.ptr[i].key_len);
		hash_part(&hash, set->items.ptr[i].pair.value, set->items.ptr[i].pair.len);
	}
	sha256_end(&hash, set->hash);
	set->is_sealed = true;
}

size_t kv_set_len(const struct kv_set *set)
{
	return set ? set->items.len : 0;
}

const struct kv_pair *kv_set_at(const struct kv_set *set, size_t index)
{
	return &set->items.ptr[index].pair;
}

const struct kv_pair *kv_set_find(const struct kv_set *set, const char *key)
{
	size_t low = 0, high = kv_set_len(set);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(set->items.ptr[middle].pair.key, key);
		if (order == 0)
			return &set->items.ptr[middle].pair;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

bool kv_set_is_filtered(const struct kv_set *set)
{
	return set->is_filtered;
}

const uint8_t *kv_set_hash(const struct kv_set *set)
{
	assert(set->is_sealed);
	return set->hash;
}

bool kv_pair_equal(const struct kv_pair *a, const struct kv_pair *b)
{
	return a && b && a->len == b->len && memcmp(a->value, b->value, a->len) == 0;
}

bool kv_set_equal(const struct kv_set *a, const struct kv_set *b)
{
	return a && b && memcmp(kv_set_hash(a), kv_set_hash(b), SHA256_BYTES) == 0;
}

size_t kv_set_removed(const struct kv_set *before, const struct kv_set *after)
{
	size_t removed = 0;
	for (size_t i = 0; i < kv_set_len(before); i++)
		removed += kv_set_find(after, kv_set_at(before, i)->key) == NULL;
	return removed;
}
