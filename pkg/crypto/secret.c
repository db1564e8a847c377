#include "base/base.h"
#include "crypto/secret.h"

#include <sodium.h>

err *secret_init(struct secret *secret, size_t len)
{
	/* Repeats cost nothing; any other use of libsodium here works without it. */
	if (sodium_init() < 0)
		return err_new(ERR_INTERNAL, "cannot start libsodium");
	uint8_t *ptr = len < SIZE_MAX ? sodium_malloc(len + 1) : NULL;
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
	sodium_free(secret->ptr); /* wipes; NULL is fine */
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
