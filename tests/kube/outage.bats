#!/usr/bin/env bats
# The API server goes away in the middle of a run, and credentials end: on a cluster of this file's own.

load ../e2e/helpers
load ../rig/kube/shared

setup_file() {
	local status=0
	export KUBE_SKIP=
	export OWN=$BATS_FILE_TMPDIR/rig
	"$RIG" start "$OWN" 3>&- || status=$?
	if [ "$status" = 77 ]; then
		echo "# $BATS_TEST_FILENAME: SKIPPED, NO KUBERNETES TEST CLUSTER ON THIS MACHINE" >&3
		KUBE_SKIP="no Kubernetes test cluster on this machine"
		return 0
	fi
	[ "$status" = 0 ]
}
teardown_file() { [ ! -e "$OWN/env" ] || "$RIG" stop "$OWN"; }

setup() {
	fettle_setup
	[ -z "$KUBE_SKIP" ] || skip "$KUBE_SKIP"
	# shellcheck disable=SC1091
	. "$OWN/env"
	NAME=o$BATS_TEST_NUMBER
}

config_maps() { for i in $(seq "$1"); do printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s-%s}\ndata: {k: "%s"}\n' "$NAME" "$i" "$2"; done; }

# deployment NAME WHAT BECOMES OF ITS PODS
deployment() {
	cat <<-END
		---
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: $1}
		spec:
		  selector: {matchLabels: {app: $1}}
		  template:
		    metadata: {labels: {app: $1}, annotations: {rig.fettle.dev/pod: "$2"}}
		    spec: {containers: [{name: app, image: x}]}
	END
}

apply() { fettle apply --name "$NAME" --context admin --yes "$@"; }
count() { kubectl get configmap -o json | jq "[.items[] | select(.metadata.name | startswith(\"$NAME-\")) | select(.data.k == \"$1\")] | length"; }

# First: after the restarts below the controllers take their time to come back.
@test "outage: a token that ends in mid-run is asked for anew" {
	kubectl create serviceaccount "$NAME" >/dev/null
	kubectl create clusterrolebinding "$NAME" --clusterrole cluster-admin --serviceaccount "default:$NAME" >/dev/null
	kubectl create secret generic "$NAME-life" >/dev/null
	first=$(kubectl create token "$NAME" --bound-object-kind Secret --bound-object-name "$NAME-life")
	second=$(kubectl create token "$NAME")
	cat >plugin <<-END
		#!/bin/sh
		echo run >>$PWD/runs
		token=$first
		[ \$(wc -l <$PWD/runs) = 1 ] || token=$second
		echo "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"\$token\"}}"
	END
	chmod +x plugin
	(
		umask 077
		kubectl config view --raw --minify --context admin -o json |
			jq '.users[0].user = {exec: {apiVersion: "client.authentication.k8s.io/v1", command: "./plugin", interactiveMode: "Never"}}' >kc
	)
	# The second object waits until the first is ready, which is when its token has ended.
	{
		deployment "$NAME" hang
		printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s-1, annotations: {fettle.dev/depends-on: "Deployment/%s"}}\ndata: {k: late}\n' "$NAME" "$NAME"
	} >m.yaml
	"$FETTLE" apply m.yaml --name "$NAME" --kubeconfig kc --yes --timeout 90s >log 2>&1 3>&- &
	run=$!
	wait_until kubectl get deployment "$NAME" >/dev/null 2>&1
	kubectl delete secret "$NAME-life" >/dev/null
	# The server remembers for ten seconds whom it let in.
	wait_until sh -c "! kubectl get namespaces --token '$first' --kubeconfig /dev/null --server '$RIG_SERVER' --certificate-authority '$RIG_CA'" >/dev/null 2>&1
	sleep 11
	kubectl get pods -o name -l "app=$NAME" | xargs -rI{} kubectl annotate {} --overwrite rig.fettle.dev/pod=ready >/dev/null
	wait "$run" || { cat log; false; }
	[ "$(count late)" = 1 ]
	[ "$(wc -l <runs)" = 2 ]
}

@test "outage: the server is killed and started again while objects are written" {
	for delay in 0.1 0.3 0.6; do
		config_maps 200 "$delay" >m.yaml
		"$FETTLE" apply m.yaml --name "$NAME" --context admin --yes --timeout 90s >log 2>&1 3>&- &
		run=$!
		sleep "$delay"
		"$RIG" restart "$OWN" 1 3>&-
		wait "$run" || { cat log; false; }
		[ "$(count "$delay")" = 200 ]
		run -0 fettle diff m.yaml --name "$NAME" --context admin
	done
}

@test "outage: the server is away while we wait" {
	deployment "$NAME" slow:4s >m.yaml
	"$FETTLE" apply m.yaml --name "$NAME" --context admin --yes --timeout 90s >log 2>&1 3>&- &
	run=$!
	wait_until kubectl get deployment "$NAME" >/dev/null 2>&1
	"$RIG" restart "$OWN" 2 3>&-
	wait "$run" || { cat log; false; }
	[ "$(kubectl get deployment "$NAME" -o jsonpath='{.status.readyReplicas}')" = 1 ]
}

@test "outage: a server that stays away ends with --timeout, and the next run goes on" {
	config_maps 200 one >m.yaml
	"$FETTLE" apply m.yaml --name "$NAME" --context admin --yes --timeout 4s >log 2>&1 3>&- &
	run=$!
	sleep 0.2
	"$RIG" restart "$OWN" 7 3>&- &
	restart=$!
	local status=0 start=$SECONDS
	wait "$run" || status=$?
	[ "$((SECONDS - start))" -le 8 ]
	# Written in time, or one of the clear ends.
	[[ $status =~ ^(0|3|124)$ ]] || { cat log; false; }
	wait "$restart"
	run -0 apply m.yaml --timeout 60s
	[ "$(count one)" = 200 ]
}
