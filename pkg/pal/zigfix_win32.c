/*
 * Zig 0.16 brings its own strnlen and wcsnlen for Windows, which read past the end of a string that
 * stops just before an unmapped page. They are weak symbols: these strong ones replace them, in the
 * libraries too. Remove this file when the pinned Zig no longer has the fault.
 */
#include "base/base.h"

size_t strnlen(const char *text, size_t limit);
size_t wcsnlen(const wchar_t *text, size_t limit);

size_t strnlen(const char *text, size_t limit)
{
	size_t len = 0;
	while (len < limit && text[len])
		len++;
	return len;
}

size_t wcsnlen(const wchar_t *text, size_t limit)
{
	size_t len = 0;
	while (len < limit && text[len])
		len++;
	return len;
}
