/*
 * Kubernetes objects as rules see them: where the pod of a workload is, its containers, and paths
 * with the container resolved for messages.
 */
#ifndef LINT_KUBE_OBJECT_H
#define LINT_KUBE_OBJECT_H

#include "lint/lint_rule.h"

struct kube_pod {
	const struct val *object;
	const struct val *metadata; /* of the pod or its template; NULL: none */
	const struct val *spec;     /* a map */
	const char *path;           /* of the spec: "spec.template.spec" */
};

/* The pod of a Pod, a PodTemplate or a controller; false when the object has none. */
bool kube_pod_of(const struct val *object, struct kube_pod *ret_pod);

struct kube_container {
	const struct val *v; /* a map */
	const char *list;    /* "containers", "initContainers", "ephemeralContainers" */
	const char *name;    /* "" when it has none */
	size_t index;
};

struct kube_containers {
	size_t list, item;
};

/* Init containers first, as the kubelet starts them. */
bool kube_next_container(const struct kube_pod *pod, struct kube_containers *it,
                         struct kube_container *ret_container);

/* "spec.template.spec.containers[name=app]". */
void kube_add_container_path(const struct kube_pod *pod, const struct kube_container *container,
                             struct str *out);

/* "apps" of "apps/v1"; "" for the core. */
struct view kube_group(const struct val *object);

/* A schedule of a CronJob: cron, `@daily` and its like, a time zone in front. */
bool kube_is_cron(const char *schedule);

/* "v1.25" or "1.25" to 25; false for anything else. */
bool kube_parse_minor(const char *version, unsigned *ret_minor);

#endif
