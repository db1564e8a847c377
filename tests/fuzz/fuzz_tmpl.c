/* Templates of every flavour: parsed, rendered with a little data, never more than the limits. */
#include "base/base.h"

#include "base/arena.h"
#include "json/json.h"
#include "tmpl/tmpl.h"

static err *answer(void *ctx, const struct tmpl_query *query, struct arena *a,
                   enum tmpl_state *ret_state, const struct val **ret_value)
{
	(void)ctx;
	*ret_state = (enum tmpl_state)(strlen(query->path) % 3);
	*ret_value = strlen(query->function) % 2 ? val_new_str(a, query->path) : val_new_list(a);
	return NULL;
}

/* The first byte chooses the flavour. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char json[] =
		"{\"s\": \"text\", \"n\": 3, \"f\": 1.5, \"l\": [1, \"a\"], \"m\": {\"k\": null}}";
	AUTO(arena) arena = ARENA_INIT;
	AUTO(str) out = STR_INIT;
	struct val *root = NULL;
	struct tmpl *tmpl = NULL;
	size_t pending = 0;
	if (size < 1 || size > 4096)
		return 0;
	struct tmpl_options options = { .flavour = (enum tmpl_flavour)(data[0] % 5),
		                        .missing = (enum tmpl_missing)(data[0] / 5 % 3) };
	struct tmpl_host host = { .lookup = answer };
	err_ignore(json_load(json, sizeof(json) - 1, "data", &arena, &root), "it is right");
	err *e = tmpl_parse(&options, "fuzz", (struct view){ (const char *)data + 1, size - 1 },
	                    &tmpl);
	if (!e)
		e = tmpl_render(tmpl, root, &host, &out, &pending);
	err_ignore(e, "either is fine");
	tmpl_free(tmpl);
	return 0;
}
