/* What a kubeconfig, a pod or an option said, resolved. */
#ifndef KUBE_KUBE_CONFIG_PRIVATE_H
#define KUBE_KUBE_CONFIG_PRIVATE_H

#include "kube/kube.h"

/* users[].user.exec */
struct kube_exec {
	const char *api_version, *command, *install_hint;
	const char *const *args;   /* NULL-terminated */
	const char *const *env;    /* "NAME=value", NULL-terminated */
	bool provides_cluster;
	bool may_ask, must_ask;    /* interactiveMode IfAvailable, Always */
};

struct kube_config {
	const char *context, *server, *name_space;
	struct view ca_pem;
	const char *ca_file;
	const char *tls_server_name, *proxy_url;
	bool is_insecure;
	/* who */
	const char *token, *token_file; /* the file wins, and is read again */
	const char *user, *password;
	struct view cert_pem, key_pem;
	const char *cert_file, *key_file;
	const struct kube_exec *exec;
	const struct val *exec_cluster_config; /* extension for exec plugins; may be NULL */
	const char *const *headers;     /* impersonation, "Name: value"; NULL-terminated or NULL */
	bool no_input;
	const char **warnings;
	size_t warning_count;
};

#endif
