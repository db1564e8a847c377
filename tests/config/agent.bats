#!/usr/bin/env bats
# config run and render: from a real etcd to files, checks, reloads; outages on the way.

load ../e2e/helpers
load centers

setup() {
	fettle_setup
	export FETTLE_STATE_DIR=$PWD/state
	agent= etcd_pid=
	etcd_start main
	put host one
	write_agent
}

teardown() {
	[ -z "$agent" ] || kill -KILL "$agent" 2>/dev/null || true
	etcd_stop
}

# The daemon refuses "broken" at its check and "deadly" at its reload; it notes what it read.
write_agent() {
	cat >agent.yaml <<-YAML
		apiVersion: config.fettle.dev/v1
		kind: Agent
		sources:
		  main: { url: "$etcd_url" }
		units:
		  app:
		    templates:
		      - { text: "host={{ key \"host\" }}\n", flavour: consul-template, to: app.conf }
		    check: [sh, -c, '! grep -q broken "\$0" || { echo line 1: broken; exit 1; }', '{file}']
		    reload:
		      command: [sh, -c, 'cat app.conf >>reloads; ! grep -q deadly app.conf || { echo cannot start; exit 1; }']
	YAML
}

@test "config run: a change of a key is swapped in and reloaded once" {
	agent_start
	wait_until holds app.conf host=one
	put host two
	wait_until holds app.conf host=two
	wait_until holds reloads $'host=one\nhost=two'
	agent_stop
	[ "$status" = 0 ]
	grep -q 'committed unit=app' log
}

@test "config run: what the check refuses is never visible, and the daemon's words are told" {
	agent_start
	wait_until holds app.conf host=one
	put host broken
	wait_until grep -q 'rejected unit=app' log
	grep -q '| line 1: broken' log
	holds app.conf host=one
	put host three
	wait_until holds app.conf host=three
	! grep -q broken reloads
}

@test "config run: what the daemon dies of is put back, and not tried again" {
	agent_start
	wait_until holds app.conf host=one
	put host deadly
	wait_until grep -q 'rolled-back unit=app' log
	grep -q '| cannot start' log
	holds app.conf host=one
	holds reloads $'host=one\nhost=deadly\nhost=one'
	kill -HUP "$agent"
	put other x
	put host four
	wait_until holds app.conf host=four
	[ "$(grep -c deadly reloads)" = 1 ]
}

@test "config run: starts from last known good while every source is down, and catches up" {
	agent_start
	wait_until holds app.conf host=one
	wait_until test -e state/config/known-good/key
	wait_until sh -c 'ls state/config/known-good | grep -vq key'
	agent_stop
	etcd_stop
	rm app.conf
	agent_start
	wait_until holds app.conf host=one
	grep -q 'last known good' log
	etcd_start main
	put host later
	wait_until holds app.conf host=later
	grep -q 'answers again' log
	! grep -rq 'host=' state
}

@test "config run: the source is killed, comes back, and loses its data: nothing is rendered empty" {
	agent_start
	wait_until holds app.conf host=one
	etcd_stop
	wait_until grep -q 'the source fails' log
	holds app.conf host=one
	rm -rf etcd-main/data
	etcd_start main
	wait_until grep -q 'suddenly empty' log
	holds app.conf host=one
	put host reborn
	wait_until holds app.conf host=reborn
	kill -0 "$agent"
}

@test "config run: history of the center compacted away while it was cut off" {
	agent_start
	wait_until holds app.conf host=one
	kill -STOP "$agent"
	for i in 1 2 3 4 5; do put host "n$i"; done
	revision=$(curl -fsS "$etcd_at/v3/kv/range" -d '{"key":"AA=="}' | python3 -c 'import json,sys; print(json.load(sys.stdin)["header"]["revision"])')
	curl -fsS "$etcd_at/v3/kv/compaction" -d "{\"revision\":\"$revision\"}" >/dev/null
	kill -CONT "$agent"
	wait_until holds app.conf host=n5
}

@test "config run: sign-in with user and password, and a token that expired" {
	skip_without_auth=$(curl -fsS "$etcd_at/v3/auth/user/add" -d '{"name":"root","password":"secret12"}')
	curl -fsS "$etcd_at/v3/auth/user/grant" -d '{"user":"root","role":"root"}' >/dev/null || {
		curl -fsS "$etcd_at/v3/auth/role/add" -d '{"name":"root"}' >/dev/null
		curl -fsS "$etcd_at/v3/auth/user/grant" -d '{"user":"root","role":"root"}' >/dev/null
	}
	curl -fsS "$etcd_at/v3/auth/enable" -d '{}' >/dev/null
	run "$FETTLE" config get host --from "$etcd_url"
	[ "$status" = 4 ]
	printf 'secret12\n' >password
	[ "$("$FETTLE" config get host --from "$etcd_url" --user root --password-file password)" = one ]
	printf wrong >bad
	run "$FETTLE" config get host --from "$etcd_url" --user root --password-file bad
	[ "$status" = 4 ]
	sed -i "s|url: \"$etcd_url\"|url: \"$etcd_url\", user: root, passwordFile: password|" agent.yaml
	agent_start
	wait_until holds app.conf host=one
	printf two | "$FETTLE" config set host --from "$etcd_url" --user root --password-file password
	wait_until holds app.conf host=two
	# A restart forgets simple tokens: the old one is refused from now on.
	etcd_stop
	etcd_start main
	printf three | "$FETTLE" config set host --from "$etcd_url" --user root --password-file password
	wait_until holds app.conf host=three
	! grep -q secret12 log
}

@test "config run: a changed template is taken, a broken one is told and survived" {
	sed -i 's|text: .* flavour: consul-template,|from: app.ctmpl,|' agent.yaml
	printf 'a={{ key "host" }}\n' >app.ctmpl
	agent_start
	wait_until holds app.conf a=one
	printf 'b={{ key "host" \n' >app.ctmpl
	wait_until grep -q 'unclosed action' log
	printf 'c={{ key "host" }}\n' >app.ctmpl
	wait_until holds app.conf c=one
}

@test "config run: a missing key keeps what is there, and the status tells" {
	sed -i 's|key \\"host\\"|key \\"nope\\"|' agent.yaml
	agent_start --metrics unix:"$PWD/sock"
	wait_until test -S sock
	wait_until sh -c 'curl -fsS --unix-socket sock http://x/status | grep -q waiting'
	[ ! -e app.conf ]
	[ "$(curl -s -o /dev/null -w '%{http_code}' --unix-socket sock http://x/healthz)" = 503 ]
	put nope now
	wait_until holds app.conf host=now
	wait_until sh -c 'curl -fsS --unix-socket sock http://x/metrics | grep -q "config_good{unit=\"app\"} 1"'
}

@test "config render: --diff hides secrets and changes nothing; then it does what it said" {
	put db/password verysecret
	sed -i 's|text: .*\\n"|text: "pw={{ key \\"db/password\\" }} at {{ key \\"host\\" }}\\n"|' agent.yaml
	run "$FETTLE" config render --diff agent.yaml
	[ "$status" = 1 ]
	[[ $output == *"+pw=(hidden) at one"* ]]
	[[ $output != *verysecret* ]]
	[ ! -e app.conf ]
	run "$FETTLE" config render agent.yaml
	[ "$status" = 0 ]
	holds app.conf 'pw=verysecret at one'
	run "$FETTLE" config render --dry-run agent.yaml
	[ "$status" = 0 ]
	[ -z "$output" ]
}

@test "config render: a template that cannot do with nothing waits for what it asks" {
	put list/a first
	sed -i 's|text: .*\\n"|text: "{{ with index (ls \\"list\\") 0 }}{{ .Key }}={{ .Value }}{{ end }}\\n"|' agent.yaml
	"$FETTLE" config render agent.yaml
	holds app.conf a=first
}

@test "config render: a refused check is exit 5, a broken template exit 2, no source in time exit 124" {
	put host broken
	run "$FETTLE" config render agent.yaml
	[ "$status" = 5 ]
	[[ $output == *"line 1: broken"* ]]
	sed -i 's|{{ key|{{ kay|' agent.yaml
	run "$FETTLE" config render agent.yaml
	[ "$status" = 2 ]
	[[ $output == *"did you mean 'key'?"* ]]
	sed -i 's|{{ kay|{{ key|' agent.yaml
	etcd_stop
	run "$FETTLE" config render --timeout 1s agent.yaml
	[ "$status" = 124 ]
}

@test "config explain: names the key behind each line, and no value" {
	run "$FETTLE" config explain -o json agent.yaml
	[ "$status" = 0 ]
	[[ $output == *'"key": "host"'* ]]
	[[ $output != *one* ]]
}

@test "config watch: tells what is added, changed and removed" {
	"$FETTLE" config watch --from "$etcd_url" >watched 2>log 3>&- &
	agent=$!
	wait_until grep -q 'is *host = one' watched
	put host two
	put api/token abcd1234
	"$FETTLE" config rm host --from "$etcd_url" -q
	wait_until grep -q 'removed *host' watched
	grep -q 'changed *host = two' watched
	grep -q 'added *api/token = (hidden)' watched
}

@test "config set: --if-version writes only what nobody changed" {
	version=$("$FETTLE" config get host --from "$etcd_url" -o json | python3 -c 'import json,sys; print(json.load(sys.stdin)["version"])')
	put host two
	run sh -c "printf x | '$FETTLE' config set host --if-version $version --from $etcd_url"
	[ "$status" = 5 ]
	run sh -c "printf x | '$FETTLE' config set fresh --if-version 0 --from $etcd_url"
	[ "$status" = 0 ]
	run sh -c "printf x | '$FETTLE' config set fresh --if-version 0 --from $etcd_url"
	[ "$status" = 5 ]
}

@test "config diff: tells what differs, hides secrets, exit 1" {
	mkdir a b
	printf 1 >a/x
	printf 2 >b/x
	printf topsecret >b/token
	printf gone >a/old
	run "$FETTLE" config diff file:a --from file:b
	[ "$status" = 1 ]
	[ "$output" = $'- old = gone\n+ token = (hidden)\n- x = 1\n+ x = 2' ]
	run "$FETTLE" config diff file:a --from file:a
	[ "$status" = 0 ]
	[ -z "$output" ]
	put x 2
	run "$FETTLE" config diff "$etcd_url" x --from file:b -o json
	[ "$status" = 0 ]
}

@test "config: the same stands under config: in fettle.yaml, beside environments" {
	{
		printf 'apiVersion: fettle.dev/v1\nkind: Project\nmetadata: { name: shop }\n'
		printf 'environments: { dev: { path: m, target: { host: { root: root } } } }\nconfig:\n'
		sed -n '/^sources:/,$s/^/  /p' agent.yaml
	} >fettle.yaml
	mkdir m
	"$FETTLE" config render
	holds app.conf host=one
	[ "$("$FETTLE" config get host --from main)" = one ]
	run "$FETTLE" diff --env dev
	[[ $output != *"config"* ]]
	sed -i 's/templates:/templtes:/' fettle.yaml
	run "$FETTLE" config render
	[ "$status" = 2 ]
	[[ $output == *"templates"* ]]
}
