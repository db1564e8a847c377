#!/usr/bin/env bats
# Manifests of well-known operators, as their makers ship them inside Go modules: applied and waited for, nothing
# to do afterwards, pruned.

load ../e2e/helpers
load ../rig/kube/shared

setup_file() { kube_rig; }
teardown_file() { kube_rig_done; }

setup() {
	fettle_setup
	kube_test
	NAME=op$BATS_TEST_NUMBER
}

# What a test that failed leaves must not be in the way of the next run: the cluster is shared.
teardown() {
	[ ! -d kept ] || kubectl delete -f kept --ignore-not-found --wait=false >/dev/null 2>&1 || true
}

# module PATH@VERSION: its folder, or nothing where it cannot be fetched. Modules stay in the user's own cache.
module() {
	PATH=$PATH:/usr/local/go/bin HOME=$(getent passwd "$(id -u)" | cut -d: -f6) GOTOOLCHAIN=local GOWORK=off \
		timeout 300 go mod download -json "$1" 2>/dev/null | jq -er .Dir || true
}

passes() {
	run "$@"
	[ "$status" = 0 ] || fail_with "ended with $status" "$output"
}

# operator COUNT FILE...: all of it, COUNT objects at least
operator() {
	local count=$1
	shift
	mkdir manifests
	for file in "$@"; do cp "$file" "manifests/$(basename "$(dirname "$file")")-$(basename "$file")"; done
	chmod -R u+w manifests
	cp -r manifests kept
	apply() { fettle apply "$1" --name "$NAME" --context admin --yes --timeout 120s "${@:2}"; }
	passes apply manifests
	echo "# ${output##*$'\n'}" >&3
	[ "$(sed -n 's/.*: \([0-9]*\) done.*/\1/p' <<<"$output" | tail -1)" -ge "$count" ]
	passes fettle diff manifests --name "$NAME" --context admin
	passes fettle diff manifests --name "$NAME" --context admin --verify always
	rm manifests/*
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n' "$NAME" >manifests/last.yaml
	# What takes data with it is named, each.
	mapfile -t guarded < <(kubectl get crd,statefulset -A -o json | jq -r '.items[] | "--allow-delete=" + ([.kind, .metadata.namespace // empty, .metadata.name] | join("/"))')
	# A server that has just learnt of a definition may take a minute to forget it again.
	passes apply manifests --timeout 400s --prune --max-deletions 100% "${guarded[@]}"
	passes fettle status --name "$NAME" --context admin
	kubectl delete configmap "$NAME" >/dev/null
	rm -r kept
}

@test "operators: prometheus-operator" {
	dir=$(module github.com/prometheus-operator/prometheus-operator@v0.80.1)
	[ -n "$dir" ] || skip "the module cannot be fetched"
	operator 14 "$dir/bundle.yaml"
	run -1 kubectl get crd prometheuses.monitoring.coreos.com
	run -1 kubectl get deployment prometheus-operator -n default
}

@test "operators: gateway-api" {
	dir=$(module sigs.k8s.io/gateway-api@v1.2.1)
	[ -n "$dir" ] || skip "the module cannot be fetched"
	operator 5 "$dir"/config/crd/standard/*.yaml
	run -1 kubectl get crd gateways.gateway.networking.k8s.io
}

@test "operators: cert-manager's definitions" {
	dir=$(module github.com/cert-manager/cert-manager@v1.16.3)
	[ -n "$dir" ] || skip "the module cannot be fetched"
	mkdir plain
	# Lines of Helm around labels; no values in the definitions themselves.
	for file in "$dir"/deploy/crds/*.yaml; do sed '/{{/d' "$file" >"plain/$(basename "$file")"; done
	operator 6 plain/*.yaml
}

@test "operators: Argo CD" {
	dir=$(module github.com/argoproj/argo-cd/v2@v2.13.4)
	[ -n "$dir" ] || skip "the module cannot be fetched"
	operator 50 "$dir/manifests/install.yaml"
	run -1 kubectl get deployment argocd-server
}
