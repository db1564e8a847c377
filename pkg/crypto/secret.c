#include "base/base.h"
#include "crypto/secret.h"

#include <sodium.h>
#include <stdatomic.h>

/*
 * Guard pages of its own cost a secret six system calls, and every thread's address translations. So secrets of
 * the usual sizes share slabs, which are guarded and locked as a whole and kept to the end of the process:
 * keys, data keys with their wrapping, the values of a document.
 */
enum { MOST_SLOTS = 256 };

static struct slab_class {
	size_t slot_bytes, slot_count;
	struct slab {
		struct slab *next;
		uint8_t *base;
		size_t used;
		bool is_used[MOST_SLOTS];
	} * slabs;
} classes[] = { { 128, 256, NULL }, { 2048, 32, NULL }, { 32768, 8, NULL } };

static atomic_flag slabs_lock = ATOMIC_FLAG_INIT;

static void lock(void)
{
	while (atomic_flag_test_and_set_explicit(&slabs_lock, memory_order_acquire))
		; /* held for a few instructions only */
}

static void unlock(void)
{
	atomic_flag_clear_explicit(&slabs_lock, memory_order_release);
}

static struct slab *add_slab(struct slab_class *class)
{
	uint8_t *base = sodium_malloc(class->slot_bytes * class->slot_count);
	if (!base)
		return NULL;
	struct slab *slab = MEM_NEW(struct slab);
	slab->base = base;
	slab->next = class->slabs;
	class->slabs = slab;
	return slab;
}

static uint8_t *take_slot(struct slab_class *class)
{
	struct slab *slab = class->slabs;
	while (slab && slab->used == class->slot_count)
		slab = slab->next;
	if (!slab)
		slab = add_slab(class);
	if (!slab)
		return NULL;
	size_t i = 0;
	while (slab->is_used[i])
		i++;
	slab->is_used[i] = true;
	slab->used++;
	return slab->base + i * class->slot_bytes;
}

/* False when it is in no slab. */
static bool give_slot_back(struct slab_class *class, const uint8_t *ptr)
{
	for (struct slab *slab = class->slabs; slab; slab = slab->next) {
		if (ptr < slab->base || ptr >= slab->base + class->slot_bytes * class->slot_count)
			continue;
		slab->is_used[(size_t)(ptr - slab->base) / class->slot_bytes] = false;
		slab->used--;
		return true;
	}
	return false;
}

/* NULL: it gets pages of its own. */
static struct slab_class *class_of(size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(classes); i++)
		if (len <= classes[i].slot_bytes)
			return &classes[i];
	return NULL;
}

static uint8_t *allocate(size_t len)
{
	struct slab_class *class = class_of(len);
	if (!class)
		return sodium_malloc(len);
	lock();
	uint8_t *ptr = take_slot(class);
	unlock();
	return ptr;
}

/* A truncated secret is in the slab of its first length, so all are looked through. */
static void release(uint8_t *ptr, size_t len)
{
	bool is_slot = false;
	sodium_memzero(ptr, len);
	lock();
	for (size_t i = 0; i < ARRAY_LEN(classes) && !is_slot; i++)
		is_slot = give_slot_back(&classes[i], ptr);
	unlock();
	if (!is_slot)
		sodium_free(ptr);
}

err *secret_init(struct secret *secret, size_t len)
{
	/* Repeats cost nothing; any other use of libsodium here works without it. */
	if (sodium_init() < 0)
		return err_new(ERR_INTERNAL, "cannot start libsodium");
	uint8_t *ptr = len < SIZE_MAX ? allocate(len + 1) : NULL;
	if (!ptr)
		return err_new(ERR_LIMIT, "cannot hold a secret of %zu bytes in locked memory",
		               len);

	sodium_memzero(ptr, len + 1);
	secret_clear(secret);
	secret->ptr = ptr;
	secret->len = len;
	return NULL;
}

err *secret_copy(struct secret *secret, const void *ptr, size_t len)
{
	struct secret copy = SECRET_INIT;

	TRY(secret_init(&copy, len));
	if (len > 0)
		memcpy(copy.ptr, ptr, len);
	secret_clear(secret); /* only now: `ptr` may be in it */
	*secret = copy;
	return NULL;
}

void secret_truncate(struct secret *secret, size_t len)
{
	assert(len <= secret->len);
	if (!secret->ptr)
		return;
	sodium_memzero(secret->ptr + len, secret->len - len);
	secret->len = len;
}

void secret_clear(struct secret *secret)
{
	if (secret->ptr)
		release(secret->ptr, secret->len + 1);
	secret->ptr = NULL;
	secret->len = 0;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	return a->len == b->len && (a->len == 0 || sodium_memcmp(a->ptr, b->ptr, a->len) == 0);
}

void secret_wipe(void *ptr, size_t len)
{
	sodium_memzero(ptr, len);
}
