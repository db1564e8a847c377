/* What configuration sources send and users write: documents, URLs, answers of Redis. */
#include "base/base.h"

#include "base/arena.h"
#include "kv/kv_driver.h"
#include "kv/kv_resp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "x.json", "x.yaml", "x.env", "x" };
	AUTO(arena) arena = ARENA_INIT;
	AUTOPTR(kv_set) set = kv_set_new();
	AUTOPTR(kv_set) part = NULL;
	struct kv_url url = { 0 };
	struct val *root = NULL;
	if (size < 1)
		return 0;
	struct view text = { (const char *)data + 1, size - 1 };
	AUTOFREE char *words = mem_strndup(text.ptr, text.len);
	err *e = kv_parse_document(names[data[0] % ARRAY_LEN(names)], text, &arena, &root);
	if (!e)
		e = kv_add_document(set, "", root);
	err_ignore(e, "either is fine");
	kv_set_seal(set);
	err_ignore(kv_select(set, KV_TREE, "a", &part), "either is fine");
	err_ignore(kv_url_parse(words, &url), "either is fine");
	if (url.query)
		mem_free(kv_url_get(&url, "a"));
	kv_url_clear(&url);
	size_t len;
	(void)resp_read(text, &arena, &root, &len);
	return 0;
}
