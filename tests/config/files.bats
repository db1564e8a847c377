#!/usr/bin/env bats
# What programs do to files, at random, against a plain reading of the folder (files.py). FETTLE_FILE_ROUNDS
# asks for more sequences.

load ../e2e/helpers

setup() { fettle_setup; }

@test "files: random sequences of editors, writers, kubelets and checkouts: nothing lost, nothing told twice" {
	run python3 "$BATS_TEST_DIRNAME/files.py" "$FETTLE" "${FETTLE_FILE_ROUNDS:-200}" "$PWD/d"
	echo "$output"
	echo "# ${lines[0]}" >&3
	[ "$status" -eq 0 ]
}
