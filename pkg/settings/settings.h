/*
 * fettle's own settings, each with the place it came from. Precedence: flag (pkg/cli) > variable
 * FETTLE_X > `settings:` of the project's fettle.yaml > user file > system file > default.
 * A project file may set only what cannot harm the person who cloned it: no commands, no TLS.
 */
#ifndef SETTINGS_SETTINGS_H
#define SETTINGS_SETTINGS_H

#include "base/base.h"

struct settings;

enum setting {
	SETTING_COLOR,
	SETTING_CACHE_DIR,
	SETTING_STATE_DIR,
	SETTING_GIT_TIMEOUT,
	SETTING_APPLY_TIMEOUT,
	SETTING_APPLY_CONCURRENCY,
	SETTING_PRUNE_MAX_DELETIONS,
	SETTING_HTTP_PROXY,
	SETTING_TLS_CA_FILE,
	SETTING_WATCH_INTERVAL,
	SETTING_WATCH_METRICS,
	SETTING_COUNT
};

enum setting_type {
	SETTING_STR,
	SETTING_PATH, /* relative ones are taken from the folder of the file that says so */
	SETTING_INT,
	SETTING_LIMIT,    /* a count or a share: "10", "20%" */
	SETTING_DURATION, /* kept in milliseconds */
	SETTING_CHOICE
};

enum setting_origin {
	SETTING_FROM_DEFAULT,
	SETTING_FROM_SYSTEM,
	SETTING_FROM_USER,
	SETTING_FROM_PROJECT,
	SETTING_FROM_ENV
};

struct setting_key {
	const char *name; /* "git.timeout" */
	enum setting_type type;
	const char *def;            /* NULL: unset */
	const char *env;            /* "FETTLE_GIT_TIMEOUT" */
	const char *help;           /* one line */
	const char *const *choices; /* NULL-terminated */
	int64_t min, max;
	bool project_may_set;
};

struct setting_place {
	enum setting_origin origin;
	const char *file; /* file, or name of the variable; NULL for defaults */
	size_t line;      /* 1-based; 0 when it has none */
};

/* Where to look; all borrowed for the call. NULL members are skipped. */
struct settings_sources {
	const char *system_file;
	const char *user_file;
	const char *start_dir; /* the nearest fettle.yaml from here up to the repository's root */
	void *env_data;
	const char *(*env)(void *data, const char *name);
};

/*
 * Read all sources. Missing files are fine. Fails with INVALID and the places of all wrong values
 * and unknown keys (with the nearest known one as a hint), USAGE for a wrong variable, DENIED, IO.
 * Files are maps of the keys, nested or dotted: `git: {timeout: 30s}` or `git.timeout: 30s`.
 */
NODISCARD err *settings_load(const struct settings_sources *sources, struct settings **ret);
void settings_free(struct settings *settings);
AUTOPTR_DEFINE(settings)

const struct setting_key *settings_key(enum setting id);
/* False when there is no such key. */
bool settings_find(const char *name, enum setting *ret_id);

/* The value as text, NULL when unset; borrowed. Any type. */
const char *settings_text(const struct settings *settings, enum setting id);
/* The value of an int, or of a duration in milliseconds. */
int64_t settings_int(const struct settings *settings, enum setting id);
struct setting_place settings_place(const struct settings *settings, enum setting id);
const char *setting_origin_name(enum setting_origin origin);

/* The fettle.yaml that was found, NULL when there is none. */
const char *settings_project_file(const struct settings *settings);
/*
 * The nearest fettle.yaml from `start_dir` up to the folder with `.git`; outside a repository only
 * the one in `start_dir` itself, so that nobody's file in a parent folder has a say. False: none.
 */
NODISCARD bool settings_find_project(const char *start_dir, struct str *ret_file);

#endif
