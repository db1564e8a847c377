/* Roles, bindings and service accounts: CIS 5.1 and what others found worth a look. */
#include "base/base.h"

#include "lint/kube_object.h"
#include "lint/lint_families.h"
#include "lint/lint_fix.h"

enum {
	CLUSTER_ADMIN,
	SECRETS,
	WILDCARD,
	CREATE_PODS,
	DEFAULT_ACCOUNT,
	AUTOMOUNT,
	MASTERS,
	ESCALATE,
	CREATE_VOLUMES,
	NODE_PROXY,
	CSR_APPROVAL,
	WEBHOOKS,
	TOKENS,
	ANONYMOUS,
	EXEC,
	USE_NAMESPACE,
	NO_PSS_LABEL,
};

#define ROLE(rule)                                                                           \
	"apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\n" \
	"rules:\n- " rule "\n"
#define BINDING(role, subject)                                                                               \
	"apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\n"                               \
	"metadata: {name: a}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: " role \
	"}\nsubjects: [{kind: Group, name: '" subject "'}]\n"
#define POD(more)                                                               \
	"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: " \
	"[{name: a, image: 'a:1'}]\n" more

/* clang-format off */
static const struct lint_rule rules[] = {
	[CLUSTER_ADMIN] = { "cluster-admin-binding", LINT_ERROR, 0,
	  "somebody is bound to cluster-admin", "It may do everything, everywhere.",
	  BINDING("cluster-admin", "devs"), BINDING("view", "devs"),
	  "CIS-5.1.1 kube-linter:cluster-admin-role-binding cluster-admin-role-binding KSV-0111" },
	[SECRETS] = { "access-to-secrets", LINT_WARNING, 0,
	  "a role may read secrets", "Whoever has it reads every password and token of the namespace, or of the cluster.",
	  ROLE("{apiGroups: [''], resources: [secrets], verbs: [get]}"),
	  ROLE("{apiGroups: [''], resources: [secrets], resourceNames: [mine], verbs: [get]}"),
	  "CIS-5.1.2 kube-linter:access-to-secrets KSV-0041" },
	[WILDCARD] = { "wildcard-in-rules", LINT_WARNING, 0,
	  "a role says everything with *", "It also gives what is added to the cluster later.",
	  ROLE("{apiGroups: [''], resources: ['*'], verbs: [get]}"),
	  ROLE("{apiGroups: [''], resources: [pods], verbs: [get]}"),
	  "CIS-5.1.3 kube-linter:wildcard-in-rules CKV_K8S_49 KSV-0046" },
	[CREATE_PODS] = { "access-to-create-pods", LINT_WARNING, 0,
	  "a role may create pods", "A pod can mount any secret and use any service account of its namespace.",
	  ROLE("{apiGroups: [''], resources: [pods], verbs: [create]}"),
	  ROLE("{apiGroups: [''], resources: [pods], verbs: [list]}"),
	  "CIS-5.1.4 kube-linter:access-to-create-pods" },
	[DEFAULT_ACCOUNT] = { "default-service-account", LINT_INFO, LINT_OFF,
	  "a workload uses the default service account", "What is given to it is given to every pod of the namespace.",
	  POD(""), POD("  serviceAccountName: app\n"), "CIS-5.1.5 kube-linter:default-service-account" },
	[AUTOMOUNT] = { "automount-token", LINT_INFO, LINT_OFF | LINT_FIXABLE | LINT_UNSAFE_FIX,
	  "a token of the service account is mounted", "Whoever breaks in can ask the API server; most workloads never do.",
	  POD(""), POD("  automountServiceAccountToken: false\n"), "CIS-5.1.6 CKV_K8S_38 KSV-0036" },
	[MASTERS] = { "system-masters", LINT_ERROR, 0,
	  "a binding names system:masters", "Members of this group may do everything, and no webhook or rule can stop them.",
	  BINDING("view", "system:masters"), BINDING("view", "devs"), "CIS-5.1.7" },
	[ESCALATE] = { "bind-impersonate-escalate", LINT_WARNING, 0,
	  "a role may raise its own rights", "bind, escalate and impersonate lead to any right there is.",
	  ROLE("{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [escalate]}"),
	  ROLE("{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [get]}"),
	  "CIS-5.1.8 CKV_K8S_158" },
	[CREATE_VOLUMES] = { "access-to-create-volumes", LINT_WARNING, 0,
	  "a role may create persistent volumes", "A volume can be a folder of the host.",
	  ROLE("{apiGroups: [''], resources: [persistentvolumes], verbs: [create]}"),
	  ROLE("{apiGroups: [''], resources: [persistentvolumes], verbs: [get]}"), "CIS-5.1.9" },
	[NODE_PROXY] = { "access-to-node-proxy", LINT_WARNING, 0,
	  "a role may talk to the kubelet", "The kubelet runs commands in every pod of its node.",
	  ROLE("{apiGroups: [''], resources: [nodes/proxy], verbs: [get]}"),
	  ROLE("{apiGroups: [''], resources: [nodes], verbs: [get]}"), "CIS-5.1.10" },
	[CSR_APPROVAL] = { "access-to-csr-approval", LINT_WARNING, 0,
	  "a role may approve certificates", "A certificate can be for anybody.",
	  ROLE("{apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/approval], verbs: [update]}"),
	  ROLE("{apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests], verbs: [get]}"),
	  "CIS-5.1.11 CKV_K8S_156" },
	[WEBHOOKS] = { "access-to-webhooks", LINT_WARNING, 0,
	  "a role may change admission webhooks", "A webhook sees, and may change, whatever is created.",
	  ROLE("{apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations], verbs: [update]}"),
	  ROLE("{apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations], verbs: [get]}"),
	  "CIS-5.1.12 CKV_K8S_155" },
	[TOKENS] = { "access-to-tokens", LINT_WARNING, 0,
	  "a role may make tokens of service accounts", "Whoever has it can be any service account.",
	  ROLE("{apiGroups: [''], resources: [serviceaccounts/token], verbs: [create]}"),
	  ROLE("{apiGroups: [''], resources: [serviceaccounts], verbs: [get]}"), "CIS-5.1.13" },
	[ANONYMOUS] = { "anonymous-binding", LINT_ERROR, 0,
	  "somebody without a name is bound to a role", "system:anonymous and system:unauthenticated are everybody who reaches the API server.",
	  BINDING("view", "system:unauthenticated"), BINDING("view", "devs"), "KSV-0122" },
	[EXEC] = { "access-to-exec", LINT_INFO, 0,
	  "a role may run commands in pods", "It reads every secret the pod has, and acts as its service account.",
	  ROLE("{apiGroups: [''], resources: [pods/exec], verbs: [create]}"),
	  ROLE("{apiGroups: [''], resources: [pods/log], verbs: [get]}"), "KSV-0053" },
	[USE_NAMESPACE] = { "use-namespace", LINT_INFO, 0,
	  "an object in the namespace default", "Policies, quotas and rights are by namespace; default is where everything ends up that has none.",
	  "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: default}\nspec: {containers: [{name: a, image: 'a:1'}]}\n",
	  "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop}\nspec: {containers: [{name: a, image: 'a:1'}]}\n",
	  "CIS-5.7.1 CIS-5.7.4 kube-linter:use-namespace CKV_K8S_21" },
	[NO_PSS_LABEL] = { "namespace-without-pss-label", LINT_INFO, LINT_FIXABLE | LINT_UNSAFE_FIX,
	  "a namespace without Pod Security level", "Nothing is refused there, and nobody is warned.",
	  "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n",
	  "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {pod-security.kubernetes.io/enforce: baseline}}\n",
	  "CIS-5.2.1" },
};
/* clang-format on */

struct check {
	struct lint_file *file;
	const struct val *object;
};

PRINTF_LIKE(4, 5)
static void report(const struct check *c, int rule, const struct val *at, const char *fmt, ...)
{
	AUTO(str) message = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&message, fmt, args);
	va_end(args);
	const struct lint_hit hit = { .rule = &rules[rule],
		                      .start = at->mark.start,
		                      .end = at->mark.end,
		                      .object = c->object };
	lint_report_hit(c->file, &hit, "%s", message.ptr);
}

/* --- roles --- */

/* The item of a list of names that is `name` or, unless `is_exact`, `*`; NULL: none. */
static const struct val *find_name(const struct val *list, const char *name)
{
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, list))
		if (val_is(item, VAL_STR) && str_equal(item->as.str.ptr, name))
			return item;
	return NULL;
}

struct grant {
	int rule;
	const char *groups, *resources, *verbs; /* blank-separated; any of each */
	const char *what;
};

/* A `*` in the rule is told by itself, not by each of these. */
static const struct grant grants[] = {
	{ SECRETS, "", "secrets", "get list watch", "read secrets" },
	{ CREATE_PODS, "", "pods", "create", "create pods" },
	{ CREATE_PODS, "apps", "deployments daemonsets statefulsets replicasets", "create",
	  "create pods" },
	{ CREATE_PODS, "batch", "jobs cronjobs", "create", "create pods" },
	{ CREATE_VOLUMES, "", "persistentvolumes", "create", "create persistent volumes" },
	{ NODE_PROXY, "", "nodes/proxy", "get create update patch delete", "talk to the kubelet" },
	{ CSR_APPROVAL, "certificates.k8s.io", "certificatesigningrequests/approval",
	  "update patch", "approve certificates" },
	{ WEBHOOKS, "admissionregistration.k8s.io",
	  "mutatingwebhookconfigurations validatingwebhookconfigurations",
	  "create update patch delete", "change admission webhooks" },
	{ TOKENS, "", "serviceaccounts/token", "create", "make tokens of service accounts" },
	{ EXEC, "", "pods/exec pods/attach", "create get", "run commands in pods" },
	{ ESCALATE, "rbac.authorization.k8s.io", "roles clusterroles", "bind escalate",
	  "raise its rights" },
	{ ESCALATE, "", "users groups serviceaccounts", "impersonate", "act as somebody else" },
};

static const struct val *find_any(const struct val *list, const char *names)
{
	struct view rest = view_of(names), part;
	if (!*names)
		return find_name(list, "");
	while (view_split(&rest, ' ', &part)) {
		AUTOFREE char *name = mem_strndup(part.ptr, part.len);
		const struct val *found = find_name(list, name);
		if (found)
			return found;
	}
	return NULL;
}

static void check_rule(const struct check *c, const struct val *rule)
{
	static const char *const lists[] = { "apiGroups", "resources", "verbs" };
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		const struct val *star = find_name(val_get(rule, lists[i]), "*");
		if (star)
			report(c, WILDCARD, star, "all %s: also those that come later",
			       i == 0 ? "API groups" : lists[i]);
	}
	/* Names of the objects narrow it to what is meant. */
	bool is_narrow = val_len(val_get(rule, "resourceNames")) > 0;
	for (size_t i = 0; i < ARRAY_LEN(grants) && !is_narrow; i++) {
		const struct grant *grant = &grants[i];
		const struct val *resource = find_any(val_get(rule, "resources"), grant->resources);
		const struct val *groups = val_get(rule, "apiGroups"),
				 *verbs = val_get(rule, "verbs");
		bool is_verb = find_any(verbs, grant->verbs) || find_name(verbs, "*");
		bool is_group = find_any(groups, grant->groups) || find_name(groups, "*");
		if (resource && is_verb && is_group)
			report(c, grant->rule, resource, "whoever has this role may %s",
			       grant->what);
	}
}

/* --- bindings --- */

static void check_binding(const struct check *c)
{
	const struct val *role = val_path(c->object, "roleRef.name"), *subject;
	bool is_cluster_admin =
		val_is(role, VAL_STR) && str_equal(role->as.str.ptr, "cluster-admin");
	for (VAL_EACH_ITEM(i, subject, val_get(c->object, "subjects"))) {
		const struct val *name = val_get(subject, "name");
		const char *text = val_is(name, VAL_STR) ? name->as.str.ptr : "";
		if (str_equal(text, "system:masters"))
			report(c, MASTERS, name, "nothing can stop members of system:masters");
		else if (is_cluster_admin && !str_starts(text, "system:"))
			report(c, CLUSTER_ADMIN, role, "'%s' may do everything, everywhere", text);
		if (str_equal(text, "system:anonymous") ||
		    str_equal(text, "system:unauthenticated"))
			report(c, ANONYMOUS, name, "'%s' is everybody who reaches the API server",
			       text);
	}
}

/* --- pods --- */

static void check_account(const struct check *c, const struct kube_pod *pod)
{
	static const char *const keys[] = { "automountServiceAccountToken", NULL };
	const struct val *account = val_get(pod->spec, "serviceAccountName");
	const struct val_entry *first = val_entry_at(pod->spec, 0);
	struct lint_hit hit = { .object = c->object,
		                .start = first->key_mark.start,
		                .end = first->key_mark.end };
	bool is_default =
		!account || (val_is(account, VAL_STR) &&
	                     (str_equal(account->as.str.ptr, "default") || !*account->as.str.ptr));
	if (is_default) {
		hit.rule = &rules[DEFAULT_ACCOUNT];
		lint_report_hit(c->file, &hit, "the pod uses the service account 'default'");
	}
	const struct val *automount = val_get(pod->spec, keys[0]);
	if (val_is(automount, VAL_BOOL) && !automount->as.boolean)
		return;
	const struct lint_change change = { .kind = LINT_SET,
		                            .at = pod->spec,
		                            .path = keys,
		                            .value = val_new_bool(c->file->arena, false) };
	hit.rule = &rules[AUTOMOUNT];
	hit.fix =
		lint_fix_make(c->file, true, &change, 1, "set %s.%s to false", pod->path, keys[0]);
	lint_report_hit(c->file, &hit, "a token of the service account is mounted into the pod");
}

/* --- namespaces --- */

static void check_namespace(const struct check *c)
{
	static const char *const modes[] = { "enforce", "warn", "audit" };
	static const char *const keys[] = { "labels", "pod-security.kubernetes.io/warn", NULL };
	const struct val *metadata = val_get(c->object, "metadata");
	const struct val *name = val_get(metadata, "name");
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		AUTOFREE char *key = str_format("pod-security.kubernetes.io/%s", modes[i]);
		if (val_get(val_get(metadata, "labels"), key))
			return;
	}
	if (!val_is(name, VAL_STR) || str_starts(name->as.str.ptr, "kube-"))
		return;
	const struct lint_change change = { .kind = LINT_SET,
		                            .at = metadata,
		                            .path = keys,
		                            .value = val_new_str(c->file->arena, "baseline") };
	const struct lint_hit hit = {
		.rule = &rules[NO_PSS_LABEL],
		.start = name->mark.start,
		.end = name->mark.end,
		.object = c->object,
		.fix = lint_fix_make(c->file, true, &change, 1,
		                     "set metadata.labels[\"pod-security.kubernetes.io/warn\"] to "
		                     "baseline")
	};
	lint_report_hit(c->file, &hit, "no Pod Security level is set for the namespace");
}

static void check_file(struct lint_file *file, void *state)
{
	(void)state;
	struct lint_objects it = { 0 };
	struct check c = { .file = file };
	while (lint_next_object(file, &it, &c.object)) {
		const char *kind = val_get_str(c.object, "kind", "");
		const struct val *rule;
		struct kube_pod pod;
		bool is_rbac = view_is(kube_group(c.object), "rbac.authorization.k8s.io");
		if (is_rbac && (str_equal(kind, "Role") || str_equal(kind, "ClusterRole")))
			for (VAL_EACH_ITEM(i, rule, val_get(c.object, "rules")))
				check_rule(&c, rule);
		else if (is_rbac &&
		         (str_equal(kind, "RoleBinding") || str_equal(kind, "ClusterRoleBinding")))
			check_binding(&c);
		else if (str_equal(kind, "Namespace") && kube_group(c.object).len == 0)
			check_namespace(&c);
		else if (kube_pod_of(c.object, &pod) && val_len(pod.spec) > 0) {
			const struct val *namespace_ = val_path(c.object, "metadata.namespace");
			if (val_is(namespace_, VAL_STR) &&
			    str_equal(namespace_->as.str.ptr, "default"))
				report(&c, USE_NAMESPACE, namespace_,
				       "the object is in the namespace default");
			check_account(&c, &pod);
		}
	}
}

const struct lint_family lint_family_rbac = {
	.name = "rbac",
	.brief = "roles, bindings and service accounts",
	.rules = rules,
	.n_rules = ARRAY_LEN(rules),
	.kinds = LINT_KUBERNETES,
	.check_file = check_file,
};
