/* What makes workloads fail later: images, resources, probes, replicas, batch hygiene. */
#include "base/base.h"

#include "lint/kube_object.h"
#include "lint/lint_families.h"
#include "lint/lint_fix.h"

/* Equal items further apart are not told: no list of people is so long. */
#define LOOK_BACK 500u

enum {
	LATEST_TAG,
	CPU_REQUEST,
	MEMORY_REQUEST,
	MEMORY_LIMIT,
	NO_LIVENESS,
	NO_READINESS,
	PROBE_PORT,
	IDENTICAL_PROBES,
	READ_ONLY_ROOT,
	SINGLE_REPLICA,
	SELECTOR,
	DUPLICATE_ENV,
	DUPLICATE_CONTAINER,
	DUPLICATE_PORT,
	DUPLICATE_VOLUME,
	UNKNOWN_VOLUME,
	JOB_TTL,
	CRON_SCHEDULE,
	CRON_DEADLINE,
	DEPRECATED_ACCOUNT,
	SSH_PORT,
	NODE_PORT,
	INGRESS_TLS,
	PDB_BLOCKS,
	HPA_MINIMUM,
	PULL_POLICY,
	NOT_PINNED,
	NO_ANTI_AFFINITY,
	PDB_UNHEALTHY,
	CRON_CONCURRENCY,
	PRIVILEGED_PORT,
	OPEN_BALANCER,
	GATEWAY_TLS,
	SNIPPET,
};

#define POD(more)                                                                \
	"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n" \
	"  - name: app\n    image: app:1\n" more
#define DEPLOYMENT(more)                                                           \
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n" more \
	"  template:\n    metadata: {labels: {app: a}}\n    spec:\n      containers: [{name: a, image: 'a:1'}]\n"
#define CRONJOB(spec)                                                            \
	"apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec: {" spec \
	", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: 'a:1'}]}}}}}\n"

/* clang-format off */
static const struct lint_rule rules[] = {
	[LATEST_TAG] = { "latest-tag", LINT_WARNING, 0,
	  "an image without tag, or with latest", "It is another image tomorrow, and nodes disagree about what it is.",
	  "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: nginx}]}\n",
	  "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: 'nginx:1.27'}]}\n",
	  "kube-linter:latest-tag CKV_K8S_14 KSV-0013" },
	[CPU_REQUEST] = { "unset-cpu-request", LINT_WARNING, 0,
	  "no CPU request", "The scheduler does not know what the container needs, and it is the first to starve.",
	  POD(""), POD("    resources: {requests: {cpu: 100m}}\n"), "kube-linter:unset-cpu-requirements CKV_K8S_10" },
	[MEMORY_REQUEST] = { "unset-memory-request", LINT_WARNING, 0,
	  "no memory request", "The scheduler does not know what the container needs, and it is the first to be killed.",
	  POD(""), POD("    resources: {requests: {memory: 64Mi}}\n"), "kube-linter:unset-memory-requirements CKV_K8S_12" },
	[MEMORY_LIMIT] = { "unset-memory-limit", LINT_WARNING, 0,
	  "no memory limit", "A leak takes the memory of the whole node.",
	  POD(""), POD("    resources: {limits: {memory: 64Mi}}\n"), "CKV_K8S_13 KSV-0018" },
	[NO_LIVENESS] = { "no-liveness-probe", LINT_INFO, LINT_OFF,
	  "no liveness probe", "A process that hangs is never restarted.",
	  DEPLOYMENT("  selector: {matchLabels: {app: a}}\n"), POD("    livenessProbe: {httpGet: {port: 80}}\n"),
	  "kube-linter:no-liveness-probe CKV_K8S_8" },
	[NO_READINESS] = { "no-readiness-probe", LINT_INFO, 0,
	  "no readiness probe", "Requests go to the pod before it can answer them.",
	  DEPLOYMENT("  selector: {matchLabels: {app: a}}\n"), POD("    readinessProbe: {httpGet: {port: 80}}\n"),
	  "kube-linter:no-readiness-probe CKV_K8S_9" },
	[PROBE_PORT] = { "probe-port", LINT_ERROR, 0,
	  "a probe names a port the container does not have", "The probe always fails: the pod never gets ready, or is "
	  "restarted again and again.",
	  POD("    ports: [{name: http, containerPort: 80}]\n    livenessProbe: {httpGet: {port: htpp}}\n"),
	  POD("    ports: [{name: http, containerPort: 80}]\n    livenessProbe: {httpGet: {port: http}}\n"),
	  "kube-linter:liveness-port" },
	[IDENTICAL_PROBES] = { "identical-probes", LINT_INFO, 0,
	  "liveness and readiness ask the same", "A busy pod is restarted instead of being left out for a while.",
	  POD("    livenessProbe: {httpGet: {port: 80}}\n    readinessProbe: {httpGet: {port: 80}}\n"),
	  POD("    livenessProbe: {httpGet: {port: 80, path: /alive}}\n    readinessProbe: {httpGet: {port: 80}}\n"),
	  "kube-score:pod-probes-identical" },
	[READ_ONLY_ROOT] = { "no-read-only-root", LINT_INFO, LINT_OFF | LINT_FIXABLE | LINT_UNSAFE_FIX,
	  "the image can be written to", "Who breaks in can put tools there; what the process writes is lost anyway.",
	  POD(""), POD("    securityContext: {readOnlyRootFilesystem: true}\n"),
	  "kube-linter:no-read-only-root-fs CKV_K8S_22 KSV-0014" },
	[SINGLE_REPLICA] = { "single-replica", LINT_INFO, LINT_OFF,
	  "one replica", "Every update, drain and crash is an outage.",
	  DEPLOYMENT("  replicas: 1\n  selector: {matchLabels: {app: a}}\n"),
	  DEPLOYMENT("  replicas: 2\n  selector: {matchLabels: {app: a}}\n"), "kube-linter:minimum-three-replicas" },
	[SELECTOR] = { "mismatching-selector", LINT_ERROR, 0,
	  "the selector does not match the template's labels", "The API server refuses the object.",
	  DEPLOYMENT("  selector: {matchLabels: {app: b}}\n"), DEPLOYMENT("  selector: {matchLabels: {app: a}}\n"),
	  "kube-linter:mismatching-selector kube-score:deployment-pod-selector-labels-match-template-metadata-labels" },
	[DUPLICATE_ENV] = { "duplicate-env", LINT_WARNING, 0,
	  "a variable twice", "The last one counts; server-side apply refuses it.",
	  POD("    env: [{name: A, value: '1'}, {name: A, value: '2'}]\n"),
	  POD("    env: [{name: A, value: '1'}, {name: B, value: '2'}]\n"), "kube-linter:duplicate-env-var" },
	[DUPLICATE_CONTAINER] = { "duplicate-container", LINT_ERROR, 0,
	  "two containers with one name", "The API server refuses the object.",
	  POD("  - {name: app, image: 'a:1'}\n"), POD("  - {name: other, image: 'a:1'}\n"), NULL },
	[DUPLICATE_PORT] = { "duplicate-port", LINT_WARNING, 0,
	  "a port twice", "Names and numbers of ports must differ.",
	  POD("    ports: [{containerPort: 80}, {containerPort: 80}]\n"),
	  POD("    ports: [{containerPort: 80}, {containerPort: 80, protocol: UDP}]\n"), "kube-score:container-ports-check" },
	[DUPLICATE_VOLUME] = { "duplicate-volume", LINT_ERROR, 0,
	  "two volumes with one name", "The API server refuses the object.",
	  POD("  volumes: [{name: v, emptyDir: {}}, {name: v, emptyDir: {}}]\n"),
	  POD("  volumes: [{name: v, emptyDir: {}}, {name: w, emptyDir: {}}]\n"), NULL },
	[UNKNOWN_VOLUME] = { "unknown-volume", LINT_ERROR, 0,
	  "a mount of a volume that is not there", "The API server refuses the object.",
	  POD("    volumeMounts: [{name: v, mountPath: /v}]\n"),
	  POD("    volumeMounts: [{name: v, mountPath: /v}]\n  volumes: [{name: v, emptyDir: {}}]\n"), NULL },
	[JOB_TTL] = { "job-ttl", LINT_INFO, LINT_OFF,
	  "a finished job stays for ever", "ttlSecondsAfterFinished removes it and its pods.",
	  "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: a, image: 'a:1'}]}}}\n",
	  "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\nspec: {ttlSecondsAfterFinished: 60, template: {spec: "
	  "{containers: [{name: a, image: 'a:1'}]}}}\n",
	  "kube-linter:job-ttl-seconds-after-finished" },
	[CRON_SCHEDULE] = { "cron-schedule", LINT_ERROR, 0,
	  "a schedule that is no cron expression", "The API server refuses the object.",
	  CRONJOB("schedule: '61 * * * *'"), CRONJOB("schedule: '*/5 0-6 * jan mon'"), "kube-score:cronjob-schedule" },
	[CRON_DEADLINE] = { "cron-deadline", LINT_INFO, LINT_OFF,
	  "a CronJob without startingDeadlineSeconds", "After a hundred missed starts it never starts again.",
	  CRONJOB("schedule: '* * * * *'"), CRONJOB("schedule: '* * * * *', startingDeadlineSeconds: 60"),
	  "kube-score:cronjob-has-deadline" },
	[DEPRECATED_ACCOUNT] = { "deprecated-service-account-field", LINT_WARNING, LINT_FIXABLE,
	  "the field serviceAccount", "It is the old name of serviceAccountName.",
	  POD("  serviceAccount: app\n"), POD("  serviceAccountName: app\n"),
	  "kube-linter:deprecated-service-account-field" },
	[SSH_PORT] = { "ssh-port", LINT_WARNING, 0,
	  "a container listens on port 22", "A shell over the network; use kubectl exec.",
	  POD("    ports: [{containerPort: 22}]\n"), POD("    ports: [{containerPort: 80}]\n"), "kube-linter:ssh-port" },
	[NODE_PORT] = { "node-port", LINT_INFO, LINT_OFF,
	  "a service on every node", "It is open on every node, past the ingress.",
	  "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: NodePort, ports: [{port: 80}]}\n",
	  "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n",
	  "kube-linter:exposed-services kube-score:service-type" },
	[INGRESS_TLS] = { "ingress-without-tls", LINT_WARNING, 0,
	  "an ingress without TLS", "Everything, passwords as well, crosses the network readable.",
	  "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec: {rules: [{host: a.example.com}]}\n",
	  "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec: {rules: [{host: a.example.com}], tls: "
	  "[{hosts: [a.example.com], secretName: a}]}\n",
	  "Polaris:tlsSettingsMissing tlsSettingsMissing" },
	[PDB_BLOCKS] = { "pdb-blocks-drain", LINT_WARNING, 0,
	  "a disruption budget that allows none", "Nodes cannot be drained: every update of the cluster stops there.",
	  "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: a}\nspec: {maxUnavailable: 0}\n",
	  "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: a}\nspec: {maxUnavailable: 1}\n",
	  "kube-linter:pdb-max-unavailable" },
	[HPA_MINIMUM] = { "hpa-minimum", LINT_ERROR, 0,
	  "an autoscaler whose minimum is above its maximum", "The API server refuses the object.",
	  "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec: {minReplicas: 5, "
	  "maxReplicas: 2, scaleTargetRef: {kind: Deployment, name: a}}\n",
	  "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec: {minReplicas: 2, "
	  "maxReplicas: 5, scaleTargetRef: {kind: Deployment, name: a}}\n",
	  NULL },
	[PULL_POLICY] = { "image-pull-policy", LINT_INFO, 0,
	  "a pull policy that does not go with the image", "A digest never changes, so Always only asks; latest changes, so "
	  "IfNotPresent leaves nodes with different images.",
	  POD("    imagePullPolicy: Always\n  - name: b\n    image: b:latest\n    imagePullPolicy: IfNotPresent\n"),
	  POD("    imagePullPolicy: IfNotPresent\n"), "kube-score:container-image-pull-policy Polaris:pullPolicyNotAlways" },
	[NOT_PINNED] = { "image-not-pinned", LINT_INFO, LINT_OFF,
	  "an image without digest", "A tag can be moved to another image by whoever may push.",
	  POD(""), "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: "
	  "'a:1@sha256:0123456789012345678901234567890123456789012345678901234567890123'}]}\n",
	  "CKV_K8S_43" },
	[NO_ANTI_AFFINITY] = { "no-anti-affinity", LINT_INFO, LINT_OFF,
	  "replicas that may all run on one node", "One node that fails takes them all; say podAntiAffinity or topologySpreadConstraints.",
	  DEPLOYMENT("  replicas: 3\n  selector: {matchLabels: {app: a}}\n"),
	  DEPLOYMENT("  replicas: 1\n  selector: {matchLabels: {app: a}}\n"), "kube-linter:no-anti-affinity "
	  "kube-score:deployment-has-host-podantiaffinity" },
	[PDB_UNHEALTHY] = { "pdb-unhealthy-policy", LINT_INFO, LINT_OFF | LINT_FIXABLE | LINT_UNSAFE_FIX,
	  "a disruption budget that protects broken pods", "A pod that never gets ready then keeps its node from being drained.",
	  "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: a}\nspec: {maxUnavailable: 1}\n",
	  "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: a}\nspec: {maxUnavailable: 1, "
	  "unhealthyPodEvictionPolicy: AlwaysAllow}\n",
	  "kube-linter:pdb-unhealthy-pod-eviction-policy" },
	[CRON_CONCURRENCY] = { "cron-concurrency", LINT_INFO, LINT_OFF,
	  "a CronJob that does not say what happens when one is still running", "Without concurrencyPolicy the next one starts beside it.",
	  CRONJOB("schedule: '* * * * *'"), CRONJOB("schedule: '* * * * *', concurrencyPolicy: Forbid"), NULL },
	[PRIVILEGED_PORT] = { "privileged-container-port", LINT_INFO, LINT_OFF,
	  "a container listens below 1024", "It needs root or a capability for that; the service can have the low port.",
	  POD("    ports: [{containerPort: 80}]\n"), POD("    ports: [{containerPort: 8080}]\n"), "kube-linter:privileged-ports" },
	[OPEN_BALANCER] = { "load-balancer-open", LINT_INFO, LINT_OFF,
	  "a load balancer for everybody", "Without loadBalancerSourceRanges the whole internet reaches it, if the cloud "
	  "gives it a public address.",
	  "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: LoadBalancer, ports: [{port: 80}]}\n",
	  "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: LoadBalancer, loadBalancerSourceRanges: "
	  "[10.0.0.0/8], ports: [{port: 80}]}\n", NULL },
	[GATEWAY_TLS] = { "gateway-tls-missing", LINT_WARNING, 0,
	  "a listener of a Gateway that should have TLS and has none", "HTTPS needs certificates, and HTTP on port 443 is "
	  "what no client expects.",
	  "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: a}\nspec: {gatewayClassName: a, "
	  "listeners: [{name: a, port: 443, protocol: HTTPS}]}\n",
	  "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: a}\nspec: {gatewayClassName: a, "
	  "listeners: [{name: a, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: a}]}}]}\n", NULL },
	[SNIPPET] = { "ingress-snippet-annotation", LINT_WARNING, 0,
	  "configuration of the proxy in an annotation", "Who may write the ingress runs code in the proxy, which can read "
	  "the secrets of all namespaces.",
	  "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a, annotations: "
	  "{nginx.ingress.kubernetes.io/configuration-snippet: 'return 200;'}}\nspec: {rules: [{host: a.example.com}], tls: "
	  "[{hosts: [a.example.com]}]}\n",
	  "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a, annotations: "
	  "{nginx.ingress.kubernetes.io/ssl-redirect: 'true'}}\nspec: {rules: [{host: a.example.com}], tls: [{hosts: "
	  "[a.example.com]}]}\n",
	  "CKV_K8S_152 CKV_K8S_153 CKV_K8S_154" },
};
/* clang-format on */

struct check {
	struct lint_file *file;
	const struct val *object;
	struct kube_pod pod;
	const char *container; /* name; NULL: none */
	const struct lint_fix *fix;
};

PRINTF_LIKE(5, 6)
static void report_bytes(const struct check *c, int rule, size_t start, size_t end, const char *fmt,
                         ...)
{
	AUTO(str) message = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&message, fmt, args);
	va_end(args);
	const struct lint_hit hit = { .rule = &rules[rule],
		                      .start = start,
		                      .end = end,
		                      .object = c->object,
		                      .container = c->container,
		                      .fix = c->fix };
	lint_report_hit(c->file, &hit, "%s", message.ptr);
}

#define report(c, rule, at, ...) \
	report_bytes((c), (rule), (at)->mark.start, (at)->mark.end, __VA_ARGS__)

/* The place of a container for what it lacks: its name. */
static const struct val *place_of(const struct val *container)
{
	const struct val *name = val_get(container, "name");
	return name ? name : container;
}

/* --- containers --- */

static void check_image(const struct check *c, const struct val *container)
{
	const struct val *image = val_get(container, "image");
	if (!val_is(image, VAL_STR) || !*image->as.str.ptr || strchr(image->as.str.ptr, '$'))
		return;
	const char *text = image->as.str.ptr, *slash = strrchr(text, '/');
	const char *tag = strchr(slash ? slash : text, ':');
	const struct val *policy = val_get(container, "imagePullPolicy");
	const char *pull = val_is(policy, VAL_STR) ? policy->as.str.ptr : "";
	if (strchr(text, '@')) {
		if (str_equal(pull, "Always"))
			report(c, PULL_POLICY, policy, "a digest never changes: IfNotPresent does");
		return;
	}
	bool is_latest = !tag || str_equal(tag, ":latest");
	if (!tag)
		report(c, LATEST_TAG, image, "'%s' has no tag: it is another image tomorrow", text);
	else if (is_latest)
		report(c, LATEST_TAG, image, "'%s' is another image tomorrow", text);
	if (is_latest && (str_equal(pull, "IfNotPresent") || str_equal(pull, "Never")))
		report(c, PULL_POLICY, policy, "'%s' changes, and nodes keep what they have", text);
	report(c, NOT_PINNED, image, "'%s' has no digest: whoever may push can change it", text);
}

static void check_resources(const struct check *c, const struct val *container)
{
	static const struct {
		int rule;
		const char *path, *limit; /* a limit is a request as well */
		const char *what;
	} wanted[] = {
		{ CPU_REQUEST, "resources.requests.cpu", "resources.limits.cpu", "CPU request" },
		{ MEMORY_REQUEST, "resources.requests.memory", "resources.limits.memory",
		  "memory request" },
		{ MEMORY_LIMIT, "resources.limits.memory", "resources.limits.memory",
		  "memory limit" },
	};
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (!val_path(container, wanted[i].path) && !val_path(container, wanted[i].limit))
			report(c, wanted[i].rule, place_of(container), "the container has no %s",
			       wanted[i].what);
}

static bool has_port(const struct val *container, const struct val *wanted)
{
	const struct val *port;
	for (VAL_EACH_ITEM(i, port, val_get(container, "ports")))
		if (val_is(val_get(port, "name"), VAL_STR) &&
		    val_equal(val_get(port, "name"), wanted))
			return true;
	return false;
}

static void check_probes(const struct check *c, const struct val *container)
{
	static const char *const probes[] = { "livenessProbe", "readinessProbe", "startupProbe" };
	static const char *const actions[] = { "httpGet", "tcpSocket" };
	for (size_t i = 0; i < ARRAY_LEN(probes) * ARRAY_LEN(actions); i++) {
		const struct val *action =
			val_get(val_get(container, probes[i / 2]), actions[i % 2]);
		const struct val *port = val_get(action, "port");
		if (val_is(port, VAL_STR) && !has_port(container, port))
			report(c, PROBE_PORT, port, "the container has no port '%s'",
			       port->as.str.ptr);
	}
	const struct val *alive = val_get(container, "livenessProbe");
	const struct val *ready = val_get(container, "readinessProbe");
	if (alive && ready && val_equal(alive, ready))
		report(c, IDENTICAL_PROBES, ready,
		       "a busy pod is restarted instead of being left out");
}

/* Two items of a list with equal values at `key`; told at the second. */
static void check_unique(const struct check *c, int rule, const struct val *list, const char *key,
                         const char *what)
{
	for (size_t i = 1; i < val_len(list); i++) {
		const struct val *own = val_get(val_at(list, i), key);
		for (size_t k = i > LOOK_BACK ? i - LOOK_BACK : 0; k < i && val_is(own, VAL_STR);
		     k++)
			if (val_equal(val_get(val_at(list, k), key), own)) {
				report(c, rule, own, "there is a %s '%s' already", what,
				       own->as.str.ptr);
				break;
			}
	}
}

static void check_ports(const struct check *c, const struct val *container)
{
	const struct val *ports = val_get(container, "ports");
	check_unique(c, DUPLICATE_PORT, ports, "name", "port");
	for (size_t i = 0; i < val_len(ports); i++) {
		const struct val *port = val_at(ports, i), *number = val_get(port, "containerPort");
		if (val_is(number, VAL_INT) && number->as.integer == 22)
			report(c, SSH_PORT, number, "a shell over the network: use kubectl exec");
		if (val_is(number, VAL_INT) && number->as.integer > 0 && number->as.integer < 1024)
			report(c, PRIVILEGED_PORT, number,
			       "ports below 1024 need root or a capability");
		for (size_t k = i > LOOK_BACK ? i - LOOK_BACK : 0; k < i && number; k++)
			if (val_equal(val_get(val_at(ports, k), "containerPort"), number) &&
			    str_equal(val_get_str(val_at(ports, k), "protocol", "TCP"),
			              val_get_str(port, "protocol", "TCP"))) {
				report(c, DUPLICATE_PORT, number, "this port is there already");
				break;
			}
	}
}

static void check_mounts(const struct check *c, const struct val *container)
{
	const struct val *mount, *volume;
	/* A StatefulSet gives volumes of its own. */
	const struct val *templates = val_path(c->object, "spec.volumeClaimTemplates");
	if (val_len(val_get(container, "volumeMounts")) > LOOK_BACK)
		return;
	for (VAL_EACH_ITEM(i, mount, val_get(container, "volumeMounts"))) {
		const struct val *name = val_get(mount, "name");
		bool is_known = !val_is(name, VAL_STR);
		for (VAL_EACH_ITEM(k, volume, val_get(c->pod.spec, "volumes")))
			is_known |= val_equal(val_get(volume, "name"), name);
		for (VAL_EACH_ITEM(t, volume, templates))
			is_known |= val_equal(val_path(volume, "metadata.name"), name);
		if (!is_known)
			report(c, UNKNOWN_VOLUME, name, "the pod has no volume '%s'",
			       name->as.str.ptr);
	}
}

static void check_root(struct check *c, const struct val *container)
{
	static const char *const keys[] = { "securityContext", "readOnlyRootFilesystem", NULL };
	const struct val *value = val_path(container, "securityContext.readOnlyRootFilesystem");
	if (val_is(value, VAL_BOOL) && value->as.boolean)
		return;
	const struct lint_change change = { .kind = LINT_SET,
		                            .at = container,
		                            .path = keys,
		                            .value = val_new_bool(c->file->arena, true) };
	c->fix = lint_fix_make(c->file, true, &change, 1,
	                       "set securityContext.readOnlyRootFilesystem of container %s to true",
	                       c->container);
	report(c, READ_ONLY_ROOT, value ? value : place_of(container),
	       "the image can be written to");
	c->fix = NULL;
}

static void check_containers(struct check *c, bool is_service)
{
	struct kube_containers it = { 0, 0 };
	struct kube_container container;
	while (kube_next_container(&c->pod, &it, &container)) {
		bool is_main = str_equal(container.list, "containers");
		c->container = container.name;
		check_image(c, container.v);
		check_resources(c, container.v);
		check_probes(c, container.v);
		check_ports(c, container.v);
		check_mounts(c, container.v);
		check_unique(c, DUPLICATE_ENV, val_get(container.v, "env"), "name", "variable");
		check_root(c, container.v);
		if (is_main && is_service && !val_get(container.v, "livenessProbe"))
			report(c, NO_LIVENESS, place_of(container.v),
			       "the container has no liveness probe");
		if (is_main && is_service && !val_get(container.v, "readinessProbe"))
			report(c, NO_READINESS, place_of(container.v),
			       "the container has no readiness probe");
	}
	c->container = NULL;
}

/* --- workloads --- */

static void check_pod(struct check *c)
{
	static const char *const keys[] = { "serviceAccount", NULL };
	const char *kind = val_get_str(c->object, "kind", "");
	bool is_service = str_equal(kind, "Deployment") || str_equal(kind, "StatefulSet") ||
	                  str_equal(kind, "DaemonSet");
	check_containers(c, is_service);
	check_unique(c, DUPLICATE_CONTAINER, val_get(c->pod.spec, "containers"), "name",
	             "container");
	check_unique(c, DUPLICATE_VOLUME, val_get(c->pod.spec, "volumes"), "name", "volume");
	const struct val_entry *account = val_entry(c->pod.spec, keys[0]);
	if (!account || val_get(c->pod.spec, "serviceAccountName"))
		return;
	const struct lint_change change = {
		.kind = LINT_RENAME, .at = c->pod.spec, .path = keys, .key = "serviceAccountName"
	};
	c->fix = lint_fix_make(c->file, false, &change, 1,
	                       "rename %s.serviceAccount to serviceAccountName", c->pod.path);
	report_bytes(c, DEPRECATED_ACCOUNT, account->key_mark.start, account->key_mark.end,
	             "the field is called serviceAccountName now");
	c->fix = NULL;
}

static void check_selector(const struct check *c)
{
	const struct val *labels = val_get(c->pod.metadata, "labels");
	const struct val_entry *entry;
	if (!view_is(kube_group(c->object), "apps"))
		return;
	for (VAL_EACH_ENTRY(i, entry, val_path(c->object, "spec.selector.matchLabels"))) {
		const struct val *label = val_get(labels, entry->key);
		if (!label || !val_equal(label, entry->value))
			report_bytes(c, SELECTOR, entry->key_mark.start, entry->value->mark.end,
			             "the pods of the template have no label %s of this value",
			             entry->key);
	}
}

static void check_replicas(const struct check *c)
{
	const struct val *replicas = val_path(c->object, "spec.replicas");
	if (str_equal(val_get_str(c->object, "kind", ""), "Deployment") &&
	    val_is(replicas, VAL_INT) && replicas->as.integer == 1)
		report(c, SINGLE_REPLICA, replicas, "every update, drain and crash is an outage");
	if (val_is(replicas, VAL_INT) && replicas->as.integer > 1 &&
	    !val_path(c->pod.spec, "affinity.podAntiAffinity") &&
	    !val_get(c->pod.spec, "topologySpreadConstraints"))
		report(c, NO_ANTI_AFFINITY, replicas,
		       "all replicas may run on one node, and fail with it");
}

/* --- other kinds --- */

static void check_cron(const struct check *c)
{
	const struct val *schedule = val_path(c->object, "spec.schedule");
	if (val_is(schedule, VAL_STR) && !kube_is_cron(schedule->as.str.ptr))
		report(c, CRON_SCHEDULE, schedule,
		       "'%s' is no schedule: minute hour day month weekday", schedule->as.str.ptr);
	if (schedule && !val_path(c->object, "spec.startingDeadlineSeconds"))
		report(c, CRON_DEADLINE, schedule,
		       "after a hundred missed starts it never starts again");
	if (schedule && !val_path(c->object, "spec.concurrencyPolicy"))
		report(c, CRON_CONCURRENCY, schedule,
		       "the next one starts while one is still running");
}

static bool is_zero(const struct val *v)
{
	return (val_is(v, VAL_INT) && v->as.integer == 0) ||
	       (val_is(v, VAL_STR) && str_equal(v->as.str.ptr, "0%"));
}

static bool is_all(const struct val *v)
{
	return val_is(v, VAL_STR) && str_equal(v->as.str.ptr, "100%");
}

static void check_budget(struct check *c)
{
	const struct val *unavailable = val_path(c->object, "spec.maxUnavailable");
	const struct val *available = val_path(c->object, "spec.minAvailable");
	if (is_zero(unavailable))
		report(c, PDB_BLOCKS, unavailable,
		       "no pod may ever be unavailable: nodes cannot be drained");
	if (is_all(available))
		report(c, PDB_BLOCKS, available,
		       "all pods must be available: nodes cannot be drained");
	static const char *const keys[] = { "unhealthyPodEvictionPolicy", NULL };
	const struct val *spec = val_get(c->object, "spec");
	const struct lint_change change = { .kind = LINT_SET,
		                            .at = spec,
		                            .path = keys,
		                            .value = val_new_str(c->file->arena, "AlwaysAllow") };
	if ((!unavailable && !available) || val_get(spec, keys[0]) ||
	    !lint_is_on(c->file, &rules[PDB_UNHEALTHY]))
		return;
	c->fix = lint_fix_make(c->file, true, &change, 1,
	                       "set spec.unhealthyPodEvictionPolicy to AlwaysAllow");
	report(c, PDB_UNHEALTHY, unavailable ? unavailable : available,
	       "a pod that never gets ready keeps its node from being drained");
	c->fix = NULL;
}

static void check_autoscaler(const struct check *c)
{
	const struct val *min = val_path(c->object, "spec.minReplicas");
	const struct val *max = val_path(c->object, "spec.maxReplicas");
	if (val_is(min, VAL_INT) && val_is(max, VAL_INT) && min->as.integer > max->as.integer)
		report(c, HPA_MINIMUM, min, "the minimum is above the maximum, %" PRId64,
		       max->as.integer);
}

static void check_service(const struct check *c, const struct val *spec)
{
	const struct val *type = val_get(spec, "type");
	const char *text = val_is(type, VAL_STR) ? type->as.str.ptr : "";
	if (str_equal(text, "NodePort"))
		report(c, NODE_PORT, type, "the service is open on every node");
	if (str_equal(text, "LoadBalancer") && !val_get(spec, "loadBalancerSourceRanges"))
		report(c, OPEN_BALANCER, type, "whoever reaches the address reaches the service");
}

static void check_ingress(const struct check *c, const struct val *spec)
{
	const struct val *metadata = val_get(c->object, "metadata");
	const struct val_entry *entry;
	if (val_get(spec, "rules") && !val_get(spec, "tls"))
		report(c, INGRESS_TLS, place_of(metadata), "the ingress has no TLS");
	for (VAL_EACH_ENTRY(i, entry, val_get(metadata, "annotations")))
		if (str_starts(entry->key, "nginx.ingress.kubernetes.io/") &&
		    str_ends(entry->key, "-snippet"))
			report_bytes(c, SNIPPET, entry->key_mark.start, entry->key_mark.end,
			             "who may write this runs code in the proxy");
}

static void check_gateway(const struct check *c, const struct val *spec)
{
	const struct val *listener;
	for (VAL_EACH_ITEM(i, listener, val_get(spec, "listeners"))) {
		const struct val *protocol = val_get(listener, "protocol");
		const char *text = val_is(protocol, VAL_STR) ? protocol->as.str.ptr : "";
		bool is_secure = str_equal(text, "HTTPS") || str_equal(text, "TLS");
		if (is_secure && !val_get(listener, "tls"))
			report(c, GATEWAY_TLS, protocol, "the listener has no tls");
		if (str_equal(text, "HTTP") && val_get_int(listener, "port", 0) == 443)
			report(c, GATEWAY_TLS, protocol, "HTTP on the port of HTTPS");
	}
}

static void check_other(struct check *c, const char *kind)
{
	const struct val *spec = val_get(c->object, "spec");
	if (!spec)
		return;
	if (str_equal(kind, "CronJob"))
		check_cron(c);
	else if (str_equal(kind, "Job") && !val_get(spec, "ttlSecondsAfterFinished"))
		report(c, JOB_TTL, place_of(val_get(c->object, "metadata")),
		       "the finished job stays for ever");
	else if (str_equal(kind, "PodDisruptionBudget"))
		check_budget(c);
	else if (str_equal(kind, "HorizontalPodAutoscaler"))
		check_autoscaler(c);
	else if (str_equal(kind, "Service"))
		check_service(c, spec);
	else if (str_equal(kind, "Ingress"))
		check_ingress(c, spec);
	else if (str_equal(kind, "Gateway") &&
	         view_is(kube_group(c->object), "gateway.networking.k8s.io"))
		check_gateway(c, spec);
}

static void check_file(struct lint_file *file, void *state)
{
	(void)state;
	struct lint_objects it = { 0 };
	struct check c = { .file = file };
	while (lint_next_object(file, &it, &c.object)) {
		if (!val_is(val_get(c.object, "metadata"), VAL_MAP))
			continue;
		if (kube_pod_of(c.object, &c.pod)) {
			check_pod(&c);
			check_selector(&c);
			check_replicas(&c);
		}
		check_other(&c, val_get_str(c.object, "kind", ""));
	}
}

const struct lint_family lint_family_reliability = {
	.name = "reliability",
	.brief = "images, resources, probes, replicas, jobs",
	.rules = rules,
	.n_rules = ARRAY_LEN(rules),
	.kinds = LINT_KUBERNETES,
	.check_file = check_file,
};
