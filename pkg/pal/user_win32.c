#define BASE_ALLOW_BANNED
#include "base/base.h"

#include "pal/user.h"

#include "base/num.h"
#include "pal/os_win32.h"

static err *number(const char *kind, const char *name, uint32_t *ret_id)
{
	uint64_t id;
	if (!num_parse_u64(name, strlen(name), 10, &id) || !*name || id >= UINT32_MAX)
		return err_new(ERR_UNSUPPORTED, "there is no %s '%s': Windows has no such names",
		               kind, name);
	*ret_id = (uint32_t)id;
	return NULL;
}

err *user_id(struct fs_root *root, const char *name, uint32_t *ret_uid)
{
	(void)root;
	return number("user", name, ret_uid);
}

err *user_group_id(struct fs_root *root, const char *name, uint32_t *ret_gid)
{
	(void)root;
	return number("group", name, ret_gid);
}

void user_name(struct fs_root *root, uint32_t uid, struct str *ret_name)
{
	(void)root;
	str_reset(ret_name);
	str_addf(ret_name, "%" PRIu32, uid);
}

void user_group_name(struct fs_root *root, uint32_t gid, struct str *ret_name)
{
	user_name(root, gid, ret_name);
}

uint32_t user_self(void)
{
	return 0;
}

uint32_t user_group_self(void)
{
	return 0;
}

bool user_is_admin(void)
{
	WIN32_HANDLE token = NULL;
	TOKEN_ELEVATION elevation = { 0 };
	DWORD size;
	return OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) &&
	       GetTokenInformation(token, TokenElevation, &elevation, sizeof(elevation), &size) &&
	       elevation.TokenIsElevated;
}

void user_host_name(struct str *ret_name)
{
	wchar_t wide[256] = L"";
	DWORD size = ARRAY_LEN(wide);
	if (!GetComputerNameExW(ComputerNameDnsHostname, wide, &size))
		wide[0] = L'\0';
	AUTOFREE char *name = win32_utf8(wide);
	str_reset(ret_name);
	str_addz(ret_name, *name ? name : "localhost");
}
