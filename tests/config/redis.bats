#!/usr/bin/env bats
# redis:// against a real server: strings and hashes, notifications, polling, sign-in, a lost server.

load ../e2e/helpers
load centers

setup() {
	fettle_setup
	command -v redis-server >/dev/null || skip "no redis-server"
	export FETTLE_STATE_DIR=$PWD/state
	port=$(free_port)
	url=redis://127.0.0.1:$port/app
	agent= redis=
}

teardown() {
	[ -z "$agent" ] || kill -KILL "$agent" 2>/dev/null || true
	[ -z "$redis" ] || kill -KILL "$redis" 2>/dev/null || true
}

redis_start() {
	redis-server --port "$port" --bind 127.0.0.1 --save "" --dir "$PWD" "$@" >redis.log 2>&1 3>&- &
	redis=$!
	wait_until sh -c "redis-cli -p $port ping 2>&1 | grep -Eq 'PONG|NOAUTH'"
}

cli() {
	redis-cli -p "$port" "$@" >/dev/null
}

@test "redis: strings and fields of hashes are keys, lists are not" {
	redis_start
	printf 'two words' | "$FETTLE" config set db/host --from "$url" -q
	cli hset app:h f1 v1 f2 v2
	cli rpush app:list 1
	cli set apple no
	run "$FETTLE" config list --names --from "$url"
	[ "$output" = $'db/host\nh/f1\nh/f2' ]
	[ "$("$FETTLE" config get db/host --from "$url")" = "two words" ]
	"$FETTLE" config rm db/host --from "$url" -q
	run "$FETTLE" config get db/host --from "$url"
	[ "$status" = 1 ]
}

@test "redis: 5,000 keys, another database, another separator" {
	redis_start
	for i in $(seq 5000); do echo "set app/k/$i v$i"; done | redis-cli -p "$port" -n 3 >/dev/null
	[ "$("$FETTLE" config list --names --from "redis://127.0.0.1:$port/app?db=3&separator=/" | wc -l)" = 5000 ]
	[ "$("$FETTLE" config get k/77 --from "redis://127.0.0.1:$port/app?db=3&separator=/")" = v77 ]
}

@test "redis: changes are told by keyspace notifications, and a killed server is survived" {
	redis_start --notify-keyspace-events KA
	cli set app:a 1
	"$FETTLE" config watch --from "$url" >watched 2>log 3>&- &
	agent=$!
	wait_until grep -q 'is *a = 1' watched
	cli set app:a 2
	wait_until grep -q 'changed *a = 2' watched
	cli hset app:h f x
	wait_until grep -q 'added *h/f = x' watched
	kill -KILL "$redis"
	wait_until grep -q 'trying again' log
	redis_start --notify-keyspace-events KA
	wait_until grep -q 'suddenly empty' log
	cli set app:a 3
	wait_until grep -q 'changed *a = 3' watched
	grep -q 'removed *h/f' watched
}

@test "redis: without notifications it is asked again and again" {
	redis_start
	cli set app:a 1
	cat >agent.yaml <<-YAML
		apiVersion: config.fettle.dev/v1
		kind: Agent
		sources: { r: { url: "$url", poll: 100ms } }
		units: { u: { templates: [ { text: "{{ key \"a\" }}", flavour: consul-template, to: out } ] } }
	YAML
	agent_start
	wait_until holds out 1
	cli set app:a 2
	wait_until holds out 2
}

@test "redis: a password is needed, and a wrong one refused" {
	redis_start --requirepass sesame1
	redis-cli -p "$port" -a sesame1 set app:a 1 >/dev/null 2>&1
	run "$FETTLE" config get a --from "$url"
	[ "$status" = 4 ]
	printf sesame1 >right
	printf sesame2 >wrong
	run "$FETTLE" config get a --from "$url" --password-file wrong
	[ "$status" = 4 ]
	[ "$("$FETTLE" config get a --from "$url" --password-file right)" = 1 ]
}

@test "redis: something else on that port is told as such" {
	python3 -m http.server "$port" --bind 127.0.0.1 >/dev/null 2>&1 3>&- &
	redis=$!
	wait_until curl -fsS -o /dev/null "http://127.0.0.1:$port/"
	run "$FETTLE" config get a --from "$url"
	[ "$status" = 2 ] || [ "$status" = 3 ]
	[[ $output == *"does not speak Redis"* ]] || [[ $output == *"closed the connection"* ]]
}
