/*
 * Values as the API server takes them: names, labels, ports, amounts, addresses. What is still to be
 * filled in ("${NAME}", "{{ .x }}") is nothing anybody can judge: ask kube_is_open first.
 */
#ifndef LINT_KUBE_VALUE_H
#define LINT_KUBE_VALUE_H

#include "base/base.h"

struct val;

/* A variable or template that somebody replaces before the API server sees it. */
bool kube_is_open(const char *text);

/* DNS names of RFC 1123 and 1035; "a", "a.b". */
bool kube_is_label(const char *text);
bool kube_is_label_1035(const char *text);
bool kube_is_subdomain(const char *text);
/* "app", "example.com/app". */
bool kube_is_qualified_name(const char *text);
/* Of a label; may be empty. */
bool kube_is_label_value(const char *text);
/* Of a port: at most 15 characters, lower case, digits, '-'. */
bool kube_is_port_name(const char *text);
/* A key of a ConfigMap or Secret. */
bool kube_is_data_key(const char *text);
/* No '/' or '%', not "." or "..". */
bool kube_is_path_segment(const char *text);

/* "500m", "1.5Gi", 2: how much it is, 500m being 0.5. False when it is no amount. */
bool kube_quantity(const struct val *v, double *ret_amount);
/* 3 or "25%"; false for anything else. */
bool kube_int_or_percent(const struct val *v, int64_t *ret_number, bool *ret_is_percent);

bool kube_is_ip(const char *text);
/* An image as registries and runtimes take it: "registry:5000/a/b:tag@sha256:…". */
bool kube_is_image(const char *text);

#endif
