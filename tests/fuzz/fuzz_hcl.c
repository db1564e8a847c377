/* HCL of any shape: reading ends with a tree whose marks lie in the text, or an error with a place. */
#include "base/base.h"

#include "base/arena.h"
#include "hcl/hcl.h"
#include "val_marks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
