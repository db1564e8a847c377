/*
 * A JSON Schema and a document, as the members of one text of JSON, of any shape: reading the schema and checking the
 * document end, with a verdict or an error.
 */
#include "base/base.h"

#include "base/arena.h"
#include "json/json.h"
#include "schema/json_schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) arena = ARENA_INIT;
	AUTOPTR(json_schema) schema = NULL;
	struct val *root = NULL;
	err *e = json_load((const char *)data, size, "a.json", &arena, &root);
	const struct val *wanted = val_get(root, "schema"), *document = val_get(root, "data");
	if (!e && wanted && document)
		e = json_schema_new(wanted, &schema);
	if (!e && schema)
		e = json_schema_check(schema, document);
	err_free(e);
	return 0;
}
