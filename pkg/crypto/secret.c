#include "base/base.h"
#include "crypto/secret.h"

#include <sodium.h>
#include <stdatomic.h>

/*
 * A key is 32 bytes, and guard pages of its own would cost it six system calls. So small secrets share
 * slabs, which are guarded and locked as a whole and kept to the end of the process.
 */
enum { SLOT_BYTES = 128, SLOT_COUNT = 256, SLAB_BYTES = SLOT_BYTES * SLOT_COUNT };

struct slab {
	struct slab *next;
	uint8_t *base;
	size_t used;
	bool is_used[SLOT_COUNT];
};

static struct slab *slabs;
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

static bool add_slab(void)
{
	uint8_t *base = sodium_malloc(SLAB_BYTES);
	if (!base)
		return false;
	struct slab *slab = MEM_NEW(struct slab);
	slab->base = base;
	slab->next = slabs;
	slabs = slab;
	return true;
}

static uint8_t *take_slot(void)
{
	struct slab *slab = slabs;
	while (slab && slab->used == SLOT_COUNT)
		slab = slab->next;
	if (!slab) {
		if (!add_slab())
			return NULL;
		slab = slabs;
	}
	size_t i = 0;
	while (slab->is_used[i])
		i++;
	slab->is_used[i] = true;
	slab->used++;
	return slab->base + i * SLOT_BYTES;
}

/* False when it is in no slab. */
static bool give_slot_back(const uint8_t *ptr)
{
	for (struct slab *slab = slabs; slab; slab = slab->next) {
		if (ptr < slab->base || ptr >= slab->base + SLAB_BYTES)
			continue;
		slab->is_used[(size_t)(ptr - slab->base) / SLOT_BYTES] = false;
		slab->used--;
		return true;
	}
	return false;
}

static uint8_t *allocate(size_t len)
{
	if (len >= SLOT_BYTES)
		return sodium_malloc(len);
	lock();
	uint8_t *ptr = take_slot();
	unlock();
	return ptr;
}

static void release(uint8_t *ptr, size_t len)
{
	sodium_memzero(ptr, len);
	lock();
	bool is_slot = give_slot_back(ptr);
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
