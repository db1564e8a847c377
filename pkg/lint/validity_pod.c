/* The pod itself: volumes, restart policy, where it may run, DNS. */
#include "base/base.h"

#include "base/num.h"
#include "lint/family_validity.h"

#define KEYS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* --- volumes --- */

static void check_items(const struct validity *c, const struct val *source)
{
	const struct val *item;
	validity_range(c, INVALID_VOLUME, val_get(source, "defaultMode"), 0, 0777);
	for (VAL_EACH_ITEM(i, item, val_get(source, "items"))) {
		const struct val *path = val_get(item, "path");
		const char *text = validity_text(path);
		validity_range(c, INVALID_VOLUME, val_get(item, "mode"), 0, 0777);
		if (text && (*text == '/' || str_starts(text, "..")))
			validity_report(
				c, INVALID_VOLUME, path,
				"a path inside of a volume begins with neither '/' nor '..'");
	}
}

static void check_volume(const struct validity *c, const struct val *volume)
{
	static const char *const with_items[] = { "configMap", "secret", "downwardAPI",
		                                  "projected" };
	const struct val_entry *entry, *second = NULL;
	const struct val *source;
	size_t n = 0;
	for (VAL_EACH_ENTRY(i, entry, volume))
		if (!str_equal(entry->key, "name") && validity_is_set(entry->value) && ++n == 2)
			second = entry;
	if (second)
		validity_report_key(c, INVALID_VOLUME, second,
		                    "a volume is of one kind; this is its second");
	const struct val *name = val_get(volume, "name");
	const char *text = validity_text(name);
	if (text && !kube_is_label(text))
		validity_report(c, INVALID_VOLUME, name,
		                "'%s' is no name of a volume: at most 63 lower-case letters, "
		                "digits and '-'",
		                text);
	for (size_t k = 0; k < ARRAY_LEN(with_items); k++)
		check_items(c, val_get(volume, with_items[k]));
	for (VAL_EACH_ITEM(s, source, val_path(volume, "projected.sources"))) {
		check_items(c, val_get(source, "configMap"));
		check_items(c, val_get(source, "secret"));
		check_items(c, val_get(source, "downwardAPI"));
	}
	const struct val *path = val_path(volume, "hostPath.path");
	text = validity_text(path);
	if (text && (strstr(text, "/../") || str_ends(text, "/..")))
		validity_report(c, INVALID_VOLUME, path, "a path of the host has no '..'");
	double size;
	const struct val *limit = val_path(volume, "emptyDir.sizeLimit");
	if (kube_quantity(limit, &size) && size < 0)
		validity_report(c, INVALID_VOLUME, limit, "a size is not negative");
}

/* --- restart policy --- */

static void check_restart(const struct validity *c)
{
	const struct val *policy = val_get(c->pod.spec, "restartPolicy");
	const char *text = val_is(policy, VAL_STR) ? policy->as.str.ptr : NULL;
	bool is_job = view_is(c->group, "batch");
	bool is_controller = view_is(c->group, "apps") || view_is(c->group, "extensions") ||
	                     str_equal(c->kind, "ReplicationController");
	if (is_controller && text && !kube_is_open(text) && !str_equal(text, "Always"))
		validity_report(c, RESTART_POLICY, policy, "the pods of a %s restart Always",
		                c->kind);
	if (is_job && text && str_equal(text, "Always"))
		validity_report(c, RESTART_POLICY, policy,
		                "the pods of a %s restart OnFailure or Never", c->kind);
	/* Always is what counts when nothing is said; few patches speak of images. */
	struct kube_containers it = { 0, 0 };
	struct kube_container container;
	bool is_whole = false;
	while (is_job && !policy && kube_next_container(&c->pod, &it, &container))
		is_whole |= val_is(val_get(container.v, "image"), VAL_STR);
	if (is_whole)
		validity_report_missing(c, RESTART_POLICY, val_entry_at(c->pod.spec, 0),
		                        "the pods of a %s need restartPolicy OnFailure or Never",
		                        c->kind);
}

/* --- where it may run --- */

static void check_toleration(const struct validity *c, const struct val *toleration)
{
	const struct val *value = val_get(toleration, "value");
	const struct val *seconds = val_get(toleration, "tolerationSeconds");
	const char *how = val_get_str(toleration, "operator", "Equal");
	bool is_exists = str_equal(how, "Exists");
	if (is_exists && val_is(value, VAL_STR) && value->as.str.len)
		validity_report(c, INVALID_SCHEDULING, value,
		                "a toleration with operator Exists has no value");
	if (!is_exists && !*val_get_str(toleration, "key", "") && val_is(toleration, VAL_MAP))
		validity_report(c, INVALID_SCHEDULING, toleration,
		                "a toleration without key has the operator Exists");
	if (validity_is_set(seconds) &&
	    !str_equal(val_get_str(toleration, "effect", ""), "NoExecute"))
		validity_report(c, INVALID_SCHEDULING, seconds,
		                "tolerationSeconds goes with the effect NoExecute");
}

static void check_node_expression(const struct validity *c, const struct val *expression)
{
	const char *how = val_get_str(expression, "operator", "");
	const struct val *values = val_get(expression, "values"), *first = val_at(values, 0);
	bool is_order = str_equal(how, "Gt") || str_equal(how, "Lt");
	int64_t number;
	if ((str_equal(how, "In") || str_equal(how, "NotIn")) && val_len(values) == 0)
		validity_report(c, INVALID_SCHEDULING, expression, "%s needs values", how);
	if ((str_equal(how, "Exists") || str_equal(how, "DoesNotExist")) && val_len(values) > 0)
		validity_report(c, INVALID_SCHEDULING, values, "%s takes no values", how);
	if (is_order && (val_len(values) != 1 ||
	                 (val_is(first, VAL_STR) &&
	                  !num_parse_i64(first->as.str.ptr, first->as.str.len, &number))))
		validity_report(c, INVALID_SCHEDULING, expression, "%s takes one whole number",
		                how);
}

static void check_node_term(const struct validity *c, const struct val *term)
{
	const struct val *expression;
	for (VAL_EACH_ITEM(i, expression, val_get(term, "matchExpressions")))
		check_node_expression(c, expression);
}

static void check_pod_term(const struct validity *c, const struct val *term)
{
	const struct val *key = val_get(term, "topologyKey");
	validity_check_selector(c, val_get(term, "labelSelector"));
	if (val_is(key, VAL_STR) && !key->as.str.len)
		validity_report(c, INVALID_SCHEDULING, key, "topologyKey may not be empty");
}

static void check_affinity(const struct validity *c, const struct val *affinity)
{
	static const char *const kinds[] = { "podAffinity", "podAntiAffinity" };
	const struct val *term;
	const struct val *node = val_get(affinity, "nodeAffinity");
	const struct val *required =
		val_path(node, "requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms");
	if (val_is(required, VAL_LIST) && val_len(required) == 0)
		validity_report(c, INVALID_SCHEDULING, required, "nodeSelectorTerms is empty");
	for (VAL_EACH_ITEM(i, term, required))
		check_node_term(c, term);
	for (VAL_EACH_ITEM(k, term,
	                   val_get(node, "preferredDuringSchedulingIgnoredDuringExecution"))) {
		validity_range(c, INVALID_SCHEDULING, val_get(term, "weight"), 1, 100);
		check_node_term(c, val_get(term, "preference"));
	}
	for (size_t a = 0; a < ARRAY_LEN(kinds); a++) {
		const struct val *pods = val_get(affinity, kinds[a]);
		for (VAL_EACH_ITEM(r, term,
		                   val_get(pods, "requiredDuringSchedulingIgnoredDuringExecution")))
			check_pod_term(c, term);
		for (VAL_EACH_ITEM(
			     p, term,
			     val_get(pods, "preferredDuringSchedulingIgnoredDuringExecution"))) {
			validity_range(c, INVALID_SCHEDULING, val_get(term, "weight"), 1, 100);
			check_pod_term(c, val_get(term, "podAffinityTerm"));
		}
	}
}

static void check_scheduling(const struct validity *c)
{
	const struct val *item;
	validity_check_labels(c, val_get(c->pod.spec, "nodeSelector"));
	for (VAL_EACH_ITEM(i, item, val_get(c->pod.spec, "tolerations")))
		check_toleration(c, item);
	check_affinity(c, val_get(c->pod.spec, "affinity"));
	for (VAL_EACH_ITEM(k, item, val_get(c->pod.spec, "topologySpreadConstraints"))) {
		validity_range(c, INVALID_SCHEDULING, val_get(item, "maxSkew"), 1, INT32_MAX);
		check_pod_term(c, item);
		const struct val *min = val_get(item, "minDomains");
		validity_range(c, INVALID_SCHEDULING, min, 1, INT32_MAX);
		if (validity_is_set(min) &&
		    str_equal(val_get_str(item, "whenUnsatisfiable", ""), "ScheduleAnyway"))
			validity_report(c, INVALID_SCHEDULING, min,
			                "minDomains goes with DoNotSchedule only");
	}
}

/* --- DNS and hosts --- */

static void check_dns(const struct validity *c)
{
	static const char *const names[] = { "hostname", "subdomain" };
	const struct val *item, *policy = val_get(c->pod.spec, "dnsPolicy");
	const struct val *servers = val_path(c->pod.spec, "dnsConfig.nameservers");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct val *name = val_get(c->pod.spec, names[i]);
		const char *text = validity_text(name);
		if (text && *text && !kube_is_label(text))
			validity_report(c, INVALID_DNS, name, "'%s' is no %s", text, names[i]);
	}
	for (VAL_EACH_ITEM(h, item, val_get(c->pod.spec, "hostAliases")))
		validity_ip(c, INVALID_DNS, val_get(item, "ip"));
	for (VAL_EACH_ITEM(s, item, servers))
		validity_ip(c, INVALID_DNS, item);
	if (val_len(servers) > 3)
		validity_report(c, INVALID_DNS, servers, "a pod has at most three nameservers");
	if (val_is(policy, VAL_STR) && str_equal(policy->as.str.ptr, "None") &&
	    val_len(servers) == 0)
		validity_report(c, INVALID_DNS, policy,
		                "dnsPolicy None needs dnsConfig.nameservers");
}

void validity_check_pod(struct validity *c)
{
	const struct val *volume, *list = val_get(c->pod.spec, "containers");
	if (val_is(list, VAL_LIST) && val_len(list) == 0)
		validity_report(c, INVALID_CONTAINER, list, "a pod needs a container");
	for (VAL_EACH_ITEM(i, volume, val_get(c->pod.spec, "volumes")))
		check_volume(c, volume);
	validity_range(c, OUT_OF_RANGE, val_get(c->pod.spec, "activeDeadlineSeconds"), 1,
	               INT32_MAX);
	validity_range(c, OUT_OF_RANGE, val_get(c->pod.spec, "terminationGracePeriodSeconds"), 0,
	               INT64_MAX);
	check_restart(c);
	check_scheduling(c);
	check_dns(c);
	validity_check_containers(c);
}
