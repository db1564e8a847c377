#!/usr/bin/env bats
# Validated reloads that are killed (crash.py). SWAP_KILLS asks for more.

load ../e2e/helpers

setup() { fettle_setup; }

@test "swap: killed at random moments" {
	run python3 "$BATS_TEST_DIRNAME/crash.py" "$FETTLE" "${SWAP_KILLS:-20}" "$PWD"
	echo "$output"
	echo "# ${lines[0]}" >&3
	[ "$status" -eq 0 ]
}
