/* What the API server checks of single kinds. */
#include "base/base.h"

#include "lint/family_validity.h"

#define KEYS(...) ((const char *const[]){ __VA_ARGS__, NULL })
/* Equal ports further apart are not told: no list of people is so long. */
#define LOOK_BACK 500u
#define DATA_MAX  (1u << 20)

static const struct val *spec_of(const struct validity *c)
{
	return val_get(c->object, "spec");
}

/* --- numbers --- */

/* Blank-separated kinds; what their fields may be. */
static const struct {
	const char *group, *kinds, *path;
	int64_t min, max;
} ranges[] = {
	{ "apps", "Deployment ReplicaSet StatefulSet", "spec.replicas", 0, INT32_MAX },
	{ "apps", "Deployment ReplicaSet StatefulSet DaemonSet", "spec.minReadySeconds", 0,
	  INT32_MAX },
	{ "apps", "Deployment StatefulSet DaemonSet", "spec.revisionHistoryLimit", 0, INT32_MAX },
	{ "apps", "Deployment", "spec.progressDeadlineSeconds", 1, INT32_MAX },
	{ "batch", "Job", "spec.parallelism", 0, INT32_MAX },
	{ "batch", "Job", "spec.completions", 0, INT32_MAX },
	{ "batch", "Job", "spec.backoffLimit", 0, INT32_MAX },
	{ "batch", "Job", "spec.activeDeadlineSeconds", 0, INT64_MAX },
	{ "batch", "Job", "spec.ttlSecondsAfterFinished", 0, INT32_MAX },
	{ "batch", "CronJob", "spec.startingDeadlineSeconds", 0, INT64_MAX },
	{ "batch", "CronJob", "spec.successfulJobsHistoryLimit", 0, INT32_MAX },
	{ "batch", "CronJob", "spec.failedJobsHistoryLimit", 0, INT32_MAX },
	{ "batch", "CronJob", "spec.jobTemplate.spec.backoffLimit", 0, INT32_MAX },
	{ "batch", "CronJob", "spec.jobTemplate.spec.parallelism", 0, INT32_MAX },
	{ "batch", "CronJob", "spec.jobTemplate.spec.completions", 0, INT32_MAX },
	{ "batch", "CronJob", "spec.jobTemplate.spec.ttlSecondsAfterFinished", 0, INT32_MAX },
	{ "autoscaling", "HorizontalPodAutoscaler", "spec.maxReplicas", 1, INT32_MAX },
	{ "autoscaling", "HorizontalPodAutoscaler", "spec.minReplicas", 0, INT32_MAX },
	{ "", "ReplicationController", "spec.replicas", 0, INT32_MAX },
	{ "", "Service", "spec.sessionAffinityConfig.clientIP.timeoutSeconds", 1, 86400 },
	{ "scheduling.k8s.io", "PriorityClass", "value", INT32_MIN, 1000000000 },
};

static bool is_one_of(const char *text, const char *list)
{
	struct view rest = view_of(list), part;
	while (view_split(&rest, ' ', &part))
		if (view_is(part, text))
			return true;
	return false;
}

static void check_ranges(const struct validity *c)
{
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		if (view_is(c->group, ranges[i].group) && is_one_of(c->kind, ranges[i].kinds))
			validity_range(c, OUT_OF_RANGE, val_path(c->object, ranges[i].path),
			               ranges[i].min, ranges[i].max);
}

/* --- rollouts --- */

static void check_share(const struct validity *c, enum validity_rule rule, const struct val *v,
                        bool is_bounded)
{
	int64_t number = 0;
	bool is_percent = false;
	if (!validity_is_set(v) || (val_is(v, VAL_STR) && !validity_text(v)))
		return;
	if (!kube_int_or_percent(v, &number, &is_percent) || number < 0)
		validity_report(c, rule, v, "a number from 0 on, or a share such as '25%%'");
	else if (is_percent && is_bounded && number > 100)
		validity_report(c, rule, v, "a share is at most 100%%");
}

static bool is_nothing(const struct val *v)
{
	int64_t number;
	bool is_percent;
	return kube_int_or_percent(v, &number, &is_percent) && number == 0;
}

static void check_deployment(const struct validity *c)
{
	const struct val *strategy = val_get(spec_of(c), "strategy");
	const struct val *rolling = val_get(strategy, "rollingUpdate");
	const struct val *unavailable = val_get(rolling, "maxUnavailable");
	const struct val *surge = val_get(rolling, "maxSurge");
	if (str_equal(val_get_str(strategy, "type", ""), "Recreate") && validity_is_set(rolling))
		validity_report(c, INVALID_STRATEGY, rolling,
		                "rollingUpdate goes with the type RollingUpdate only");
	check_share(c, INVALID_STRATEGY, unavailable, true);
	check_share(c, INVALID_STRATEGY, surge, false);
	if (is_nothing(unavailable) && is_nothing(surge))
		validity_report(c, INVALID_STRATEGY, rolling,
		                "maxUnavailable and maxSurge may not both be 0: nothing can be "
		                "replaced");
	const struct val *ready = val_get(spec_of(c), "minReadySeconds");
	const struct val *deadline = val_get(spec_of(c), "progressDeadlineSeconds");
	int64_t least = val_is(ready, VAL_INT) ? ready->as.integer : 0;
	if (val_is(deadline, VAL_INT) && deadline->as.integer > 0 && deadline->as.integer <= least)
		validity_report(c, OUT_OF_RANGE, deadline,
		                "progressDeadlineSeconds must be above minReadySeconds, %" PRId64,
		                least);
}

static void check_stateful_set(const struct validity *c)
{
	const struct val *strategy = val_get(spec_of(c), "updateStrategy");
	const struct val *rolling = val_get(strategy, "rollingUpdate");
	if (str_equal(val_get_str(strategy, "type", ""), "OnDelete") && validity_is_set(rolling))
		validity_report(c, INVALID_STRATEGY, rolling,
		                "rollingUpdate goes with the type RollingUpdate only");
	validity_range(c, INVALID_STRATEGY, val_get(rolling, "partition"), 0, INT32_MAX);
}

static void check_cron_job(const struct validity *c)
{
	const struct val *zone = val_get(spec_of(c), "timeZone");
	const struct val *schedule = val_get(spec_of(c), "schedule");
	const char *text = validity_text(zone);
	if (text && (!*text || str_equal(text, "Local")))
		validity_report(c, OUT_OF_RANGE, zone,
		                "'%s' is no time zone: Europe/Berlin, Etc/UTC", text);
	text = validity_text(schedule);
	if (text && strstr(text, "TZ=") && validity_is_set(zone))
		validity_report(c, OUT_OF_RANGE, schedule, "the time zone goes into timeZone");
}

/* --- services and ingresses --- */

static void check_service_ports(const struct validity *c, const struct val *ports)
{
	size_t n = val_len(ports);
	for (size_t i = 0; i < n; i++) {
		const struct val *port = val_at(ports, i), *name = val_get(port, "name");
		const struct val *number = val_get(port, "port"), *to = val_get(port, "targetPort");
		const char *text = validity_text(name);
		validity_range(c, INVALID_PORT, number, 1, 65535);
		validity_range(c, INVALID_PORT, to, 0, 65535); /* 0: as port */
		validity_range(c, INVALID_PORT, val_get(port, "nodePort"), 0, 65535);
		if (n > 1 && val_is(port, VAL_MAP) && (!name || (text && !*text)))
			validity_report(c, INVALID_SERVICE, name ? name : port,
			                "each port has a name when there are several");
		if (text && *text && !kube_is_label(text))
			validity_report(c, INVALID_PORT_NAME, name, "'%s' is no name of a port",
			                text);
		text = validity_text(to);
		if (text && !kube_is_port_name(text))
			validity_report(c, INVALID_PORT_NAME, to,
			                "'%s' is no name of a port; a number stands without quotes",
			                text);
		for (size_t k = i > LOOK_BACK ? i - LOOK_BACK : 0; k < i; k++) {
			const struct val *other = val_at(ports, k);
			bool is_same_protocol = str_equal(val_get_str(other, "protocol", "TCP"),
			                                  val_get_str(port, "protocol", "TCP"));
			if (val_is(name, VAL_STR) && val_equal(val_get(other, "name"), name))
				validity_report(c, INVALID_SERVICE, name,
				                "there is a port '%s' already", name->as.str.ptr);
			else if (val_is(number, VAL_INT) && is_same_protocol &&
			         val_equal(val_get(other, "port"), number))
				validity_report(c, INVALID_SERVICE, number,
				                "this port is there already");
		}
	}
}

static void check_service(const struct validity *c)
{
	const struct val *spec = spec_of(c), *item;
	const struct val *ip = val_get(spec, "clusterIP"), *ports = val_get(spec, "ports");
	const char *type = val_get_str(spec, "type", "ClusterIP");
	const char *address = validity_text(ip);
	bool is_headless = address && str_equal(address, "None");
	bool is_external = str_equal(type, "ExternalName");
	bool is_outside = str_equal(type, "NodePort") || str_equal(type, "LoadBalancer");
	check_service_ports(c, ports);
	if (is_external && !*val_get_str(spec, "externalName", ""))
		validity_report(c, INVALID_SERVICE, val_get(spec, "type"),
		                "the type ExternalName needs externalName");
	if (is_headless && is_outside)
		validity_report(c, INVALID_SERVICE, ip, "a %s is not headless", type);
	if (address && *address && !is_headless && !kube_is_ip(address))
		validity_report(c, INVALID_SERVICE, ip, "'%s' is no address", address);
	if (val_is(ports, VAL_LIST) && val_len(ports) == 0 && !is_headless && !is_external)
		validity_report(c, INVALID_SERVICE, ports, "the service has no port");
	for (VAL_EACH_ITEM(i, item, ports)) {
		const struct val *node = val_get(item, "nodePort");
		if (!is_outside && val_is(node, VAL_INT) && node->as.integer != 0)
			validity_report(c, INVALID_SERVICE, node,
			                "nodePort goes with NodePort and LoadBalancer only");
	}
	const struct val *policy = val_get(spec, "externalTrafficPolicy");
	if (val_is(policy, VAL_STR) && !is_outside && !val_get(spec, "externalIPs"))
		validity_report(c, INVALID_SERVICE, policy,
		                "externalTrafficPolicy goes with NodePort and LoadBalancer only");
	for (VAL_EACH_ITEM(r, item, val_get(spec, "loadBalancerSourceRanges")))
		validity_cidr(c, INVALID_SERVICE, item);
	for (VAL_EACH_ITEM(e, item, val_get(spec, "externalIPs")))
		validity_ip(c, INVALID_SERVICE, item);
}

static void check_backend(const struct validity *c, const struct val *backend)
{
	const struct val *service = val_get(backend, "service"), *last;
	const struct val *port = val_get(service, "port");
	if (val_is(backend, VAL_MAP) &&
	    validity_count(backend, KEYS("service", "resource"), &last) != 1)
		validity_report(c, INVALID_INGRESS, backend,
		                "a backend is a service or a resource, and only one");
	if (val_is(port, VAL_MAP) && validity_count(port, KEYS("name", "number"), &last) != 1)
		validity_report(c, INVALID_INGRESS, port,
		                "the port of a backend has a name or a number, and only one");
	validity_range(c, INVALID_PORT, val_get(port, "number"), 1, 65535);
}

static void check_ingress_path(const struct validity *c, const struct val *path)
{
	static const char *const odd[] = { "//", "/./", "/../", "%2f", "%2F" };
	const struct val *text = val_get(path, "path");
	const char *type = val_get_str(path, "pathType", ""), *value = validity_text(text);
	bool is_strict = str_equal(type, "Exact") || str_equal(type, "Prefix");
	check_backend(c, val_get(path, "backend"));
	if (!value)
		return;
	if ((is_strict || *value) && *value != '/') {
		validity_report(c, INVALID_INGRESS, text, "a path begins with '/'");
		return;
	}
	bool is_odd = str_ends(value, "/..") || str_ends(value, "/.");
	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		is_odd |= strstr(value, odd[i]) != NULL;
	if (is_strict && is_odd)
		validity_report(c, INVALID_INGRESS, text,
		                "a path has no '//', '/./', '/../' and no '/' as %%2f");
}

static void check_host(const struct validity *c, const struct val *host)
{
	const char *text = validity_text(host);
	if (!text || !*text)
		return;
	if (kube_is_ip(text))
		validity_report(c, INVALID_INGRESS, host, "a host is a name, not an address");
	else if (!kube_is_subdomain(str_starts(text, "*.") ? text + 2 : text))
		validity_report(c, INVALID_INGRESS, host,
		                "'%s' is no host: lower-case names with '.', '*.' in front at most",
		                text);
}

static void check_ingress(const struct validity *c)
{
	const struct val *spec = spec_of(c), *rule, *path, *tls, *host;
	check_backend(c, val_get(spec, "defaultBackend"));
	if (val_is(spec, VAL_MAP) && val_len(val_get(spec, "rules")) == 0 &&
	    !validity_is_set(val_get(spec, "defaultBackend")) && !val_get(spec, "backend"))
		validity_report_missing(c, INVALID_INGRESS, val_entry(c->object, "spec"),
		                        "the ingress has no rules and no backend");
	for (VAL_EACH_ITEM(i, rule, val_get(spec, "rules"))) {
		check_host(c, val_get(rule, "host"));
		for (VAL_EACH_ITEM(k, path, val_path(rule, "http.paths")))
			check_ingress_path(c, path);
	}
	for (VAL_EACH_ITEM(t, tls, val_get(spec, "tls")))
		for (VAL_EACH_ITEM(h, host, val_get(tls, "hosts")))
			check_host(c, host);
}

/* --- network policies --- */

static void check_peer(const struct validity *c, const struct val *peer)
{
	const struct val *block = val_get(peer, "ipBlock"), *last, *item;
	if (val_is(block, VAL_MAP) &&
	    validity_count(peer, KEYS("podSelector", "namespaceSelector"), &last) > 0)
		validity_report(c, INVALID_NETWORK_POLICY, last,
		                "ipBlock and selectors exclude each other");
	if (val_is(peer, VAL_MAP) && val_len(peer) == 0)
		validity_report(c, INVALID_NETWORK_POLICY, peer, "the peer names nothing");
	validity_check_selector(c, val_get(peer, "podSelector"));
	validity_check_selector(c, val_get(peer, "namespaceSelector"));
	validity_cidr(c, INVALID_NETWORK_POLICY, val_get(block, "cidr"));
	for (VAL_EACH_ITEM(i, item, val_get(block, "except")))
		validity_cidr(c, INVALID_NETWORK_POLICY, item);
}

static void check_network_policy(const struct validity *c)
{
	static const char *const ways[][2] = { { "ingress", "from" }, { "egress", "to" } };
	const struct val *rule, *peer, *port;
	for (size_t w = 0; w < ARRAY_LEN(ways); w++)
		for (VAL_EACH_ITEM(i, rule, val_get(spec_of(c), ways[w][0]))) {
			for (VAL_EACH_ITEM(k, peer, val_get(rule, ways[w][1])))
				check_peer(c, peer);
			for (VAL_EACH_ITEM(p, port, val_get(rule, "ports"))) {
				const struct val *first = val_get(port, "port");
				const struct val *end = val_get(port, "endPort");
				validity_range(c, INVALID_PORT, first, 1, 65535);
				validity_range(c, INVALID_PORT, end, 1, 65535);
				bool is_range = val_is(first, VAL_INT) && val_is(end, VAL_INT);
				if (validity_is_set(end) && !is_range)
					validity_report(c, INVALID_NETWORK_POLICY, end,
					                "endPort needs a port with a number");
				else if (is_range && end->as.integer < first->as.integer)
					validity_report(c, INVALID_NETWORK_POLICY, end,
					                "endPort is below port");
			}
		}
}

/* --- bindings --- */

static void check_subject(const struct validity *c, const struct val *subject)
{
	const char *kind = val_get_str(subject, "kind", "");
	const struct val *group = val_get(subject, "apiGroup");
	const char *text = val_is(group, VAL_STR) ? group->as.str.ptr : NULL;
	bool is_account = str_equal(kind, "ServiceAccount");
	bool is_user = str_equal(kind, "User") || str_equal(kind, "Group");
	if (!is_account && !is_user && validity_text(val_get(subject, "kind")))
		validity_report(c, INVALID_BINDING, val_get(subject, "kind"),
		                "a subject is a ServiceAccount, a User or a Group");
	if (is_account && text && *text)
		validity_report(c, INVALID_BINDING, group, "a ServiceAccount has no apiGroup");
	if (is_user && text && *text && !str_equal(text, "rbac.authorization.k8s.io"))
		validity_report(c, INVALID_BINDING, group,
		                "the apiGroup of a %s is rbac.authorization.k8s.io", kind);
	/* kustomize fills the namespace in for service accounts it knows. */
	const struct val *namespace_ = val_get(subject, "namespace");
	if (is_user && val_is(namespace_, VAL_STR) && namespace_->as.str.len)
		validity_report(c, INVALID_BINDING, namespace_, "a %s has no namespace", kind);
}

static void check_binding(const struct validity *c)
{
	const struct val *subject, *role = val_path(c->object, "roleRef.kind");
	const char *kind = validity_text(role);
	bool is_cluster = str_equal(c->kind, "ClusterRoleBinding");
	for (VAL_EACH_ITEM(i, subject, val_get(c->object, "subjects")))
		check_subject(c, subject);
	if (kind && !str_equal(kind, "ClusterRole") && (is_cluster || !str_equal(kind, "Role")))
		validity_report(c, INVALID_BINDING, role, "a %s binds a %s", c->kind,
		                is_cluster ? "ClusterRole" : "Role or ClusterRole");
}

/* --- ConfigMaps and Secrets --- */

static void check_data(const struct validity *c)
{
	static const char *const members[] = { "data", "binaryData", "stringData" };
	const struct val *last = NULL;
	const struct val_entry *entry;
	size_t total = 0;
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		for (VAL_EACH_ENTRY(k, entry, val_get(c->object, members[i]))) {
			last = entry->value;
			total += val_is(last, VAL_STR) ? last->as.str.len : 0;
			if (!kube_is_data_key(entry->key) && !kube_is_open(entry->key))
				validity_report_key(c, INVALID_DATA_KEY, entry,
				                    "'%s' is no key: letters, digits, '-', '_' and "
				                    "'.', at most 253",
				                    entry->key);
			if (i == 1 && val_get(val_get(c->object, "data"), entry->key))
				validity_report_key(c, INVALID_DATA_KEY, entry,
				                    "'%s' is in data already", entry->key);
		}
	/* Base64 makes four bytes of three. */
	if (total > DATA_MAX + DATA_MAX / 3 + 4)
		validity_report(c, INVALID_DATA_KEY, last, "%zu bytes; 1 MiB is the most", total);
}

static bool has_key(const struct validity *c, const char *key)
{
	return val_get(val_get(c->object, "data"), key) ||
	       val_get(val_get(c->object, "stringData"), key);
}

static void check_secret(const struct validity *c)
{
	static const struct {
		const char *type, *keys;
		bool is_any;
	} types[] = {
		{ "kubernetes.io/tls", "tls.crt tls.key", false },
		{ "kubernetes.io/dockerconfigjson", ".dockerconfigjson", false },
		{ "kubernetes.io/dockercfg", ".dockercfg", false },
		{ "kubernetes.io/ssh-auth", "ssh-privatekey", false },
		{ "kubernetes.io/basic-auth", "username password", true },
	};
	const struct val *type = val_get(c->object, "type");
	check_data(c);
	for (size_t i = 0; i < ARRAY_LEN(types) && val_is(type, VAL_STR); i++) {
		struct view rest = view_of(types[i].keys), part;
		size_t n = 0, n_there = 0;
		if (!str_equal(type->as.str.ptr, types[i].type))
			continue;
		for (; view_split(&rest, ' ', &part); n++) {
			AUTOFREE char *key = mem_strndup(part.ptr, part.len);
			n_there += has_key(c, key);
		}
		if (n_there < (types[i].is_any ? 1 : n))
			validity_report(c, INVALID_SECRET_TYPE, type,
			                "a Secret of this type has %s%s",
			                types[i].is_any ? "one of " : "", types[i].keys);
	}
	const struct val *account =
		val_path(c->object, "metadata.annotations[\"kubernetes.io/service-account.name\"]");
	if (val_is(type, VAL_STR) && !account &&
	    str_equal(type->as.str.ptr, "kubernetes.io/service-account-token"))
		validity_report(c, INVALID_SECRET_TYPE, type,
		                "a token needs the annotation kubernetes.io/service-account.name");
}

/* --- claims, budgets, webhooks --- */

static void check_claim_spec(const struct validity *c, const struct val *spec)
{
	const struct val *modes = val_get(spec, "accessModes"), *mode;
	const struct val *storage = val_path(spec, "resources.requests.storage");
	double amount;
	if (!val_is(spec, VAL_MAP))
		return;
	bool is_whole = modes || storage;
	if (is_whole && val_len(modes) == 0)
		validity_report(c, INVALID_CLAIM, modes ? modes : spec,
		                "a claim needs accessModes");
	if (modes && !storage && !val_get(spec, "dataSource") && !val_get(spec, "dataSourceRef"))
		validity_report(c, INVALID_CLAIM, modes,
		                "a claim needs resources.requests.storage");
	if (kube_quantity(storage, &amount) && amount <= 0)
		validity_report(c, INVALID_CLAIM, storage, "the size of a claim is above 0");
	for (VAL_EACH_ITEM(i, mode, modes))
		if (val_is(mode, VAL_STR) && str_equal(mode->as.str.ptr, "ReadWriteOncePod") &&
		    val_len(modes) > 1)
			validity_report(c, INVALID_CLAIM, mode, "ReadWriteOncePod stands alone");
}

static void check_claims(const struct validity *c)
{
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, val_get(spec_of(c), "volumeClaimTemplates")))
		check_claim_spec(c, val_get(item, "spec"));
}

static void check_budget(const struct validity *c)
{
	const struct val *min = val_get(spec_of(c), "minAvailable");
	const struct val *max = val_get(spec_of(c), "maxUnavailable");
	if (validity_is_set(min) && validity_is_set(max))
		validity_report(c, INVALID_BUDGET, max,
		                "minAvailable and maxUnavailable exclude each other");
	check_share(c, INVALID_BUDGET, min, true);
	check_share(c, INVALID_BUDGET, max, true);
}

static void check_webhook(const struct validity *c, const struct val *webhook)
{
	const struct val *effects = val_get(webhook, "sideEffects");
	const struct val *config = val_get(webhook, "clientConfig"), *last;
	const struct val *name = val_get(webhook, "name");
	const char *text = validity_text(effects);
	size_t dots = 0;
	validity_range(c, INVALID_WEBHOOK, val_get(webhook, "timeoutSeconds"), 1, 30);
	if (text && !str_equal(text, "None") && !str_equal(text, "NoneOnDryRun") &&
	    str_equal(val_get_str(c->object, "apiVersion", ""), "admissionregistration.k8s.io/v1"))
		validity_report(c, INVALID_WEBHOOK, effects,
		                "sideEffects are None or NoneOnDryRun");
	if (val_is(config, VAL_MAP) && validity_count(config, KEYS("url", "service"), &last) != 1)
		validity_report(c, INVALID_WEBHOOK, config,
		                "clientConfig has a url or a service, and only one");
	text = validity_text(name);
	for (const char *at = text; at && *at; at++)
		dots += *at == '.';
	if (text && (!kube_is_subdomain(text) || dots < 2))
		validity_report(c, INVALID_WEBHOOK, name,
		                "'%s' is no name of a webhook: a domain of three parts at least",
		                text);
}

static void check_webhooks(const struct validity *c)
{
	const struct val *webhook;
	for (VAL_EACH_ITEM(i, webhook, val_get(c->object, "webhooks")))
		check_webhook(c, webhook);
}

static void check_claim(const struct validity *c)
{
	check_claim_spec(c, spec_of(c));
}

static void check_definition(const struct validity *c)
{
	const struct val *name = val_path(c->object, "metadata.name");
	const char *plural = val_get_str(val_get(spec_of(c), "names"), "plural", NULL);
	const char *group = val_get_str(spec_of(c), "group", NULL);
	const char *text = validity_text(name);
	if (!plural || !group || !text || kube_is_open(plural) || kube_is_open(group))
		return;
	AUTOFREE char *wanted = str_format("%s.%s", plural, group);
	if (!str_equal(text, wanted))
		validity_report(c, INVALID_NAME, name, "the name of this definition is %s", wanted);
}

static const struct {
	const char *group, *kind;
	void (*check)(const struct validity *c);
} kinds[] = {
	{ "", "ConfigMap", check_data },
	{ "", "PersistentVolumeClaim", check_claim },
	{ "", "Secret", check_secret },
	{ "", "Service", check_service },
	{ "admissionregistration.k8s.io", "MutatingWebhookConfiguration", check_webhooks },
	{ "admissionregistration.k8s.io", "ValidatingWebhookConfiguration", check_webhooks },
	{ "apiextensions.k8s.io", "CustomResourceDefinition", check_definition },
	{ "apps", "Deployment", check_deployment },
	{ "apps", "StatefulSet", check_stateful_set },
	{ "apps", "StatefulSet", check_claims },
	{ "batch", "CronJob", check_cron_job },
	{ "networking.k8s.io", "Ingress", check_ingress },
	{ "networking.k8s.io", "NetworkPolicy", check_network_policy },
	{ "policy", "PodDisruptionBudget", check_budget },
	{ "rbac.authorization.k8s.io", "ClusterRoleBinding", check_binding },
	{ "rbac.authorization.k8s.io", "RoleBinding", check_binding },
};

void validity_check_kind(const struct validity *c)
{
	check_ranges(c);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_equal(kinds[i].kind, c->kind) && view_is(c->group, kinds[i].group))
			kinds[i].check(c);
}
