#!/usr/bin/env bats
# Who fettle is to a real API server: tokens, plugins, impersonation.

load ../e2e/helpers
load ../rig/kube/shared

setup_file() { kube_rig; }
teardown_file() { kube_rig_done; }

setup() {
	fettle_setup
	kube_test
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {k: v}\n' >m.yaml
}

# as_user USER, a flow map: a kubeconfig "kc" whose only user is that.
as_user() {
	(
		umask 077
		kubectl config view --raw --minify --context admin -o json |
			jq --argjson user "$1" '.users[0].user = $user' >kc
	)
}

# plugin SCRIPT: an executable beside the kubeconfig that notes its runs.
plugin() {
	printf '#!/bin/sh\necho run >>%q/runs\n%s\n' "$PWD" "$1" >plugin
	chmod +x plugin
	as_user '{"exec":{"apiVersion":"client.authentication.k8s.io/v1","command":"./plugin","interactiveMode":"Never","installHint":"apt install it"}}'
}

credential() { printf "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":%s}'" "$1"; }
diff_() { fettle diff m.yaml --name creds --kubeconfig kc "$@"; }

@test "credentials: a plugin gives a token and runs once" {
	plugin "$(credential '{"token":"admin-token"}')"
	run -1 diff_
	assert_has "create  ConfigMap/$KUBE_NS/x"
	[ "$(wc -l <runs)" = 1 ]
}

@test "credentials: a plugin gives a certificate" {
	local cert key
	cert=$(kubectl config view --raw -o json | jq '.users[] | select(.name == "admin").user["client-certificate-data"] | @base64d')
	key=$(kubectl config view --raw -o json | jq '.users[] | select(.name == "admin").user["client-key-data"] | @base64d')
	jq -n --argjson c "$cert" --argjson k "$key" '{kind: "ExecCredential", apiVersion: "client.authentication.k8s.io/v1",
		status: {clientCertificateData: $c, clientKeyData: $k}}' >answer
	plugin "cat $(printf %q "$PWD")/answer"
	run -1 diff_
	assert_has "create  ConfigMap/$KUBE_NS/x"
}

@test "credentials: a refused token has the plugin run again" {
	plugin "if [ \$(wc -l <$(printf %q "$PWD")/runs) = 1 ]; then $(credential '{"token":"stale"}'); else $(credential '{"token":"admin-token"}'); fi"
	run -1 diff_
	assert_has "create  ConfigMap/$KUBE_NS/x"
	[ "$(wc -l <runs)" = 2 ]
}

@test "credentials: a plugin that fails or is missing is explained, without its secrets" {
	plugin 'echo hunter2; echo log in first >&2; exit 1'
	run -4 diff_
	assert_has "log in first"
	assert_lacks hunter2
	rm plugin
	run -4 diff_
	assert_has "not installed"
	assert_has "apt install it"
}

@test "credentials: a plugin that hangs ends with --timeout" {
	plugin 'sleep 60'
	run -124 timeout 30 "$FETTLE" apply --yes --timeout 1s m.yaml --kubeconfig kc
	assert_has "did not answer in time"
}

@test "credentials: what a plugin says to somebody at a terminal is seen" {
	plugin "echo open the browser >&2; $(credential '{"token":"admin-token"}')"
	sed -i 's/"Never"/"IfAvailable"/' kc
	run script -qec "$FETTLE diff m.yaml --kubeconfig kc" /dev/null
	assert_has "open the browser"
	assert_has "create  ConfigMap/$KUBE_NS/x"
}

@test "credentials: the file of a token wins, relative to the kubeconfig" {
	as_user '{"token":"stale","tokenFile":"token"}'
	echo admin-token >token
	run -1 diff_
	assert_has "create  ConfigMap/$KUBE_NS/x"
}

@test "credentials: a kubeconfig in one line with a mistake shows no secret" {
	as_user '{"token":"hunter2","exec":{"apiVersion":"v1alpha1","command":"x"}}'
	jq -c . kc >one && cat one >kc
	run diff_
	[ "$status" != 0 ] && [ "$status" != 1 ]
	assert_has "kc:1:"
	assert_lacks hunter2
}

@test "credentials: somebody else with --as, and groups only with them" {
	as_user '{"token":"admin-token"}'
	run diff_ --as nobody
	[ "$status" != 0 ] && [ "$status" != 1 ]
	assert_has nobody
	run -1 diff_ --as someone --as-group system:masters
	run -2 diff_ --as-group system:masters
	assert_has "--as"
}
