#!/usr/bin/env bats
# A day of sources that go and come (flap.py). FLAP_SECONDS: 86 are a day.

load ../e2e/helpers
load centers

setup() {
	fettle_setup
	export FETTLE_STATE_DIR=$PWD/state
	etcd_pid= redis_pid=
}

teardown() {
	etcd_stop
	[ -z "$redis_pid" ] || kill -KILL "$redis_pid" 2>/dev/null || true
}

@test "flapping sources: the agent lives, files stay whole, all converge" {
	local port
	etcd_start a
	port=$(free_port)
	redis-server --port "$port" --save '' --dir "$PWD" >redis.log 2>&1 3>&- &
	redis_pid=$!
	wait_until redis-cli -p "$port" ping
	run python3 "$BATS_TEST_DIRNAME/flap.py" "$FETTLE" "${FLAP_SECONDS:-8}" "$port" "${etcd_at##*:}"
	echo "$output"
	[ "$status" -eq 0 ] || tail -n 5 log
	echo "# ${lines[0]}" >&3
	[ "$status" -eq 0 ]
}
