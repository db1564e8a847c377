/* Every rule family, one line each; their order in the catalogue is in lint_registry.c. */
#ifndef LINT_LINT_FAMILIES_H
#define LINT_LINT_FAMILIES_H

#include "lint/lint_rule.h"

extern const struct lint_family lint_family_syntax;
extern const struct lint_family lint_family_yaml;
extern const struct lint_family lint_family_schema;
extern const struct lint_family lint_family_suppressions;
extern const struct lint_family lint_family_dockerfile;
extern const struct lint_family lint_family_pod_security;
extern const struct lint_family lint_family_validity;
extern const struct lint_family lint_family_rbac;
extern const struct lint_family lint_family_kube_secrets;
extern const struct lint_family lint_family_reliability;
extern const struct lint_family lint_family_references;
extern const struct lint_family lint_family_secrets;
extern const struct lint_family lint_family_addresses;
extern const struct lint_family lint_family_compose;
extern const struct lint_family lint_family_workflow;

#endif
