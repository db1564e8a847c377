/*
 * dotenv documents of any shape: reading ends with a document or an error, and what is encrypted opens
 * again with the same values.
 */
#include "base/base.h"

#include "vault/sops.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static err *wrap(void *data, const char *recipient, const struct secret *key, struct str *out)
{
	(void)recipient;
	str_addz(out, "wrapped");
	return secret_copy(data, key->ptr, key->len);
}

static err *seal(struct view text, struct secret *key, struct str *out)
{
	struct sops_key me = { SOPS_KEY_AGE, "age1me", { "", 0 }, NULL };
	struct sops_key_group group = { &me, 1 };
	const struct sops_keyring keyring = { key, NULL, wrap, NULL };
	const struct sops_encrypt how = { .recipients = { &group, 1, 0 },
		                          .now = "2026-01-01T00:00:00Z",
		                          .keyring = &keyring };
	AUTOPTR(sops_doc) doc = NULL;
	TRY(sops_open(SOPS_DOTENV, text, "fuzz", &doc));
	return sops_encrypt(doc, &how, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(secret) key = SECRET_INIT;
	AUTO(str) sealed = STR_INIT;
	AUTO(plain_text) plain = PLAIN_TEXT_INIT;
	AUTOPTR(sops_doc) doc = NULL;
	err *e = seal((struct view){ (const char *)data, size }, &key, &sealed);
	if (e) {
		err_free(e);
		return 0;
	}
	e = sops_open(SOPS_DOTENV, view_str(&sealed), "fuzz", &doc);
	if (!e)
		e = sops_unlock(doc, &key, 0);
	if (!e)
		e = sops_plain(doc, &plain);
	if (e)
		abort();
	return 0;
}
