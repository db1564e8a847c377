#!/usr/bin/env bats
# fettle lint, family schema, beside the judgement of a real API server.

load ../e2e/helpers
load ../rig/kube/shared

setup_file() {
	kube_rig
	[ -z "$KUBE_SKIP" ] || return 0
	kubectl apply --server-side -f "$BATS_TEST_DIRNAME/schema/crd.json" >/dev/null
	kubectl wait --for condition=established --timeout 30s crd/widgets.example.com >/dev/null
}
teardown_file() {
	[ -n "${KUBE_SKIP:-}" ] || kubectl delete --ignore-not-found -f "$BATS_TEST_DIRNAME/schema/crd.json" >/dev/null
	kube_rig_done
}
setup() {
	fettle_setup
	kube_test
	VERSION=$(kubectl version -o json | jq -r '.serverVersion.gitVersion')
}

py() { python3 "$BATS_TEST_DIRNAME/schema.py" "$@"; }

# lint_to FOLDER: the findings of a folder, in findings.jsonl
lint_to() {
	fettle lint --select schema --kubernetes-version "$VERSION" --crds "$BATS_TEST_DIRNAME/schema/crd.json" \
		--exit-zero --output jsonl "$1" >findings.jsonl
}

@test "lint schema: what the server accepts, fettle does, and what one refuses, so does the other" {
	local what
	for what in accepted refused; do
		py split "$BATS_TEST_DIRNAME/schema/$what.jsonl" "$what"
		py ask "$what"
		lint_to "$what"
		run -0 py all "$what" findings.jsonl "$what"
		echo "# $output" >&3
	done
}

@test "lint schema: mutants of every kind are decoded by both, or by none" {
	local api seed=${LINT_SEED:-1}
	api=$(mkdir go && cd go && go mod init test.invalid/x >/dev/null 2>&1 &&
		go mod download -json "k8s.io/api@v0.${VERSION#v1.}" | jq -r .Dir) || skip "no test data of k8s.io/api"
	py make "$seed" "${LINT_MUTANTS:-15}" mutants "$api"/testdata/HEAD/*.json
	py ask mutants
	lint_to mutants
	run -0 py compare mutants findings.jsonl
	assert_has "disagreements: 0"
	echo "# seed $seed: $(tr '\n' ',' <<<"$output")" >&3
}
