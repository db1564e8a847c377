/*
 * What objects of the repository say of each other: services without pods, autoscalers without
 * targets, names of things that are nowhere. Facts are collected file by file and judged at the end,
 * over everything that was checked; a name found anywhere counts as there. Folders without any
 * workload are left alone: what they speak of lives elsewhere.
 */
#include "base/base.h"

#include "base/map.h"
#include "base/path.h"
#include "base/vec.h"
#include "lint/kube_object.h"
#include "lint/lint_families.h"
#include "pal/pool.h"

enum {
	SERVICE,
	INGRESS,
	HPA,
	NETWORK_POLICY,
	ACCOUNT,
	CONFIG_MAP,
	SECRET,
	CLAIM,
	CONFIG_KEY,
	DUPLICATE
};

#define APP                                                                     \
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n" \
	"  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n"
#define PLAIN APP "      containers: [{name: a, image: 'a:1'}]\n"
#define SERVICE_OF(app)                                                                                \
	PLAIN "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: " app \
	      "}}\n"
#define INGRESS_TO(name)                                                                             \
	SERVICE_OF("web")                                                                            \
	"---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\n"              \
	"spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: " name \
	", port: {number: 80}}}}]}}]}\n"
#define SCALER(name)                                                                                       \
	PLAIN "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\n"    \
	      "spec: {maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: " name \
	      "}}\n"
#define POLICY(app)                                                                                 \
	PLAIN "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web}\n" \
	      "spec: {podSelector: {matchLabels: {app: " app "}}}\n"
#define WITH(spec) APP "      " spec "\n      containers: [{name: a, image: 'a:1'}]\n"
#define ENV(ref)   APP "      containers: [{name: a, image: 'a:1', envFrom: [{" ref "}]}]\n"
#define KEY(key)                                                                                                          \
	APP "      containers: [{name: a, image: 'a:1', env: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: " key \
	    "}}}]}]\n"                                                                                                    \
	    "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n"
#define MAP        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n"
#define SECRET_DOC "---\napiVersion: v1\nkind: Secret\nmetadata: {name: c}\n"
#define CLAIM_DOC  "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\n"
#define VOLUME     "volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]"

/* clang-format off */
static const struct lint_rule rules[] = {
	[SERVICE] = { "dangling-service", LINT_WARNING, 0,
	  "a service whose selector matches no pod", "It has no endpoints: every request fails.",
	  SERVICE_OF("wbe"), SERVICE_OF("web"), "kube-linter:dangling-service kube-score:service-targets-pod" },
	[INGRESS] = { "dangling-ingress", LINT_WARNING, 0,
	  "an ingress to a service that is not there", "It answers 503.",
	  INGRESS_TO("wbe"), INGRESS_TO("web"), "kube-linter:dangling-ingress kube-score:ingress-targets-service" },
	[HPA] = { "dangling-hpa", LINT_WARNING, 0,
	  "an autoscaler without its target", "It scales nothing.",
	  SCALER("wbe"), SCALER("web"), "kube-linter:dangling-horizontalpodautoscaler kube-score:horizontalpodautoscaler-has-target" },
	[NETWORK_POLICY] = { "dangling-network-policy", LINT_WARNING, 0,
	  "a network policy that applies to no pod", "It protects nothing, whatever its author thinks.",
	  POLICY("wbe"), POLICY("web"), "kube-linter:dangling-networkpolicy kube-score:networkpolicy-targets-pod" },
	[ACCOUNT] = { "missing-service-account", LINT_WARNING, 0,
	  "a service account that is not there", "No pod is made until somebody makes it.",
	  WITH("serviceAccountName: app"), WITH("serviceAccountName: default"), "kube-linter:non-existent-service-account" },
	[CONFIG_MAP] = { "missing-config-map", LINT_INFO, 0,
	  "a ConfigMap that is not there", "Containers do not start until somebody makes it.",
	  ENV("configMapRef: {name: c}"), ENV("configMapRef: {name: c}") MAP, NULL },
	[SECRET] = { "missing-secret", LINT_INFO, LINT_OFF,
	  "a Secret that is not there", "Containers do not start until somebody makes it.",
	  ENV("secretRef: {name: c}"), ENV("secretRef: {name: c}") SECRET_DOC, NULL },
	[CLAIM] = { "missing-claim", LINT_INFO, 0,
	  "a volume claim that is not there", "Pods are not scheduled until somebody makes it.",
	  WITH(VOLUME), WITH(VOLUME) CLAIM_DOC, NULL },
	[CONFIG_KEY] = { "missing-config-map-key", LINT_WARNING, 0,
	  "a key that the ConfigMap does not have", "The container does not start.",
	  KEY("b"), KEY("a"), NULL },
	[DUPLICATE] = { "duplicate-object", LINT_WARNING, 0,
	  "the same object twice in one file", "The one that is applied last wins.",
	  "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
	  "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}\n", NULL },
};
/* clang-format on */

/* An object of the repository; texts live in the state's arena. */
struct fact {
	uint32_t file;
	uint32_t start, end; /* of its name */
	const char *kind, *group, *namespace_, *name;
	const struct val *labels; /* of its pods; NULL: it has none */
	const struct val *data;   /* keys of a ConfigMap */
};

enum need { NEED_OBJECT, NEED_PODS, NEED_KEY };

/* Something an object asks for. */
struct wish {
	uint32_t file;
	uint32_t start, end;
	int rule;
	enum need need;
	const char *kind, *name, *key, *namespace_;
	const struct val *selector;
	const struct val *identity; /* of the asking object, for the finding */
};

struct state {
	struct mutex *mutex;
	struct arena arena;
	VEC(struct fact) facts;
	VEC(struct wish) wishes;
	struct map objects; /* "kind/name" → chain of facts, first + 1 */
	struct map folders; /* folders that have a workload */
	struct map pods;    /* "key=value" → list of facts */
};

/* --- collecting --- */

struct collect {
	struct state *state;
	struct lint_file *file;
	const struct val *object;
	const char *kind, *namespace_;
	const struct val *identity;
};

static const char *keep(struct state *state, const char *text)
{
	return arena_strdup(&state->arena, text ? text : "");
}

/* Kind, namespace and name: what a finding says of the object. */
static const struct val *identity_of(struct state *state, const struct val *object)
{
	struct val *copy = val_new_map(&state->arena), *metadata = val_new_map(&state->arena);
	const struct val *own = val_get(object, "metadata");
	val_set_str(&state->arena, copy, "kind", val_get_str(object, "kind", NULL));
	val_set_str(&state->arena, metadata, "name", val_get_str(own, "name", NULL));
	val_set_str(&state->arena, metadata, "namespace", val_get_str(own, "namespace", NULL));
	val_set(&state->arena, copy, "metadata", metadata);
	return copy;
}

static void add_wish(struct collect *c, int rule, enum need need, const struct val *at,
                     const char *kind, const char *name, const struct val *selector)
{
	if (!c->identity)
		c->identity = identity_of(c->state, c->object);
	struct wish wish = { .file = c->file->index,
		             .start = at->mark.start,
		             .end = at->mark.end,
		             .rule = rule,
		             .need = need,
		             .kind = kind,
		             .name = keep(c->state, name),
		             .namespace_ = c->namespace_,
		             .selector = selector ? val_copy(&c->state->arena, selector) : NULL,
		             .identity = c->identity };
	vec_push(&c->state->wishes, wish);
}

static void want_name(struct collect *c, int rule, const char *kind, const struct val *holder,
                      const char *key)
{
	const struct val *name = val_get(holder, key), *optional = val_get(holder, "optional");
	bool is_optional = val_is(optional, VAL_BOOL) && optional->as.boolean;
	if (val_is(name, VAL_STR) && *name->as.str.ptr && !is_optional)
		add_wish(c, rule, NEED_OBJECT, name, kind, name->as.str.ptr, NULL);
}

static void want_key(struct collect *c, const struct val *ref)
{
	const struct val *key = val_get(ref, "key");
	want_name(c, CONFIG_MAP, "ConfigMap", ref, "name");
	const struct val *optional = val_get(ref, "optional");
	if (!val_is(key, VAL_STR) || !val_get_str(ref, "name", NULL) ||
	    (val_is(optional, VAL_BOOL) && optional->as.boolean))
		return;
	add_wish(c, CONFIG_KEY, NEED_KEY, key, "ConfigMap", val_get_str(ref, "name", ""), NULL);
	c->state->wishes.ptr[c->state->wishes.len - 1].key = keep(c->state, key->as.str.ptr);
}

static void collect_container(struct collect *c, const struct val *container)
{
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, val_get(container, "envFrom"))) {
		want_name(c, CONFIG_MAP, "ConfigMap", val_get(item, "configMapRef"), "name");
		want_name(c, SECRET, "Secret", val_get(item, "secretRef"), "name");
	}
	for (VAL_EACH_ITEM(k, item, val_get(container, "env"))) {
		want_key(c, val_path(item, "valueFrom.configMapKeyRef"));
		want_name(c, SECRET, "Secret", val_path(item, "valueFrom.secretKeyRef"), "name");
	}
}

static void collect_volumes(struct collect *c, const struct val *spec)
{
	const struct val *volume, *source;
	for (VAL_EACH_ITEM(i, volume, val_get(spec, "volumes"))) {
		want_name(c, CONFIG_MAP, "ConfigMap", val_get(volume, "configMap"), "name");
		want_name(c, SECRET, "Secret", val_get(volume, "secret"), "secretName");
		want_name(c, CLAIM, "PersistentVolumeClaim",
		          val_get(volume, "persistentVolumeClaim"), "claimName");
		for (VAL_EACH_ITEM(k, source, val_path(volume, "projected.sources"))) {
			want_name(c, CONFIG_MAP, "ConfigMap", val_get(source, "configMap"), "name");
			want_name(c, SECRET, "Secret", val_get(source, "secret"), "name");
		}
	}
}

static void collect_pod(struct collect *c, const struct kube_pod *pod)
{
	struct kube_containers it = { 0, 0 };
	struct kube_container container;
	while (kube_next_container(pod, &it, &container))
		collect_container(c, container.v);
	collect_volumes(c, pod->spec);
	const struct val *account = val_get(pod->spec, "serviceAccountName");
	if (val_is(account, VAL_STR) && *account->as.str.ptr &&
	    !str_equal(account->as.str.ptr, "default"))
		add_wish(c, ACCOUNT, NEED_OBJECT, account, "ServiceAccount", account->as.str.ptr,
		         NULL);
}

static void collect_ingress(struct collect *c, const struct val *spec)
{
	const struct val *rule, *path;
	want_name(c, INGRESS, "Service", val_path(spec, "defaultBackend.service"), "name");
	for (VAL_EACH_ITEM(i, rule, val_get(spec, "rules")))
		for (VAL_EACH_ITEM(k, path, val_path(rule, "http.paths"))) {
			want_name(c, INGRESS, "Service", val_path(path, "backend.service"), "name");
			want_name(c, INGRESS, "Service", val_get(path, "backend"), "serviceName");
		}
}

static void collect_others(struct collect *c)
{
	const struct val *spec = val_get(c->object, "spec");
	const struct val *selector = val_get(spec, "selector");
	if (str_equal(c->kind, "Service") && val_is(selector, VAL_MAP) && val_len(selector) > 0 &&
	    !str_equal(val_get_str(spec, "type", ""), "ExternalName"))
		add_wish(c, SERVICE, NEED_PODS, selector, "", "", selector);
	else if (str_equal(c->kind, "Ingress"))
		collect_ingress(c, spec);
	else if (str_equal(c->kind, "HorizontalPodAutoscaler"))
		want_name(c, HPA,
		          keep(c->state, val_get_str(val_get(spec, "scaleTargetRef"), "kind", "")),
		          val_get(spec, "scaleTargetRef"), "name");
	else if (str_equal(c->kind, "NetworkPolicy") &&
	         val_len(val_path(spec, "podSelector.matchLabels")) > 0)
		add_wish(c, NETWORK_POLICY, NEED_PODS, val_path(spec, "podSelector.matchLabels"),
		         "", "", val_path(spec, "podSelector.matchLabels"));
}

static void add_fact(struct collect *c, const char *kind, const struct val *name,
                     const struct val *labels, const struct val *data)
{
	struct state *state = c->state;
	struct view group = kube_group(c->object);
	struct fact fact = { .file = c->file->index,
		             .start = name->mark.start,
		             .end = name->mark.end,
		             .kind = keep(state, kind),
		             .group = arena_strndup(&state->arena, group.ptr, group.len),
		             .namespace_ = c->namespace_,
		             .name = keep(state, name->as.str.ptr),
		             .labels = labels ? val_copy(&state->arena, labels) : NULL,
		             .data = data ? val_copy(&state->arena, data) : NULL };
	vec_push(&state->facts, fact);
}

/* Only the keys of a ConfigMap are of interest, not what may be megabytes of values. */
static const struct val *keys_of(struct state *state, const struct val *object)
{
	static const char *const members[] = { "data", "binaryData" };
	struct val *keys = val_new_map(&state->arena);
	const struct val_entry *entry;
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		for (VAL_EACH_ENTRY(k, entry, val_get(object, members[i])))
			val_set(&state->arena, keys, entry->key, val_new_null(&state->arena));
	return keys;
}

static void collect_object(struct collect *c)
{
	const struct val *metadata = val_get(c->object, "metadata"),
			 *name = val_get(metadata, "name");
	c->kind = val_get_str(c->object, "kind", "");
	c->namespace_ = keep(c->state, val_get_str(metadata, "namespace", ""));
	c->identity = NULL;
	if (!val_is(name, VAL_STR))
		return;
	struct kube_pod pod;
	bool has_pod = kube_pod_of(c->object, &pod);
	bool is_map = str_equal(c->kind, "ConfigMap");
	add_fact(c, c->kind, name, has_pod ? val_get(pod.metadata, "labels") : NULL,
	         is_map ? keys_of(c->state, c->object) : NULL);
	if (!has_pod) {
		collect_others(c);
		return;
	}
	AUTOFREE char *folder = path_dir(c->file->path);
	map_set(&c->state->folders, folder, c->state);
	/* A patch of a kustomization names no image: it is no workload of its own. */
	struct kube_containers it = { 0, 0 };
	struct kube_container container;
	if (kube_next_container(&pod, &it, &container))
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
	c->object = root;
	for (size_t i = 0; i < ARRAY_LEN(generators); i++)
		for (VAL_EACH_ITEM(k, item, val_get(root, generators[i].list)))
			if (val_is(val_get(item, "name"), VAL_STR))
				add_fact(c, generators[i].kind, val_get(item, "name"), NULL, NULL);
}

static void check_file(struct lint_file *file, void *state_)
{
	struct state *state = state_;
	struct lint_objects it = { 0 };
	struct collect c = { .state = state, .file = file };
	AUTO(mutex_hold) hold = mutex_hold(state->mutex);
	while (file->kind != LINT_KUSTOMIZATION && lint_next_object(file, &it, &c.object))
		collect_object(&c);
	for (size_t i = 0; i < file->n_docs && file->kind == LINT_KUSTOMIZATION; i++)
		collect_generated(&c, file->docs[i].root);
}

/* --- judging --- */

static int by_place(uint32_t file_a, uint32_t start_a, uint32_t file_b, uint32_t start_b)
{
	if (file_a != file_b)
		return file_a < file_b ? -1 : 1;
	return start_a < start_b ? -1 : start_a > start_b;
}

static int facts_by_place(const void *a, const void *b)
{
	const struct fact *x = a, *y = b;
	return by_place(x->file, x->start, y->file, y->start);
}

static int wishes_by_place(const void *a, const void *b)
{
	const struct wish *x = a, *y = b;
	return by_place(x->file, x->start, y->file, y->start);
}

struct list {
	const struct fact *fact;
	struct list *next;
};

static void add_to(struct state *state, struct map *map, const char *key, const struct fact *fact)
{
	struct list *node = ARENA_NEW(&state->arena, struct list);
	*node = (struct list){ fact, map_get(map, key) };
	map_set(map, key, node);
}

static const char *label_text(const struct val_entry *entry, struct str *out)
{
	str_reset(out);
	str_addf(out, "%s=", entry->key);
	yaml_write(entry->value, out);
	return out->ptr;
}

static void index_facts(struct state *state)
{
	AUTO(str) key = STR_INIT;
	for (size_t i = 0; i < state->facts.len; i++) {
		const struct fact *fact = &state->facts.ptr[i];
		const struct val_entry *label;
		str_reset(&key);
		str_addf(&key, "%s/%s", fact->kind, fact->name);
		add_to(state, &state->objects, key.ptr, fact);
		for (VAL_EACH_ENTRY(k, label, fact->labels))
			add_to(state, &state->pods, label_text(label, &key), fact);
	}
}

/* Names without a namespace get one later: they may be anywhere. */
static bool may_share_namespace(const char *a, const char *b)
{
	return !*a || !*b || str_equal(a, b);
}

static bool has_pods(struct state *state, const struct wish *wish)
{
	AUTO(str) key = STR_INIT;
	const struct list *node =
		map_get(&state->pods, label_text(val_entry_at(wish->selector, 0), &key));
	for (; node; node = node->next) {
		const struct val_entry *wanted;
		bool is_match = may_share_namespace(wish->namespace_, node->fact->namespace_);
		for (VAL_EACH_ENTRY(i, wanted, wish->selector)) {
			const struct val *label = val_get(node->fact->labels, wanted->key);
			is_match &= label && val_equal(label, wanted->value);
		}
		if (is_match)
			return true;
	}
	return false;
}

/* The object asked for; one with the key when a key is asked for and any object is there. */
static bool has_object(struct state *state, const struct wish *wish)
{
	AUTOFREE char *key = str_format("%s/%s", wish->kind, wish->name);
	bool is_there = false;
	for (const struct list *node = map_get(&state->objects, key); node; node = node->next) {
		if (!may_share_namespace(wish->namespace_, node->fact->namespace_))
			continue;
		if (wish->need == NEED_OBJECT || !node->fact->data ||
		    val_get(node->fact->data, wish->key))
			return true;
		is_there = true;
	}
	/* A ConfigMap that is nowhere is told by its own rule. */
	return wish->need == NEED_KEY && !is_there;
}

static void judge_wish(struct lint_run *run, struct state *state, const struct wish *wish)
{
	AUTOFREE char *folder = path_dir(lint_run_path(run, wish->file));
	if (!map_has(&state->folders, folder))
		return;
	const struct lint_hit hit = { .rule = &rules[wish->rule],
		                      .start = wish->start,
		                      .end = wish->end,
		                      .object = wish->identity };
	if (wish->need == NEED_PODS && !has_pods(state, wish))
		lint_report_late(run, wish->file, &hit,
		                 "no pod of what was checked has these labels");
	else if (wish->need == NEED_OBJECT && !has_object(state, wish))
		lint_report_late(run, wish->file, &hit, "there is no %s '%s' in what was checked",
		                 *wish->kind ? wish->kind : "object", wish->name);
	else if (wish->need == NEED_KEY && !has_object(state, wish))
		lint_report_late(run, wish->file, &hit, "the ConfigMap '%s' has no key '%s'",
		                 wish->name, wish->key);
}

/* Other files of a folder are often alternatives. */
static bool is_same_object(const struct fact *a, const struct fact *b)
{
	return a->file == b->file && str_equal(a->kind, b->kind) && str_equal(a->group, b->group) &&
	       str_equal(a->name, b->name) && str_equal(a->namespace_, b->namespace_);
}

static void judge_duplicates(struct lint_run *run, struct state *state)
{
	AUTO(str) key = STR_INIT;
	for (size_t i = 0; i < state->facts.len; i++) {
		const struct fact *fact = &state->facts.ptr[i];
		str_reset(&key);
		str_addf(&key, "%s/%s", fact->kind, fact->name);
		for (const struct list *node = map_get(&state->objects, key.ptr); node;
		     node = node->next) {
			if (node->fact >= fact || !is_same_object(fact, node->fact))
				continue;
			const struct lint_hit hit = { .rule = &rules[DUPLICATE],
				                      .start = fact->start,
				                      .end = fact->end };
			lint_report_late(run, fact->file, &hit, "%s '%s' is in this file already",
			                 fact->kind, fact->name);
			break;
		}
	}
}

static void finish(struct lint_run *run, void *state_)
{
	struct state *state = state_;
	if (state->facts.len)
		qsort(state->facts.ptr, state->facts.len, sizeof(state->facts.ptr[0]),
		      facts_by_place);
	if (state->wishes.len)
		qsort(state->wishes.ptr, state->wishes.len, sizeof(state->wishes.ptr[0]),
		      wishes_by_place);
	index_facts(state);
	for (size_t i = 0; i < state->wishes.len; i++)
		judge_wish(run, state, &state->wishes.ptr[i]);
	judge_duplicates(run, state);
}

static err *begin(struct lint_run *run, void **ret_state)
{
	(void)run;
	struct state *state = MEM_NEW(struct state);
	state->mutex = mutex_new();
	*ret_state = state;
	return NULL;
}

static void end(void *state_)
{
	struct state *state = state_;
	if (!state)
		return;
	vec_clear(&state->facts);
	vec_clear(&state->wishes);
	map_clear(&state->objects);
	map_clear(&state->folders);
	map_clear(&state->pods);
	arena_clear(&state->arena);
	mutex_free(state->mutex);
	mem_free(state);
}

const struct lint_family lint_family_references = {
	.name = "references",
	.brief = "what objects say of each other",
	.rules = rules,
	.n_rules = ARRAY_LEN(rules),
	.kinds = LINT_KUBERNETES | LINT_SOPS | LINT_KUSTOMIZATION,
	.begin = begin,
	.check_file = check_file,
	.finish = finish,
	.end = end,
};
