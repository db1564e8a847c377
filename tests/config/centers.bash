# Real configuration centers on loopback ports, each in its own folder; ended by pid.
#
#   etcd_start NAME    sets etcd_url (with the prefix /app) and etcd_pid; starts again what etcd_stop ended

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

etcd_start() {
	local dir=$PWD/etcd-$1
	mkdir -p "$dir"
	[ -e "$dir/port" ] || { free_port >"$dir/port"; free_port >"$dir/peer"; }
	local at=http://127.0.0.1:$(cat "$dir/port") peer=http://127.0.0.1:$(cat "$dir/peer")
	etcd --name one --data-dir "$dir/data" --listen-client-urls "$at" --advertise-client-urls "$at" \
		--listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "one=$peer" \
		>"$dir/log" 2>&1 3>&- &
	etcd_pid=$!
	etcd_at=$at
	etcd_url=etcd://127.0.0.1:$(cat "$dir/port")/app
	wait_until curl -fsS -o /dev/null "$at/health"
}

etcd_stop() {
	[ -z "${etcd_pid:-}" ] || kill -KILL "$etcd_pid" 2>/dev/null || true
	[ -z "${etcd_pid:-}" ] || wait "$etcd_pid" 2>/dev/null || true
	etcd_pid=
}

put() {
	printf '%s' "$2" | "$FETTLE" config set "$1" --from "$etcd_url" -q
}

# agent_start OPTION...: fettle config run in the background
agent_start() {
	"$FETTLE" config run agent.yaml "$@" >out.txt 2>log 3>&- &
	agent=$!
}

agent_stop() {
	status=0
	[ -n "${agent:-}" ] || return 0
	kill -TERM "$agent" 2>/dev/null || true
	wait "$agent" || status=$?
	agent=
}

holds() {
	[ "$(cat "$1" 2>/dev/null)" = "$2" ]
}
