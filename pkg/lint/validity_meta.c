/* Names, labels, annotations and selectors of any object. */
#include "base/base.h"

#include "lint/family_validity.h"

#include <ctype.h>

#define ANNOTATIONS_MAX (256u << 10)

enum form { SUBDOMAIN, LABEL, SERVICE_NAME, SEGMENT, ANY_NAME };

/* Kinds whose names are no subdomains. */
static const struct {
	const char *group, *kind;
	enum form form;
	size_t max; /* 0: what the form says */
} name_forms[] = {
	{ "", "Namespace", LABEL, 0 },
	{ "", "Service", SERVICE_NAME, 0 },
	{ "batch", "CronJob", SUBDOMAIN, 52 },
	{ "rbac.authorization.k8s.io", "Role", SEGMENT, 0 },
	{ "rbac.authorization.k8s.io", "ClusterRole", SEGMENT, 0 },
	{ "rbac.authorization.k8s.io", "RoleBinding", SEGMENT, 0 },
	{ "rbac.authorization.k8s.io", "ClusterRoleBinding", SEGMENT, 0 },
	{ "certificates.k8s.io", "ClusterTrustBundle", ANY_NAME, 0 },
	{ "networking.k8s.io", "IPAddress", ANY_NAME, 0 },
	{ "apiregistration.k8s.io", "APIService", ANY_NAME, 0 },
	{ "apiextensions.k8s.io", "CustomResourceDefinition", ANY_NAME, 0 },
};

static enum form form_of(const struct validity *c, size_t *ret_max)
{
	*ret_max = 0;
	for (size_t i = 0; i < ARRAY_LEN(name_forms); i++)
		if (str_equal(name_forms[i].kind, c->kind) &&
		    view_is(c->group, name_forms[i].group)) {
			*ret_max = name_forms[i].max;
			return name_forms[i].form;
		}
	/* Aggregated APIs have rules of their own. */
	bool is_openshift = c->group.len > 13 &&
	                    memcmp(c->group.ptr + c->group.len - 12, "openshift.io", 12) == 0;
	return is_openshift ? ANY_NAME : SUBDOMAIN;
}

static void check_name_text(const struct validity *c, const struct val *at, const char *name)
{
	size_t max;
	enum form form = form_of(c, &max);
	if (form == SUBDOMAIN && !kube_is_subdomain(name))
		validity_report(
			c, INVALID_NAME, at,
			"'%s' is no name: lower-case letters, digits, '-' and '.', a letter "
			"or digit at both ends",
			name);
	else if (form == SEGMENT && !kube_is_path_segment(name))
		validity_report(c, INVALID_NAME, at, "a name holds no '/' or '%%'");
	else if ((form == LABEL || form == SERVICE_NAME) && !kube_is_label(name))
		validity_report(c, INVALID_NAME, at,
		                "'%s' is no name for a %s: at most 63 lower-case letters, digits "
		                "and '-', a letter or digit at both ends",
		                name, c->kind);
	else if (form == SERVICE_NAME && c->minor < 36 && !kube_is_label_1035(name))
		validity_report(
			c, INVALID_NAME, at,
			"the name of a Service begins with a letter before Kubernetes 1.36");
	else if (max && strlen(name) > max)
		validity_report(c, INVALID_NAME, at, "the name of a %s has at most %zu characters",
		                c->kind, max);
}

static void check_name(const struct validity *c, const struct val *metadata)
{
	const struct val *name = val_get(metadata, "name");
	const struct val *namespace_ = val_get(metadata, "namespace");
	const struct val *generate = val_get(metadata, "generateName");
	const char *text = validity_text(name);
	if (text && (*text || !generate))
		check_name_text(c, name, text);
	text = validity_text(generate);
	if (text && *text) {
		AUTOFREE char *whole = str_format("%sx", text);
		check_name_text(c, generate, whole);
	}
	text = validity_text(namespace_);
	if (text && *text && !kube_is_label(text))
		validity_report(c, INVALID_NAME, namespace_, "'%s' is no name of a namespace",
		                text);
}

void validity_check_labels(const struct validity *c, const struct val *labels)
{
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, labels)) {
		if (!kube_is_open(entry->key) && !kube_is_qualified_name(entry->key))
			validity_report_key(c, INVALID_LABEL, entry,
			                    "'%s' is no key of a label: [domain/]name, the name at "
			                    "most 63 letters, digits, '-', '_' and '.'",
			                    entry->key);
		const char *value = validity_text(entry->value);
		if (value && !kube_is_label_value(value))
			validity_report(c, INVALID_LABEL, entry->value,
			                "'%s' is no value of a label: at most 63 letters, digits, "
			                "'-', '_' and '.', a letter or digit at both ends",
			                value);
	}
}

static void check_annotations(const struct validity *c, const struct val *annotations)
{
	const struct val_entry *entry;
	size_t total = 0;
	for (VAL_EACH_ENTRY(i, entry, annotations)) {
		total += entry->key_len;
		total += val_is(entry->value, VAL_STR) ? entry->value->as.str.len : 0;
		AUTOFREE char *key = mem_strdup(entry->key);
		for (char *at = key; *at; at++)
			*at = (char)tolower((unsigned char)*at);
		if (!kube_is_open(key) && !kube_is_qualified_name(key))
			validity_report_key(c, INVALID_ANNOTATION, entry,
			                    "'%s' is no key of an annotation: [domain/]name, the "
			                    "name at most 63 letters, digits, '-', '_' and '.'",
			                    entry->key);
	}
	if (total > ANNOTATIONS_MAX)
		validity_report(c, INVALID_ANNOTATION, annotations,
		                "the annotations have %zu bytes; 256 KiB is the most", total);
}

/* `values` where the operator wants some, and nowhere else. */
static void check_expression(const struct validity *c, const struct val *expression)
{
	const char *how = val_get_str(expression, "operator", "");
	const struct val *values = val_get(expression, "values"), *item;
	bool wants = str_equal(how, "In") || str_equal(how, "NotIn");
	bool refuses = str_equal(how, "Exists") || str_equal(how, "DoesNotExist");
	if (wants && val_len(values) == 0)
		validity_report(c, INVALID_SELECTOR, expression, "%s needs values", how);
	if (refuses && val_len(values) > 0)
		validity_report(c, INVALID_SELECTOR, values, "%s takes no values", how);
	const struct val *key = val_get(expression, "key");
	const char *text = validity_text(key);
	if (text && !kube_is_qualified_name(text))
		validity_report(c, INVALID_LABEL, key, "'%s' is no key of a label", text);
	for (VAL_EACH_ITEM(i, item, values)) {
		text = validity_text(item);
		if (text && wants && !kube_is_label_value(text))
			validity_report(c, INVALID_LABEL, item, "'%s' is no value of a label",
			                text);
	}
}

void validity_check_selector(const struct validity *c, const struct val *selector)
{
	const struct val *expression;
	validity_check_labels(c, val_get(selector, "matchLabels"));
	for (VAL_EACH_ITEM(i, expression, val_get(selector, "matchExpressions")))
		check_expression(c, expression);
}

static void check_object_selector(const struct validity *c)
{
	const struct val *spec = val_get(c->object, "spec");
	const struct val *selector = val_get(spec, "selector");
	bool is_core = c->group.len == 0;
	if (is_core &&
	    (str_equal(c->kind, "Service") || str_equal(c->kind, "ReplicationController")))
		validity_check_labels(c, selector);
	else if (view_is(c->group, "apps") || view_is(c->group, "batch") ||
	         view_is(c->group, "policy") || is_core)
		validity_check_selector(c, selector);
	else if (view_is(c->group, "networking.k8s.io"))
		validity_check_selector(c, val_get(spec, "podSelector"));
	/* The schema tells when there is none at all. */
	if (view_is(c->group, "apps") && c->has_pod && val_is(selector, VAL_MAP) &&
	    val_len(val_get(selector, "matchLabels")) == 0 &&
	    val_len(val_get(selector, "matchExpressions")) == 0)
		validity_report(c, INVALID_SELECTOR, selector, "the selector may not be empty");
}

void validity_check_metadata(const struct validity *c)
{
	const struct val *metadata = val_get(c->object, "metadata");
	check_name(c, metadata);
	validity_check_labels(c, val_get(metadata, "labels"));
	check_annotations(c, val_get(metadata, "annotations"));
	if (c->has_pod && c->pod.metadata != metadata) {
		validity_check_labels(c, val_get(c->pod.metadata, "labels"));
		check_annotations(c, val_get(c->pod.metadata, "annotations"));
	}
	check_object_selector(c);
}
