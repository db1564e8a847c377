/* What the targets of SOPS formats share: a plain text sealed, its data key handed over in the open. */
#ifndef FUZZ_SOPS_SEALED_H
#define FUZZ_SOPS_SEALED_H

#include "base/base.h"

#include "vault/sops.h"

/* For a keyring whose `data` is a struct secret: it gets the data key. */
static inline err *sealed_wrap(void *data, const char *recipient, const struct secret *key,
                               struct str *out)
{
	(void)recipient;
	secret_clear(data);
	str_addz(out, "wrapped");
	return secret_copy(data, key->ptr, key->len);
}

/* `like` (may be NULL) is an unlocked document whose data key and ciphertexts are kept. */
static inline err *sealed_text(enum sops_format format, struct view text, struct sops_doc *like,
                               const struct secret *like_key, struct secret *ret_key,
                               struct str *out)
{
	struct sops_key me = { SOPS_KEY_AGE, "age1me", { "", 0 }, NULL };
	struct sops_key_group group = { &me, 1 };
	const struct sops_keyring keyring = { ret_key, NULL, sealed_wrap, NULL };
	const struct sops_encrypt how = { .recipients = { &group, 1, 0 },
		                          .now = "2026-01-01T00:00:00Z",
		                          .keyring = &keyring,
		                          .like = like,
		                          .like_key = like_key };
	AUTOPTR(sops_doc) doc = NULL;
	TRY(sops_open(format, text, "fuzz", &doc));
	return sops_encrypt(doc, &how, out);
}

/* A sealed text as an unlocked document. */
static inline err *sealed_open(enum sops_format format, const struct str *sealed,
                               const struct secret *key, struct sops_doc **ret_doc)
{
	TRY(sops_open(format, view_str(sealed), "fuzz", ret_doc));
	return sops_unlock(*ret_doc, key, 0);
}

#endif
