#!/usr/bin/env bats
# Sources that lost one server come back spread over time (spread.py). FETTLE_SOURCES asks for more of them.

load ../e2e/helpers

setup() {
	fettle_setup
	export FETTLE_STATE_DIR=$PWD/state
}

@test "spread: sources of a server that was gone do not come back in a crowd" {
	run python3 "$BATS_TEST_DIRNAME/spread.py" "$FETTLE" "${FETTLE_SOURCES:-300}" "${FETTLE_OUTAGE_S:-8}"
	echo "$output"
	echo "# ${lines[0]}" >&3
	[ "$status" -eq 0 ]
}
