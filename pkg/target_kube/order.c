#include "base/base.h"

#include "target_kube/order.h"

#include "base/map.h"
#include "base/num.h"
#include "base/vec.h"

/* One object and the set it is in; edges go from it. */
struct linker {
	struct object_set *set;
	struct object *from;
};

static int64_t wave_of(const struct object *object)
{
	const char *text = object_annotation(object, "argocd.argoproj.io/sync-wave");
	int64_t number = 0;
	if (text && !num_parse_i64(text, strlen(text), &number))
		number = 0;
	return number;
}

/* --- cycles: an inferred edge is only added when the other one does not come after this one --- */

static bool comes_after(const struct object *from, const struct object *to, unsigned depth)
{
	if (from == to)
		return true;
	if (depth == 0)
		return true; /* too deep to tell: rather no edge than a cycle */
	for (size_t i = 0; i < from->edge_count; i++)
		if (wave_of(from->edges[i].to) == wave_of(to) &&
		    comes_after(from->edges[i].to, to, depth - 1))
			return true;
	return false;
}

static void add(struct linker *l, struct object *to, bool needs_ready)
{
	enum { DEEPEST = 12 };
	/* Other waves are in order already. */
	if (!to || wave_of(to) != wave_of(l->from) || comes_after(to, l->from, DEEPEST))
		return;
	if (needs_ready)
		object_edge_add_ready(l->set, l->from, to);
	else
		object_edge_add(l->set, l->from, to, false);
}

static void after(struct linker *l, const char *group, const char *kind, const char *name_space,
                  const char *name, bool needs_ready)
{
	char key[1024];
	if (!name || !*name)
		return;
	int len = snprintf(key, sizeof(key), "%s/%s/%s/%s", group, kind, name_space, name);
	if (len > 0 && (size_t)len < sizeof(key))
		add(l, object_set_find(l->set, key), needs_ready);
}

static void after_core(struct linker *l, const char *kind, const char *name)
{
	after(l, "", kind, l->from->name_space, name, false);
}

/* --- what a pod names --- */

static void after_env(struct linker *l, const struct val *container)
{
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, val_get(container, "env"))) {
		const struct val *from = val_get(item, "valueFrom");
		after_core(l, "ConfigMap", val_get_str(val_get(from, "configMapKeyRef"), "name", NULL));
		after_core(l, "Secret", val_get_str(val_get(from, "secretKeyRef"), "name", NULL));
	}
	for (VAL_EACH_ITEM(k, item, val_get(container, "envFrom"))) {
		after_core(l, "ConfigMap", val_get_str(val_get(item, "configMapRef"), "name", NULL));
		after_core(l, "Secret", val_get_str(val_get(item, "secretRef"), "name", NULL));
	}
}

static void after_volume(struct linker *l, const struct val *volume)
{
	const struct val *source;
	after_core(l, "ConfigMap", val_get_str(val_get(volume, "configMap"), "name", NULL));
	after_core(l, "Secret", val_get_str(val_get(volume, "secret"), "secretName", NULL));
	after_core(l, "PersistentVolumeClaim",
	           val_get_str(val_get(volume, "persistentVolumeClaim"), "claimName", NULL));
	for (VAL_EACH_ITEM(i, source, val_get(val_get(volume, "projected"), "sources"))) {
		after_core(l, "ConfigMap", val_get_str(val_get(source, "configMap"), "name", NULL));
		after_core(l, "Secret", val_get_str(val_get(source, "secret"), "name", NULL));
	}
}

static void after_pod(struct linker *l, const struct val *spec)
{
	static const char *const lists[] = { "initContainers", "containers", "ephemeralContainers" };
	const struct val *item;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		for (VAL_EACH_ITEM(k, item, val_get(spec, lists[i])))
			after_env(l, item);
	for (VAL_EACH_ITEM(v, item, val_get(spec, "volumes")))
		after_volume(l, item);
	for (VAL_EACH_ITEM(s, item, val_get(spec, "imagePullSecrets")))
		after_core(l, "Secret", val_get_str(item, "name", NULL));
	after_core(l, "ServiceAccount", val_get_str(spec, "serviceAccountName", NULL));
	after(l, "scheduling.k8s.io", "PriorityClass", "", val_get_str(spec, "priorityClassName", NULL),
	      false);
	after(l, "node.k8s.io", "RuntimeClass", "", val_get_str(spec, "runtimeClassName", NULL), false);
}

static const struct val *pod_spec(const struct object *object)
{
	const struct val *spec = val_get(object->doc, "spec");
	if (str_equal(object->kind, "Pod"))
		return spec;
	if (str_equal(object->kind, "CronJob"))
		spec = val_get(val_get(spec, "jobTemplate"), "spec");
	return val_get(val_get(spec, "template"), "spec");
}

static void after_claims(struct linker *l, const struct val *spec)
{
	const struct val *item;
	after(l, "storage.k8s.io", "StorageClass", "", val_get_str(spec, "storageClassName", NULL),
	      false);
	for (VAL_EACH_ITEM(i, item, val_get(spec, "volumeClaimTemplates")))
		after(l, "storage.k8s.io", "StorageClass", "",
		      val_get_str(val_get(item, "spec"), "storageClassName", NULL), false);
	after_core(l, "PersistentVolume", val_get_str(spec, "volumeName", NULL));
}

/* --- bindings, ingresses, webhooks --- */

static void after_role(struct linker *l)
{
	const struct val *doc = l->from->doc, *role = val_get(doc, "roleRef"), *subject;
	const char *kind = val_get_str(role, "kind", "");
	bool is_local = str_equal(kind, "Role");
	after(l, "rbac.authorization.k8s.io", kind, is_local ? l->from->name_space : "",
	      val_get_str(role, "name", NULL), false);
	for (VAL_EACH_ITEM(i, subject, val_get(doc, "subjects")))
		if (str_equal(val_get_str(subject, "kind", ""), "ServiceAccount"))
			after(l, "", "ServiceAccount",
			      val_get_str(subject, "namespace", l->from->name_space),
			      val_get_str(subject, "name", NULL), false);
}

static void after_ingress(struct linker *l)
{
	const struct val *spec = val_get(l->from->doc, "spec"), *rule, *path, *tls;
	after(l, "networking.k8s.io", "IngressClass", "", val_get_str(spec, "ingressClassName", NULL),
	      false);
	for (VAL_EACH_ITEM(t, tls, val_get(spec, "tls")))
		after_core(l, "Secret", val_get_str(tls, "secretName", NULL));
	for (VAL_EACH_ITEM(i, rule, val_get(spec, "rules")))
		for (VAL_EACH_ITEM(k, path, val_get(val_get(rule, "http"), "paths")))
			after_core(l, "Service",
			           val_get_str(val_get(val_get(path, "backend"), "service"), "name",
			                       NULL));
}

static bool selects(const struct val *selector, const struct val *labels)
{
	const struct val_entry *entry;
	for (VAL_EACH_ENTRY(i, entry, selector)) {
		const struct val *value = val_getn(labels, entry->key, entry->key_len);
		if (!value || !val_equal(value, entry->value))
			return false;
	}
	return val_len(selector) > 0;
}

/* A webhook answers only when the pods behind its service do. */
static void after_service(struct linker *l, const struct val *service)
{
	const char *name_space = val_get_str(service, "namespace", ""), *name = val_get_str(service, "name", "");
	AUTOFREE char *key = str_format("/Service/%s/%s", name_space, name);
	struct object *object = object_set_find(l->set, key);
	if (!object)
		return;
	add(l, object, true);
	const struct val *selector = val_get(val_get(object->doc, "spec"), "selector");
	for (size_t i = 0; i < l->set->len; i++) {
		struct object *workload = l->set->items[i];
		const struct val *template = val_get(val_get(workload->doc, "spec"), "template");
		const struct val *labels = val_get(val_get(template, "metadata"), "labels");
		if (str_equal(workload->name_space, name_space) && selects(selector, labels))
			add(l, workload, true);
	}
}

static void after_webhooks(struct linker *l)
{
	const struct val *hook;
	for (VAL_EACH_ITEM(i, hook, val_get(l->from->doc, "webhooks")))
		after_service(l, val_get(val_get(hook, "clientConfig"), "service"));
}

/* --- waves --- */

/*
 * Every object after all of the wave before, through one of them: edges to the last wave's objects would
 * be as many as the product. Waves are small where they are used; big ones are chained by their members.
 */
static void add_waves(struct object_set *set)
{
	VEC(int64_t) numbers = VEC_INIT;
	for (size_t i = 0; i < set->len; i++) {
		int64_t number = wave_of(set->items[i]);
		bool is_known = false;
		for (size_t k = 0; k < numbers.len; k++)
			is_known = is_known || numbers.ptr[k] == number;
		if (!is_known)
			vec_push(&numbers, number);
	}
	for (size_t i = 0; numbers.len > 1 && i < set->len; i++) {
		struct linker l = { set, set->items[i] };
		int64_t mine = wave_of(l.from), before = INT64_MIN;
		for (size_t k = 0; k < numbers.len; k++)
			if (numbers.ptr[k] < mine && numbers.ptr[k] > before)
				before = numbers.ptr[k];
		for (size_t k = 0; before != INT64_MIN && k < set->len; k++)
			if (wave_of(set->items[k]) == before)
				object_edge_add_ready(set, l.from, set->items[k]);
	}
	vec_clear(&numbers);
}

/* --- the whole --- */

void order_find_crds(const struct object_set *set, struct map *crds)
{
	for (size_t i = 0; i < set->len; i++) {
		const struct object *object = set->items[i];
		const struct val *spec = val_get(object->doc, "spec");
		if (!str_equal(object->kind, "CustomResourceDefinition") ||
		    !str_equal(object->group, "apiextensions.k8s.io"))
			continue;
		AUTOFREE char *kind = str_format("%s/%s", val_get_str(spec, "group", ""),
		                                 val_get_str(val_get(spec, "names"), "kind", ""));
		map_set(crds, kind, set->items[i]);
	}
}

static void infer(struct linker *l, const struct map *crds)
{
	const char *kind = l->from->kind;
	const struct val *pod = pod_spec(l->from), *spec = val_get(l->from->doc, "spec");
	if (crds->len) {
		AUTOFREE char *name = str_format("%s/%s", l->from->group, kind);
		struct object *crd = map_get(crds, name);
		if (crd)
			add(l, crd, true);
	}
	if (*l->from->name_space)
		after(l, "", "Namespace", "", l->from->name_space, false);
	if (pod)
		after_pod(l, pod);
	if (str_equal(kind, "StatefulSet") || str_equal(kind, "PersistentVolumeClaim") ||
	    str_equal(kind, "PersistentVolume"))
		after_claims(l, spec);
	if (str_equal(kind, "RoleBinding") || str_equal(kind, "ClusterRoleBinding"))
		after_role(l);
	if (str_equal(kind, "Ingress"))
		after_ingress(l);
	if (str_equal(kind, "ValidatingWebhookConfiguration") ||
	    str_equal(kind, "MutatingWebhookConfiguration"))
		after_webhooks(l);
	if (str_equal(kind, "APIService"))
		after_service(l, val_get(spec, "service"));
}

err *order_infer(struct object_set *set)
{
	struct map crds = MAP_INIT;
	order_find_crds(set, &crds);
	add_waves(set);
	for (size_t i = 0; i < set->len; i++) {
		struct linker l = { set, set->items[i] };
		infer(&l, &crds);
	}
	map_clear(&crds);
	return NULL;
}

/* What others stand on goes last. */
static const char *const last_kinds[] = {
	"CustomResourceDefinition", "Namespace",        "PersistentVolume", "StorageClass",
	"PriorityClass",            "ClusterRole",      "Role",             "ServiceAccount",
	"PersistentVolumeClaim",    "Secret",           "ConfigMap",        "ClusterRoleBinding",
	"RoleBinding",              "Service",
};

int order_removal_rank(const char *group, const char *kind)
{
	/* A webhook whose server is gone would refuse every other deletion. */
	if (str_ends(kind, "WebhookConfiguration") || str_equal(kind, "APIService"))
		return 1000;
	for (size_t i = 0; i < ARRAY_LEN(last_kinds); i++)
		if (str_equal(kind, last_kinds[i]))
			return (int)i + 1;
	/* Custom resources need their controllers, so they go before workloads. */
	bool is_builtin = !strchr(group, '.') || str_ends(group, ".k8s.io");
	return is_builtin ? 100 : 500;
}
