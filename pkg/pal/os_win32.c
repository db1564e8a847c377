/* Helpers of os_win32.h that are not about files. */
#define BASE_ALLOW_BANNED
#include "base/base.h"

#include "pal/os_win32.h"

#include <sddl.h>

void win32_close(HANDLE handle)
{
	if (handle == NULL || handle == INVALID_HANDLE_VALUE)
		return;
	DWORD saved = GetLastError();
	CloseHandle(handle);
	SetLastError(saved);
}

void win32_close_ptr(HANDLE *handle)
{
	win32_close(*handle);
}

HANDLE win32_steal(HANDLE *handle)
{
	HANDLE stolen = *handle;
	*handle = INVALID_HANDLE_VALUE;
	return stolen;
}

/* --- errors --- */

static enum err_kind kind_of(DWORD code)
{
	switch (code) {
	case ERROR_FILE_NOT_FOUND:
	case ERROR_PATH_NOT_FOUND:
	case ERROR_INVALID_DRIVE:
	case ERROR_BAD_NETPATH:
	case ERROR_BAD_NET_NAME:
	case ERROR_NOT_READY:
		return ERR_NOT_FOUND;
	case ERROR_FILE_EXISTS:
	case ERROR_ALREADY_EXISTS:
	case ERROR_DIR_NOT_EMPTY:
		return ERR_EXISTS;
	case ERROR_ACCESS_DENIED:
	case ERROR_PRIVILEGE_NOT_HELD:
	case ERROR_WRITE_PROTECT:
	case ERROR_NETWORK_ACCESS_DENIED:
		return ERR_DENIED;
	case ERROR_SHARING_VIOLATION:
	case ERROR_LOCK_VIOLATION:
	case ERROR_USER_MAPPED_FILE:
		return ERR_CONFLICT;
	case ERROR_INVALID_NAME:
	case ERROR_BAD_PATHNAME:
	case ERROR_FILENAME_EXCED_RANGE:
		return ERR_INVALID;
	case ERROR_NOT_SUPPORTED:
	case ERROR_INVALID_FUNCTION:
	case ERROR_CALL_NOT_IMPLEMENTED:
		return ERR_UNSUPPORTED;
	default:
		return ERR_IO;
	}
}

static void add_text(struct str *message, DWORD code)
{
	wchar_t wide[512];
	DWORD len = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
	                           code, 0, wide, ARRAY_LEN(wide) - 1, NULL);
	while (len > 0 && (wide[len - 1] <= L' ' || wide[len - 1] == L'.'))
		len--;
	wide[len] = L'\0';
	AUTOFREE char *text = win32_utf8(wide);
	if (*text)
		str_addf(message, ": %s", text);
	else
		str_addf(message, ": Windows error %lu", (unsigned long)code);
}

err *win32_error(DWORD code, const char *fmt, ...)
{
	if (code == 0)
		code = GetLastError();
	AUTO(str) message = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&message, fmt, args);
	va_end(args);
	add_text(&message, code);
	return err_new(kind_of(code), "%s", message.ptr);
}

/* --- text --- */

wchar_t *win32_wide(const char *text)
{
	int size = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
	wchar_t *wide = mem_zalloc((size_t)size + 1, sizeof(*wide));
	MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, size);
	return wide;
}

char *win32_utf8(const wchar_t *text)
{
	int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
	char *utf8 = mem_zalloc((size_t)size + 1, 1);
	WideCharToMultiByte(CP_UTF8, 0, text, -1, utf8, size, NULL, NULL);
	return utf8;
}

char *win32_path_utf8(const wchar_t *path)
{
	bool is_share = wcsncmp(path, L"\\\\?\\UNC\\", 8) == 0;
	if (is_share)
		path += 7; /* "\server", one more '\' below */
	else if (wcsncmp(path, L"\\\\?\\", 4) == 0)
		path += 4;
	AUTOFREE char *text = win32_utf8(path);
	for (char *at = text; *at; at++)
		if (*at == '\\')
			*at = '/';
	return str_format("%s%s", is_share ? "/" : "", text);
}

/* --- names --- */

static bool is_device(const char *name, size_t len)
{
	static const char *const devices[] = { "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$" };
	size_t stem = 0;
	while (stem < len && name[stem] != '.' && name[stem] != ' ')
		stem++;
	for (size_t i = 0; i < ARRAY_LEN(devices); i++)
		if (strlen(devices[i]) == stem && _strnicmp(name, devices[i], stem) == 0)
			return true;
	return stem == 4 && name[3] >= '1' && name[3] <= '9' &&
	       (_strnicmp(name, "COM", 3) == 0 || _strnicmp(name, "LPT", 3) == 0);
}

bool win32_is_name(const char *name, size_t len)
{
	if (len == 0 || len > 255 || name[len - 1] == '.' || name[len - 1] == ' ')
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < ' ' || strchr("<>:\"|?*\\/", name[i]))
			return false;
	return !is_device(name, len);
}

static bool is_dots(const char *name, size_t len)
{
	return (len == 1 && name[0] == '.') || (len == 2 && name[0] == '.' && name[1] == '.');
}

static err *check_names(const char *path)
{
	const char *at = path;
	if (((at[0] | 32) >= 'a' && (at[0] | 32) <= 'z') && at[1] == ':')
		at += 2;
	else if (str_starts(at, "\\\\?\\") || str_starts(at, "//?/"))
		at += 4 + (at[4] && at[5] == ':' ? 2 : 0);
	while (*at) {
		size_t len = strcspn(at, "/\\");
		if (len && !is_dots(at, len) && !win32_is_name(at, len))
			return err_new(ERR_INVALID, "'%s': Windows does not allow the name '%.*s'",
			               path, (int)len, at);
		at += len;
		at += *at ? 1 : 0;
	}
	return NULL;
}

err *win32_path(const char *path, wchar_t **ret_wide)
{
	if (!*path)
		return err_new(ERR_INVALID, "the path is empty");
	TRY(check_names(path));
	AUTOFREE wchar_t *wide = win32_wide(path);
	for (wchar_t *at = wide; *at; at++)
		if (*at == L'/')
			*at = L'\\';
	DWORD size = GetFullPathNameW(wide, 0, NULL, NULL);
	const size_t room = (size_t)size + 16;
	AUTOFREE wchar_t *full = mem_zalloc(room, sizeof(*full));
	DWORD len = size ? GetFullPathNameW(wide, size, full + 8, NULL) : 0;
	if (len == 0 || len >= size)
		return win32_error(0, "cannot use the path '%s'", path);
	wchar_t *start = full + 8;
	if (wcsncmp(start, L"\\\\?\\", 4) == 0) {
		/* long already */
	} else if (wcsncmp(start, L"\\\\.\\", 4) == 0) {
		return err_new(ERR_INVALID, "'%s' names a device", path);
	} else if (wcsncmp(start, L"\\\\", 2) == 0) {
		start -= 6; /* "\\?\UNC" + "\server": one of the two backslashes is dropped */
		wmemcpy(start, L"\\\\?\\UNC", 7);
	} else {
		start -= 4;
		wmemcpy(start, L"\\\\?\\", 4);
	}
	/* a folder is named without a backslash at its end, except a drive's root */
	size_t total = wcslen(start);
	if (total > 7 && start[total - 1] == L'\\')
		start[total - 1] = L'\0';
	*ret_wide = mem_dup(start, (wcslen(start) + 1) * sizeof(*start));
	return NULL;
}

/* --- private files --- */

/* The user as "S-1-5-…"; NULL when it cannot be known. LocalFree. */
static wchar_t *user_sid_text(void)
{
	WIN32_HANDLE token = NULL;
	union {
		TOKEN_USER user;
		char room[256];
	} info;
	DWORD size;
	wchar_t *text = NULL;
	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) ||
	    !GetTokenInformation(token, TokenUser, &info, sizeof(info), &size) ||
	    !ConvertSidToStringSidW(info.user.User.Sid, &text))
		return NULL;
	return text;
}

SECURITY_ATTRIBUTES *win32_security_init(struct win32_security *security, uint32_t mode)
{
	*security = (struct win32_security){ 0 };
	wchar_t *sid = (mode & 077) == 0 ? user_sid_text() : NULL;
	if (!sid)
		return NULL;
	AUTOFREE char *user = win32_utf8(sid);
	LocalFree(sid);
	/* protected against inheriting: full access for the user, the system, administrators */
	AUTOFREE char *text =
		str_format("D:P(A;OICI;FA;;;%s)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)", user);
	AUTOFREE wchar_t *wide = win32_wide(text);
	if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(wide, SDDL_REVISION_1,
	                                                          &security->descriptor, NULL))
		return NULL;
	security->attributes =
		(SECURITY_ATTRIBUTES){ sizeof(security->attributes), security->descriptor, FALSE };
	return &security->attributes;
}

void win32_security_clear(struct win32_security *security)
{
	if (security->descriptor)
		LocalFree(security->descriptor);
	security->descriptor = NULL;
}
