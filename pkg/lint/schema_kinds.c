#include "base/base.h"

#include "lint/schema_kinds.h"

/* Files with apiVersion and kind that are no objects of a cluster, by group. */
static const char *const tool_groups[] = {
	"admission.k8s.io",
	"apiserver.config.k8s.io",
	"apiserver.k8s.io",
	"audit.k8s.io",
	"backstage.io",
	"builtin",
	"chainsaw.kyverno.io",
	"cli.kyverno.io",
	"client.authentication.k8s.io",
	"cloudbuild",
	"config.fettle.dev",
	"config.kubernetes.io",
	"controllermanager.config.k8s.io",
	"credentialprovider.kubelet.k8s.io",
	"ctlptl.dev",
	"eksctl.io",
	"eventratelimit.admission.k8s.io",
	"fettle.dev",
	"fn.kpt.dev",
	"host.fettle.dev",
	"imagepolicy.k8s.io",
	"k3d.io",
	"kind.x-k8s.io",
	"kpt.dev",
	"krew.googlecontainertools.github.com",
	"kubeadm.k8s.io",
	"kubectl.config.k8s.io",
	"kubelet.config.k8s.io",
	"kubeproxy.config.k8s.io",
	"kubescheduler.config.k8s.io",
	"kustomize.config.k8s.io",
	"kuttl.dev",
	"pod-security.admission.config.k8s.io",
	"resourcequota.admission.k8s.io",
	"scorecard.operatorframework.io",
	"skaffold",
	"tilt.dev",
	"viaduct.ai",
	"webhookadmission",
	NULL,
};

const char *const schema_server_metadata[] = { "managedFields", "resourceVersion", "uid",
	                                       "generation",    "selfLink",        NULL };

static size_t group_len(const char *version)
{
	const char *slash = strchr(version, '/');
	return slash ? (size_t)(slash - version) : 0;
}

static bool is_tool(const char *version, const char *kind)
{
	size_t len = group_len(version);
	if (!len) /* kubeconfig, and generators of kustomize */
		return str_equal(version, "builtin") || str_equal(kind, "Config") ||
		       str_equal(kind, "List");
	for (const char *const *group = tool_groups; *group; group++)
		if (strlen(*group) == len && memcmp(*group, version, len) == 0)
			return true;
	return false;
}

/* "v1", "v2beta1", "v1alpha1". */
static bool is_version_name(const char *text)
{
	if (*text++ != 'v' || *text < '1' || *text > '9')
		return false;
	text += strspn(text, "0123456789");
	if (!*text)
		return true;
	if (!str_starts(text, "alpha") && !str_starts(text, "beta"))
		return false;
	text += *text == 'a' ? strlen("alpha") : strlen("beta");
	return *text && !text[strspn(text, "0123456789")];
}

static bool is_deprecated(const struct kube_api *api, unsigned minor)
{
	return api->deprecated && api->deprecated <= minor;
}

void schema_kind_of(const struct val *object, unsigned minor, struct schema_kind *ret_kind)
{
	struct schema_kind kind = { .version = val_get_str(object, "apiVersion", ""),
		                    .kind = val_get_str(object, "kind", "") };
	size_t len = group_len(kind.version);
	kind.looks_custom = memchr(kind.version, '.', len) != NULL;
	if (!*kind.kind || is_tool(kind.version, kind.kind)) {
		kind.verdict = SCHEMA_KIND_EXEMPT;
	} else if (kube_api_find(kind.version, kind.kind, &kind.api)) {
		bool is_served = kube_api_is_served(&kind.api, minor);
		kind.verdict = is_served ? SCHEMA_KIND_SERVED : SCHEMA_KIND_UNSERVED;
		kind.is_deprecated = is_deprecated(&kind.api, minor);
	} else if (kube_api_has_group(kind.version)) {
		kind.verdict = SCHEMA_KIND_UNKNOWN;
	} else if (!len && !is_version_name(kind.version)) {
		kind.verdict = SCHEMA_KIND_EXEMPT;
	} else {
		kind.verdict = SCHEMA_KIND_CUSTOM;
	}
	*ret_kind = kind;
}

const char *schema_lacks(const struct val *root)
{
	const struct val *version = val_get(root, "apiVersion"), *kind = val_get(root, "kind");
	if (!val_is(val_get(root, "metadata"), VAL_MAP) || !version == !kind)
		return NULL;
	if (!version)
		return kube_kind_version(val_get_str(root, "kind", ""), kube_minor_newest())
		               ? "apiVersion"
		               : NULL;
	return kube_api_has_group(val_get_str(root, "apiVersion", "")) ? "kind" : NULL;
}

bool schema_has_directives(const struct val *v)
{
	const struct val_entry *entry;
	const struct val *item;
	for (VAL_EACH_ENTRY(i, entry, v))
		if (str_equal(entry->key, "$patch") || str_starts(entry->key, "$setElementOrder") ||
		    str_equal(entry->key, "$retainKeys") ||
		    str_starts(entry->key, "$deleteFromPrimitiveList") ||
		    schema_has_directives(entry->value))
			return true;
	for (VAL_EACH_ITEM(i, item, v))
		if (schema_has_directives(item))
			return true;
	return false;
}

bool schema_is_empty(const struct val *v)
{
	const struct val_entry *entry;
	const struct val *item;
	if (v->kind == VAL_NULL || (v->kind == VAL_STR && !v->as.str.len))
		return true;
	if (v->kind != VAL_MAP && v->kind != VAL_LIST)
		return false;
	for (VAL_EACH_ENTRY(i, entry, v))
		if (!schema_is_empty(entry->value))
			return false;
	for (VAL_EACH_ITEM(i, item, v))
		if (!schema_is_empty(item))
			return false;
	return true;
}

bool schema_has_server_fields(const struct val *object, bool status_is_servers)
{
	const struct val *status = val_get(object, "status");
	if (status_is_servers && status && !schema_is_empty(status))
		return true;
	const struct val *metadata = val_get(object, "metadata");
	for (const char *const *name = schema_server_metadata; *name; name++) {
		const struct val *v = val_get(metadata, *name);
		if (v && !schema_is_empty(v))
			return true;
	}
	return false;
}
