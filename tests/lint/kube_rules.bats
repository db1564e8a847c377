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
	printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {password: s3cr3t-Pa55}\n' >a.yaml
	local format
	for format in text json jsonl sarif junit github gitlab; do
		run -1 fettle lint --select kube-secrets --output "$format" a.yaml
		assert_has "secret-manifest-plaintext"
		assert_lacks "s3cr3t"
	done
}

@test "lint --fix: base64 of a Secret gets its padding" {
	printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  user: YWRtaW4 # who\n' >a.yaml
	run fettle lint --fix --select secret-base64-invalid a.yaml
	[ "$status" = 0 ]
	grep -qx '  user: YWRtaW4= # who' a.yaml
}
