/*
 * Stands in for Apple's header while curl is built: fettle links libSystem and nothing else on macOS.
 * curl calls this one function only to warm up a resolver (NAT64), and ignores the result.
 */
#ifndef FETTLE_SYSTEM_CONFIGURATION_STUB_H
#define FETTLE_SYSTEM_CONFIGURATION_STUB_H

typedef const void *CFDictionaryRef;

static inline CFDictionaryRef SCDynamicStoreCopyProxies(const void *store)
{
	(void)store;
	return 0;
}

static inline void CFRelease(const void *object)
{
	(void)object;
}

#endif
