/*
 * Options of diff and apply that only mean something on Kubernetes.
 */
#ifndef FETTLE_KUBE_ARGS_H
#define FETTLE_KUBE_ARGS_H

#include "session.h"

struct kube_args {
	struct strs take_over, replace, allow_delete;
	int verify;
	bool jobs_may_run;
};

extern const struct cli_choice verify_choices[];

#define KUBE_OPTS(args_type) \
	{ CLI_STRS(args_type, kube.take_over), .name = "take-over", .arg = "field", \
	  .help = "on a cluster: take this field from whoever owns it", \
	  .details = "'spec.replicas' takes it and what is below it, '*' everything.", \
	  .flags = CLI_NOT_EMPTY | CLI_RARE }, \
	{ CLI_STRS(args_type, kube.replace), .name = "replace", .arg = "object", \
	  .help = "on a cluster: make Kind/name anew if an immutable field changes", \
	  .flags = CLI_NOT_EMPTY | CLI_RARE }, \
	{ CLI_STRS(args_type, kube.allow_delete), .name = "allow-delete", .arg = "object", \
	  .help = "on a cluster: prune this Kind/name though much goes with it", \
	  .details = "Namespaces, CustomResourceDefinitions, volumes, claims and StatefulSets are " \
	             "not pruned without it.", \
	  .flags = CLI_NOT_EMPTY | CLI_RARE }, \
	{ CLI_ENUM(args_type, kube.verify, verify_choices), .name = "verify", .arg = "when", \
	  .help = "on a cluster: ask the server also about what is unchanged", .def = "auto", .flags = CLI_RARE }

/* Before session_open_target. */
void kube_args_use(const struct kube_args *args, struct session *session);

#endif
