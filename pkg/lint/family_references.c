/*
 * What objects of the repository say of each other: services without pods, autoscalers without
 * targets, names of things that are nowhere. Facts are collected file by file and judged at the end,
 * over everything that was checked; a name found anywhere counts as there. Folders without any
 * workload are left alone: what they speak of lives elsewhere.
 */
#include "base/base.h"

#include "lint/lint_families.h"
#include "lint/references.h"

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

#define APP_OF(name, app)                                                                          \
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " name "}\nspec:\n"                \
	"  selector: {matchLabels: {app: " app "}}\n"                                              \
	"  template: {metadata: {labels: {app: " app "}}, spec: {containers: [{name: a, image: " \
	"'a:1'}]}}\n"
#define PEER(app)                                                                             \
	PLAIN "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"                  \
	      "metadata: {name: web}\nspec: {podSelector: {}, ingress: [{from: [{podSelector: " \
	      "{matchLabels: {app: " app "}}}]}]}\n"
#define MONITOR(app)                                                                         \
	PLAIN "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, labels: {app: web}}\n" \
	      "---\napiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\n"             \
	      "metadata: {name: web}\nspec: {selector: {matchLabels: {app: " app "}}}\n"
#define SECRET_KEY(key)                                                                          \
	APP "      containers: [{name: a, image: 'a:1', env: [{name: A, valueFrom: {secretKeyRef: " \
	    "{name: c, key: " key "}}}]}]\n"                                                     \
	    "---\napiVersion: v1\nkind: Secret\nmetadata: {name: c}\nstringData: {a: ''}\n"
#define GUARDED(namespace)                                                                      \
	"apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop, labels: {a: b}}\n"     \
	"spec: {containers: [{name: a, image: 'a:1'}]}\n---\n"                                  \
	"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a, namespace: " \
	namespace "}\nspec: {podSelector: {}}\n"

/* clang-format off */
static const struct lint_rule rules[REFERENCE_RULES] = {
	[DANGLING_SERVICE] = { "dangling-service", LINT_WARNING, 0,
	  "a service whose selector matches no pod", "It has no endpoints: every request fails.",
	  SERVICE_OF("wbe"), SERVICE_OF("web"), "kube-linter:dangling-service kube-score:service-targets-pod" },
	[DANGLING_INGRESS] = { "dangling-ingress", LINT_WARNING, 0,
	  "an ingress to a service that is not there", "It answers 503.",
	  INGRESS_TO("wbe"), INGRESS_TO("web"), "kube-linter:dangling-ingress kube-score:ingress-targets-service" },
	[DANGLING_HPA] = { "dangling-hpa", LINT_WARNING, 0,
	  "an autoscaler without its target", "It scales nothing.",
	  SCALER("wbe"), SCALER("web"), "kube-linter:dangling-horizontalpodautoscaler kube-score:horizontalpodautoscaler-has-target" },
	[DANGLING_POLICY] = { "dangling-network-policy", LINT_WARNING, 0,
	  "a network policy that applies to no pod", "It protects nothing, whatever its author thinks.",
	  POLICY("wbe"), POLICY("web"), "kube-linter:dangling-networkpolicy kube-score:networkpolicy-targets-pod" },
	[MISSING_ACCOUNT] = { "missing-service-account", LINT_WARNING, 0,
	  "a service account that is not there", "No pod is made until somebody makes it.",
	  WITH("serviceAccountName: app"), WITH("serviceAccountName: default"), "kube-linter:non-existent-service-account" },
	[MISSING_CONFIG_MAP] = { "missing-config-map", LINT_INFO, 0,
	  "a ConfigMap that is not there", "Containers do not start until somebody makes it.",
	  ENV("configMapRef: {name: c}"), ENV("configMapRef: {name: c}") MAP, NULL },
	[MISSING_SECRET] = { "missing-secret", LINT_INFO, LINT_OFF,
	  "a Secret that is not there", "Containers do not start until somebody makes it.",
	  ENV("secretRef: {name: c}"), ENV("secretRef: {name: c}") SECRET_DOC, NULL },
	[MISSING_CLAIM] = { "missing-claim", LINT_INFO, 0,
	  "a volume claim that is not there", "Pods are not scheduled until somebody makes it.",
	  WITH(VOLUME), WITH(VOLUME) CLAIM_DOC, NULL },
	[MISSING_CONFIG_KEY] = { "missing-config-map-key", LINT_WARNING, 0,
	  "a key that the ConfigMap does not have", "The container does not start.",
	  KEY("b"), KEY("a"), NULL },
	[DUPLICATE_OBJECT] = { "duplicate-object", LINT_WARNING, 0,
	  "the same object twice in one file", "The one that is applied last wins.",
	  "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
	  "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}\n", NULL },
	[DANGLING_PEER] = { "dangling-network-policy-peer", LINT_WARNING, 0,
	  "a network policy that lets in pods that are nowhere", "Nobody gets through, whatever its author thinks.",
	  PEER("wbe"), PEER("web"), "kube-linter:dangling-networkpolicypeer-podselector" },
	[DANGLING_MONITOR] = { "dangling-service-monitor", LINT_WARNING, 0,
	  "a monitor whose selector matches nothing", "Nothing is measured, and no alarm ever comes.",
	  MONITOR("wbe"), MONITOR("web"), "kube-linter:dangling-servicemonitor" },
	[MISSING_PRIORITY_CLASS] = { "missing-priority-class", LINT_INFO, 0,
	  "a priority class that is not there", "Pods are refused until somebody makes it.",
	  WITH("priorityClassName: high"), WITH("priorityClassName: system-cluster-critical"),
	  "kube-linter:priority-class-name" },
	[MISSING_SECRET_KEY] = { "missing-secret-key", LINT_WARNING, 0,
	  "a key that the Secret does not have", "The container does not start.",
	  SECRET_KEY("b"), SECRET_KEY("a"), NULL },
	[SELECTOR_OVERLAP] = { "selector-overlap", LINT_WARNING, 0,
	  "two workloads whose selectors take the same pods", "Services, budgets and autoscalers of the one see the pods of the other.",
	  APP_OF("one", "web") "---\n" APP_OF("two", "web"), APP_OF("one", "one") "---\n" APP_OF("two", "two"), NULL },
	[UNUSED_CONFIG_MAP] = { "unused-config-map", LINT_INFO, LINT_OFF,
	  "a ConfigMap nothing uses", "It is a rest of something, or its name is misspelt where it is used.",
	  PLAIN MAP, ENV("configMapRef: {name: c}") MAP, NULL },
	[NO_NETWORK_POLICY] = { "namespace-without-network-policy", LINT_WARNING, 0,
	  "a namespace with pods and without a network policy",
	  "Everybody in the cluster may talk to them. Told only where other namespaces have policies.",
	  GUARDED("other"), GUARDED("shop"), "CIS-5.3.2 kube-score:pod-networkpolicy" },
};
/* clang-format on */

static void check_file(struct lint_file *file, void *state_)
{
	struct references *state = state_;
	if (file->kind == LINT_KUSTOMIZATION)
		lint_patches_add(state->patches, file);
	AUTO(mutex_hold) hold = mutex_hold(state->mutex);
	references_collect(state, file);
}

static void finish(struct lint_run *run, void *state)
{
	references_judge(run, state, rules);
}

static err *begin(struct lint_run *run, void **ret_state)
{
	(void)run;
	struct references *state = MEM_NEW(struct references);
	state->mutex = mutex_new();
	state->patches = lint_patches_new();
	*ret_state = state;
	return NULL;
}

static void end(void *state_)
{
	struct references *state = state_;
	if (!state)
		return;
	vec_clear(&state->facts);
	vec_clear(&state->wishes);
	map_clear(&state->texts);
	map_clear(&state->objects);
	map_clear(&state->folders);
	map_clear(&state->used_maps);
	map_clear(&state->pods);
	map_clear(&state->services);
	arena_clear(&state->arena);
	lint_patches_free(state->patches);
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
