/*
 * The Kubernetes target: every object an API server knows, written by server-side apply as field manager
 * "fettle". What would not change is proved from lists alone; only the rest is asked of the server by
 * dry-run. docs/kubernetes.md tells users what it does; research and rules are named in the files.
 */
#ifndef TARGET_KUBE_KUBE_TARGET_H
#define TARGET_KUBE_KUBE_TARGET_H

#include "base/base.h"
#include "target/target.h"

/* A manifest may ask for it too: made anew when an immutable field changes. */
#define ANNOTATION_REPLACE "fettle.dev/replace" /* "allowed" */

/* Borrowed for the call, strings included. */
struct kube_target_options {
	const char *kubeconfig, *context, *name_space, *as_user; /* NULL: see kube_config_options */
	const char *const *as_groups;   /* NULL-terminated lists, or NULL */
	const char *const *take_over;   /* fields to take from other managers on a conflict; "*": all */
	const char *const *replace;     /* "Kind/name": make it anew when an immutable field changes */
	const char *const *allow_delete; /* "Kind/name" or "Kind": prune it though its kind is guarded */
	const char *proxy, *cache_dir;
	const char *project;            /* in the inventory; names the ApplySet */
	const char *const
		*adopt_from; /* field managers of tools that are left, beside the known ones */
	bool adopts;         /* objects of other tools become ours with all their fields */
	bool verify_always;             /* dry-run also what is proved unchanged */
	bool corrects_drift;            /* an agent: what somebody wrote into fields that were ours when
	                                   the same manifest was applied is put back, not a conflict */
	bool explains;                  /* say of each change who owns the field */
	bool jobs_may_run;              /* a started Job is ready; else it must complete */
	bool no_input;
};

/*
 * Read the kubeconfig and make ready to connect; the first request comes with the first need. Its identity
 * is "kubernetes:" with server and namespace. Errors as kube_config_load.
 */
NODISCARD err *kube_target_open(const struct kube_target_options *options,
                                const struct target_context *context, struct target **ret_target);

#endif
