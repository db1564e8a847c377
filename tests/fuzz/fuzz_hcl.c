/* HCL of any shape: reading ends with a tree whose marks lie in the text, or an error with a place. */
#include "base/base.h"

#include "base/arena.h"
#include "hcl/hcl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_marks(const struct val *v, size_t size)
{
	const struct val_entry *entry;
	const struct val *item;
	if (v->mark.start > v->mark.end || v->mark.end > size)
		abort();
	for (VAL_EACH_ENTRY(i, entry, v))
		check_marks(entry->value, size);
	for (VAL_EACH_ITEM(i, item, v))
		check_marks(item, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) arena = ARENA_INIT;
	struct val *root = NULL;
	err *e = hcl_load((const char *)data, size, "fuzz", &arena, &root);
	if (!e)
		check_marks(root, size);
	else if (!err_place(e))
		abort();
	err_free(e);
	return 0;
}
