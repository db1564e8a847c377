#!/usr/bin/env bats
# fettle lint, family validity, beside the judgement of a real API server.

load ../e2e/helpers
load ../rig/kube/shared

setup_file() { kube_rig; }
teardown_file() { kube_rig_done; }
setup() {
	fettle_setup
	kube_test
}

@test "lint validity: what fettle refuses the server does, and what it calls fine the server takes" {
	run -0 python3 "$BATS_TEST_DIRNAME/validity.py" "$FETTLE" "$BATS_TEST_DIRNAME/../lint/kube/validity.txt"
	echo "# $output" >&3
}
