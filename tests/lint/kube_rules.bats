#!/usr/bin/env bats
# Rule families for Kubernetes: small cases, good, bad and odd, in tests/lint/kube/FAMILY.txt.

load ../e2e/helpers

setup() {
	CASES=$BATS_TEST_DIRNAME/kube
	fettle_setup
}

@test "lint kube: every case of every family is judged as it says" {
	local file family
	for file in "$CASES"/*.txt; do
		family=$(basename "$file" .txt)
		run -0 python3 "$BATS_TEST_DIRNAME/kube_rules.py" "$FETTLE" "$family" "$file"
	done
}

@test "lint kube-secrets: what is found is never shown" {
	printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {password: qv7Rk29xLm}\n' >a.yaml
	local format
	for format in text json jsonl sarif junit github gitlab; do
		run -1 fettle lint --select kube-secrets --output "$format" a.yaml
		assert_has "secret-manifest-plaintext"
		assert_lacks "qv7R"
	done
}

@test "lint --fix: base64 of a Secret gets its padding" {
	printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  user: YWRtaW4 # who\n' >a.yaml
	run fettle lint --fix --select secret-base64-invalid a.yaml
	[ "$status" = 0 ]
	grep -qx '  user: YWRtaW4= # who' a.yaml
}

@test "lint references: patches of a kustomization are no second objects" {
	local deployment='apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: a, image: "a:1"}]}}}\n'
	printf "$deployment" >deployment.yaml
	printf "$deployment" >patch.yaml
	run -0 fettle lint --select references .
	assert_has "duplicate-object"
	printf 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [deployment.yaml]\npatches: [{path: patch.yaml}]\nconfigMapGenerator: [{name: c, literals: [a=b]}]\n' >kustomization.yaml
	printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: "a:1", envFrom: [{configMapRef: {name: c}}]}]}\n' >pod.yaml
	run -0 fettle lint --select references .
	assert_lacks "warning"
	assert_lacks "info["
}

@test "lint references: the same for any number of threads, every finding with its place" {
	python3 "$BATS_TEST_DIRNAME/../bench/lint_kube.py" tree tree 300
	find tree -name account.yaml -delete
	run -0 fettle lint --select references --threads 1 tree
	local one=$output
	assert_has "missing-service-account"
	assert_lacks ":0:"
	run -0 fettle lint --select references --threads 8 tree
	[ "$output" = "$one" ]
}

@test "lint --fix: labels, budgets and amounts are mended where they are" {
	printf 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop # ours\n' >ns.yaml
	run -0 fettle lint --fix --select namespace-without-pss-label ns.yaml
	grep -qx '  name: shop # ours' ns.yaml
	grep -qx '    pod-security.kubernetes.io/warn: baseline' ns.yaml
	printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: "a:1", resources: {limits: {memory: 512m}}}]}\n' >pod.yaml
	run -0 fettle lint --fix --select bad-quantity pod.yaml
	grep -qF 'memory: 512Mi' pod.yaml
}

@test "lint validity: a patch may leave out what an object may not" {
	printf 'apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: a, image: "a:1"}]}}}\n' >job.yaml
	run -1 fettle lint --select validity .
	assert_has "restart-policy"
	printf 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\npatches: [{path: job.yaml}]\n' >kustomization.yaml
	run -0 fettle lint --select validity .
}
