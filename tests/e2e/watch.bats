#!/usr/bin/env bats
# apply --watch: the pull agent.

load helpers
load manifests

setup() {
	fettle_setup
	three_files
	agent=
}

teardown() {
	[ -z "$agent" ] || kill -KILL "$agent" 2>/dev/null || true
}

# start OPTION...: the agent in the background, until it applied once
start() {
	"$FETTLE" apply "${source:-m}" --root root --yes --watch --interval 1h "$@" >out 2>log 3>&- &
	agent=$!
	wait_until grep -q one root/etc/a
}

has() {
	[ "$(cat "$1" 2>/dev/null)" = "$2" ]
}

stop() {
	kill -TERM "$agent"
	status=0
	wait "$agent" || status=$?
	agent=
	[ "$status" = 0 ] || fail_with "exit $status, log" "$(cat log)" "expected" 0
}

@test "watch: drift is corrected as it happens: changed, removed, replaced, new mode" {
	start
	echo drift >root/etc/a
	wait_until has root/etc/a one
	rm root/etc/b
	wait_until has root/etc/b two
	echo other >root/etc/new && mv root/etc/new root/etc/sub/c
	wait_until has root/etc/sub/c three
	grep -q "changed since the last apply" log
	stop
	run --separate-stderr -0 fettle status m --root root
}

@test "watch: a removed folder comes back with what was in it" {
	start
	mv root/etc/sub moved # at once: the agent is quicker than rm -r
	wait_until has root/etc/sub/c three
	stop
}

@test "watch: HUP fetches now; a new commit is applied and named" {
	git init -q -b main repo && cp m/all.yaml repo/
	git -C repo add -A && git -C repo -c user.name=t -c user.email=t@e commit -q -m one
	source="repo?ref=main" start
	sed -i 's/one/uno/' repo/all.yaml
	git -C repo -c user.name=t -c user.email=t@e commit -q -a -m uno
	[ "$(cat root/etc/a)" = one ]
	kill -HUP "$agent"
	wait_until has root/etc/a uno
	stop
	run --separate-stderr -0 fettle history "repo?ref=main" --root root -o json
	assert_has "$(git -C repo rev-parse HEAD)"
}

@test "watch: follows on the interval" {
	git init -q -b main repo && cp m/all.yaml repo/
	git -C repo add -A && git -C repo -c user.name=t -c user.email=t@e commit -q -m one
	source="repo?ref=main" start --interval 200ms
	sed -i 's/one/uno/' repo/all.yaml
	git -C repo -c user.name=t -c user.email=t@e commit -q -a -m uno
	wait_until has root/etc/a uno
	stop
}

@test "watch: a broken commit is not taken, drift is still corrected, the next good one is" {
	git init -q -b main repo && cp m/all.yaml repo/
	git -C repo add -A && git -C repo -c user.name=t -c user.email=t@e commit -q -m one
	source="repo?ref=main" start --interval 200ms
	echo 'a: [' >repo/bad.yaml
	git -C repo add -A && git -C repo -c user.name=t -c user.email=t@e commit -q -m bad
	wait_until grep -q "bad.yaml" log
	echo drift >root/etc/a
	wait_until has root/etc/a one
	git -C repo rm -q bad.yaml && sed -i 's/one/uno/' repo/all.yaml
	git -C repo -c user.name=t -c user.email=t@e commit -q -a -m good
	wait_until has root/etc/a uno
	stop
}

@test "watch: a commit whose check fails is put back to the last good one" {
	git init -q -b main repo && cp m/all.yaml repo/
	git -C repo add -A && git -C repo -c user.name=t -c user.email=t@e commit -q -m one
	source="repo?ref=main" start --interval 200ms
	{ file_object a /etc/a 'uno\n'; file_object b /etc/b 'due\n' 'check: ["false"]'; } >repo/all.yaml
	git -C repo -c user.name=t -c user.email=t@e commit -q -a -m 'b fails'
	wait_until grep -q "keeping the last good" log
	wait_until has root/etc/a one
	has root/etc/b two
	stop
}

@test "watch: manifests in a folder are applied as they are saved" {
	start
	sed -i 's/one/uno/' m/all.yaml
	wait_until has root/etc/a uno
	stop
}

@test "watch: metrics and health" {
	start --metrics "unix:$PWD/sock"
	run -0 curl -sf --unix-socket sock http://x/metrics
	assert_has 'fettle_objects{project="m"} 3'
	assert_has 'fettle_healthy{project="m"} 1'
	echo drift >root/etc/a
	wait_until has root/etc/a one
	run -0 curl -sf --unix-socket sock http://x/metrics
	assert_has 'fettle_drift_corrected_total{project="m"} 1'
	run -0 curl -sf --unix-socket sock http://x/healthz
	assert_output ok
	run curl -s -o /dev/null -w '%{http_code}' --unix-socket sock http://x/other
	assert_output 404
	stop
}

@test "watch: health is not ok while the source is broken" {
	start --metrics "unix:$PWD/sock" --interval 200ms
	echo 'a: [' >m/bad.yaml
	unhealthy() { [ "$(curl -s -o /dev/null -w '%{http_code}' --unix-socket sock http://x/healthz)" = 503 ]; }
	wait_until unhealthy
	rm m/bad.yaml
	healthy() { [ "$(curl -s -o /dev/null -w '%{http_code}' --unix-socket sock http://x/healthz)" = 200 ]; }
	wait_until healthy
	stop
}

@test "watch: tells systemd when it is ready and when it stops" {
	python3 - "$PWD/notify" >notified <<'END' 3>&- &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.settimeout(20)
while True:
    text = s.recv(4096).decode()
    print(text, flush=True)
    if "STOPPING=1" in text:
        break
END
	local listener=$!
	wait_until test -S notify
	NOTIFY_SOCKET=$PWD/notify start
	wait_until grep -q READY=1 notified
	grep -q "3 objects in sync" notified
	stop
	wait "$listener"
	grep -q STOPPING=1 notified
}

@test "watch: log lines as JSON" {
	start --log-format json
	echo drift >root/etc/a
	wait_until has root/etc/a one
	stop
	python3 -c 'import json; [json.loads(line) for line in open("log")]'
}

@test "watch: holds the lock, so an apply beside it names it" {
	start
	run --separate-stderr -5 fettle apply m --root root --yes
	assert_talk_has "locked by pid $agent"
	assert_talk_has "watch"
	stop
}

@test "watch: an unusable source is retried, not fatal" {
	"$FETTLE" apply later --root root --yes --watch --interval 200ms >out 2>log 3>&- &
	agent=$!
	wait_until grep -q later log
	mkdir later.new && cp m/all.yaml later.new/ && mv later.new later
	wait_until has root/etc/a one
	stop
}

@test "watch: ends at once and cleanly on TERM while idle" {
	start
	stop
}

# commit_repo MESSAGE: what repo/ holds now
commit_repo() {
	git -C repo add -A && git -C repo -c user.name=t -c user.email=t@e commit -q -m "$1"
}

metric() {
	curl -sf --unix-socket sock http://x/metrics | grep -F "$1"
}

@test "watch: a commit that was not taken is counted once, and the next good one makes it healthy" {
	git init -q -b main repo && cp m/all.yaml repo/ && commit_repo one
	source="repo?ref=main" start --interval 200ms --metrics "unix:$PWD/sock"
	echo 'a: [' >repo/bad.yaml && commit_repo bad
	wait_until metric 'fettle_revisions_rejected_total{project="repo"} 1'
	wait_until metric 'fettle_healthy{project="repo"} 0'
	resynced() { [ "$(metric 'fettle_apply_runs_total{project="repo",result="ok"}' | sed 's/.* //')" -ge 4 ]; }
	wait_until resynced
	metric 'fettle_revisions_rejected_total{project="repo"} 1'
	git -C repo rm -q bad.yaml && sed -i 's/one/uno/' repo/all.yaml && commit_repo good
	wait_until has root/etc/a uno
	wait_until metric 'fettle_healthy{project="repo"} 1'
	stop
}

@test "watch: a commit whose onChange fails is put back and not tried again" {
	git init -q -b main repo && cp m/all.yaml repo/ && commit_repo one
	source="repo?ref=main" start --interval 200ms --metrics "unix:$PWD/sock"
	file_object a /etc/a 'uno\n' "onChange: {command: [sh, -c, 'echo ran >>$PWD/ran; exit 1']}" >repo/all.yaml
	commit_repo 'reload fails'
	wait_until metric 'fettle_revisions_rejected_total{project="repo"} 1'
	resynced() { [ "$(metric 'fettle_apply_runs_total{project="repo",result="ok"}' | sed 's/.* //')" -ge 5 ]; }
	wait_until resynced
	has root/etc/a one
	metric 'fettle_apply_runs_total{project="repo",result="failed"} 1'
	stop
}

@test "watch: files that manifests refer to are applied as they are saved" {
	mkdir m/files && echo v1 >m/files/x
	printf 'apiVersion: host.fettle.dev/v1\nkind: File\nmetadata: {name: x}\nspec: {path: /etc/x, contentFrom: files/x}\n' >m/x.yaml
	start
	wait_until has root/etc/x v1
	echo v2 >m/files/x
	wait_until has root/etc/x v2
	stop
}
