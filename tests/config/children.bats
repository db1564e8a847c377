#!/usr/bin/env bats
# Programs that units run: started, restarted or told at a reload, put back with their files, ended with the agent.

load ../e2e/helpers
load centers

setup() {
	fettle_setup
	export FETTLE_STATE_DIR=$PWD/state
	agent=
	mkdir conf
	echo one >conf/a
	echo one >conf/b
	# Says which content it started with, and ends at once with bad content.
	cat >server <<-'END'
		#!/bin/sh
		echo "start $(cat "$1")" >>"$1.log"
		trap 'echo "told $(cat "$1")" >>"$1.log"' HUP
		trap 'echo "used" >>"$1.log"' USR1
		trap 'echo "end" >>"$1.log"; exit 0' TERM
		case $(cat "$1") in bad*) echo "bad content" >&2; exit 3 ;; esac
		while :; do sleep 0.05; done
	END
	chmod +x server
	cat >agent.yaml <<-END
		apiVersion: config.fettle.dev/v1
		kind: Agent
		sources: { c: { url: "file:conf" } }
		units:
		  a:
		    templates: [ { text: '{{ key "a" }}', flavour: consul-template, to: a.txt } ]
		    run: { command: ["$PWD/server", a.txt], aliveFor: 300ms }
		  b:
		    templates: [ { text: '{{ key "b" }}', flavour: consul-template, to: b.txt } ]
		    run: { command: ["$PWD/server", b.txt], onChange: signal, aliveFor: 100ms }
	END
}

teardown() {
	[ -z "$agent" ] || kill -KILL "$agent" 2>/dev/null || true
	pkill -KILL -f "$PWD/server" || true
}

offer() {
	echo "$2" >conf/.new
	mv conf/.new "conf/$1"
}
said() { [ "$(tail -n 1 "$1.txt.log" 2>/dev/null)" = "$2" ]; }

@test "children: several programs of one agent, restarted or told, and ended with it" {
	agent_start --metrics unix:"$PWD/sock"
	wait_until said a "start one"
	wait_until said b "start one"
	wait_until sh -c "curl -sS --unix-socket sock http://x/metrics | grep -q 'program_up{unit=\"b\"} 1'"
	offer a two
	wait_until said a "start two"
	grep -q '^end$' a.txt.log
	offer b two
	wait_until said b "told two"
	! grep -q '^end$' b.txt.log
	kill -USR1 "$agent"
	kill -TERM "$agent"
	status=0
	wait "$agent" || status=$?
	[ "$status" = 0 ]
	agent=
	said a end
	said b end
}

@test "children: content with which a program does not live is put back" {
	agent_start
	wait_until said a "start one"
	wait_until grep -q 'committed unit=a' log
	offer a bad
	wait_until grep -q 'rolled-back unit=a' log
	[ "$(cat a.txt)" = one ]
	wait_until said a "start one"
	grep -q "the program of 'a' does not run: it ended with 3" log
	offer a three
	wait_until said a "start three"
	agent_stop
	[ "$status" = 0 ]
}

@test "children: one that dies is started again, also when its files were there before the agent" {
	agent_start
	wait_until grep -q 'committed unit=a' log
	pkill -KILL -f "server a.txt"
	wait_until sh -c "[ \$(grep -c 'start one' a.txt.log) = 2 ]"
	agent_stop
	rm a.txt.log
	agent_start
	wait_until said a "start one"
	kill -KILL "$agent"
	agent=
}

@test "children: mistakes in run have a place, and a program there is none of is told" {
	sed -i 's/aliveFor: 300ms/killSignal: LOUD/' agent.yaml
	run -2 --separate-stderr fettle config run agent.yaml
	assert_talk_has "agent.yaml:7:"
	sed -i "s/killSignal: LOUD/aliveFor: 100ms/; s#\"$PWD/server\", a.txt#/nothere#" agent.yaml
	agent_start
	wait_until grep -q "program cannot be started" log
	wait_until said b "start one"
	# What was refused before is told, not tried.
	agent_stop
	run -5 --separate-stderr fettle config render agent.yaml
	assert_talk_has "before, not tried again"
}
