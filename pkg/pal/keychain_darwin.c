/* Security.framework, opened when it is needed: nothing else of fettle needs it. */
#include "base/base.h"

#include "pal/keychain.h"

#include <dlfcn.h>

#define FRAMEWORK "/System/Library/Frameworks/Security.framework/Security"
#define SERVICE   "fettle"

enum { NO_ITEM = -25300, CANCELLED = -128, REFUSED = -25293, NO_INTERACTION = -25308 };

typedef void *item_ref;

struct security {
	void *library;
	int (*find)(const void *keychain, uint32_t service_len, const char *service,
	            uint32_t account_len, const char *account, uint32_t *len, void **data,
	            item_ref *item);
	int (*add)(const void *keychain, uint32_t service_len, const char *service,
	           uint32_t account_len, const char *account, uint32_t len, const void *data,
	           item_ref *item);
	int (*modify)(item_ref item, const void *attributes, uint32_t len, const void *data);
	int (*remove)(item_ref item);
	int (*free_content)(void *attributes, void *data);
};

static err *open_security(struct security *s)
{
	static const char *const names[] = { "SecKeychainFindGenericPassword",
		                             "SecKeychainAddGenericPassword",
		                             "SecKeychainItemModifyAttributesAndData",
		                             "SecKeychainItemDelete",
		                             "SecKeychainItemFreeContent" };
	void **const functions[] = { (void **)&s->find, (void **)&s->add, (void **)&s->modify,
		                     (void **)&s->remove, (void **)&s->free_content };
	s->library = dlopen(FRAMEWORK, RTLD_LAZY);
	for (size_t i = 0; s->library && i < ARRAY_LEN(names); i++) {
		*functions[i] = dlsym(s->library, names[i]);
		if (!*functions[i])
			return err_new(ERR_UNSUPPORTED, "this system's keychain has no %s",
			               names[i]);
	}
	return s->library ? NULL
	                  : err_new(ERR_UNSUPPORTED, "this system's keychain cannot be reached");
}

static err *failure(int status, const char *account)
{
	if (status == NO_ITEM)
		return err_new(ERR_NOT_FOUND, "the keychain has no '%s' of fettle", account);
	if (status == CANCELLED || status == REFUSED || status == NO_INTERACTION)
		return err_new(ERR_DENIED, "the keychain was not unlocked (%d)", status);
	return err_new(ERR_IO, "the keychain fails with status %d", status);
}

static int find(const struct security *s, const char *account, uint32_t *len, void **data,
                item_ref *item)
{
	return s->find(NULL, (uint32_t)strlen(SERVICE), SERVICE, (uint32_t)strlen(account), account,
	               len, data, item);
}

err *keychain_get(const char *account, char *buf, size_t size, size_t *ret_len)
{
	struct security s = { 0 };
	uint32_t len = 0;
	void *data = NULL;
	TRY(open_security(&s));
	int status = find(&s, account, &len, &data, NULL);
	if (status != 0)
		return failure(status, account);
	err *e = len > size ? err_new(ERR_LIMIT, "what the keychain has is larger than %zu bytes",
	                              size)
	                    : NULL;
	if (!e) {
		memcpy(buf, data, len);
		*ret_len = len;
	}
	mem_wipe(data, len);
	s.free_content(NULL, data);
	return e;
}

err *keychain_set(const char *account, struct view secret)
{
	struct security s = { 0 };
	item_ref item = NULL;
	if (secret.len > KEYCHAIN_MAX_BYTES)
		return err_new(ERR_LIMIT, "a keychain takes %d bytes", KEYCHAIN_MAX_BYTES);
	TRY(open_security(&s));
	int status = find(&s, account, NULL, NULL, &item);
	if (status == 0)
		status = s.modify(item, NULL, (uint32_t)secret.len, secret.ptr);
	else if (status == NO_ITEM)
		status = s.add(NULL, (uint32_t)strlen(SERVICE), SERVICE, (uint32_t)strlen(account),
		               account, (uint32_t)secret.len, secret.ptr, NULL);
	return status ? failure(status, account) : NULL;
}

err *keychain_remove(const char *account)
{
	struct security s = { 0 };
	item_ref item = NULL;
	TRY(open_security(&s));
	int status = find(&s, account, NULL, NULL, &item);
	if (status == 0)
		status = s.remove(item);
	return status ? failure(status, account) : NULL;
}
