#include "base/base.h"

#include "settings/keys.h"

#include "base/suggest.h"

#define HOUR_MS INT64_C(3600000)

static const char *const colors[] = { "auto", "always", "never", NULL };

static const struct setting_key keys[] = {
	[SETTING_COLOR] = { .name = "color",
	                    .type = SETTING_CHOICE,
	                    .def = "auto",
	                    .env = "FETTLE_COLOR",
	                    .help = "colour in output",
	                    .choices = colors },
	[SETTING_CACHE_DIR] = { .name = "cache.dir",
	                        .type = SETTING_PATH,
	                        .env = "FETTLE_CACHE_DIR",
	                        .help = "folder for what can be fetched again" },
	[SETTING_STATE_DIR] = { .name = "state.dir",
	                        .type = SETTING_PATH,
	                        .env = "FETTLE_STATE_DIR",
	                        .help = "folder for inventory and history" },
	[SETTING_GIT_TIMEOUT] = { .name = "git.timeout",
	                          .type = SETTING_DURATION,
	                          .def = "2m",
	                          .env = "FETTLE_GIT_TIMEOUT",
	                          .help = "longest time one fetch may take",
	                          .min = 1000,
	                          .max = 24 * HOUR_MS,
	                          .project_may_set = true },
	[SETTING_APPLY_TIMEOUT] = { .name = "apply.timeout",
	                            .type = SETTING_DURATION,
	                            .def = "10m",
	                            .env = "FETTLE_APPLY_TIMEOUT",
	                            .help = "deadline of a whole apply",
	                            .min = 1000,
	                            .max = 24 * HOUR_MS,
	                            .project_may_set = true },
	[SETTING_APPLY_CONCURRENCY] = { .name = "apply.concurrency",
	                                .type = SETTING_INT,
	                                .def = "0",
	                                .env = "FETTLE_APPLY_CONCURRENCY",
	                                .help = "objects changed at the same time, 0 chooses",
	                                .min = 0,
	                                .max = 256,
	                                .project_may_set = true },
	[SETTING_PRUNE_MAX_DELETIONS] = { .name = "prune.maxDeletions",
	                                  .type = SETTING_LIMIT,
	                                  .env = "FETTLE_PRUNE_MAX_DELETIONS",
	                                  .help = "refuse to prune more objects than this",
	                                  .project_may_set = true },
	[SETTING_HTTP_PROXY] = { .name = "http.proxy",
	                         .type = SETTING_STR,
	                         .env = "FETTLE_HTTP_PROXY",
	                         .help = "proxy for HTTP and HTTPS, before HTTPS_PROXY" },
	[SETTING_TLS_CA_FILE] = { .name = "tls.caFile",
	                          .type = SETTING_PATH,
	                          .env = "FETTLE_TLS_CA_FILE",
	                          .help = "certificates to trust instead of the system's" },
	[SETTING_WATCH_INTERVAL] = { .name = "watch.interval",
	                             .type = SETTING_DURATION,
	                             .def = "1m",
	                             .env = "FETTLE_WATCH_INTERVAL",
	                             .help = "time between two looks at the source",
	                             .min = 1000,
	                             .max = 24 * HOUR_MS,
	                             .project_may_set = true },
	[SETTING_WATCH_METRICS] = { .name = "watch.metrics",
	                            .type = SETTING_STR,
	                            .env = "FETTLE_WATCH_METRICS",
	                            .help = "address for /metrics: HOST:PORT, :PORT or unix:PATH" },
};
static_assert(ARRAY_LEN(keys) == SETTING_COUNT, "a row for every setting");

const struct setting_key *settings_key(enum setting id)
{
	return &keys[id];
}

bool settings_find(const char *name, enum setting *ret_id)
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (str_equal(keys[i].name, name)) {
			*ret_id = (enum setting)i;
			return true;
		}
	return false;
}

bool settings_is_group(const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (str_starts(keys[i].name, name) && keys[i].name[len] == '.')
			return true;
	return false;
}

const char *settings_suggest(const char *name)
{
	const char *names[SETTING_COUNT];
	for (size_t i = 0; i < SETTING_COUNT; i++)
		names[i] = keys[i].name;
	return suggest_nearest(name, names, SETTING_COUNT);
}

const char *setting_origin_name(enum setting_origin origin)
{
	static const char *const names[] = {
		[SETTING_FROM_DEFAULT] = "default", [SETTING_FROM_SYSTEM] = "system",
		[SETTING_FROM_USER] = "user",       [SETTING_FROM_PROJECT] = "project",
		[SETTING_FROM_ENV] = "environment",
	};
	return names[origin];
}
