#!/usr/bin/env bats
# TOML as its own test suite has it.

load ../e2e/helpers

setup() { fettle_setup; }

@test "toml: every document of toml-test is accepted with its values, or refused" {
	local suite
	suite=$("$BATS_TEST_DIRNAME/../rig/toml/suite") || skip "no suite on this machine"
	run python3 "$BATS_TEST_DIRNAME/suite.py" "$FETTLE" "$suite"
	echo "$output"
	echo "# ${lines[0]}" >&3
	[ "$status" -eq 0 ]
}
