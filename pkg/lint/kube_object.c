#include "base/base.h"

#include "lint/kube_object.h"

#include "base/num.h"
#include "lint/cron.h"

/* Where the pod of a kind is. To add a kind: its row. */
static const struct {
	const char *group, *kind;
	const char *path; /* of the pod's spec; its metadata stand beside it */
} pods[] = {
	{ "", "Pod", "spec" },
	{ "", "PodTemplate", "template.spec" },
	{ "", "ReplicationController", "spec.template.spec" },
	{ "apps", "Deployment", "spec.template.spec" },
	{ "apps", "ReplicaSet", "spec.template.spec" },
	{ "apps", "StatefulSet", "spec.template.spec" },
	{ "apps", "DaemonSet", "spec.template.spec" },
	{ "extensions", "Deployment", "spec.template.spec" },
	{ "extensions", "ReplicaSet", "spec.template.spec" },
	{ "extensions", "DaemonSet", "spec.template.spec" },
	{ "batch", "Job", "spec.template.spec" },
	{ "batch", "CronJob", "spec.jobTemplate.spec.template.spec" },
	{ "argoproj.io", "Rollout", "spec.template.spec" },
	{ "apps.kruise.io", "CloneSet", "spec.template.spec" },
	{ "apps.kruise.io", "StatefulSet", "spec.template.spec" },
	{ "apps.kruise.io", "DaemonSet", "spec.template.spec" },
	{ "apps.openshift.io", "DeploymentConfig", "spec.template.spec" },
	{ "keda.sh", "ScaledJob", "spec.jobTargetRef.template.spec" },
	{ "leaderworkerset.x-k8s.io", "LeaderWorkerSet",
	  "spec.leaderWorkerTemplate.workerTemplate.spec" },
	{ "serving.knative.dev", "Configuration", "spec.template.spec" },
	{ "serving.knative.dev", "Service", "spec.template.spec" },
};

struct view kube_group(const struct val *object)
{
	const char *version = val_get_str(object, "apiVersion", "");
	const char *slash = strchr(version, '/');
	return (struct view){ version, slash ? (size_t)(slash - version) : 0 };
}

/* What the last step of the path is a member of. */
static const struct val *holder_of(const struct val *object, const char *path)
{
	for (const char *dot; (dot = strchr(path, '.')) != NULL; path = dot + 1)
		object = val_getn(object, path, (size_t)(dot - path));
	return object;
}

bool kube_pod_of(const struct val *object, struct kube_pod *ret_pod)
{
	const char *kind = val_get_str(object, "kind", "");
	struct view group = kube_group(object);
	for (size_t i = 0; i < ARRAY_LEN(pods); i++) {
		if (!str_equal(pods[i].kind, kind) || !view_is(group, pods[i].group))
			continue;
		const struct val *holder = holder_of(object, pods[i].path);
		*ret_pod = (struct kube_pod){ .object = object,
			                      .metadata = val_get(holder, "metadata"),
			                      .spec = val_get(holder, "spec"),
			                      .path = pods[i].path };
		return val_is(ret_pod->spec, VAL_MAP);
	}
	return false;
}

bool kube_next_container(const struct kube_pod *pod, struct kube_containers *it,
                         struct kube_container *ret_container)
{
	static const char *const lists[] = { "initContainers", "containers",
		                             "ephemeralContainers" };
	for (; it->list < ARRAY_LEN(lists); it->list++, it->item = 0) {
		const struct val *list = val_get(pod->spec, lists[it->list]);
		while (it->item < val_len(list)) {
			size_t index = it->item++;
			const struct val *container = val_at(list, index);
			if (!val_is(container, VAL_MAP))
				continue;
			*ret_container =
				(struct kube_container){ .v = container,
				                         .list = lists[it->list],
				                         .name = val_get_str(container, "name", ""),
				                         .index = index };
			return true;
		}
	}
	return false;
}

void kube_add_container_path(const struct kube_pod *pod, const struct kube_container *container,
                             struct str *out)
{
	if (*container->name)
		str_addf(out, "%s.%s[name=%s]", pod->path, container->list, container->name);
	else
		str_addf(out, "%s.%s[%zu]", pod->path, container->list, container->index);
}

bool kube_is_cron(const char *schedule)
{
	static const char *const names[] = { "@yearly", "@annually", "@monthly", "@weekly",
		                             "@daily",  "@midnight", "@hourly" };
	if (str_starts(schedule, "TZ=") || str_starts(schedule, "CRON_TZ="))
		schedule += strcspn(schedule, " ");
	schedule += strspn(schedule, " ");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_equal(schedule, names[i]))
			return true;
	return str_starts(schedule, "@every ") || cron_is_valid(schedule);
}

bool kube_parse_minor(const char *version, unsigned *ret_minor)
{
	uint64_t minor;
	version += *version == 'v';
	if (!str_starts(version, "1."))
		return false;
	size_t digits = strspn(version + 2, "0123456789");
	/* A patch version says nothing more. */
	const char *patch = version + 2 + digits;
	bool is_end = !*patch || (*patch == '.' && patch[1] >= '0' && patch[1] <= '9');
	if (!digits || !is_end || !num_parse_u64(version + 2, digits, 10, &minor) || minor > 999)
		return false;
	*ret_minor = (unsigned)minor;
	return true;
}
