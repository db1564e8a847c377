#include "base/base.h"

#include "agent/agent_cache.h"

#include "base/limits.h"
#include "base/path.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "pal/clock.h"
#include "pal/fs.h"
#include "pal/random.h"

/*
 * A file: nonce, then sealed: version, time, count, and for each pair the lengths and bytes of key and
 * value; numbers are 8 bytes, little end first. Its name says nothing of what is in it.
 */
enum {
	VERSION = 1,
	PRIVATE_DIR = 0700,
	PRIVATE_FILE = 0600,
	NUMBER_BYTES = 8,
};

struct agent_cache {
	char *dir;
	struct secret key;
};

static err *make_key(const char *path, struct secret *key)
{
	uint8_t bytes[AEAD_KEY_BYTES];
	random_bytes(bytes, sizeof(bytes));
	err *e = fs_write_atomic(path, (struct view){ (const char *)bytes, sizeof(bytes) },
	                         PRIVATE_FILE);
	if (!e)
		e = secret_copy(key, bytes, sizeof(bytes));
	secret_wipe(bytes, sizeof(bytes));
	return e;
}

static err *load_key(const char *dir, struct secret *key)
{
	AUTO(str) text = STR_INIT;
	AUTOFREE char *path = path_join(dir, "key");
	err *e = fs_read_file(path, AEAD_KEY_BYTES, &text);
	if (e && err_is(e, ERR_NOT_FOUND)) {
		err_free(e);
		return make_key(path, key);
	}
	if (!e && text.len != AEAD_KEY_BYTES)
		e = err_new(ERR_CORRUPT, "'%s' is damaged", path);
	if (!e && fs_is_shared(path))
		e = err_hint(err_new(ERR_REFUSED, "others can read '%s'", path), "chmod 600 %s",
		             path);
	if (!e)
		e = secret_copy(key, text.ptr, text.len);
	secret_wipe(text.ptr, text.len);
	return e;
}

err *agent_cache_open(const char *dir, struct agent_cache **ret_cache)
{
	AUTOPTR(agent_cache) cache = MEM_NEW(struct agent_cache);
	cache->dir = mem_strdup(dir);
	TRY(fs_mkdir_all(dir, PRIVATE_DIR));
	TRY(load_key(dir, &cache->key));
	*ret_cache = steal(&cache);
	return NULL;
}

void agent_cache_free(struct agent_cache *cache)
{
	if (!cache)
		return;
	secret_clear(&cache->key);
	mem_free(cache->dir);
	mem_free(cache);
}

static char *file_of(const struct agent_cache *cache, const char *source, enum kv_scope scope,
                     const char *path)
{
	char hex[SHA256_HEX_SIZE];
	AUTO(str) name = STR_INIT;
	str_addf(&name, "%s%c%d%c%s", source, '\0', (int)scope, '\0', path);
	sha256_hex(name.ptr, name.len, hex);
	return path_join(cache->dir, hex);
}

static void add_number(struct str *out, uint64_t number)
{
	for (int i = 0; i < NUMBER_BYTES; i++)
		str_addch(out, (char)(number >> (8 * i)));
}

err *agent_cache_put(struct agent_cache *cache, const char *source, enum kv_scope scope,
                     const char *path, const struct kv_set *set)
{
	AUTO(str) plain = STR_INIT;
	AUTO(str) sealed = STR_INIT;
	AUTOFREE char *file = file_of(cache, source, scope, path);
	uint8_t nonce[AEAD_NONCE_BYTES];
	add_number(&plain, VERSION);
	add_number(&plain, (uint64_t)clock_wall_ns());
	add_number(&plain, kv_set_len(set));
	for (size_t i = 0; i < kv_set_len(set); i++) {
		const struct kv_pair *pair = kv_set_at(set, i);
		size_t key_len = strlen(pair->key);
		add_number(&plain, key_len);
		add_number(&plain, pair->len);
		str_add(&plain, pair->key, key_len);
		str_add(&plain, pair->value, pair->len);
	}
	size_t len = plain.len;
	str_add_repeat(&plain, '\0', AEAD_TAG_BYTES);
	random_bytes(nonce, sizeof(nonce));
	aead_seal(cache->key.ptr, nonce, (uint8_t *)plain.ptr, len);
	str_add(&sealed, nonce, sizeof(nonce));
	str_add_str(&sealed, &plain);
	return fs_write_atomic(file, view_str(&sealed), PRIVATE_FILE);
}

static bool take_number(struct view *rest, uint64_t *ret_number)
{
	*ret_number = 0;
	if (rest->len < NUMBER_BYTES)
		return false;
	for (int i = 0; i < NUMBER_BYTES; i++)
		*ret_number |= (uint64_t)(unsigned char)rest->ptr[i] << (8 * i);
	*rest = (struct view){ rest->ptr + NUMBER_BYTES, rest->len - NUMBER_BYTES };
	return true;
}

static bool take_bytes(struct view *rest, uint64_t len, struct view *ret_bytes)
{
	if (len > rest->len)
		return false;
	*ret_bytes = (struct view){ rest->ptr, (size_t)len };
	*rest = (struct view){ rest->ptr + len, rest->len - (size_t)len };
	return true;
}

/* False: damaged. */
static bool parse(struct view rest, struct kv_set *set, int64_t *ret_saved_ns)
{
	uint64_t version, time, count, key_len, value_len;
	struct view key, value;
	if (!take_number(&rest, &version) || version != VERSION || !take_number(&rest, &time) ||
	    !take_number(&rest, &count))
		return false;
	for (uint64_t i = 0; i < count; i++) {
		if (!take_number(&rest, &key_len) || !take_number(&rest, &value_len) ||
		    !take_bytes(&rest, key_len, &key) || !take_bytes(&rest, value_len, &value))
			return false;
		err *e = kv_set_add(set, key.ptr, key.len, value, 0);
		err_free(e);
		if (e)
			return false;
	}
	*ret_saved_ns = (int64_t)time;
	kv_set_seal(set);
	return rest.len == 0;
}

err *agent_cache_get(struct agent_cache *cache, const char *source, enum kv_scope scope,
                     const char *path, struct kv_set **ret_set, int64_t *ret_saved_ns)
{
	AUTO(str) text = STR_INIT;
	AUTOPTR(kv_set) set = kv_set_new();
	AUTOFREE char *file = file_of(cache, source, scope, path);
	TRY(fs_read_file(file, LIMIT_CONTENT_BYTES, &text));
	bool is_fine =
		text.len >= AEAD_NONCE_BYTES + AEAD_TAG_BYTES &&
		aead_open(cache->key.ptr, (const uint8_t *)text.ptr,
	                  (uint8_t *)text.ptr + AEAD_NONCE_BYTES, text.len - AEAD_NONCE_BYTES);
	struct view plain = { text.ptr + AEAD_NONCE_BYTES,
		              text.len - AEAD_NONCE_BYTES - AEAD_TAG_BYTES };
	is_fine = is_fine && parse(plain, set, ret_saved_ns);
	secret_wipe(text.ptr, text.len);
	if (!is_fine)
		return err_new(ERR_CORRUPT, "'%s' is damaged or was written with another key",
		               file);
	*ret_set = steal(&set);
	return NULL;
}
