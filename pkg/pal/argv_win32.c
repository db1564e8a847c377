#include "base/base.h"
#include "pal/argv.h"

#include <windows.h>
#include <shellapi.h>

static char *to_utf8(const wchar_t *wide)
{
	int size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
	char *text = mem_zalloc((size_t)size + 1, 1);

	WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, size, NULL, NULL);
	return text;
}

void argv_get(int argc, char *const *argv, struct strs *ret_args)
{
	AUTO(strs) args = STRS_INIT;
	int count = 0;
	wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), &count);

	for (int i = 0; i < count; i++)
		strs_push_take(&args, to_utf8(wide[i]));
	for (int i = 0; !wide && i < argc; i++)
		strs_push(&args, argv[i]);
	LocalFree(wide);
	SetConsoleOutputCP(CP_UTF8);
	SetConsoleCP(CP_UTF8);

	strs_clear(ret_args);
	*ret_args = args;
	args = (struct strs)STRS_INIT;
}

/*
 * What env_get has handed out. A mutable global against the rule: on the other systems the C
 * library keeps such a list, here nobody does, and callers may borrow for ever.
 */
static struct env_entry {
	struct env_entry *next;
	char *name, *value;
} * env_entries;
static SRWLOCK env_lock = SRWLOCK_INIT;

/* NULL: not set. Caller frees. */
static char *read_variable(const char *name)
{
	wchar_t wide_name[256];

	if (!MultiByteToWideChar(CP_UTF8, 0, name, -1, wide_name, (int)ARRAY_LEN(wide_name)))
		return NULL;
	SetLastError(0);
	DWORD size = GetEnvironmentVariableW(wide_name, NULL, 0);
	if (size == 0)
		return GetLastError() == ERROR_ENVVAR_NOT_FOUND ? NULL : mem_strdup("");
	AUTOFREE wchar_t *wide = mem_zalloc((size_t)size + 1, sizeof(*wide));
	GetEnvironmentVariableW(wide_name, wide, size);
	return to_utf8(wide);
}

/* The entry for exactly this value, so that a borrowed pointer stays good when the value changes. */
static const char *remember(const char *name, char *take_value)
{
	for (struct env_entry *entry = env_entries; entry; entry = entry->next) {
		if (str_equal(entry->name, name) && str_equal(entry->value, take_value)) {
			mem_free(take_value);
			return entry->value;
		}
	}
	struct env_entry *entry = MEM_NEW(struct env_entry);
	*entry = (struct env_entry){ env_entries, mem_strdup(name), take_value };
	env_entries = entry;
	return entry->value;
}

const char *env_get(const char *name)
{
	char *value = read_variable(name);
	if (!value)
		return NULL;
	AcquireSRWLockExclusive(&env_lock);
	const char *kept = remember(name, value);
	ReleaseSRWLockExclusive(&env_lock);
	return kept;
}

void env_list(struct strs *ret_variables)
{
	wchar_t *block = GetEnvironmentStringsW();

	strs_clear(ret_variables);
	for (const wchar_t *entry = block; entry && *entry; entry += wcslen(entry) + 1)
		strs_push_take(ret_variables, to_utf8(entry));
	FreeEnvironmentStringsW(block);
}

char env_list_separator(void)
{
	return ';';
}
