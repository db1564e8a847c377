/* What scanning files and scanning history share. */
#ifndef LINT_FAMILY_SECRETS_H
#define LINT_FAMILY_SECRETS_H

#include "lint/lint_rule.h"
#include "lint/secret_scan.h"

const struct lint_rule *secret_rule(const struct secret_hit *hit);

/*
 * What is said of a secret without saying it: its kind, first four and last two characters; and a
 * hash that knows it again.
 */
void secret_describe(const struct secret_hit *hit, const char *text, struct str *message,
                     struct str *fingerprint);

/* May words such as "password" count in this file? Not where everything looks random. */
bool secret_may_be_generic(const char *path, uint32_t kind);

#endif
