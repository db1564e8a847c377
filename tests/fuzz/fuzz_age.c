/*
 * An age file, armored or not: the first byte says how the rest is cut into reads. Its header is read, its
 * stanzas are tried with keys of every native type, its payload is opened when the tag fits. What parses is
 * written again and must be the same.
 */
#include "base/base.h"

#include "crypto/secret.h"
#include "vault/age.h"
#include "vault/age_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

struct input {
	struct view rest;
	size_t step;
};

static err *give(void *data, uint8_t *buf, size_t cap, size_t *ret_len)
{
	struct input *in = data;
	*ret_len = MIN(MIN(cap, in->rest.len), in->step);
	if (*ret_len)
		memcpy(buf, in->rest.ptr, *ret_len);
	in->rest = (struct view){ in->rest.ptr + *ret_len, in->rest.len - *ret_len };
	return NULL;
}

static err *take(void *data, const uint8_t *ptr, size_t len)
{
	str_add(data, ptr, len);
	return NULL;
}

static struct age_identities *make_keys(void)
{
	static const char text[] =
		"AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0\n"
		"AGE-SECRET-KEY-PQ-1HZLGZUPT4ETPKDEV8HSGFDCYZ4E522W0A7PU2LHT8EH9W6YLNC3SW78XKG\n";
	struct age_identities *keys = age_identities_new();
	err_ignore(age_identities_add_file(keys, view_of(text), "keys"), "seen below");
	require(age_identities_count(keys) == 2);
	return keys;
}

/* A header that was read is written the same, but for its tag. */
static void check_header(struct view bytes)
{
	struct age_header header = AGE_HEADER_INIT;
	static const uint8_t file_key[AGE_FILE_KEY_BYTES];
	AUTO(str) again = STR_INIT;
	err *e = age_header_parse(bytes, &header);
	if (e) {
		err_free(e);
		return;
	}
	age_header_write(header.stanzas.ptr, header.stanzas.len, file_key, &again);
	require(header.signed_len <= bytes.len && header.signed_len <= again.len);
	require(memcmp(again.ptr, bytes.ptr, header.signed_len) == 0);
	age_header_clear(&header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct age_identities *keys;
	if (size == 0)
		return 0;
	if (!keys)
		keys = make_keys();
	const struct view bytes = { (const char *)data + 1, size - 1 };
	struct input in = { bytes, 1u + data[0] };
	const struct age_source source = { &in, give };
	AUTO(str) out = STR_INIT;
	AUTO(secret) plain = SECRET_INIT;
	const struct age_sink sink = { &out, take };
	AUTOERR err *streamed = age_decrypt_stream(keys, NULL, &source, &sink);
	AUTOERR err *whole = age_decrypt(keys, NULL, bytes, size, &plain);
	require(!streamed == !whole);
	require(streamed ||
	        view_equal(view_str(&out), (struct view){ (const char *)plain.ptr, plain.len }));
	check_header(bytes);
	return 0;
}
