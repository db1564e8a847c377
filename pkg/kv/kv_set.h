/*
 * What a source holds below a path at one moment: keys and values, sorted, unchanging, shared by
 * counting. The fingerprint covers keys and values only, so that the same content read twice is the same.
 */
#ifndef KV_KV_SET_H
#define KV_KV_SET_H

#include "base/base.h"
#include "crypto/hash.h"

#define KV_MAX_PAIRS       200000u
#define KV_MAX_VALUE_BYTES (16u << 20)

struct kv_pair {
	const char *key;   /* relative to the path that was asked; "" is the path itself */
	const char *value; /* NUL-terminated, may contain NULs */
	size_t len;
	uint64_t version; /* for compare-and-set; 0: the source has none */
};

struct kv_set;

struct kv_set *kv_set_new(void);
/* One more owner. */
struct kv_set *kv_set_ref(struct kv_set *set);
/* NULL is fine; the values are wiped with the last owner. */
void kv_set_free(struct kv_set *set);
AUTOPTR_DEFINE(kv_set)

/* While it is being filled. LIMIT: too many keys, a value too long. A key twice: the later one counts. */
NODISCARD err *kv_set_add(struct kv_set *set, const char *key, size_t key_len, struct view value,
                          uint64_t version);
/* The server said that it left keys out for lack of rights. */
void kv_set_mark_filtered(struct kv_set *set);
/* Sort and fingerprint; read-only from here on. */
void kv_set_seal(struct kv_set *set);

size_t kv_set_len(const struct kv_set *set);
const struct kv_pair *kv_set_at(const struct kv_set *set, size_t index);
/* NULL: there is no such key. */
const struct kv_pair *kv_set_find(const struct kv_set *set, const char *key);
bool kv_set_is_filtered(const struct kv_set *set);
const uint8_t *kv_set_hash(const struct kv_set *set); /* SHA256_BYTES */
/* The same value? Both may be NULL: no. */
bool kv_pair_equal(const struct kv_pair *a, const struct kv_pair *b);
bool kv_set_equal(const struct kv_set *a, const struct kv_set *b);
/* How many keys of `before` are not in `after`. */
size_t kv_set_removed(const struct kv_set *before, const struct kv_set *after);

#endif
