/*
 * What can be said about an encrypted document without any key: is everything encrypted that should be,
 * is its metadata whole, are its recipients those that .sops.yaml wants.
 */
#ifndef VAULT_SOPS_CHECK_H
#define VAULT_SOPS_CHECK_H

#include "base/base.h"
#include "vault/sops_config.h"

struct sops_problem {
	const char *path; /* of the value, or "" */
	size_t line, column;
	const char *text;
};
typedef void sops_report(void *data, const struct sops_problem *problem);

/* `creation` may be NULL: then recipients are not compared. */
NODISCARD err *sops_check(struct sops_doc *doc, const struct sops_creation *creation,
                          sops_report *report, void *data);

#endif
