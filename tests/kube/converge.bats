#!/usr/bin/env bats
# Many times over what apply promises on a real API server (converge.py). KUBE_TRIES, KUBE_HISTORIES and
# KUBE_KILLS ask for more.

load ../e2e/helpers
load ../rig/kube/shared

setup_file() { kube_rig; }
teardown_file() { kube_rig_done; }

setup() {
	fettle_setup
	kube_test
	export PROJECT=c$BATS_TEST_NUMBER
}

converge() {
	run python3 "$BATS_TEST_DIRNAME/converge.py" "$1" "$FETTLE" "$2"
	echo "$output"
	echo "# ${lines[0]}" >&3
	[ "$status" -eq 0 ]
}

@test "kube: a chain of objects that depend on each other" { converge chain 10; }
@test "kube: definition, object, namespace and Deployment from nothing, first try each time" { converge scratch "${KUBE_TRIES:-5}"; }
@test "kube: random edit histories with prune" { converge histories "${KUBE_HISTORIES:-30}"; }
@test "kube: killed at random moments of 200 objects" { converge kills "${KUBE_KILLS:-6}"; }
