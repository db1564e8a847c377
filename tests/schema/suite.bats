#!/usr/bin/env bats
# JSON Schema as JSON-Schema-Test-Suite has it, drafts 4 to 2020-12.

load ../e2e/helpers

setup() { fettle_setup; }

@test "json schema: every case is judged as the suite says, or its schema is refused" {
	local suite unit=$BATS_TEST_DIRNAME/../../build/debug/unit
	suite=$(HOME=$(getent passwd "$(id -u)" | cut -d: -f6) XDG_CACHE_HOME='' "$BATS_TEST_DIRNAME/../rig/json-schema/suite") ||
		skip "no suite on this machine"
	[ -x "$unit" ] || skip "the unit tests are not built"
	JSON_SCHEMA_SUITE=$(printf '%s\n' "$suite"/draft{4,6,7,2019-09,2020-12}/*.json)
	export JSON_SCHEMA_SUITE
	run "$unit" json_schema
	echo "$output"
	grep -h 'right,' <<<"$output" >&3
	[ "$status" -eq 0 ]
}
