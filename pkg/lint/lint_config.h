/*
 * .fettle-lint.yaml: what a repository wants checked, and how hard. The nearest one upwards from
 * the working directory counts; the command line stands above it.
 */
#ifndef LINT_LINT_CONFIG_H
#define LINT_LINT_CONFIG_H

#include "lint/lint.h"

#define LINT_CONFIG_NAME ".fettle-lint.yaml"

struct schema;
/* For the JSON Schema in docs/schemas. */
extern const struct schema lint_config_schema;

struct lint_config {
	struct arena arena;
	char *path;  /* NULL: there is none */
	int profile; /* enum lint_profile */
	bool has_fail_on;
	int fail_on; /* enum lint_severity */
	struct strs select, ignore, exclude, crds;
	const char *pod_security_version, *kubernetes_version; /* NULL: not said */
	const char *baseline;                                  /* path; NULL: none */
	char *prefix; /* way from its folder down to the working directory; "" when the same */
	struct lint_severity_of *severities;
	size_t n_severities;
	struct lint_override *overrides;
	size_t n_overrides;
};

/*
 * Read `path`, or, when NULL, the nearest .fettle-lint.yaml from the working directory upwards (none
 * is fine). `profile` is a built-in one or one the file defines; NULL: the file's own. INVALID with
 * all mistakes, USAGE for a profile nobody knows. The caller clears it, also after a failure.
 */
NODISCARD err *lint_config_load(const char *path, const char *profile,
                                struct lint_config *ret_config);
void lint_config_clear(struct lint_config *config);

/* Built-in profiles by name; false: none. */
bool lint_profile_find(const char *name, int *ret_profile);
extern const char *const lint_profile_names[]; /* NULL-terminated, in the order of lint_profile */

#endif
