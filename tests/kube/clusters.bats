#!/usr/bin/env bats
# An environment of several clusters: one command for all of them, side by side.

load ../e2e/helpers
load ../rig/kube/shared

setup_file() {
	kube_rig
	[ -z "$KUBE_SKIP" ] || return 0
	kube_namespace "$KUBE_NS-us"
}
teardown_file() { kube_rig_done; }

setup() {
	fettle_setup
	kube_test
	mkdir envs
	cat >fettle.yaml <<-END
		apiVersion: fettle.dev/v1
		kind: Project
		metadata: {name: c$BATS_TEST_NUMBER}
		environments:
		  prod:
		    path: envs
		    target:
		      kubernetes:
		        namespace: $KUBE_NS
		        clusters:
		          eu: {context: admin}
		          us: {context: admin-token, namespace: $KUBE_NS-us}
	END
	NAME=c$BATS_TEST_NUMBER
	config_map one
}

config_map() { printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {k: %s}\n' "$NAME" "$1" >envs/m.yaml; }
value() { kubectl get configmap -n "$1" "$NAME" -o jsonpath='{.data.k}'; }

@test "clusters: diff, apply and status of all" {
	run -1 fettle diff
	assert_has "--- eu"
	assert_has "create  ConfigMap/$KUBE_NS-us/$NAME"
	run -0 fettle apply --yes
	[ "$(value "$KUBE_NS") $(value "$KUBE_NS-us")" = "one one" ]
	run -0 fettle status
	assert_has "--- us"
	kubectl delete configmap -n "$KUBE_NS-us" "$NAME" >/dev/null
	run -1 fettle status
	assert_has "1 missing"
	run -0 --separate-stderr fettle apply --yes -o json
	run -0 jq -c '[.schema, (.clusters | map_values([.exitCode, .result.done]))]' <<<"$output"
	assert_output '["fettle.clusters/1",{"eu":[0,0],"us":[0,1]}]'
}

@test "clusters: one of them" {
	run -0 fettle apply --yes --cluster us
	[ "$(value "$KUBE_NS-us")" = one ]
	run -1 value "$KUBE_NS"
	run -0 fettle history --cluster us
	run -2 --separate-stderr fettle history
	assert_talk_has "several clusters: eu, us"
	run -2 --separate-stderr fettle diff --cluster jp
	assert_talk_has "its clusters are eu, us"
	run -2 --separate-stderr fettle diff --context admin
	assert_talk_has "choose one of them with --cluster"
	run -2 --separate-stderr fettle apply --watch --yes
	assert_talk_has "choose one with --cluster"
	run -0 fettle __complete -- apply --cluster ""
	assert_has eu
}

@test "clusters: what fails on one does not stop the others" {
	sed -i 's/context: admin}/context: nobody}/' fettle.yaml
	run -4 fettle apply --yes
	assert_has "failed on eu (exit code 4)"
	[ "$(value "$KUBE_NS-us")" = one ]
}

@test "clusters: in another folder, with words behind --" {
	git init -q .
	mkdir deep
	run -1 fettle -C deep diff --
	assert_has "--- us"
	run -1 fettle -C deep diff -o json --
	assert_has fettle.clusters/1
}

@test "clusters: without an answer nothing is changed" {
	run -2 fettle --no-input apply
	assert_has "--yes"
	run -1 value "$KUBE_NS"
	sed -i 's/clusters:/context: x\n        clusters:/' fettle.yaml
	run -2 --separate-stderr fettle diff
	assert_talk_has "fettle.yaml:10:18"
}
