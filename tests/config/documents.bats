#!/usr/bin/env bats
# file:DIR#* — the leaves of all documents of a folder, encrypted ones too.

load ../e2e/helpers
load centers

setup() {
	fettle_setup
	export FETTLE_STATE_DIR=$PWD/state
	agent=
	mkdir -p conf/sub
	printf 'db: {host: one}\n' >conf/app.yaml
	printf 'x = 1\n[y]\nz = "w"\n' >conf/sub/t.toml
	printf 'hello' >conf/motd
	"$FETTLE" vault init -q
	printf 'password: hunter2\n' >conf/secret.yaml
	"$FETTLE" vault encrypt -q -i conf/secret.yaml
}

teardown() {
	[ -z "$agent" ] || kill -KILL "$agent" 2>/dev/null || true
}

@test "documents: leaves of YAML, TOML and SOPS files are keys below their names" {
	run "$FETTLE" config list --names --from "file:conf#*"
	[ "$output" = $'app/db/host\nmotd\nsecret/password\nsub/t/x\nsub/t/y/z' ]
	[ "$("$FETTLE" config get secret/password --from "file:conf#*")" = hunter2 ]
	run "$FETTLE" config list --names sub --from "file:$PWD/conf#*"
	[ "$output" = $'t/x\nt/y/z' ]
	run "$FETTLE" config set app/db/host --from "file:conf#*" <conf/motd
	[ "$status" != 0 ]
	assert_has "edit it"
}

@test "documents: the agent follows the files, and keeps what a broken one had" {
	cat >agent.yaml <<-A
		apiVersion: config.fettle.dev/v1
		kind: Agent
		sources: { center: { url: "file:conf#*" } }
		units: { app: { templates: [ { text: '{{ key "app/db/host" }} {{ key "secret/password" }}', flavour: consul-template, to: out } ] } }
	A
	agent_start
	wait_until holds out "one hunter2"
	printf 'two' | "$FETTLE" vault set -q conf/secret.yaml:password
	wait_until holds out "one two"
	printf 'db: [\n' >conf/app.yaml
	wait_until grep -q app.yaml log
	holds out "one two"
	printf 'db: {host: three}\n' >conf/app.yaml
	wait_until holds out "three two"
}
