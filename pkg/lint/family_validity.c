/*
 * What the API server refuses and no schema says: names, labels, selectors, ports, probes, amounts,
 * fields that exclude each other. Everything here was held against a real API server
 * (tests/kube/lint_validity.bats). What is still to be filled in is left alone.
 */
#include "base/base.h"

#include "lint/family_validity.h"
#include "lint/lint_families.h"
#include "lint/lint_patches.h"
#include "schema/kube_walk.h"

#define REFUSED "The API server refuses the object."

#define OBJECT(version, kind, more) \
	"apiVersion: " version "\nkind: " kind "\nmetadata: {name: a}\n" more "\n"
#define POD(spec) OBJECT("v1", "Pod", "spec:\n  containers: [{name: a, image: 'a:1'}]\n" spec)
#define ONE(more) \
	OBJECT("v1", "Pod", "spec:\n  containers:\n  - name: app\n    image: app:1\n" more)
#define LABELS(labels) "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, " labels "}\n"
#define DEPLOYMENT(more)                                                                    \
	OBJECT("apps/v1", "Deployment",                                                     \
	       "spec:\n  selector: {matchLabels: {a: b}}\n  template: {metadata: {labels: " \
	       "{a: b}}, spec: {containers: [{name: a, image: 'a:1'}]}}\n" more)
#define JOB(policy)               \
	OBJECT("batch/v1", "Job", \
	       "spec: {template: {spec: {" policy "containers: [{name: a, image: 'a:1'}]}}}")
#define INGRESS(path)                                        \
	OBJECT("networking.k8s.io/v1", "Ingress",            \
	       "spec: {rules: [{http: {paths: [{path: " path \
	       ", pathType: Prefix, backend: {service: {name: a, port: {number: 80}}}}]}}]}")
#define SUBJECT(subject)                                                                      \
	OBJECT("rbac.authorization.k8s.io/v1", "ClusterRoleBinding",                          \
	       "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: a}\n" \
	       "subjects: [" subject "]")
#define POLICY(block)                                   \
	OBJECT("networking.k8s.io/v1", "NetworkPolicy", \
	       "spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: " block "}}]}]}")
#define WEBHOOK(effects)                                                                               \
	OBJECT("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration",                    \
	       "webhooks: [{name: a.example.com, admissionReviewVersions: [v1], sideEffects: " effects \
	       ", clientConfig: {url: 'https://a.example.com'}}]")

/* clang-format off */
static const struct lint_rule rules[VALIDITY_RULES] = {
	[INVALID_NAME] = { "invalid-name", LINT_ERROR, 0,
	  "a name the API server refuses", REFUSED,
	  "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: My_Config}\n",
	  "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: my-config}\n", NULL },
	[INVALID_LABEL] = { "invalid-label", LINT_ERROR, 0,
	  "a label the API server refuses", REFUSED,
	  LABELS("labels: {app: 'two words'}"), LABELS("labels: {app: one-word}"), "kube-score:label-values" },
	[INVALID_ANNOTATION] = { "invalid-annotation", LINT_ERROR, 0,
	  "an annotation the API server refuses", REFUSED " All annotations together have at most 256 KiB.",
	  LABELS("annotations: {'a b': x}"), LABELS("annotations: {example.com/a: 'x y'}"), NULL },
	[INVALID_SELECTOR] = { "invalid-selector", LINT_ERROR, 0,
	  "a selector the API server refuses", REFUSED,
	  OBJECT("policy/v1", "PodDisruptionBudget", "spec: {maxUnavailable: 1, selector: {matchExpressions: [{key: a, operator: In}]}}"),
	  OBJECT("policy/v1", "PodDisruptionBudget", "spec: {maxUnavailable: 1, selector: {matchExpressions: [{key: a, "
	  "operator: In, values: [b]}]}}"), NULL },
	[INVALID_CONTAINER] = { "invalid-container", LINT_ERROR, 0,
	  "a container the API server refuses", REFUSED,
	  POD("  initContainers: [{name: My_App, image: 'a:1'}]"), POD("  initContainers: [{name: my-app, image: 'a:1'}]"), NULL },
	[INVALID_IMAGE] = { "invalid-image", LINT_ERROR, 0,
	  "an image that cannot be one", "The container never starts: InvalidImageName.",
	  POD("  initContainers: [{name: i, image: 'Library/Nginx:1'}]"), POD("  initContainers: [{name: i, image: "
	  "'library/nginx:1'}]"), NULL },
	[INVALID_PORT] = { "invalid-port", LINT_ERROR, 0,
	  "a port that cannot be one", REFUSED,
	  ONE("    ports: [{containerPort: 80800}]"), ONE("    ports: [{containerPort: 8080}]"), NULL },
	[INVALID_PORT_NAME] = { "bad-port-name", LINT_ERROR, 0,
	  "a name of a port the API server refuses", REFUSED,
	  ONE("    ports: [{containerPort: 80, name: my_long_port_name}]"), ONE("    ports: [{containerPort: 80, name: http}]"), NULL },
	[INVALID_PROBE] = { "invalid-probe", LINT_ERROR, 0,
	  "a probe or hook the API server refuses", REFUSED,
	  ONE("    livenessProbe: {httpGet: {port: 80}, successThreshold: 2}"), ONE("    livenessProbe: {httpGet: {port: 80}}"), NULL },
	[INVALID_ENV] = { "invalid-env", LINT_ERROR, 0,
	  "a variable the API server refuses", REFUSED,
	  ONE("    env: [{name: A, value: b, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]"),
	  ONE("    env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]"), NULL },
	[INVALID_VOLUME] = { "invalid-volume", LINT_ERROR, 0,
	  "a volume the API server refuses", REFUSED " A mode of 755 is decimal: write 0755.",
	  POD("  volumes: [{name: v, configMap: {name: c, defaultMode: 755}}]"),
	  POD("  volumes: [{name: v, configMap: {name: c, defaultMode: 0755}}]"), NULL },
	[INVALID_MOUNT] = { "invalid-mount", LINT_ERROR, 0,
	  "a mount the API server refuses", REFUSED,
	  ONE("    volumeMounts: [{name: v, mountPath: /a}, {name: w, mountPath: /a}]\n  volumes: [{name: v}, {name: w}]"),
	  ONE("    volumeMounts: [{name: v, mountPath: /a}, {name: w, mountPath: /b}]\n  volumes: [{name: v}, {name: w}]"), NULL },
	[BAD_QUANTITY] = { "bad-quantity", LINT_ERROR, LINT_FIXABLE | LINT_UNSAFE_FIX,
	  "an amount of a resource nobody means", "A negative amount or an unknown resource is refused; 512m of memory is half a byte.",
	  ONE("    resources: {limits: {memory: 512m}}"), ONE("    resources: {limits: {memory: 512Mi}}"), NULL },
	[REQUEST_EXCEEDS_LIMIT] = { "request-exceeds-limit", LINT_ERROR, 0,
	  "a request above its limit", REFUSED,
	  ONE("    resources: {requests: {cpu: 2}, limits: {cpu: 1500m}}"), ONE("    resources: {requests: {cpu: 1}, limits: "
	  "{cpu: 1500m}}"), NULL },
	[RESTART_POLICY] = { "restart-policy", LINT_ERROR, 0,
	  "a restart policy its controller cannot have", "Jobs end, so Always, which counts when nothing is said, is "
	  "refused; other controllers take nothing else.",
	  JOB(""), JOB("restartPolicy: Never, "), NULL },
	[INVALID_SCHEDULING] = { "invalid-scheduling", LINT_ERROR, 0,
	  "tolerations, affinities or spread constraints the API server refuses", REFUSED,
	  POD("  tolerations: [{key: a, operator: Exists, value: b}]"), POD("  tolerations: [{key: a, operator: Equal, "
	  "value: b}]"), NULL },
	[INVALID_SECURITY_CONTEXT] = { "invalid-security-context", LINT_ERROR, 0,
	  "a security context the API server refuses", REFUSED,
	  ONE("    securityContext: {privileged: true, allowPrivilegeEscalation: false}"),
	  ONE("    securityContext: {privileged: true}"), NULL },
	[INVALID_DNS] = { "invalid-dns", LINT_ERROR, 0,
	  "host names or DNS settings the API server refuses", REFUSED,
	  POD("  dnsPolicy: None"), POD("  dnsPolicy: None\n  dnsConfig: {nameservers: [1.1.1.1]}"), NULL },
	[OUT_OF_RANGE] = { "out-of-range", LINT_ERROR, 0,
	  "a number the API server refuses", REFUSED,
	  DEPLOYMENT("  replicas: -1"), DEPLOYMENT("  replicas: 0"), NULL },
	[INVALID_STRATEGY] = { "invalid-strategy", LINT_ERROR, 0,
	  "an update strategy the API server refuses", REFUSED,
	  DEPLOYMENT("  strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}}"), DEPLOYMENT("  strategy: {type: Recreate}"), NULL },
	[INVALID_SERVICE] = { "invalid-service", LINT_ERROR, 0,
	  "a Service the API server refuses", REFUSED,
	  OBJECT("v1", "Service", "spec: {ports: [{port: 80}, {port: 443}]}"),
	  OBJECT("v1", "Service", "spec: {ports: [{port: 80, name: http}, {port: 443, name: https}]}"), NULL },
	[INVALID_INGRESS] = { "invalid-ingress", LINT_ERROR, 0,
	  "an Ingress the API server refuses", REFUSED, INGRESS("api"), INGRESS("/api"), NULL },
	[INVALID_BINDING] = { "invalid-binding", LINT_ERROR, 0,
	  "a role binding the API server refuses", REFUSED,
	  SUBJECT("{kind: ServiceAccount, apiGroup: rbac.authorization.k8s.io, name: a, namespace: b}"),
	  SUBJECT("{kind: ServiceAccount, name: a, namespace: b}"), NULL },
	[INVALID_DATA_KEY] = { "invalid-data-key", LINT_ERROR, 0,
	  "data of a ConfigMap or Secret the API server refuses", REFUSED " All together have at most 1 MiB.",
	  OBJECT("v1", "ConfigMap", "data: {'a b': c}"), OBJECT("v1", "ConfigMap", "data: {a_b: c}"), NULL },
	[INVALID_SECRET_TYPE] = { "invalid-secret-type", LINT_ERROR, 0,
	  "a Secret without the keys its type asks for", REFUSED,
	  OBJECT("v1", "Secret", "type: kubernetes.io/tls\nstringData: {cert: x}"),
	  OBJECT("v1", "Secret", "type: kubernetes.io/tls\nstringData: {tls.crt: x, tls.key: x}"), NULL },
	[INVALID_CLAIM] = { "invalid-claim", LINT_ERROR, 0,
	  "a volume claim the API server refuses", REFUSED,
	  OBJECT("v1", "PersistentVolumeClaim", "spec: {resources: {requests: {storage: 1Gi}}}"),
	  OBJECT("v1", "PersistentVolumeClaim", "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}"), NULL },
	[INVALID_NETWORK_POLICY] = { "invalid-network-policy", LINT_ERROR, 0,
	  "a network policy the API server refuses", REFUSED, POLICY("10.0.0.1"), POLICY("10.0.0.1/32"), NULL },
	[INVALID_BUDGET] = { "invalid-budget", LINT_ERROR, 0,
	  "a disruption budget the API server refuses", REFUSED,
	  OBJECT("policy/v1", "PodDisruptionBudget", "spec: {minAvailable: 1, maxUnavailable: 1, selector: {}}"),
	  OBJECT("policy/v1", "PodDisruptionBudget", "spec: {maxUnavailable: 1, selector: {}}"), NULL },
	[INVALID_WEBHOOK] = { "invalid-webhook", LINT_ERROR, 0,
	  "an admission webhook the API server refuses", REFUSED, WEBHOOK("Some"), WEBHOOK("None"), NULL },
};
/* clang-format on */

/* --- what the checks use --- */

static void report_bytes(const struct validity *c, enum validity_rule rule, size_t start,
                         size_t end, const char *message)
{
	const struct lint_hit hit = { .rule = &rules[rule],
		                      .start = start,
		                      .end = end,
		                      .object = c->object,
		                      .container = c->container,
		                      .fix = c->fix };
	lint_report_hit(c->file, &hit, "%s", message);
}

void validity_report(const struct validity *c, enum validity_rule rule, const struct val *at,
                     const char *fmt, ...)
{
	if (c->is_for_missing)
		return;
	AUTO(str) message = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&message, fmt, args);
	va_end(args);
	report_bytes(c, rule, at->mark.start, at->mark.end, message.ptr);
}

void validity_report_key(const struct validity *c, enum validity_rule rule,
                         const struct val_entry *entry, const char *fmt, ...)
{
	if (c->is_for_missing)
		return;
	AUTO(str) message = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&message, fmt, args);
	va_end(args);
	report_bytes(c, rule, entry->key_mark.start, entry->key_mark.end, message.ptr);
}

void validity_report_missing(const struct validity *c, enum validity_rule rule,
                             const struct val_entry *entry, const char *fmt, ...)
{
	if (!c->is_for_missing) {
		lint_revisit(c->file);
		return;
	}
	AUTO(str) message = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&message, fmt, args);
	va_end(args);
	report_bytes(c, rule, entry->key_mark.start, entry->key_mark.end, message.ptr);
}

const char *validity_text(const struct val *v)
{
	return val_is(v, VAL_STR) && !kube_is_open(v->as.str.ptr) ? v->as.str.ptr : NULL;
}

bool validity_is_set(const struct val *v)
{
	return v && v->kind != VAL_NULL;
}

size_t validity_count(const struct val *map, const char *const *keys, const struct val **ret_last)
{
	size_t n = 0;
	*ret_last = NULL;
	for (; *keys; keys++) {
		const struct val *v = val_get(map, *keys);
		if (!validity_is_set(v))
			continue;
		*ret_last = v;
		n++;
	}
	return n;
}

void validity_range(const struct validity *c, enum validity_rule rule, const struct val *v,
                    int64_t min, int64_t max)
{
	if (!val_is(v, VAL_INT) || (v->as.integer >= min && v->as.integer <= max))
		return;
	if (max >= INT32_MAX)
		validity_report(c, rule, v, "%" PRId64 " is not from %" PRId64 " on", v->as.integer,
		                min);
	else
		validity_report(c, rule, v, "%" PRId64 " is not from %" PRId64 " to %" PRId64,
		                v->as.integer, min, max);
}

void validity_ip(const struct validity *c, enum validity_rule rule, const struct val *v)
{
	const char *text = validity_text(v);
	if (text && !kube_is_ip(text))
		validity_report(c, rule, v, "'%s' is no address", text);
}

void validity_cidr(const struct validity *c, enum validity_rule rule, const struct val *v)
{
	const char *text = validity_text(v);
	if (text && !kube_is_cidr(text, strlen(text)))
		validity_report(c, rule, v, "'%s' is no network: 10.0.0.0/8", text);
}

/* --- the family --- */

struct state {
	unsigned minor; /* of Kubernetes */
	struct lint_patches *patches;
};

static err *begin(struct lint_run *run, void **ret_state)
{
	const char *version = lint_run_options(run)->kubernetes_version;
	struct state *state = MEM_NEW(struct state);
	if (!version || !kube_parse_minor(version, &state->minor))
		state->minor =
			1000; /* the newest; what nobody knows is told by the family schema */
	state->patches = lint_patches_new();
	*ret_state = state;
	return NULL;
}

static void end(void *state_)
{
	struct state *state = state_;
	if (state)
		lint_patches_free(state->patches);
	mem_free(state);
}

/* Kinds of other groups have rules of their own for what looks alike. */
static bool is_built_in(struct view group)
{
	static const char *const groups[] = { "", "apps", "batch", "extensions" };
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (view_is(group, groups[i]))
			return true;
	return false;
}

static void check_objects(struct lint_file *file, const struct state *state, bool is_for_missing)
{
	struct validity c = { .file = file,
		              .minor = state->minor,
		              .is_for_missing = is_for_missing };
	struct lint_objects it = { 0 };
	while (lint_next_object(file, &it, &c.object)) {
		c.kind = val_get_str(c.object, "kind", "");
		c.group = kube_group(c.object);
		c.has_pod = is_built_in(c.group) && kube_pod_of(c.object, &c.pod);
		validity_check_metadata(&c);
		validity_check_kind(&c);
		if (c.has_pod)
			validity_check_pod(&c);
	}
}

static void check_file(struct lint_file *file, void *state_)
{
	const struct state *state = state_;
	if (file->kind == LINT_KUSTOMIZATION)
		lint_patches_add(state->patches, file);
	else
		check_objects(file, state, false);
}

static void revisit_file(struct lint_file *file, void *state_)
{
	const struct state *state = state_;
	if (lint_patches_find(state->patches, file->path) == LINT_WHOLE)
		check_objects(file, state, true);
}

const struct lint_family lint_family_validity = {
	.name = "validity",
	.brief = "what the API server refuses and no schema says",
	.rules = rules,
	.n_rules = ARRAY_LEN(rules),
	.kinds = LINT_KUBERNETES | LINT_KUSTOMIZATION,
	.begin = begin,
	.check_file = check_file,
	.revisit_file = revisit_file,
	.end = end,
};
