/* What the two files of the Dockerfile rules share. */
#ifndef LINT_FAMILY_DOCKERFILE_H
#define LINT_FAMILY_DOCKERFILE_H

#include "lint/dockerfile.h"
#include "lint/lint_rule.h"

/* Rows of the table in family_dockerfile.c. */
enum dockerfile_rule {
	DF_ABSOLUTE_WORKDIR,
	DF_LAST_USER_ROOT,
	DF_CD,
	DF_SUDO,
	DF_UNTAGGED,
	DF_LATEST,
	DF_APT_PIN,
	DF_APT_LISTS,
	DF_PORT_RANGE,
	DF_MANY_HEALTHCHECKS,
	DF_PIP_PIN,
	DF_APT_YES,
	DF_APT_RECOMMENDS,
	DF_NPM_PIN,
	DF_APK_PIN,
	DF_APK_CACHE,
	DF_ADD,
	DF_COPY_FOLDER,
	DF_COPY_FROM_UNKNOWN,
	DF_COPY_FROM_SELF,
	DF_DUPLICATE_STAGE,
	DF_JSON_ARGS,
	DF_APT,
	DF_GEM_PIN,
	DF_PLATFORM,
	DF_YUM_YES,
	DF_YUM_CLEAN,
	DF_YUM_PIN,
	DF_ZYPPER_YES,
	DF_ZYPPER_UPGRADE,
	DF_ZYPPER_CLEAN,
	DF_DNF_YES,
	DF_DNF_CLEAN,
	DF_DNF_PIN,
	DF_PIP_CACHE,
	DF_ONBUILD,
	DF_ENV_SELF,
	DF_COPY_RELATIVE,
	DF_USERADD,
	DF_WGET_PROGRESS,
	DF_NO_HEALTHCHECK,
	DF_CONSECUTIVE_RUN,
	DF_YARN_CACHE,
	DF_FIRST_INSTRUCTION,
	DF_GO_PIN,
	DF_RESERVED_STAGE,
	DF_SECRET,
	DF_MAINTAINER,
	DF_WGET_AND_CURL,
	DF_MANY_CMD,
	DF_MANY_ENTRYPOINT,
	DF_LN_SH,
	DF_PIPEFAIL,
	DF_STAGE_CASE,
	DF_AS_CASE,
	DF_INSTRUCTION_CASE,
	DF_EMPTY_CONTINUATION,
	DF_UNDEFINED_ARG,
	DF_LEGACY_KEY_VALUE,
	DF_EXPOSE_CASE,
	DF_UNKNOWN_INSTRUCTION,
	DF_REGISTRY,
	DF_N_RULES
};

extern const struct lint_rule dockerfile_rules[DF_N_RULES];

/* .hadolint.yaml of the working directory. */
struct dockerfile_config {
	struct strs ignored;    /* ids */
	struct strs levels[3];  /* ids by enum lint_severity */
	struct strs registries; /* trusted ones; empty: all */
};

NODISCARD err *dockerfile_config_load(struct dockerfile_config **ret_config);
void dockerfile_config_free(struct dockerfile_config *config);
/* Does the file name this rule, by one of its ids? */
bool dockerfile_config_names(const struct strs *ids, const struct lint_rule *rule);

struct dockerfile_check {
	const struct dockerfile_config *config;
	struct lint_file *file;
	const struct dockerfile *df;
};

void dockerfile_hit(const struct dockerfile_check *c, enum dockerfile_rule rule, size_t start,
                    size_t end, const struct lint_fix *fix, const char *fmt, ...) PRINTF_LIKE(6, 7);

/* One edit as a fix. */
const struct lint_fix *dockerfile_replace(const struct dockerfile_check *c, bool is_unsafe,
                                          size_t start, size_t end, const char *text,
                                          const char *what);

/* The rules about commands of RUN. */
void dockerfile_check_commands(const struct dockerfile_check *c);

#endif
