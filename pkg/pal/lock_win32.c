#define BASE_ALLOW_BANNED
#include "base/base.h"

#include "pal/lock_os.h"

#include "pal/fault.h"
#include "pal/os_win32.h"

/* Locks are mandatory here, so the locked byte lies far behind the text, which stays readable. */
#define LOCK_OFFSET 0x40000000u

static OVERLAPPED place(void)
{
	OVERLAPPED at = { 0 };
	at.Offset = LOCK_OFFSET;
	return at;
}

err *lock_os_open(const char *path, intptr_t *ret_handle)
{
	AUTOFREE wchar_t *wide = NULL;
	TRY(win32_path(path, &wide));
	HANDLE file = FAULT("CreateFile")
	                      ? INVALID_HANDLE_VALUE
	                      : CreateFileW(wide, GENERIC_READ | GENERIC_WRITE,
	                                    FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
	                                    NULL, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
	if (file == INVALID_HANDLE_VALUE)
		return win32_error(0, "cannot open the lock file '%s'", path);
	*ret_handle = (intptr_t)file;
	return NULL;
}

err *lock_os_try(intptr_t handle, const char *path, bool *ret_is_taken)
{
	OVERLAPPED at = place();
	const DWORD flags = LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY;
	bool is_taken = !FAULT("LockFile") && LockFileEx((HANDLE)handle, flags, 0, 1, 0, &at);
	DWORD code = is_taken ? 0 : GetLastError();
	if (code && code != ERROR_LOCK_VIOLATION && code != ERROR_IO_PENDING)
		return win32_error(code, "cannot lock '%s'", path);
	*ret_is_taken = is_taken;
	return NULL;
}

void lock_os_read(intptr_t handle, char *buf, size_t size)
{
	DWORD got = 0;
	OVERLAPPED at = { 0 };
	if (FAULT("ReadFile") || !ReadFile((HANDLE)handle, buf, (DWORD)size - 1, &got, &at))
		got = 0;
	buf[got] = '\0';
}

err *lock_os_write(intptr_t handle, const char *path, struct view text)
{
	const LARGE_INTEGER start = { .QuadPart = 0 };
	if (FAULT("SetEndOfFile") || !SetFilePointerEx((HANDLE)handle, start, NULL, FILE_BEGIN) ||
	    !SetEndOfFile((HANDLE)handle))
		return win32_error(0, "cannot write the lock file '%s'", path);
	return wfs_write_all((HANDLE)handle, path, text);
}

void lock_os_close(intptr_t handle)
{
	OVERLAPPED at = place();
	(void)UnlockFileEx((HANDLE)handle, 0, 1, 0, &at);
	win32_close((HANDLE)handle);
}
