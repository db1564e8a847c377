#!/usr/bin/env bats
# config exec: a program, its environment, its signals and its end.

load ../e2e/helpers
load centers

setup() {
	fettle_setup
	export FETTLE_STATE_DIR=$PWD/state
	agent= etcd_pid=
	mkdir -p conf/db
	printf one >conf/db/host
}

teardown() {
	[ -z "$agent" ] || kill -KILL "$agent" 2>/dev/null || true
	etcd_stop
}

# exec_start OPTION... -- CMD: in the background
exec_start() {
	"$FETTLE" config exec --from file:conf "$@" >out.txt 2>log 3>&- &
	agent=$!
}

# Waits for what is running to say a word, then reads commands from signals.
daemon='trap "echo got-hup >>said" HUP; trap "echo got-usr1 >>said" USR1; trap "echo got-usr2 >>said" USR2
trap "echo got-quit >>said; exit 9" QUIT; trap "echo got-term >>said; exit 5" TERM; trap "echo got-int >>said; exit 6" INT
echo "start $DB_HOST" >>said; while :; do sleep 0.05; done'

said() {
	grep -qx "$1" said 2>/dev/null
}

@test "config exec: keys are variables, the exit code is the program's" {
	printf 'x y' >conf/a-b.c
	run "$FETTLE" config exec --from file:conf --prefix APP_ -- sh -c 'echo "$APP_DB_HOST|$APP_A_B_C"; exit 41'
	[ "$status" = 41 ]
	[ "$output" = "one|x y" ]
	run "$FETTLE" config exec --from file:conf --keep-case --path db -- sh -c 'echo "$host"'
	[ "$output" = one ]
	run -127 "$FETTLE" config exec --from file:conf -- nosuchprogram
	run "$FETTLE" config exec --from file:conf -- /dev/null
	[ "$status" = 127 ] || [ "$status" = 126 ]
	run "$FETTLE" config exec --from file:conf -- sh -c 'kill -KILL $$'
	[ "$status" = 137 ]
}

@test "config exec: --pristine hands on nothing but the usual" {
	LEAK=secret run "$FETTLE" config exec --from file:conf --pristine -- sh -c 'echo "$LEAK|$DB_HOST|${PATH:+path}"'
	[ "$output" = "|one|path" ]
}

@test "config exec: every signal goes to the program" {
	exec_start -- sh -c "$daemon"
	wait_until said "start one"
	for signal in HUP USR1 USR2; do
		kill -"$signal" "$agent"
		wait_until said "got-$(printf %s "$signal" | tr A-Z a-z)"
	done
	kill -TERM "$agent"
	status=0
	wait "$agent" || status=$?
	agent=
	[ "$status" = 5 ]
	said got-term
}

@test "config exec: QUIT and INT end it with the program's code" {
	exec_start -- sh -c "$daemon"
	wait_until said "start one"
	kill -QUIT "$agent"
	status=0
	wait "$agent" || status=$?
	agent=
	[ "$status" = 9 ]
}

@test "config exec: a change restarts it, once, with the new environment" {
	exec_start -- sh -c "$daemon"
	wait_until said "start one"
	printf two >conf/db/.new && mv conf/db/.new conf/db/host
	wait_until said "start two"
	said got-term
	[ "$(grep -c start said)" = 2 ]
}

@test "config exec: a change is a signal, or nothing" {
	exec_start --on-change signal --signal USR1 -- sh -c "$daemon"
	wait_until said "start one"
	printf two >conf/db/.new && mv conf/db/.new conf/db/host
	wait_until said got-usr1
	[ "$(grep -c start said)" = 1 ]
	kill -KILL "$agent"
	wait "$agent" 2>/dev/null || true
	rm said
	exec_start --on-change none -- sh -c "$daemon"
	wait_until said "start two"
	printf three >conf/db/.new && mv conf/db/.new conf/db/host
	sleep 0.3
	[ "$(cat said)" = "start two" ]
}

@test "config exec: one that will not end is killed after --kill-timeout" {
	exec_start --kill-timeout 200ms -- sh -c 'trap "" TERM; echo up >said; while :; do sleep 0.05; done'
	wait_until said up
	kill -TERM "$agent"
	status=0
	wait "$agent" || status=$?
	agent=
	[ "$status" = 137 ]
	grep -q 'did not end in time' log
}

@test "config exec: --restart on-failure starts it again, with pauses, and gives up on a loop of crashes" {
	exec_start --restart on-failure -- sh -c 'echo run >>said; [ "$(grep -c run said)" -lt 3 ] && exit 1; exit 0'
	status=0
	wait "$agent" || status=$?
	agent=
	[ "$status" = 0 ]
	[ "$(grep -c run said)" = 3 ]
	grep -q 'started again in' log
}

@test "config exec: as process 1 it reaps orphans and leaves no zombie" {
	unshare -pf --mount-proc true 2>/dev/null || skip "no namespaces here"
	exec_start -- true
	wait "$agent"
	agent=
	run unshare -pf --mount-proc --kill-child "$FETTLE" config exec --from file:conf -- \
		sh -c 'for i in 1 2 3 4 5; do (sh -c "sleep 0.05" & ); done; sleep 0.6; ps -eo stat= | grep -c Z; exit 3'
	[ "$status" = 3 ]
	[ "${lines[0]}" = 0 ]
}

@test "config exec: starts with what was there last while the source is down" {
	etcd_start main
	put db/host kept
	run "$FETTLE" config exec --from "$etcd_url" -- sh -c 'echo "$DB_HOST"'
	[ "$output" = kept ]
	etcd_stop
	run --separate-stderr "$FETTLE" config exec --from "$etcd_url" -- sh -c 'echo "$DB_HOST"'
	[ "$output" = kept ]
	[[ $stderr == *"last known good"* ]]
	! grep -rq kept state
}

@test "config exec: a secret is in the environment of the program and nowhere else" {
	printf 'planted-5ecret' >conf/db/password
	exec_start -- sh -c 'echo up >said; sleep 30'
	wait_until said up
	tr '\0' '\n' <"/proc/$agent/environ" >ours
	! grep -q planted-5ecret ours
	! tr '\0' ' ' <"/proc/$agent/cmdline" | grep -q planted-5ecret
	! grep -rq planted-5ecret log out.txt state
}

@test "config: the memory of a process that holds values is closed to its own user" {
	[ "$(id -u)" = 0 ] || skip "only root can become somebody else"
	cat >as-nobody.py <<-'PY'
		import os, sys
		program = os.open(sys.argv[1], os.O_RDONLY)
		os.setgroups([])
		os.setresgid(65534, 65534, 65534)
		os.setresuid(65534, 65534, 65534)
		os.execve(program, ["fettle"] + sys.argv[2:], {"A": "b", "HOME": "/nonexistent"})
	PY
	python3 as-nobody.py "$FETTLE" config watch --from env: >watched 2>log 3>&- &
	agent=$!
	wait_until grep -q 'is *A = b' watched
	[ "$(awk '/^Uid:/ { print $2 }' "/proc/$agent/status")" = 65534 ]
	# What may not be dumped belongs to root: its own user can neither read its memory nor attach.
	[ "$(stat -c %u "/proc/$agent/mem")" = 0 ]
}
