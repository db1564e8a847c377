/*
 * Encrypted documents as outsiders may hand them to us, in the format the first byte chooses: metadata,
 * ENC[...] texts and MAC of any shape. Nothing opens, and everything ends with an error.
 */
#include "base/base.h"

#include "vault/sops.h"
#include "vault/sops_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *data, const struct sops_problem *problem)
{
	(void)data;
	(void)problem;
}

static err *unwrap(void *data, const char *recipient, struct view wrapped, struct secret *ret_key)
{
	(void)data;
	(void)recipient;
	if (wrapped.len < 8)
		return err_new(ERR_NOT_FOUND, "none of ours");
	return secret_copy(ret_key, "0123456789abcdef0123456789abcdef0", wrapped.len % 2 ? 32 : 33);
}

static err *visit(void *data, size_t document, const char *path, enum sops_type type,
                  bool is_encrypted, struct view plain)
{
	(void)data;
	(void)document;
	(void)type;
	(void)is_encrypted;
	return strlen(path) + plain.len == SIZE_MAX ? err_new(ERR_INTERNAL, "never") : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sops_keyring keyring = { NULL, unwrap, NULL, NULL };
	AUTOPTR(sops_doc) doc = NULL;
	AUTO(secret) key = SECRET_INIT;
	AUTO(plain_text) plain = PLAIN_TEXT_INIT;
	if (size < 1)
		return 0;
	struct view text = { (const char *)data + 1, size - 1 };
	err *e = sops_open((enum sops_format)(data[0] % 5), text, "fuzz", &doc);
	if (!e)
		e = sops_check(doc, NULL, ignore, NULL);
	if (!e)
		e = sops_each(doc, visit, NULL);
	if (!e)
		e = sops_data_key(doc, &keyring, &key);
	if (!e)
		e = sops_unlock(doc, &key, SOPS_IGNORE_MAC);
	if (!e)
		e = sops_plain(doc, &plain);
	err_free(e);
	return 0;
}
