/*
 * Credentials of one identity as requests need them: token files are read again, exec plugins run when
 * what they gave expires, client certificates come as bytes. Thread-safe.
 */
#ifndef KUBE_KUBE_CREDENTIALS_H
#define KUBE_KUBE_CREDENTIALS_H

#include "base/arena.h"
#include "kube/kube.h"

struct kube_credentials;

/* Lives in the arena it was made in. */
struct kube_auth {
	const char *authorization;      /* whole value of the header, or NULL */
	const char *const *headers;     /* impersonation, "Name: value"; NULL-terminated, or NULL */
	struct view cert_pem, key_pem;  /* empty: no client certificate */
	uint64_t generation;            /* for kube_credentials_refresh */
};

/* `config` is borrowed. */
NODISCARD err *kube_credentials_new(const struct kube_config *config, const struct cancel *cancel,
                                    struct kube_credentials **ret_credentials);
void kube_credentials_free(struct kube_credentials *credentials);
/*
 * AUTH when a plugin fails or is not installed, TIMEOUT when it does not answer until `deadline_ns`
 * (clock_monotonic_ns(); 0: its own five minutes). One caller runs it, others wait.
 */
NODISCARD err *kube_credentials_get(struct kube_credentials *credentials, int64_t deadline_ns,
                                    struct arena *a, struct kube_auth *ret_auth);
/*
 * After a 401 to a request with credentials of that generation: forget them, unless somebody did so since
 * (of many requests refused at once, one runs the plugin). False when nothing could be had anew.
 */
bool kube_credentials_refresh(struct kube_credentials *credentials, uint64_t generation);

#endif
