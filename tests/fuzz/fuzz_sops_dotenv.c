/*
 * dotenv documents of any shape: reading ends with a document or an error, and what is encrypted opens
 * again with the same values.
 */
#include "sops_sealed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(secret) key = SECRET_INIT;
	AUTO(str) sealed = STR_INIT;
	AUTO(plain_text) plain = PLAIN_TEXT_INIT;
	AUTOPTR(sops_doc) doc = NULL;
	err *e = sealed_text(SOPS_DOTENV, (struct view){ (const char *)data, size }, NULL, NULL,
	                     &key, &sealed);
	if (e) {
		err_free(e);
		return 0;
	}
	e = sealed_open(SOPS_DOTENV, &sealed, &key, &doc);
	if (!e)
		e = sops_plain(doc, &plain);
	if (e)
		abort();
	return 0;
}
