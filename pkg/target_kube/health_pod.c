/* Why a pod does not start. */
#include "base/base.h"

#include "target_kube/health.h"

#include "pal/clock.h"

enum { UNSCHEDULABLE_MS = 15000 };

static const char *const waiting_troubles[] = {
	"CrashLoopBackOff", "ImagePullBackOff",           "ErrImagePull",     "InvalidImageName",
	"ErrImageNeverPull", "CreateContainerConfigError", "CreateContainerError", "RunContainerError",
	"StartError",
};

static bool is_trouble(const char *reason)
{
	for (size_t i = 0; i < ARRAY_LEN(waiting_troubles); i++)
		if (str_equal(waiting_troubles[i], reason))
			return true;
	return false;
}

static bool container_trouble(const struct val *status, struct str *text, const char **ret_container)
{
	const char *name = val_get_str(status, "name", "");
	const struct val *waiting = val_get(val_get(status, "state"), "waiting");
	const struct val *ended = val_get(val_get(status, "lastState"), "terminated");
	const char *reason = val_get_str(waiting, "reason", "");
	const char *message = val_get_str(waiting, "message", "");
	if (!is_trouble(reason))
		return false;
	str_addf(text, "container %s: %s", name, reason);
	if (ended)
		str_addf(text, " (exited with %" PRId64 ", restarted %" PRId64 " times)",
		         val_get_int(ended, "exitCode", 0), val_get_int(status, "restartCount", 0));
	else if (*message)
		str_addf(text, ": %s", message);
	*ret_container = name;
	return true;
}

static bool containers_trouble(const struct val *list, struct str *text, const char **ret_container)
{
	const struct val *status;
	for (VAL_EACH_ITEM(i, status, list))
		if (container_trouble(status, text, ret_container))
			return true;
	return false;
}

/* A scheduler that finds no place may find one in a moment; after a while it is worth saying. */
static bool is_unschedulable(const struct val *status, int64_t now_ms, struct str *text)
{
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, val_get(status, "conditions"))) {
		int64_t ns = 0;
		const char *since = val_get_str(item, "lastTransitionTime", "");
		if (!str_equal(val_get_str(item, "type", ""), "PodScheduled") ||
		    !str_equal(val_get_str(item, "status", ""), "False") ||
		    !str_equal(val_get_str(item, "reason", ""), "Unschedulable"))
			continue;
		if (*since)
			err_ignore(clock_parse(since, &ns), "since ever, then");
		if (now_ms && now_ms - ns / CLOCK_NS_PER_MS < UNSCHEDULABLE_MS)
			return false;
		str_addf(text, "Unschedulable: %s", val_get_str(item, "message", ""));
		return true;
	}
	return false;
}

/* The container that ended badly, for its log. */
static const char *ended_container(const struct val *status)
{
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, val_get(status, "containerStatuses")))
		if (val_get_int(val_get(val_get(item, "state"), "terminated"), "exitCode", 0) != 0)
			return val_get_str(item, "name", "");
	return "";
}

bool health_pod_trouble(const struct val *pod, int64_t now_ms, struct str *ret_text,
                        const char **ret_container)
{
	const struct val *status = val_get(pod, "status");
	*ret_container = "";
	if (str_equal(val_get_str(status, "phase", ""), "Failed")) {
		const char *reason = val_get_str(status, "reason", "Failed");
		const char *message = val_get_str(status, "message", "");
		str_addf(ret_text, "%s%s%s", reason, *message ? ": " : "", message);
		*ret_container = ended_container(status);
		return true;
	}
	return containers_trouble(val_get(status, "initContainerStatuses"), ret_text, ret_container) ||
	       containers_trouble(val_get(status, "containerStatuses"), ret_text, ret_container) ||
	       is_unschedulable(status, now_ms, ret_text);
}
