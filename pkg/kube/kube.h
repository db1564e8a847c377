/*
 * Client of the Kubernetes API: who and where (kubeconfig, in-cluster, exec plugins), requests over
 * HTTP/2 many at a time, discovery, lists and watches. Knows no manifest, plan or inventory.
 *
 * One `struct kube` is one API server and one identity. All functions are thread-safe and block the
 * calling thread only; one thread inside drives all connections. Retried are: any GET, server-side
 * apply, and whatever the caller marks idempotent, on 429 and 5xx with Retry-After or jittered backoff,
 * on broken connections, and once on 401 after the credentials were refreshed. Concurrency adapts: it
 * grows while latency is flat and halves on 429; there is no client-side rate limit.
 */
#ifndef KUBE_KUBE_H
#define KUBE_KUBE_H

#include "base/arena.h"
#include "base/base.h"
#include "val/val.h"

struct cancel;
struct kube;

/* --- who and where (kube_config.c): as kubectl reads it --- */

struct kube_config_options {
	const char *kubeconfig;   /* --kubeconfig: one file; NULL: KUBECONFIG (a list), then ~/.kube/config,
	                             then the service account of the pod we run in */
	const char *context;      /* NULL: current-context */
	const char *name_space;   /* NULL: of the context, else "default" */
	const char *as_user;      /* impersonation; NULL: of the kubeconfig */
	const char *const *as_groups; /* NULL-terminated; may be NULL */
	const char *proxy;        /* fettle's setting; proxy-url of the cluster stands above it */
	bool no_input;            /* exec plugins may not ask */
};

/* Everything resolved; lives in the arena it was loaded into. */
struct kube_config;
/* USAGE (unknown context, with the list), INVALID (file:line:col), NOT_FOUND (no configuration at all,
 * with a hint), DENIED. Reads files, runs nothing. */
NODISCARD err *kube_config_load(const struct kube_config_options *options, struct arena *arena,
                                const struct kube_config **ret_config);
const char *kube_config_namespace(const struct kube_config *config);
const char *kube_config_server(const struct kube_config *config);   /* "https://host:port[/path]" */
const char *kube_config_context(const struct kube_config *config);  /* "" in-cluster */
/* For another client of the same server (its credentials: kube_credentials.h). Lives with the configuration. */
struct kube_endpoint {
	const char *server; /* "https://host:port[/path]" */
	struct view ca_pem; /* empty: the system's */
	const char *tls_server_name, *proxy;
	bool is_insecure;
};
struct kube_endpoint kube_config_endpoint(const struct kube_config *config);
size_t kube_config_warning_count(const struct kube_config *config); /* "… insecure-skip-tls-verify …" */
const char *kube_config_warning(const struct kube_config *config, size_t index);
/* One call for each context there is, for completion. `kubeconfig` NULL: as above. */
NODISCARD err *kube_config_contexts(const char *kubeconfig, struct arena *arena,
                                    void (*each)(void *context, const char *name), void *context);

/* --- connection and requests --- */

struct kube_options {
	int64_t deadline_ns;         /* clock_monotonic_ns(); 0 = never */
	const struct cancel *cancel; /* may be NULL */
	/* A `Warning:` header, each text once in the life of the client; from any thread. May be NULL. */
	void (*on_warning)(void *context, const char *text);
	void *context;
	const char *cache_dir;       /* for discovery; NULL: none */
};

/* `config` is borrowed. Connects nothing yet. */
NODISCARD err *kube_open(const struct kube_config *config, const struct kube_options *options,
                         struct kube **ret_kube);
void kube_close(struct kube *kube); /* NULL is fine; ends watches */
/* A new deadline (an agent has one per round). */
void kube_set_deadline(struct kube *kube, int64_t deadline_ns);

struct kube_request {
	const char *method;       /* NULL: GET */
	const char *path;         /* "/api/v1/…?…", already escaped */
	const char *accept;       /* NULL: application/json */
	const char *content_type; /* of the body; NULL: application/json */
	const char *if_none_match;
	struct view body;         /* borrowed for the call */
	bool is_bookkeeping;      /* has a short time of its own, whatever became of deadline and signal:
	                             what was done must still be written down */
	bool is_idempotent;       /* may be repeated after a failure whose outcome is unknown */
	size_t limit;             /* of the answer; 0: LIMIT_KUBE_ANSWER_BYTES */
};

struct kube_response {
	int status;               /* HTTP; 0 when there was none */
	struct str body;
	char *content_type, *etag; /* owned; may be NULL */
};
void kube_response_clear(struct kube_response *response);

/*
 * Any HTTP status is success; see kube_status_error. Fails with UNAVAILABLE (no connection, also after
 * retries), AUTH (no usable credentials, untrusted certificate), TIMEOUT, CANCELLED, LIMIT.
 */
NODISCARD err *kube_do(struct kube *kube, const struct kube_request *request,
                       struct kube_response *ret_response);

/* A metav1.Status or any other failed answer, taken apart. Strings live in the arena. */
struct kube_cause {
	const char *reason, *field, *message; /* never NULL */
};
struct kube_status {
	int code;
	const char *reason;  /* "NotFound", "Conflict", "Invalid"; "" when the body was no Status */
	const char *message; /* of the server, or the first line of the body; never NULL */
	const char *details_kind, *details_name, *details_group; /* never NULL */
	int retry_after_s;
	const struct kube_cause *causes;
	size_t cause_count;
};
void kube_status_parse(const struct kube_response *response, struct arena *arena,
                       struct kube_status *ret_status);
/*
 * A failed answer as an error: AUTH 401, DENIED 403, NOT_FOUND 404, CONFLICT 409, INVALID 400/422,
 * UNAVAILABLE 429/5xx, else IO; the server's message, causes as part of it. `what` is what was tried.
 */
NODISCARD err *kube_status_error(const struct kube_status *status, const char *what);
/* kube_do, then parse the body of a 2xx as JSON into `arena`; anything else as kube_status_error. */
NODISCARD err *kube_get_json(struct kube *kube, const struct kube_request *request,
                             const char *what, struct arena *arena, const struct val **ret_root);

/* --- discovery (kube_discovery.c) --- */

struct kube_resource {
	const char *group;    /* "" for core */
	const char *version;
	const char *kind;
	const char *plural;   /* "deployments" */
	bool is_namespaced;
	bool is_preferred;    /* first version of its group */
	const char *verbs;    /* ",get,list,…," */
};

/*
 * Aggregated v2, v2beta1, or group by group; once per client, then cached (with ETag on disk).
 * Lookups start it by themselves.
 */
NODISCARD err *kube_discover(struct kube *kube);
/* Forget and ask the server anew: after a miss, or after a CRD was made. */
NODISCARD err *kube_rediscover(struct kube *kube);
/*
 * `version` NULL: the preferred one. On a miss the server is asked once more (not again within the
 * same second). NOT_FOUND: the server has no such kind; UNAVAILABLE: its group is stale or could not be
 * read, so nobody knows. The resource lives as long as the client.
 */
NODISCARD err *kube_resource_find(struct kube *kube, const char *group, const char *version,
                                  const char *kind, const struct kube_resource **ret_resource);
/* All of them, preferred versions only, for lookups by plural or short name and `adopt`. */
size_t kube_resource_count(struct kube *kube);
const struct kube_resource *kube_resource_at(struct kube *kube, size_t index);
/* Does the server have any version of the group? UNAVAILABLE as above. */
NODISCARD err *kube_group_is_known(struct kube *kube, const char *group, bool *ret_is_known);

/* Append "/apis/apps/v1/namespaces/shop/deployments/api". NULL name_space or name leaves that out. */
void kube_resource_path(const struct kube_resource *resource, const char *name_space,
                        const char *name, struct str *out);
/* Append "&name=value" ('?' when it is the first), value percent-encoded. */
void kube_query_add(struct str *path, const char *name, const char *value);

/* --- lists and watches (kube_list.c, kube_watch.c) --- */

struct kube_selection {
	const struct kube_resource *resource;
	const char *name_space;     /* NULL: all */
	const char *label_selector; /* NULL: none */
	const char *field_selector;
	bool is_metadata_only;      /* PartialObjectMetadata: with managedFields */
	size_t page_size;           /* 0: 500 */
};

/*
 * Consistent list, page by page: `on_item` gets each object (apiVersion and kind filled in), which
 * lives until it returns; an error from it ends the list. Restarts after 410 call on_restart (may be
 * NULL) so that the caller drops what it has. `ret_version` (may be NULL): where a watch may start.
 * Errors as kube_status_error; DENIED when the identity may not list.
 */
NODISCARD err *kube_list(struct kube *kube, const struct kube_selection *selection,
                         err *(*on_item)(void *context, const struct val *item),
                         void (*on_restart)(void *context), void *context, struct str *ret_version);

struct kube_watch;
enum kube_event { KUBE_ADDED, KUBE_MODIFIED, KUBE_DELETED, KUBE_RELISTED };
/*
 * Follow changes from now on: lists first (every object as KUBE_ADDED, then one KUBE_RELISTED with NULL
 * item: whatever was not named since is gone), then events as they come, for ever: reconnects,
 * bookmarks and 410 are its job, each new list is told again the same way. Callbacks come one at a time
 * from one thread at a time: be quick, do no request there. `on_trouble` (may be NULL) gets errors that
 * last (DENIED, NOT_FOUND end the watch; others are retried with backoff for ever).
 */
NODISCARD err *kube_watch_open(struct kube *kube, const struct kube_selection *selection,
                               void (*on_event)(void *context, enum kube_event event,
                                                const struct val *item),
                               void (*on_trouble)(void *context, const err *error, bool is_over),
                               void *context, struct kube_watch **ret_watch);
/* No callback runs after it returns (call it from no callback). */
void kube_watch_close(struct kube_watch *watch);

#endif
