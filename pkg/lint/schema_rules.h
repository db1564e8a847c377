/* The rules of the family schema; their places in the table. */
#ifndef LINT_SCHEMA_RULES_H
#define LINT_SCHEMA_RULES_H

#include "lint/lint_rule.h"

enum schema_rule {
	SCHEMA_RULE_UNKNOWN_FIELD,
	SCHEMA_RULE_TYPE,
	SCHEMA_RULE_REQUIRED,
	SCHEMA_RULE_ENUM,
	SCHEMA_RULE_FORMAT,
	SCHEMA_RULE_DUPLICATE_ITEM,
	SCHEMA_RULE_MISSING,
	SCHEMA_RULE_STATUS,
	SCHEMA_RULE_KIND_TYPO,
	SCHEMA_RULE_REMOVED_API,
	SCHEMA_RULE_DEPRECATED_API,
	SCHEMA_N_RULES,
};

extern const struct lint_rule schema_rules[];

#endif
