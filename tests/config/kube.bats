#!/usr/bin/env bats
# kube:// against a real API server: ConfigMaps and Secrets, changes, rights, a line that is cut.

load ../e2e/helpers
load ../rig/kube/shared
load centers

setup_file() { kube_rig; }
teardown_file() { kube_rig_done; }

setup() {
	fettle_setup
	kube_test
	export FETTLE_STATE_DIR=$PWD/state
	agent=
	map=app$BATS_TEST_NUMBER
	url=kube://admin/$KUBE_NS/configmaps/$map
}

teardown() {
	[ -z "$agent" ] || kill -KILL "$agent" 2>/dev/null || true
}

@test "kube: the data of a ConfigMap are keys; all of a namespace, and some by labels" {
	kubectl create configmap "$map" -n "$KUBE_NS" --from-literal=host=one --from-literal=port=80
	kubectl create configmap "$map-b" -n "$KUBE_NS" --from-literal=x=1
	kubectl label configmap "$map-b" -n "$KUBE_NS" part=yes
	run "$FETTLE" config list --names --from "$url"
	[ "$output" = $'host\nport' ]
	[ "$("$FETTLE" config get host --from "$url")" = one ]
	run "$FETTLE" config list --names --from "kube://admin/-/configmaps?labels=part%3Dyes"
	[ "$output" = "$map-b/x" ]
	run "$FETTLE" config list --names --from "kube://admin/$KUBE_NS/configmaps" "$map"
	[ "$output" = $'host\nport' ]
}

@test "kube: set and rm make, change and empty a ConfigMap; a Secret takes any bytes" {
	printf 'a b' | "$FETTLE" config set host --from "$url" -q
	[ "$(kubectl get configmap "$map" -n "$KUBE_NS" -o 'jsonpath={.data.host}')" = "a b" ]
	printf '80' | "$FETTLE" config set port --from "$url" -q
	"$FETTLE" config rm host --from "$url" -q
	[ "$(kubectl get configmap "$map" -n "$KUBE_NS" -o 'jsonpath={.data}')" = '{"port":"80"}' ]
	run -2 "$FETTLE" config set a/b --from "$url" </dev/null
	assert_has "no key of a ConfigMap"
	printf '\377\001hunter2' >bytes
	run -2 "$FETTLE" config set bytes --from "$url" <bytes
	assert_has "a Secret takes any bytes"
	local secret=kube://admin/$KUBE_NS/secrets/$map
	"$FETTLE" config set token --from "$secret" -q <bytes
	kubectl get secret "$map" -n "$KUBE_NS" -o 'jsonpath={.data.token}' | base64 -d | cmp - bytes
	"$FETTLE" config get token --from "$secret" | cmp - bytes
}

@test "kube: without the right to read it says so; what is no source is refused" {
	kubectl create secret generic "$map" -n "$KUBE_NS" --from-literal=a=1
	run "$FETTLE" config list --from "kube://nobody/$KUBE_NS/secrets/$map"
	[ "$status" = 4 ]
	assert_has "forbidden"
	run -2 "$FETTLE" config list --from "kube://admin/$KUBE_NS/pods/x"
	assert_has "names no ConfigMaps or Secrets"
	run -2 "$FETTLE" config list --from "kube://nosuch/$KUBE_NS/configmaps/x"
	assert_has "nosuch"
}

# follow_host URL: an agent that writes the key host to the file out.
follow_host() {
	cat >agent.yaml <<-A
		apiVersion: config.fettle.dev/v1
		kind: Agent
		sources: { center: { url: "$1" } }
		units: { app: { templates: [ { text: '{{ key "host" }}', flavour: consul-template, to: out } ] } }
	A
	agent_start
}

@test "kube: the agent follows a ConfigMap by watch, also through a line that was cut" {
	kubectl create configmap "$map" -n "$KUBE_NS" --from-literal=host=one
	kube_proxy
	follow_host "$url"
	wait_until holds out one
	kubectl patch configmap "$map" -n "$KUBE_NS" --type merge -p '{"data":{"host":"two"}}'
	wait_until holds out two
	kube_tell cut
	kubectl patch configmap "$map" -n "$KUBE_NS" --type merge -p '{"data":{"host":"three"}}'
	wait_until holds out three
	kubectl delete configmap "$map" -n "$KUBE_NS"
	sleep 1
	holds out three
	kill -0 "$agent"
	kubectl create configmap "$map" -n "$KUBE_NS" --from-literal=host=four
	wait_until holds out four
}

@test "kube: a watch from a version that is gone begins anew" {
	kubectl create configmap "$map" -n "$KUBE_NS" --from-literal=host=one
	kube_faults expired
	follow_host "kube://admin-token/$KUBE_NS/configmaps/$map"
	wait_until holds out one
	kubectl patch configmap "$map" -n "$KUBE_NS" --type merge -p '{"data":{"host":"two"}}'
	wait_until holds out two
}

@test "kube: a target of apply: the first level of a path is the ConfigMap" {
	url=kube://admin/$KUBE_NS/configmaps
	printf 'apiVersion: config.fettle.dev/v1\nkind: ConfigSet\nmetadata: {name: shop}\nspec: {path: %s, data: {host: x, port: 1}}\n' "$map" >m.yaml
	fettle apply m.yaml --name "$map" --center "$url" --yes
	[ "$(kubectl get configmap "$map" -n "$KUBE_NS" -o 'jsonpath={.data.port}')" = 1 ]
	kubectl patch configmap "$map" -n "$KUBE_NS" --type merge -p '{"data":{"theirs":"t","host":"evil"}}'
	sed -i 's/, port: 1//' m.yaml
	run -0 fettle apply m.yaml --name "$map" --center "$url" --yes
	[ "$(kubectl get configmap "$map" -n "$KUBE_NS" -o 'jsonpath={.data.host},{.data.port},{.data.theirs}')" = x,,t ]
	run -0 fettle apply m.yaml --name "$map" --center "$url" --yes
	assert_has "1 unchanged"
	kubectl get configmap fettle-records -n "$KUBE_NS" -o name
}
