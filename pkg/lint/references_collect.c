/* What each file says, in few bytes: tens of thousands of objects are kept until the end. */
#include "base/base.h"

#include "lint/references.h"

#include "base/path.h"

struct collect {
	struct references *state;
	struct lint_file *file;
	const struct val *object;
	const char *kind, *group, *namespace_, *name;
};

/* --- texts --- */

static const char *keep_n(struct references *state, const char *text, size_t len)
{
	AUTO(str) key = STR_INIT;
	str_add(&key, text, len);
	const char *known = map_get(&state->texts, key.ptr);
	if (known)
		return known;
	char *copy = arena_strndup(&state->arena, text, len);
	map_set(&state->texts, copy, copy);
	return copy;
}

static const char *keep(struct references *state, const char *text)
{
	if (!text || !*text)
		return "";
	const char *known = map_get(&state->texts, text);
	return known ? known : keep_n(state, text, strlen(text));
}

/* "key=value" of each label; NULL when `labels` is no map. */
static reference_texts keep_labels(struct references *state, const struct val *labels)
{
	if (!val_is(labels, VAL_MAP))
		return NULL;
	AUTO(str) text = STR_INIT;
	const struct val_entry *entry;
	size_t n = 0;
	const char **list =
		arena_alloc(&state->arena, (val_len(labels) + 1) * sizeof(const char *));
	for (VAL_EACH_ENTRY(i, entry, labels)) {
		str_reset(&text);
		str_addf(&text, "%s=", entry->key);
		if (val_is(entry->value, VAL_STR))
			str_addz(&text, entry->value->as.str.ptr);
		else
			yaml_write(entry->value, &text);
		list[n++] = keep(state, text.ptr);
	}
	list[n] = NULL;
	return list;
}

/* The keys of the members, not what may be megabytes of values. */
static reference_texts keep_keys(struct references *state, const struct val *object,
                                 const char *first, const char *second)
{
	const struct val *maps[] = { val_get(object, first), val_get(object, second) };
	const struct val_entry *entry;
	size_t n = 0;
	const char **list = arena_alloc(&state->arena, (val_len(maps[0]) + val_len(maps[1]) + 1) *
	                                                       sizeof(const char *));
	for (size_t m = 0; m < ARRAY_LEN(maps); m++)
		for (VAL_EACH_ENTRY(i, entry, maps[m]))
			list[n++] = keep(state, entry->key);
	list[n] = NULL;
	return list;
}

/* --- wishes --- */

static struct reference_wish *add_wish(struct collect *c, enum reference_rule rule,
                                       enum reference_need need, const struct val *at)
{
	const struct reference_wish wish = { .file = c->file->index,
		                             .start = at->mark.start,
		                             .end = at->mark.end,
		                             .rule = (uint8_t)rule,
		                             .need = (uint8_t)need,
		                             .kind = "",
		                             .name = "",
		                             .by_kind = c->kind,
		                             .by_namespace = c->namespace_,
		                             .by_name = c->name };
	vec_push(&c->state->wishes, wish);
	return &c->state->wishes.ptr[c->state->wishes.len - 1];
}

static void want_name(struct collect *c, enum reference_rule rule, const char *kind,
                      const struct val *holder, const char *key)
{
	const struct val *name = val_get(holder, key), *optional = val_get(holder, "optional");
	if (!val_is(name, VAL_STR) || !*name->as.str.ptr || strchr(name->as.str.ptr, '$'))
		return;
	if (rule == MISSING_CONFIG_MAP)
		map_set(&c->state->used_maps, name->as.str.ptr, c->state);
	if (val_is(optional, VAL_BOOL) && optional->as.boolean)
		return;
	struct reference_wish *wish = add_wish(c, rule, NEED_OBJECT, name);
	wish->kind = keep(c->state, kind);
	wish->name = keep(c->state, name->as.str.ptr);
}

/* A key of a ConfigMap or Secret; the object itself as well. */
static void want_key(struct collect *c, enum reference_rule rule, enum reference_rule key_rule,
                     const char *kind, const struct val *ref)
{
	const struct val *key = val_get(ref, "key"), *optional = val_get(ref, "optional");
	const char *name = val_get_str(ref, "name", "");
	want_name(c, rule, kind, ref, "name");
	if (!val_is(key, VAL_STR) || !*name || strchr(name, '$') ||
	    (val_is(optional, VAL_BOOL) && optional->as.boolean))
		return;
	struct reference_wish *wish = add_wish(c, key_rule, NEED_KEY, key);
	wish->kind = kind;
	wish->name = keep(c->state, name);
	wish->key = keep(c->state, key->as.str.ptr);
}

static struct reference_wish *want_labels(struct collect *c, enum reference_rule rule,
                                          enum reference_need need, const struct val *labels)
{
	if (val_len(labels) == 0)
		return NULL;
	struct reference_wish *wish = add_wish(c, rule, need, labels);
	wish->selector = keep_labels(c->state, labels);
	return wish;
}

/* --- pods --- */

static void collect_container(struct collect *c, const struct val *container)
{
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, val_get(container, "envFrom"))) {
		want_name(c, MISSING_CONFIG_MAP, "ConfigMap", val_get(item, "configMapRef"),
		          "name");
		want_name(c, MISSING_SECRET, "Secret", val_get(item, "secretRef"), "name");
	}
	for (VAL_EACH_ITEM(k, item, val_get(container, "env"))) {
		const struct val *from = val_get(item, "valueFrom");
		if (!from)
			continue;
		want_key(c, MISSING_CONFIG_MAP, MISSING_CONFIG_KEY, "ConfigMap",
		         val_get(from, "configMapKeyRef"));
		want_key(c, MISSING_SECRET, MISSING_SECRET_KEY, "Secret",
		         val_get(from, "secretKeyRef"));
	}
}

static void collect_volumes(struct collect *c, const struct val *spec)
{
	const struct val *volume, *source;
	for (VAL_EACH_ITEM(i, volume, val_get(spec, "volumes"))) {
		want_name(c, MISSING_CONFIG_MAP, "ConfigMap", val_get(volume, "configMap"), "name");
		want_name(c, MISSING_SECRET, "Secret", val_get(volume, "secret"), "secretName");
		want_name(c, MISSING_CLAIM, "PersistentVolumeClaim",
		          val_get(volume, "persistentVolumeClaim"), "claimName");
		for (VAL_EACH_ITEM(k, source, val_path(volume, "projected.sources"))) {
			want_name(c, MISSING_CONFIG_MAP, "ConfigMap", val_get(source, "configMap"),
			          "name");
			want_name(c, MISSING_SECRET, "Secret", val_get(source, "secret"), "name");
		}
	}
}

static void collect_pod(struct collect *c, const struct kube_pod *pod)
{
	struct kube_containers it = { 0, 0 };
	struct kube_container container;
	const char *account = val_get_str(pod->spec, "serviceAccountName", "");
	const char *priority = val_get_str(pod->spec, "priorityClassName", "");
	while (kube_next_container(pod, &it, &container))
		collect_container(c, container.v);
	collect_volumes(c, pod->spec);
	if (*account && !str_equal(account, "default"))
		want_name(c, MISSING_ACCOUNT, "ServiceAccount", pod->spec, "serviceAccountName");
	if (*priority && !str_starts(priority, "system-"))
		want_name(c, MISSING_PRIORITY_CLASS, "PriorityClass", pod->spec,
		          "priorityClassName");
}

/* --- other kinds --- */

static void collect_ingress(struct collect *c, const struct val *spec)
{
	const struct val *rule, *path;
	want_name(c, DANGLING_INGRESS, "Service", val_path(spec, "defaultBackend.service"), "name");
	for (VAL_EACH_ITEM(i, rule, val_get(spec, "rules")))
		for (VAL_EACH_ITEM(k, path, val_path(rule, "http.paths"))) {
			const struct val *backend = val_get(path, "backend");
			want_name(c, DANGLING_INGRESS, "Service", val_get(backend, "service"),
			          "name");
			want_name(c, DANGLING_INGRESS, "Service", backend, "serviceName");
		}
}

static void collect_policy(struct collect *c, const struct val *spec)
{
	static const char *const ways[][2] = { { "ingress", "from" }, { "egress", "to" } };
	const struct val *rule, *peer;
	want_labels(c, DANGLING_POLICY, NEED_PODS, val_path(spec, "podSelector.matchLabels"));
	for (size_t w = 0; w < ARRAY_LEN(ways); w++)
		for (VAL_EACH_ITEM(i, rule, val_get(spec, ways[w][0])))
			for (VAL_EACH_ITEM(k, peer, val_get(rule, ways[w][1])))
				if (!val_get(peer, "namespaceSelector"))
					want_labels(c, DANGLING_PEER, NEED_PODS,
					            val_path(peer, "podSelector.matchLabels"));
}

static void collect_monitor(struct collect *c, const struct val *spec)
{
	struct reference_wish *wish = want_labels(
		c, DANGLING_MONITOR, str_equal(c->kind, "PodMonitor") ? NEED_PODS : NEED_SERVICE,
		val_path(spec, "selector.matchLabels"));
	if (wish)
		wish->is_anywhere = val_get(spec, "namespaceSelector") != NULL;
}

static void collect_other(struct collect *c)
{
	const struct val *spec = val_get(c->object, "spec");
	const struct val *target = val_get(spec, "scaleTargetRef");
	if (str_equal(c->kind, "Service") && !*c->group) {
		if (!str_equal(val_get_str(spec, "type", ""), "ExternalName"))
			want_labels(c, DANGLING_SERVICE, NEED_PODS, val_get(spec, "selector"));
	} else if (str_equal(c->kind, "Ingress"))
		collect_ingress(c, spec);
	else if (str_equal(c->kind, "HorizontalPodAutoscaler"))
		want_name(c, DANGLING_HPA, val_get_str(target, "kind", ""), target, "name");
	else if (str_equal(c->kind, "NetworkPolicy") && str_equal(c->group, "networking.k8s.io"))
		collect_policy(c, spec);
	else if (str_equal(c->group, "monitoring.coreos.com") &&
	         (str_equal(c->kind, "ServiceMonitor") || str_equal(c->kind, "PodMonitor")))
		collect_monitor(c, spec);
}

/* --- facts --- */

static struct reference_fact *add_fact(struct collect *c, const char *kind, const char *group,
                                       const struct val *name)
{
	const struct reference_fact fact = { .file = c->file->index,
		                             .start = name->mark.start,
		                             .end = name->mark.end,
		                             .kind = kind,
		                             .group = group,
		                             .namespace_ = c->namespace_,
		                             .name = keep(c->state, name->as.str.ptr) };
	vec_push(&c->state->facts, fact);
	return &c->state->facts.ptr[c->state->facts.len - 1];
}

/* Secrets that operators make of other objects. */
static void add_made_secret(struct collect *c, const struct val *own_name)
{
	static const struct {
		const char *kind, *path; /* of its name; "": that of the object */
	} makers[] = { { "SealedSecret", "spec.template.metadata.name" },
		       { "ExternalSecret", "spec.target.name" },
		       { "Certificate", "spec.secretName" },
		       { "VaultStaticSecret", "spec.destination.name" },
		       { "InfisicalSecret", "spec.managedSecretReference.secretName" },
		       { "OnePasswordItem", "metadata.name" } };
	for (size_t i = 0; i < ARRAY_LEN(makers); i++) {
		if (!str_equal(c->kind, makers[i].kind))
			continue;
		const struct val *name = val_path(c->object, makers[i].path);
		struct reference_fact *fact =
			add_fact(c, "Secret", "", val_is(name, VAL_STR) ? name : own_name);
		fact->is_generated = true;
	}
}

static void collect_object(struct collect *c)
{
	const struct val *metadata = val_get(c->object, "metadata");
	const struct val *name = val_get(metadata, "name");
	struct view group = kube_group(c->object);
	struct kube_pod pod;
	if (!val_is(name, VAL_STR))
		return;
	c->kind = keep(c->state, val_get_str(c->object, "kind", ""));
	c->group = keep_n(c->state, group.ptr, group.len);
	c->namespace_ = keep(c->state, val_get_str(metadata, "namespace", ""));
	c->name = keep(c->state, name->as.str.ptr);
	bool has_pod = kube_pod_of(c->object, &pod);
	struct reference_fact *fact = add_fact(c, c->kind, c->group, name);
	if (has_pod) {
		fact->pods = keep_labels(c->state, val_get(pod.metadata, "labels"));
		fact->selector =
			keep_labels(c->state, val_path(c->object, "spec.selector.matchLabels"));
	} else if (!*c->group && str_equal(c->kind, "ConfigMap"))
		fact->keys = keep_keys(c->state, c->object, "data", "binaryData");
	else if (!*c->group && str_equal(c->kind, "Secret"))
		fact->keys = keep_keys(c->state, c->object, "data", "stringData");
	else if (!*c->group && str_equal(c->kind, "Service"))
		fact->labels = keep_labels(c->state, val_get(metadata, "labels"));
	if (!has_pod) {
		add_made_secret(c, name);
		collect_other(c);
		return;
	}
	AUTOFREE char *folder = path_dir(c->file->path);
	map_set(&c->state->folders, folder, c->state);
	collect_pod(c, &pod);
}

/* What a kustomization generates is there, too. */
static void collect_generated(struct collect *c, const struct val *root)
{
	static const struct {
		const char *list, *kind;
	} generators[] = { { "configMapGenerator", "ConfigMap" }, { "secretGenerator", "Secret" } };
	const struct val *item;
	c->namespace_ = "";
	for (size_t i = 0; i < ARRAY_LEN(generators); i++)
		for (VAL_EACH_ITEM(k, item, val_get(root, generators[i].list)))
			if (val_is(val_get(item, "name"), VAL_STR))
				add_fact(c, generators[i].kind, "", val_get(item, "name"))
					->is_generated = true;
}

void references_collect(struct references *state, struct lint_file *file)
{
	struct lint_objects it = { 0 };
	struct collect c = { .state = state, .file = file };
	while (file->kind != LINT_KUSTOMIZATION && lint_next_object(file, &it, &c.object))
		collect_object(&c);
	for (size_t i = 0; i < file->n_docs && file->kind == LINT_KUSTOMIZATION; i++)
		collect_generated(&c, file->docs[i].root);
}
