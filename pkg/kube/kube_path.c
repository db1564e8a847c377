#include "base/base.h"

#include <ctype.h>

#include "kube/kube_private.h"

void kube_resource_path(const struct kube_resource *resource, const char *name_space,
                        const char *name, struct str *out)
{
	if (*resource->group)
		str_addf(out, "/apis/%s/%s", resource->group, resource->version);
	else
		str_addf(out, "/api/%s", resource->version);
	if (name_space && *name_space && resource->is_namespaced)
		str_addf(out, "/namespaces/%s", name_space);
	str_addf(out, "/%s", resource->plural);
	if (!name)
		return;
	str_addch(out, '/');
	for (const char *c = name; *c; c++) {
		if (isalnum((unsigned char)*c) || strchr("-._~:", *c))
			str_addch(out, *c);
		else
			str_addf(out, "%%%02X", (unsigned char)*c);
	}
}

void kube_query_add(struct str *path, const char *name, const char *value)
{
	str_addf(path, "%c%s=", strchr(path->ptr, '?') ? '&' : '?', name);
	for (const char *c = value; *c; c++) {
		if (isalnum((unsigned char)*c) || strchr("-._~/", *c))
			str_addch(path, *c);
		else
			str_addf(path, "%%%02X", (unsigned char)*c);
	}
}
