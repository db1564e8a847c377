/*
 * TOML of any shape: reading ends with a tree or an error with a place, and every mark of the tree lies
 * in the text.
 */
#include "base/base.h"

#include "toml/toml.h"
#include "val_marks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_reader(toml_load, data, size);
	return 0;
}
