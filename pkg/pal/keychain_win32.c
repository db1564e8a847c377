#include "base/base.h"

#include "pal/keychain.h"

#include "pal/os_win32.h"

#include <wincred.h>

static wchar_t *target_of(const char *account)
{
	AUTOFREE char *target = str_format("fettle/%s", account);
	return win32_wide(target);
}

static err *failure(const char *account)
{
	DWORD code = GetLastError();
	if (code == ERROR_NOT_FOUND)
		return err_new(ERR_NOT_FOUND, "Credential Manager has no '%s' of fettle", account);
	if (code == ERROR_NO_SUCH_LOGON_SESSION)
		return err_new(ERR_UNSUPPORTED, "there is no Credential Manager in this session");
	return win32_error(code, "Credential Manager refuses");
}

err *keychain_get(const char *account, char *buf, size_t size, size_t *ret_len)
{
	AUTOFREE wchar_t *target = target_of(account);
	PCREDENTIALW found = NULL;
	if (!CredReadW(target, CRED_TYPE_GENERIC, 0, &found))
		return failure(account);
	size_t len = found->CredentialBlobSize;
	err *e = len > size ? err_new(ERR_LIMIT, "what is there is larger than %zu bytes", size)
	                    : NULL;
	if (!e) {
		memcpy(buf, found->CredentialBlob, len);
		*ret_len = len;
	}
	SecureZeroMemory(found->CredentialBlob, len);
	CredFree(found);
	return e;
}

err *keychain_set(const char *account, struct view secret)
{
	AUTOFREE wchar_t *target = target_of(account);
	if (secret.len > KEYCHAIN_MAX_BYTES)
		return err_new(ERR_LIMIT, "Credential Manager takes %d bytes", KEYCHAIN_MAX_BYTES);
	static wchar_t user[] = L"fettle";
	CREDENTIALW credential = { .Type = CRED_TYPE_GENERIC,
		                   .TargetName = target,
		                   .CredentialBlobSize = (DWORD)secret.len,
		                   .CredentialBlob = (LPBYTE)(uintptr_t)secret.ptr,
		                   .Persist = CRED_PERSIST_LOCAL_MACHINE,
		                   .UserName = user };
	return CredWriteW(&credential, 0) ? NULL : failure(account);
}

err *keychain_remove(const char *account)
{
	AUTOFREE wchar_t *target = target_of(account);
	return CredDeleteW(target, CRED_TYPE_GENERIC, 0) ? NULL : failure(account);
}
