/* kstatus' rules, in its order, and a few kinds more. */
#include "base/base.h"

#include "target_kube/health.h"

const char *health_state_name(enum health_state state)
{
	static const char *const names[] = { "ready", "in progress", "failed", "terminating" };
	return names[state];
}

static void say(struct health *health, enum health_state state, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void say(struct health *health, enum health_state state, const char *fmt, ...)
{
	va_list args;
	health->state = state;
	va_start(args, fmt);
	(void)vsnprintf(health->text, sizeof(health->text), fmt, args);
	va_end(args);
}

/* --- conditions --- */

static const struct val *condition(const struct val *object, const char *type)
{
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, val_get(val_get(object, "status"), "conditions")))
		if (str_equal(val_get_str(item, "type", ""), type))
			return item;
	return NULL;
}

static bool is_status(const struct val *item, const char *status)
{
	return item && str_equal(val_get_str(item, "status", ""), status);
}

static bool has_condition(const struct val *object, const char *type, const char *status)
{
	return is_status(condition(object, type), status);
}

/* Its message, else its reason, else its type. */
static const char *words(const struct val *item)
{
	const char *message = val_get_str(item, "message", ""), *reason = val_get_str(item, "reason", "");
	return *message ? message : *reason ? reason : val_get_str(item, "type", "");
}

/* --- kinds --- */

struct counts {
	int64_t wanted, there, updated, available, ready;
};

static struct counts counts_of(const struct val *object)
{
	const struct val *spec = val_get(object, "spec"), *status = val_get(object, "status");
	return (struct counts){
		.wanted = val_get_int(spec, "replicas", 1),
		.there = val_get_int(status, "replicas", 0),
		.updated = val_get_int(status, "updatedReplicas", 0),
		.available = val_get_int(status, "availableReplicas", 0),
		.ready = val_get_int(status, "readyReplicas", 0),
	};
}

static void deployment(const struct val *object, struct health *health)
{
	const struct val *spec = val_get(object, "spec"), *progress = condition(object, "Progressing");
	struct counts n = counts_of(object);
	int64_t deadline_s = val_get_int(spec, "progressDeadlineSeconds", INT32_MAX);
	if (val_get_bool(spec, "paused", false))
		say(health, HEALTH_CURRENT, "paused");
	else if (progress && str_equal(val_get_str(progress, "reason", ""), "ProgressDeadlineExceeded"))
		say(health, HEALTH_FAILED, "%s", words(progress));
	else if (n.wanted > n.there)
		say(health, HEALTH_IN_PROGRESS, "%" PRId64 " of %" PRId64 " made", n.there, n.wanted);
	else if (n.wanted > n.updated)
		say(health, HEALTH_IN_PROGRESS, "%" PRId64 " of %" PRId64 " updated", n.updated, n.wanted);
	else if (n.there > n.wanted)
		say(health, HEALTH_IN_PROGRESS, "%" PRId64 " old still there", n.there - n.wanted);
	else if (n.updated > n.available)
		say(health, HEALTH_IN_PROGRESS, "%" PRId64 " of %" PRId64 " available", n.available,
		    n.wanted);
	else if (n.wanted > n.ready)
		say(health, HEALTH_IN_PROGRESS, "%" PRId64 " of %" PRId64 " ready", n.ready, n.wanted);
	else if (deadline_s != INT32_MAX && !(is_status(progress, "True") &&
	         str_equal(val_get_str(progress, "reason", ""), "NewReplicaSetAvailable")))
		say(health, HEALTH_IN_PROGRESS, "the rollout is not finished");
	else if (!has_condition(object, "Available", "True"))
		say(health, HEALTH_IN_PROGRESS, "not available");
	else
		say(health, HEALTH_CURRENT, "%" PRId64 " ready", n.wanted);
}

static void stateful_set(const struct val *object, struct health *health)
{
	const struct val *spec = val_get(object, "spec"), *status = val_get(object, "status");
	const struct val *strategy = val_get(spec, "updateStrategy");
	struct counts n = counts_of(object);
	int64_t partition = val_get_int(val_get(strategy, "rollingUpdate"), "partition", -1);
	int64_t current = val_get_int(status, "currentReplicas", 0);
	if (str_equal(val_get_str(strategy, "type", ""), "OnDelete"))
		say(health, HEALTH_CURRENT, "updates on delete");
	else if (n.wanted > n.there)
		say(health, HEALTH_IN_PROGRESS, "%" PRId64 " of %" PRId64 " made", n.there, n.wanted);
	else if (n.wanted > n.ready)
		say(health, HEALTH_IN_PROGRESS, "%" PRId64 " of %" PRId64 " ready", n.ready, n.wanted);
	else if (n.there > n.wanted)
		say(health, HEALTH_IN_PROGRESS, "%" PRId64 " too many", n.there - n.wanted);
	else if (partition > 0 && n.updated < n.wanted - partition)
		say(health, HEALTH_IN_PROGRESS, "%" PRId64 " of %" PRId64 " updated", n.updated,
		    n.wanted - partition);
	else if (partition > 0)
		say(health, HEALTH_CURRENT, "partition %" PRId64, partition);
	else if (n.wanted > current)
		say(health, HEALTH_IN_PROGRESS, "%" PRId64 " of %" PRId64 " current", current, n.wanted);
	else if (!str_equal(val_get_str(status, "currentRevision", ""),
	                    val_get_str(status, "updateRevision", "")))
		say(health, HEALTH_IN_PROGRESS, "waiting for the update to finish");
	else
		say(health, HEALTH_CURRENT, "%" PRId64 " ready", n.wanted);
}

static void daemon_set(const struct val *object, struct health *health)
{
	const struct val *status = val_get(object, "status"), *metadata = val_get(object, "metadata");
	int64_t wanted = val_get_int(status, "desiredNumberScheduled", -1);
	int64_t made = val_get_int(status, "currentNumberScheduled", 0);
	int64_t updated = val_get_int(status, "updatedNumberScheduled", 0);
	int64_t available = val_get_int(status, "numberAvailable", 0);
	int64_t ready = val_get_int(status, "numberReady", 0);
	if (!val_get(metadata, "generation") || !val_get(status, "observedGeneration") || wanted < 0)
		say(health, HEALTH_IN_PROGRESS, "not observed yet");
	else if (wanted > made)
		say(health, HEALTH_IN_PROGRESS, "%" PRId64 " of %" PRId64 " made", made, wanted);
	else if (wanted > updated)
		say(health, HEALTH_IN_PROGRESS, "%" PRId64 " of %" PRId64 " updated", updated, wanted);
	else if (wanted > available)
		say(health, HEALTH_IN_PROGRESS, "%" PRId64 " of %" PRId64 " available", available, wanted);
	else if (wanted > ready)
		say(health, HEALTH_IN_PROGRESS, "%" PRId64 " of %" PRId64 " ready", ready, wanted);
	else
		say(health, HEALTH_CURRENT, "%" PRId64 " ready", wanted);
}

static void replica_set(const struct val *object, struct health *health)
{
	const struct val *failure = condition(object, "ReplicaFailure");
	struct counts n = counts_of(object);
	int64_t labelled = val_get_int(val_get(object, "status"), "fullyLabeledReplicas", 0);
	if (is_status(failure, "True"))
		say(health, HEALTH_IN_PROGRESS, "%s", words(failure));
	else if (n.wanted > labelled)
		say(health, HEALTH_IN_PROGRESS, "%" PRId64 " of %" PRId64 " labelled", labelled, n.wanted);
	else if (n.wanted > n.available)
		say(health, HEALTH_IN_PROGRESS, "%" PRId64 " of %" PRId64 " available", n.available,
		    n.wanted);
	else if (n.wanted > n.ready)
		say(health, HEALTH_IN_PROGRESS, "%" PRId64 " of %" PRId64 " ready", n.ready, n.wanted);
	else if (n.there > n.wanted)
		say(health, HEALTH_IN_PROGRESS, "%" PRId64 " too many", n.there - n.wanted);
	else
		say(health, HEALTH_CURRENT, "%" PRId64 " ready", n.wanted);
}

static void job(const struct val *object, const struct health_options *options,
                struct health *health)
{
	const struct val *spec = val_get(object, "spec"), *status = val_get(object, "status");
	const struct val *failed = condition(object, "Failed");
	int64_t done = val_get_int(status, "succeeded", 0), wanted = val_get_int(spec, "completions", 1);
	if (has_condition(object, "Complete", "True"))
		say(health, HEALTH_CURRENT, "completed");
	else if (is_status(failed, "True"))
		say(health, HEALTH_FAILED, "%s", words(failed));
	else if (has_condition(object, "Suspended", "True") && val_get_bool(spec, "suspend", false))
		say(health, HEALTH_CURRENT, "suspended");
	else if (!val_get(status, "startTime"))
		say(health, HEALTH_IN_PROGRESS, "not started");
	else if (options->jobs_may_run)
		say(health, HEALTH_CURRENT, "running");
	else
		say(health, HEALTH_IN_PROGRESS, "%" PRId64 " of %" PRId64 " completed", done, wanted);
}

static void pod(const struct val *object, const struct health_options *options,
                struct health *health)
{
	const char *phase = val_get_str(val_get(object, "status"), "phase", ""), *container;
	AUTO(str) trouble = STR_INIT;
	bool has_trouble = health_pod_trouble(object, options->now_ms, &trouble, &container);
	if (str_equal(phase, "Succeeded"))
		say(health, HEALTH_CURRENT, "succeeded");
	else if (str_equal(phase, "Failed"))
		say(health, HEALTH_CURRENT, "failed");
	else if (has_condition(object, "Ready", "True"))
		say(health, HEALTH_CURRENT, "ready");
	else if (has_trouble)
		say(health, HEALTH_FAILED, "%.150s", trouble.ptr);
	else
		say(health, HEALTH_IN_PROGRESS, "%s", *phase ? phase : "Pending");
}

static void claim(const struct val *object, struct health *health)
{
	const char *phase = val_get_str(val_get(object, "status"), "phase", "Pending");
	bool is_bound = str_equal(phase, "Bound");
	say(health, is_bound ? HEALTH_CURRENT : HEALTH_IN_PROGRESS, "%s", phase);
}

static void service(const struct val *object, struct health *health)
{
	const struct val *spec = val_get(object, "spec");
	bool waits = str_equal(val_get_str(spec, "type", ""), "LoadBalancer") &&
	             !*val_get_str(spec, "clusterIP", "");
	say(health, waits ? HEALTH_IN_PROGRESS : HEALTH_CURRENT, "%s", waits ? "no address yet" : "");
}

static void definition(const struct val *object, struct health *health)
{
	const struct val *names = condition(object, "NamesAccepted");
	const struct val *established = condition(object, "Established");
	bool is_installing = str_equal(val_get_str(established, "reason", ""), "Installing");
	if (is_status(names, "False"))
		say(health, HEALTH_FAILED, "%s", words(names));
	else if (is_status(established, "True"))
		say(health, HEALTH_CURRENT, "established");
	else if (is_status(established, "False") && !is_installing)
		say(health, HEALTH_FAILED, "%s", words(established));
	else
		say(health, HEALTH_IN_PROGRESS, "not established");
}

static void must_be(const struct val *object, const char *type, struct health *health)
{
	const struct val *item = condition(object, type);
	bool is_true = is_status(item, "True");
	say(health, is_true ? HEALTH_CURRENT : HEALTH_IN_PROGRESS, "%s",
	    is_true ? "" : item ? words(item) : "not reported yet");
}

static void autoscaler(const struct val *object, struct health *health)
{
	const struct val *active = condition(object, "ScalingActive");
	/* Without metrics it scales nothing, but what was asked for is there. */
	say(health, HEALTH_CURRENT, "%s", is_status(active, "False") ? words(active) : "");
}

/* Kinds without a rule: a Ready condition counts, if there is one. */
static void anything(const struct val *object, struct health *health)
{
	const struct val *ready = condition(object, "Ready");
	if (!ready || is_status(ready, "True"))
		say(health, HEALTH_CURRENT, "%s", "");
	else
		say(health, HEALTH_IN_PROGRESS, "%s", words(ready));
}

static bool is_in(const struct val *object, const char *group)
{
	const char *api = val_get_str(object, "apiVersion", ""), *slash = strchr(api, '/');
	size_t len = slash ? (size_t)(slash - api) : 0;
	return strlen(group) == len && strncmp(api, group, len) == 0;
}

static void by_kind(const struct val *object, const struct health_options *options,
                    struct health *health)
{
	const char *kind = val_get_str(object, "kind", "");
	bool is_core = is_in(object, ""), is_app = is_in(object, "apps");
	if (is_app && str_equal(kind, "Deployment"))
		deployment(object, health);
	else if (is_app && str_equal(kind, "StatefulSet"))
		stateful_set(object, health);
	else if (is_app && str_equal(kind, "DaemonSet"))
		daemon_set(object, health);
	else if ((is_app && str_equal(kind, "ReplicaSet")) ||
	         (is_core && str_equal(kind, "ReplicationController")))
		replica_set(object, health);
	else if (is_in(object, "batch") && str_equal(kind, "Job"))
		job(object, options, health);
	else if (is_core && str_equal(kind, "Pod"))
		pod(object, options, health);
	else if (is_core && str_equal(kind, "PersistentVolumeClaim"))
		claim(object, health);
	else if (is_core && str_equal(kind, "Service"))
		service(object, health);
	else if (is_in(object, "apiextensions.k8s.io"))
		definition(object, health);
	else if (is_in(object, "apiregistration.k8s.io"))
		must_be(object, "Available", health);
	else if (is_in(object, "autoscaling"))
		autoscaler(object, health);
	else
		anything(object, health);
}

/* --- the whole --- */

/* Has the controller seen the generation that counts? */
static bool is_observed(const struct val *object, int64_t min_generation, struct health *health)
{
	const struct val *observed = val_get(val_get(object, "status"), "observedGeneration");
	int64_t generation = val_get_int(val_get(object, "metadata"), "generation", 0);
	if (generation < min_generation) {
		say(health, HEALTH_IN_PROGRESS, "%s", "");
		return false;
	}
	if (!val_is(observed, VAL_INT) || observed->as.integer == generation)
		return true;
	say(health, HEALTH_IN_PROGRESS, "its controller has not seen the change yet");
	return false;
}

void health_of(const struct val *object, const struct health_options *options,
               struct health *ret_health)
{
	const struct val *stalled = condition(object, "Stalled");
	*ret_health = (struct health){ .state = HEALTH_CURRENT };
	if (val_get(val_get(object, "metadata"), "deletionTimestamp")) {
		say(ret_health, HEALTH_TERMINATING, "it is being deleted");
		return;
	}
	if (!is_observed(object, options->min_generation, ret_health))
		return;
	if (has_condition(object, "Reconciling", "True"))
		say(ret_health, HEALTH_IN_PROGRESS, "%s", words(condition(object, "Reconciling")));
	else if (is_status(stalled, "True"))
		say(ret_health, HEALTH_FAILED, "%s", words(stalled));
	else
		by_kind(object, options, ret_health);
}
