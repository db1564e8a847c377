/*
 * What a repository says is no secret, or one it knows of: .gitleaksignore and the allowlists of
 * .gitleaks.toml in the folder that is checked, and marks on the line itself.
 *
 * Names of gitleaks' rules stand for ours by their maker ("gitlab-pat" for secret-gitlab-…); gcp is google,
 * generic-api-key is secret-generic.
 */
#ifndef LINT_SECRET_ALLOW_H
#define LINT_SECRET_ALLOW_H

#include "base/base.h"

#define SECRET_MAX_ALLOWLISTS 64u

struct secret_allow;

/* INVALID with the place in the file. */
NODISCARD err *secret_allow_load(struct secret_allow **ret_allow);
void secret_allow_free(struct secret_allow *allow); /* NULL is fine */
AUTOPTR_DEFINE(secret_allow)

/* Does anything ask for the line of a secret? */
bool secret_allow_has_lines(const struct secret_allow *allow);

/* Does the line around byte `at` say that it is meant to be there? */
bool secret_allowed_on_line(const char *text, size_t len, size_t at);

/* What the content of a secret says of each allowlist, one bit for one; its path may come later. */
struct secret_allowed {
	uint64_t by_regex, by_word;
};

/* `at`, `end`: the secret in `text`. A regular expression that takes too long counts as not matching. */
struct secret_allowed secret_allowed_content(const struct secret_allow *allow, const char *text,
                                             size_t len, size_t at, size_t end);

/* Is it allowed there? `commit` may be NULL; `line` 0: not known. */
bool secret_is_allowed(const struct secret_allow *allow, const char *slug, const char *path,
                       size_t line, const char *commit, struct secret_allowed content);

#endif
