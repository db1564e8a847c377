#!/usr/bin/env bats
# git: as a source: files and documents at a ref, followed over file:// and HTTPS, a server that is gone.

load ../e2e/helpers
load ../rig/git/rig
load centers

setup() {
	fettle_setup
	export FETTLE_STATE_DIR=$PWD/state RIG=$PWD/rig
	mkdir -p "$RIG"
	agent=
	rig_repo
	rig_commit "$RIG/work" conf/app.yaml $'db: {host: one, port: 80}\n' app
	rig_commit "$RIG/work" conf/sub/motd 'hello' motd
	rig_push
}

teardown() {
	[ -z "$agent" ] || kill -KILL "$agent" 2>/dev/null || true
	rig_stop
}

follow_host() {
	cat >agent.yaml <<-A
		apiVersion: config.fettle.dev/v1
		kind: Agent
		sources: { center: { url: "$1", poll: 200ms, ${2:-} } }
		units: { app: { templates: [ { text: '{{ key "db/host" }}', flavour: consul-template, to: out } ] } }
	A
	agent_start
}

@test "config: files of a folder of a commit are keys, or the leaves of one document" {
	run "$FETTLE" config list --names --from "git:$RIG/repos/shop.git//conf?ref=main"
	[ "$output" = $'app.yaml\nsub/motd' ]
	[ "$("$FETTLE" config get sub/motd --from "git:file://$RIG/repos/shop.git//conf")" = hello ]
	local tree=$RIG/work
	[ "$("$FETTLE" config get db/port --from "git:$tree//conf?ref=main#app.yaml")" = 80 ]
	run -0 "$FETTLE" config list --names --from "git:$RIG/repos/shop.git?ref=v1"
	[ "$output" = envs/prod/motd.yaml ]
	run "$FETTLE" config list --from "git:$RIG/repos/shop.git?ref=nosuch" --timeout 2s
	[ "$status" != 0 ]
	assert_has nosuch
	run -2 "$FETTLE" config list --from "git:$RIG/repos/shop.git#../x"
	assert_has "leads out"
}

@test "config: the agent follows a branch, and one that was rewritten" {
	follow_host "git:file://$RIG/repos/shop.git//conf?ref=main#app.yaml"
	wait_until holds out one
	rig_commit "$RIG/work" conf/app.yaml $'db: {host: two}\n' two
	rig_push
	wait_until holds out two
	rig_git -C "$RIG/work" reset -q --hard HEAD~1
	rig_push
	wait_until holds out one
	mv "$RIG/repos/shop.git" "$RIG/repos/gone.git"
	sleep 1
	kill -0 "$agent"
	holds out one
	mv "$RIG/repos/gone.git" "$RIG/repos/shop.git"
	rig_commit "$RIG/work" conf/app.yaml $'db: {host: three}\n' three
	rig_push
	wait_until holds out three
}
