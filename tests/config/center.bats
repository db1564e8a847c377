#!/usr/bin/env bats
# ConfigSet: configuration centers as a target of diff, apply, status, history and rollback, beside real servers.

load ../e2e/helpers
load centers

setup() {
	fettle_setup
	etcd_pid= redis_pid= agent=
	config_set 5432
}

teardown() {
	[ -z "$agent" ] || kill -KILL "$agent" 2>/dev/null || true
	etcd_stop
	[ -z "$redis_pid" ] || kill -KILL "$redis_pid" 2>/dev/null || true
}

@test "center: etcd" {
	etcd_start a
	whole_life "$etcd_url"
}

@test "center: redis" {
	local port
	port=$(free_port)
	redis-server --port "$port" --save '' --dir "$PWD" >redis.log 2>&1 3>&- &
	redis_pid=$!
	wait_until redis-cli -p "$port" ping
	whole_life "redis://127.0.0.1:$port/0"
}

@test "center: a folder of files" {
	mkdir conf
	whole_life "file:$PWD/conf"
}

@test "center: more keys than one transaction takes; two applies at once" {
	etcd_start a
	CENTER=$etcd_url
	{ printf 'apiVersion: config.fettle.dev/v1\nkind: ConfigSet\nmetadata: {name: big}\nspec:\n  data:\n'; printf '    k%s: v\n' $(seq 300); } >m.yaml
	run -0 on apply --yes
	[ "$("$FETTLE" config list --names --from "$CENTER" | grep -c ^k)" = 300 ]
	sed -i 's/: v$/: w/' m.yaml
	fettle apply m.yaml --name shop --center "$CENTER" --yes >one 2>&1 &
	first=$!
	on apply --yes >two 2>&1 || true
	wait "$first" || true
	cat one two
	run -0 on apply --yes
	[ "$("$FETTLE" config get k300 --from "$CENTER")" = w ]
	run -0 on status
}

@test "center: what changed after the plan is not written over" {
	etcd_start a
	CENTER=$etcd_url
	on apply --yes
	config_set 1
	run -1 on diff --save-plan plan.json
	printf 77 | "$FETTLE" config set services/shop/db/port --from "$CENTER" -q
	run -5 fettle apply --plan plan.json --yes
	run -1 on diff --save-plan plan.json
	run -0 fettle apply --plan plan.json --yes
	[ "$(value services/shop/db/port)" = 1 ]
}

@test "center: a source of fettle.yaml, by environment; encrypted manifests show no value" {
	etcd_start a
	CENTER=$etcd_url
	export SOPS_AGE_KEY_FILE=$PWD/key.txt
	fettle vault age keygen -o key.txt
	mkdir envs
	printf 'apiVersion: config.fettle.dev/v1\nkind: ConfigSet\nmetadata: {name: keys}\nspec: {path: keys, data: {pin: planted-4711}}\n' >envs/m.yaml
	fettle vault encrypt -i envs/m.yaml --recipient "$(grep -o 'age1[a-z0-9]*' key.txt | head -n 1)" --encrypted-regex "^data$"
	cat >fettle.yaml <<-END
		apiVersion: fettle.dev/v1
		kind: Project
		metadata: {name: shop}
		config: {sources: {main: {url: "$etcd_url"}}}
		environments:
		  prod: {path: envs, target: {center: {source: main}}}
	END
	run -1 fettle diff
	assert_has "keys"
	assert_lacks planted-4711
	run -0 fettle apply --yes
	[ "$(value keys/pin)" = planted-4711 ]
	run -0 fettle history
	"$FETTLE" config get fettle-records/shop.prod --from "$CENTER" | base64 -d | python3 -c 'import sys, zlib; sys.exit(b"planted-4711" in zlib.decompress(sys.stdin.buffer.read()))'
}

@test "center: the agent puts drift back and follows the source" {
	mkdir conf
	CENTER=file:$PWD/conf
	"$FETTLE" apply m.yaml --name shop --center "$CENTER" --watch --yes --interval 200ms >log 2>&1 3>&- &
	agent=$!
	wait_until holds conf/services/shop/db/port 5432
	echo evil >conf/services/shop/db/port
	wait_until holds conf/services/shop/db/port 5432
	config_set 5433
	wait_until holds conf/services/shop/db/port 5433
	kill -TERM "$agent"
	wait "$agent"
	agent=
}

@test "center: mistakes have a place" {
	mkdir conf
	CENTER=file:$PWD/conf
	sed -i 's/dataFrom/datafrom/' m.yaml
	run -2 --separate-stderr on diff
	assert_talk_has "m.yaml:7:3"
	assert_talk_has "did you mean 'dataFrom'"
	config_set 1
	sed -i 's/more.yaml/none.yaml/' m.yaml
	run -2 --separate-stderr on diff
	assert_talk_has "m.yaml:7:14"
	config_set 1
	printf -- '---\napiVersion: config.fettle.dev/v1\nkind: ConfigSet\nmetadata: {name: other}\nspec: {path: services, data: {shop: {motd: x}}}\n' >>m.yaml
	run -2 --separate-stderr on diff
	assert_talk_has "the key 'services/shop/motd' is in ConfigSet/shop, too"
	run -2 --separate-stderr fettle diff m.yaml --root "$PWD/root"
	assert_talk_has "name one with --center"
	run -2 --separate-stderr fettle diff m.yaml --center http://127.0.0.1:1/
	assert_talk_has "cannot be changed"
	run -2 --separate-stderr on diff --context x
	assert_talk_has "cannot both be"
}
