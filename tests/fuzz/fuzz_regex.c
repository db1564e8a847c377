/* Patterns of any shape on any text: a verdict or an error, in a bounded number of steps. */
#include "base/base.h"

#include "regex/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOPTR(regex) regex = NULL;
	const uint8_t *feed = memchr(data, '\n', size);
	size_t len = feed ? (size_t)(feed - data) : size;
	AUTOFREE char *pattern = mem_strndup((const char *)data, len);
	bool matches;
	err *e = regex_new(pattern, &regex);
	if (!e)
		e = regex_matches(regex, (struct view){ (const char *)data + len, size - len },
		                  &matches);
	err_free(e);
	return 0;
}
