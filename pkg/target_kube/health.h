/*
 * Is it ready? kstatus' rules and a little more, from the object alone (research: readiness). Pure.
 */
#ifndef TARGET_KUBE_HEALTH_H
#define TARGET_KUBE_HEALTH_H

#include "base/base.h"
#include "val/val.h"

enum health_state {
	HEALTH_CURRENT,     /* as it should be */
	HEALTH_IN_PROGRESS, /* wait */
	HEALTH_FAILED,      /* will not get there by waiting */
	HEALTH_TERMINATING,
};

struct health {
	enum health_state state;
	char text[160];     /* "2 of 3 ready", "CrashLoopBackOff: container app" ; "" when there is nothing to say */
};

struct health_options {
	int64_t min_generation; /* of our write: status of an older one says nothing; 0: any */
	bool jobs_may_run;      /* a running Job is fine (kstatus); false: it must complete */
	int64_t now_ms;         /* wall clock, for "Unschedulable for 15 s" */
};

void health_of(const struct val *object, const struct health_options *options, struct health *ret_health);
/* "ready", "in progress", "failed", "terminating" */
const char *health_state_name(enum health_state state);

/*
 * Of a Pod that something waits for: a reason why it cannot start now (ImagePullBackOff, ErrImagePull,
 * CrashLoopBackOff, CreateContainerConfigError, InvalidImageName, Unschedulable, Failed …). False when
 * all is well or may still be. `ret_container` (borrowed, "" for the pod itself): whose log to fetch.
 */
bool health_pod_trouble(const struct val *pod, int64_t now_ms, struct str *ret_text, const char **ret_container);

#endif
