/*
 * What apply --watch counts, in the text format of Prometheus, and its health.
 */
#ifndef FETTLE_AGENT_METRICS_H
#define FETTLE_AGENT_METRICS_H

#include "base/base.h"

struct agent_metrics {
	uint64_t applies_ok, applies_failed;
	uint64_t fetches_ok, fetches_failed;
	uint64_t drift_corrected;    /* objects put back */
	uint64_t drift_detected;     /* objects found different, with --detect-only */
	uint64_t rejected;           /* revisions that were not taken */
	size_t objects;
	int64_t last_success_ms;     /* wall clock; 0: never */
	double last_apply_s;
	char commit[65];             /* "" when the source is no commit */
	bool is_healthy;             /* the newest revision is applied and the source answers */
};

/* Append the exposition format 0.0.4. */
void agent_metrics_write(const struct agent_metrics *metrics, const char *project,
                         struct str *out);

#endif
