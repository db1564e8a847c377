#include "base/base.h"

#include "agent_metrics.h"

/* Label values escape backslash, quote and newline. */
static void add_label(struct str *out, const char *name, const char *value)
{
	str_addf(out, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			str_addch(out, '\\');
		if (*value == '\n')
			str_addz(out, "\\n");
		else
			str_addch(out, *value);
	}
	str_addch(out, '"');
}

static void add_head(struct str *out, const char *name, const char *type, const char *help)
{
	str_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_plain(struct str *out, const char *name, const char *type, const char *help,
                      const char *project, double value)
{
	add_head(out, name, type, help);
	str_addf(out, "%s{", name);
	add_label(out, "project", project);
	str_addf(out, "} %.15g\n", value);
}

static void add_results(struct str *out, const char *name, const char *help, const char *project,
                        uint64_t ok, uint64_t failed)
{
	add_head(out, name, "counter", help);
	for (int i = 0; i < 2; i++) {
		str_addf(out, "%s{", name);
		add_label(out, "project", project);
		str_addf(out, ",result=\"%s\"} %" PRIu64 "\n", i ? "failed" : "ok",
		         i ? failed : ok);
	}
}

void agent_metrics_write(const struct agent_metrics *metrics, const char *project,
                         struct str *out)
{
	add_results(out, "fettle_apply_runs_total", "Applies, by result.", project,
	            metrics->applies_ok, metrics->applies_failed);
	add_results(out, "fettle_source_fetches_total", "Looks at the source, by result.", project,
	            metrics->fetches_ok, metrics->fetches_failed);
	add_plain(out, "fettle_drift_corrected_total", "counter", "Objects put back after drift.",
	          project, (double)metrics->drift_corrected);
	add_plain(out, "fettle_drift_detected_total", "counter",
	          "Objects found different and left so, with --detect-only.", project,
	          (double)metrics->drift_detected);
	add_plain(out, "fettle_revisions_rejected_total", "counter",
	          "Revisions of the source that failed their checks and were not kept.", project,
	          (double)metrics->rejected);
	add_plain(out, "fettle_objects", "gauge", "Objects of the applied revision.", project,
	          (double)metrics->objects);
	add_plain(out, "fettle_last_success_timestamp_seconds", "gauge",
	          "When everything was last found or made right.", project,
	          (double)metrics->last_success_ms / 1000);
	add_plain(out, "fettle_last_apply_duration_seconds", "gauge",
	          "How long the last apply took.", project, metrics->last_apply_s);
	add_plain(out, "fettle_healthy", "gauge", "1 when the newest revision is applied.", project,
	          metrics->is_healthy);
	if (!metrics->commit[0])
		return;
	add_head(out, "fettle_source_commit_info", "gauge", "The commit that is applied.");
	str_addz(out, "fettle_source_commit_info{");
	add_label(out, "project", project);
	str_addch(out, ',');
	add_label(out, "commit", metrics->commit);
	str_addz(out, "} 1\n");
}
