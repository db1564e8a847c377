/*
 * Key files: the first byte chooses between recipients, identities (also OpenSSH keys), Bech32 alone and
 * an OpenSSH key with a passphrase. No message may show what the file holds.
 */
#include "base/base.h"

#include "crypto/secret.h"
#include "vault/age.h"
#include "vault/bech32.h"
#include "vault/ssh_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void recipients(struct view text)
{
	AUTOPTR(age_recipients) list = age_recipients_new();
	AUTOERR err *e = age_recipients_add_file(list, text, "file", NULL);
	for (size_t i = 0; i < age_recipients_count(list); i++) {
		AUTOPTR(age_recipients) again = age_recipients_new();
		const char *shown = age_recipients_text(list, i);
		AUTOERR err *second = age_recipients_add(again, shown);
		require(!second && age_recipients_have(again, shown));
	}
	require(e || age_recipients_count(list) > 0);
}

static void identities(struct view text)
{
	AUTOPTR(age_identities) list = age_identities_new();
	AUTOPTR(age_recipients) to = age_recipients_new();
	AUTOERR err *e = age_identities_add_file(list, text, "file");
	require(!e || !err_place(e) || !err_place(e)->snippet);
	if (!e && !age_is_file(text))
		err_ignore(age_recipients_add_identities(to, list, NULL), "some have none");
}

static void bech32(struct view text)
{
	uint8_t bytes[512];
	size_t len;
	AUTO(str) prefix = STR_INIT;
	AUTOERR err *e = bech32_decode(text, &prefix, bytes, sizeof(bytes), &len);
	if (e)
		return;
	bool is_upper = false;
	for (size_t i = 0; i < text.len; i++)
		is_upper |= text.ptr[i] >= 'A' && text.ptr[i] <= 'Z';
	AUTOFREE char *again = mem_alloc(bech32_len(prefix.ptr, len) + 1);
	bech32_encode(prefix.ptr, bytes, len, again);
	for (char *c = again; is_upper && *c; c++)
		*c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
	require(view_is(text, again));
}

static void ssh(struct view text)
{
	struct ssh_private key = SSH_PRIVATE_INIT;
	AUTO(secret) passphrase = SECRET_INIT;
	AUTO(secret) out = SECRET_INIT;
	AUTOERR err *e = ssh_private_read(text, &key);
	AUTOERR err *copied = secret_copy(&passphrase, "secret pw", 9);
	require(!copied);
	if (!e && (!key.is_encrypted || key.rounds <= 16))
		err_ignore(ssh_private_open(&key, &passphrase, &out), "mostly not");
	ssh_private_clear(&key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	static void (*const parts[])(struct view) = { recipients, identities, bech32, ssh };
	parts[data[0] % ARRAY_LEN(parts)]((struct view){ (const char *)data + 1, size - 1 });
	return 0;
}
