/* HCL of any shape: reading ends with a tree whose marks lie in the text, or an error with a place. */
#include "base/base.h"

#include "hcl/hcl.h"
#include "val_marks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_reader(hcl_load, data, size);
	return 0;
}
