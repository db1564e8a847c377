#!/usr/bin/env bats
# nacos:// and apollo:// against a stand-in that follows the documented interfaces and holds long polls
# (tests/rig/stand-ins/nacos_apollo.py).

load ../e2e/helpers
load centers

setup() {
	fettle_setup
	agent=
	port=$(free_port)
	state '{"nacos": {"G/app.yaml": "db:\n  host: one\n"}, "apollo": {"shop/default/application": {"db.host": "one", "x/y": "2"}}}'
	server_start
}

teardown() {
	[ -z "$agent" ] || kill -KILL "$agent" 2>/dev/null || true
	kill -KILL "$server" 2>/dev/null || true
}

server_start() {
	python3 "$BATS_TEST_DIRNAME/../rig/stand-ins/nacos_apollo.py" "$port" state.json >server.log 2>&1 3>&- &
	server=$!
	wait_until curl -s -o /dev/null "http://127.0.0.1:$port/"
}

state() {
	printf '%s' "$1" >.state.new
	mv .state.new state.json
}

watch_start() {
	"$FETTLE" config watch --from "$1" >watched 2>log 3>&- &
	agent=$!
}

@test "nacos: leaves of a configuration are keys, changes are told while a request is held" {
	url=nacos://127.0.0.1:$port/G/app.yaml
	[ "$("$FETTLE" config get db/host --from "$url")" = one ]
	[ "$("$FETTLE" config get '' --from "$url")" = $'db:\n  host: one' ]
	watch_start "$url"
	wait_until grep -q 'is *db/host = one' watched
	state '{"nacos": {"G/app.yaml": "db:\n  host: two\n"}, "apollo": {}}'
	wait_until grep -q 'changed *db/host = two' watched
	kill -KILL "$server"
	wait_until grep -q 'trying again' log
	state '{"nacos": {"G/app.yaml": "db:\n  host: three\n"}, "apollo": {}}'
	server_start
	wait_until grep -q 'changed *db/host = three' watched
	state '{"nacos": {}, "apollo": {}}'
	wait_until grep -q 'suddenly empty' log
}

@test "nacos: sign-in with user and password" {
	state '{"nacos": {"G/app.yaml": "a: 1"}, "apollo": {}, "user": ["u", "pässwort&1"]}'
	url=nacos://127.0.0.1:$port/G/app.yaml
	run "$FETTLE" config get a --from "$url"
	[ "$status" = 4 ]
	printf 'pässwort&1' >password
	[ "$("$FETTLE" config get a --from "$url" --user u --password-file password)" = 1 ]
	printf wrong >password
	run "$FETTLE" config get a --from "$url" --user u --password-file password
	[ "$status" = 4 ]
}

@test "apollo: items are keys, releases are told while a request is held" {
	url=apollo://127.0.0.1:$port/shop/default/application
	[ "$("$FETTLE" config get db.host --from "$url")" = one ]
	[ "$("$FETTLE" config get x/y --from "$url")" = 2 ]
	watch_start "$url"
	wait_until grep -q 'is *db.host = one' watched
	state '{"nacos": {}, "apollo": {"shop/default/application": {"db.host": "two"}}}'
	wait_until grep -q 'changed *db.host = two' watched
	wait_until grep -q 'removed *x/y' watched
	kill -KILL "$server"
	wait_until grep -q 'trying again' log
	server_start
	state '{"nacos": {}, "apollo": {"shop/default/application": {"db.host": "three"}}}'
	wait_until grep -q 'changed *db.host = three' watched
}

@test "nacos and apollo: a URL that names too little is refused with an example" {
	run "$FETTLE" config list --from "nacos://127.0.0.1:$port/"
	[ "$status" = 2 ]
	[[ $output == *"for example nacos://"* ]]
	run "$FETTLE" config list --from "apollo://127.0.0.1:$port/shop"
	[ "$status" = 2 ]
	[[ $output == *"for example apollo://"* ]]
}

@test "apollo: requests are signed with the access key of the app" {
	state '{"nacos": {}, "apollo": {"shop/default/application": {"a": "1"}}, "keys": {"shop": "k3y"}}'
	url=apollo://127.0.0.1:$port/shop/default/application
	run "$FETTLE" config get a --from "$url"
	[ "$status" = 4 ]
	printf 'wrong' >key && chmod 600 key
	run "$FETTLE" config get a --from "$url" --token-file key
	[ "$status" = 4 ]
	printf 'k3y\n' >key
	[ "$("$FETTLE" config get a --from "$url" --token-file key)" = 1 ]
	"$FETTLE" config watch --from "$url" --token-file key >watched 2>log 3>&- &
	agent=$!
	wait_until grep -q 'is *a = 1' watched
	state '{"nacos": {}, "apollo": {"shop/default/application": {"a": "2"}}, "keys": {"shop": "k3y"}}'
	wait_until grep -q 'changed *a = 2' watched
}

@test "nacos: a group as a whole: data ids are keys, set, rm, and ConfigSet" {
	printf 'pässwort&1' >password
	state '{"nacos": {"G/app.yaml": "a: 1", "H/x": "no"}, "apollo": {}, "user": ["u", "pässwort&1"]}'
	url=nacos://127.0.0.1:$port/G
	as=(--from "$url" --user u --password-file password)
	[ "$("$FETTLE" config list --names "${as[@]}")" = app.yaml ]
	printf 'b: 2 & 3\n' | "$FETTLE" config set b.yaml "${as[@]}" -q
	[ "$("$FETTLE" config get b.yaml "${as[@]}")" = "b: 2 & 3" ]
	"$FETTLE" config rm b.yaml "${as[@]}" -q
	[ "$("$FETTLE" config list --names "${as[@]}")" = app.yaml ]
	state "$(python3 -c 'import json; print(json.dumps({"nacos": {f"G/k{i}": "v" for i in range(450)}, "apollo": {}}))')"
	[ "$("$FETTLE" config list --names --from "$url" | wc -l)" = 450 ]
	run "$FETTLE" config set db/host --from "$url/app.yaml" <<<x
	[ "$status" = 2 ]

	state '{"nacos": {"G/theirs": "v"}, "apollo": {}}'
	printf 'port: 1\n' >app.yaml
	printf 'apiVersion: config.fettle.dev/v1\nkind: ConfigSet\nmetadata: {name: app}\nspec: {files: {app.yaml: app.yaml}}\n' >m.yaml
	run -0 fettle apply m.yaml --name shop --center "$url" --yes
	[ "$("$FETTLE" config get app.yaml --from "$url")" = "port: 1" ]
	run -0 fettle apply m.yaml --name shop --center "$url" --yes
	assert_has "1 unchanged"
	printf 'apiVersion: config.fettle.dev/v1\nkind: ConfigSet\nmetadata: {name: other}\nspec: {data: {k: v}}\n' >m.yaml
	run -0 fettle apply m.yaml --name shop --center "$url" --yes --prune
	[ "$("$FETTLE" config list --names --from "$url" | tr '\n' ' ')" = "fettle-records.shop k theirs " ]
	sed -i 's/k: v/a: {b: v}/' m.yaml
	run -2 --separate-stderr fettle diff m.yaml --name shop --center "$url"
	assert_talk_has "has levels"
}
