# Real configuration centers on loopback ports, each in its own folder; ended by pid.
#
#   etcd_start NAME    sets etcd_url (with the prefix /app) and etcd_pid; starts again what etcd_stop ended
#   whole_life URL     what every center must do with a ConfigSet (center.bats, consul.bats, kube.bats)

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

# --- ConfigSet ---

config_set() {
	cat >m.yaml <<-END
		apiVersion: config.fettle.dev/v1
		kind: ConfigSet
		metadata: {name: shop}
		spec:
		  path: services/shop
		  data: {db: {host: x, port: $1}, motd: "a\nb\n"}
		  dataFrom: [more.yaml]
		  files: {application.yaml: app.yaml}
	END
	printf 'pool: {size: 3}\ndb: {host: overridden}\n' >more.yaml
	printf 'a: 1\nb: 2\n' >app.yaml
}

keys() { "$FETTLE" config list --names --from "$CENTER" services/shop | tr '\n' ' '; }
value() { "$FETTLE" config get "$1" --from "$CENTER"; }
on() { fettle "$1" m.yaml --name shop --center "$CENTER" "${@:2}"; }

whole_life() {
	CENTER=$1
	run -1 on diff
	assert_has "create  ConfigSet/shop services/shop"
	assert_has "db/host: x"
	run -0 on apply --yes
	[ "$(keys)" = "application.yaml db/host db/port motd pool/size " ]
	[ "$(value services/shop/db/host)" = x ]
	[ "$("$FETTLE" config get services/shop/application.yaml --from "$CENTER" | sha256sum)" = "$(sha256sum <app.yaml)" ]
	run -0 on diff
	run -0 on apply --yes
	assert_has "1 unchanged"

	# Another key, one fewer; a key of somebody else stays.
	printf other | "$FETTLE" config set services/shop/theirs --from "$CENTER" -q
	config_set 5433
	sed -i 's/, motd.*/}/' m.yaml
	run -1 on diff
	assert_has "db/port: 5432 -> 5433"
	assert_lacks theirs
	run -0 on apply --yes
	[ "$(keys)" = "application.yaml db/host db/port pool/size theirs " ]

	# Drift is told, and put back.
	printf evil | "$FETTLE" config set services/shop/db/host --from "$CENTER" -q
	run -1 on status
	assert_has "drifted (4 keys)"
	run -0 on apply --yes
	[ "$(value services/shop/db/host)" = x ]

	# Back, and away: the records are in the center itself.
	run -0 fettle rollback --name shop --center "$CENTER" --to 1 --yes
	[ "$(value services/shop/db/port)" = 5432 ]
	[ "$(value services/shop/motd)" = $'a\nb' ]
	mkdir none
	printf 'apiVersion: config.fettle.dev/v1\nkind: ConfigSet\nmetadata: {name: rest}\nspec: {path: rest, data: {k: v}}\n' >m.yaml
	printf evil | "$FETTLE" config set services/shop/db/host --from "$CENTER" -q
	run -5 on apply --yes --prune
	run -0 on apply --yes --prune --prune-changed
	[ "$(keys)" = "theirs " ]
	[ "$(value rest/k)" = v ]
}
