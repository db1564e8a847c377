#include "base/base.h"

#include "lint/lint_private.h"

#include "lint/lint_families.h"

/* clang-format off */
const struct lint_family *const lint_families[] = {
	&lint_family_syntax,
	&lint_family_yaml,
	&lint_family_schema,
	&lint_family_suppressions,
	&lint_family_validity,
	&lint_family_pod_security,
	&lint_family_rbac,
	&lint_family_kube_secrets,
	&lint_family_reliability,
	&lint_family_references,
	&lint_family_secrets,
	&lint_family_addresses,
	&lint_family_compose,
	&lint_family_dockerfile,
	&lint_family_workflow,
};
/* clang-format on */

const size_t lint_n_families = ARRAY_LEN(lint_families);
